using EngineStub;
using GhostHands.Core;
using GhostHands.Protocol;
using NUnit.Framework;
using UnityEngine;
using UnityEngine.XR.Hands;

namespace GhostHands.LayerTests
{
    /// <summary>A learner's hands out of com.unity.xr.hands, as far as the stub has it.</summary>
    public sealed class XRHandsTests
    {
        private XRHandSubsystem _headset;
        private LearnerHands _hands;

        [SetUp]
        public void Begin()
        {
            _headset = new XRHandSubsystem();
            SubsystemManager.All.Add(_headset);
            _hands = new GameObject("Hands").AddComponent<LearnerHands>();
        }

        [TearDown]
        public void Clear()
        {
            SubsystemManager.All.Clear();
            Loop.Clear();
        }

        [Test]
        public void TrackedHandsAreReadInOpenXRsOrderAndFrame()
        {
            _headset.rightHand = Hand(26);
            Loop.Frame(0.011);
            HeadsetHand hand = _hands.Hand(Side.Right);
            Assert.That(hand.Tracked, Is.True);
            Assert.That(_hands.Hand(Side.Left).Tracked, Is.False);
            Assert.That(hand.Joint(0).X, Is.EqualTo(1f), "the palm is Unity's second");
            Assert.That(hand.Tip.X, Is.EqualTo(10f));
            Assert.That(hand.Tip.Z, Is.EqualTo(-3f));
            Assert.That(hand.TipRadiusM, Is.EqualTo(0.008).Within(1e-6));
        }

        [Test]
        public void AHandThatLacksAJointIsNone()
        {
            _headset.rightHand = Hand(25);
            Loop.Frame(0.011);
            Assert.That(_hands.Tracked, Is.False);
        }

        [Test]
        public void HandsGoWithTheSubsystemAndComeBack()
        {
            _headset.leftHand = Hand(26);
            Loop.Frame(0.011);
            Assert.That(_hands.Tracked, Is.True);
            _headset.running = false;
            Loop.Frame(0.011);
            Assert.That(_hands.Tracked, Is.False);
            SubsystemManager.All.Add(new XRHandSubsystem { leftHand = Hand(26) });
            Loop.Frame(0.011);
            Assert.That(_hands.Tracked, Is.True);
        }

        [Test]
        public void WhatAnAppFeedsIsNotOverwritten()
        {
            _headset.rightHand = Hand(26);
            _hands.SetTracked(Side.Left, true);
            Loop.Frame(0.011);
            Assert.That(_hands.Hand(Side.Left).Tracked, Is.True);
            Assert.That(_hands.Hand(Side.Right).Tracked, Is.False);
        }

        private static XRHand Hand(int seen)
        {
            var joints = new XRHandJoint[26];
            for (int i = 0; i < joints.Length; i++)
            {
                joints[i].seen = i < seen;
                joints[i].pose = new Pose(new Vector3(i, 2f, 3f), Quaternion.identity);
            }
            return new XRHand { joints = joints };
        }
    }
}
