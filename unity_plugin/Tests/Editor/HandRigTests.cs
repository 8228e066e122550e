using System;
using System.Collections.Generic;
using GhostHands.Core;
using GhostHands.Protocol;
using NUnit.Framework;

namespace GhostHands.Tests
{
    /// <summary>Joints of a posed hand, against the vectors that Python made.</summary>
    public sealed class HandRigTests
    {
        [TestCase(0)]
        [TestCase(1)]
        public void JointsAreThoseOfThePythonBridge(int index)
        {
            Dictionary<string, object> golden = Vectors.Golden("geometry.json");
            object given = Vectors.List(golden, "kinematics")[index], meant = Vectors.List(golden, "openxr")[index];
            var rig = new HandRig((Side)(int)Vectors.Number(meant, "side"));
            var hand = Pose(given, rig.Side);
            Assert.That(rig.SetShape(Vectors.Floats(Vectors.List(given, "rest_joints_m"))), Is.True);
            Assert.That(rig.Pose(hand), Is.True);
            Near(rig.KeypointsM, Vectors.Floats(Vectors.List(given, "keypoints_m")), 1e-6);
            Near(rig.JointsM, Vectors.Floats(Vectors.List(meant, "joints_m")), 1e-6);
            Near(rig.JointQuat, Vectors.Floats(Vectors.List(meant, "joint_quat")), 1e-5);
        }

        [TestCase(0)]
        [TestCase(1)]
        public void BonesOfAMeshCarryItsJoints(int index)
        {
            object given = Vectors.List(Vectors.Golden("geometry.json"), "kinematics")[index];
            float[] rest = Vectors.Floats(Vectors.List(given, "rest_joints_m"));
            var rig = new HandRig((Side)index);
            rig.SetShape(rest);
            rig.Pose(Pose(given, rig.Side));
            // In Unity's frame, as a skinned mesh there does it: rest point against the bone, turned, moved.
            for (int keypoint = 1; keypoint < Joints.Keypoints; keypoint++)
            {
                int bone = Joints.KeypointParentJoint[keypoint], from = 3 * Joints.KeypointOfJoint[bone];
                var arm = new Position(
                    rest[3 * keypoint] - rest[from], rest[3 * keypoint + 1] - rest[from + 1],
                    rest[3 * keypoint + 2] - rest[from + 2]);
                var q = new Rotation(
                    rig.BoneQuat[4 * bone], rig.BoneQuat[4 * bone + 1], rig.BoneQuat[4 * bone + 2],
                    rig.BoneQuat[4 * bone + 3]);
                var inUnity = new Rigid(Coordinates.OpenXRToUnity(rig.Bone(bone)), Coordinates.OpenXRToUnity(q));
                Position got = Coordinates.UnityToOpenXR(inUnity.Apply(Coordinates.OpenXRToUnity(arm)));
                Assert.That(got.X, Is.EqualTo(rig.KeypointsM[3 * keypoint]).Within(2e-6));
                Assert.That(got.Y, Is.EqualTo(rig.KeypointsM[3 * keypoint + 1]).Within(2e-6));
                Assert.That(got.Z, Is.EqualTo(rig.KeypointsM[3 * keypoint + 2]).Within(2e-6));
            }
        }

        [Test]
        public void JointsPointAlongTheirBones()
        {
            object given = Vectors.List(Vectors.Golden("geometry.json"), "kinematics")[1];
            var rig = new HandRig(Side.Right);
            rig.SetShape(Vectors.Floats(Vectors.List(given, "rest_joints_m")));
            rig.Pose(Pose(given, Side.Right));
            for (int joint = 2; joint < Joints.OpenXRCount; joint++)
            {
                if (JointOrders.OpenXRNames[joint].EndsWith("tip", StringComparison.Ordinal)) continue;
                var frame = new Rigid(rig.Joint(joint), new Rotation(
                    rig.JointQuat[4 * joint], rig.JointQuat[4 * joint + 1], rig.JointQuat[4 * joint + 2],
                    rig.JointQuat[4 * joint + 3]));
                Position next = frame.Inverse.Apply(rig.Joint(joint + 1));
                Assert.That(next.Z, Is.LessThan(0), JointOrders.OpenXRNames[joint]);
                Assert.That(Math.Abs(next.X) + Math.Abs(next.Y), Is.LessThan(1e-5), JointOrders.OpenXRNames[joint]);
            }
        }

        [Test]
        public void OnlyPalmAndWristChangePlaces()
        {
            Assert.That(JointOrders.OpenXRNames.Count, Is.EqualTo(Joints.OpenXRCount));
            Assert.That(JointOrders.OpenXRNames[JointOrders.Swap(0)], Is.EqualTo("wrist"));
            Assert.That(JointOrders.OpenXRNames[JointOrders.Swap(1)], Is.EqualTo("palm"));
            for (int i = 2; i < Joints.OpenXRCount; i++) Assert.That(JointOrders.Swap(i), Is.EqualTo(i));
        }

        [Test]
        public void AShapeWithoutBonesIsRefused()
        {
            var rig = new HandRig(Side.Left);
            Assert.That(rig.SetShape(null), Is.False);
            Assert.That(rig.SetShape(new float[5]), Is.False);
            Assert.That(rig.SetShape(new float[63]), Is.False);
            Assert.That(rig.HasShape, Is.False);
            Assert.That(rig.Pose(Vectors.Random(1).Hands[0]), Is.False);
        }

        [Test]
        public void AFrameAllocatesNothing()
        {
            var rig = new HandRig(Side.Right);
            Assert.That(rig.SetShape(RestOf(1)), Is.True);
            var encoder = new MessageEncoder();
            var decoder = new MessageDecoder();
            ArraySegment<byte> bytes = encoder.Encode(Vectors.Random(3));
            var playout = new PlayoutBuffer();
            double nowMs = 0;
            Assert.That(Allocations.In(10000, () =>
            {
                // A frame of 90 Hz that finds a new pose of 30 Hz two times of three late.
                var pose = (PoseMessage)decoder.Decode(bytes.Array, bytes.Offset, bytes.Count);
                playout.Push(nowMs - nowMs % 33, pose.Hands, nowMs);
                playout.Advance(nowMs);
                nowMs += 1000.0 / 90;
                PlayedHand played = playout.Find(Side.Right);
                if (played != null) rig.Pose(played.Pose);
            }), Is.EqualTo(0));
        }

        internal static float[] RestOf(int side)
        {
            // Straight fingers, spread: enough of a hand for bones to have directions.
            var rest = new float[3 * Joints.Keypoints];
            for (int keypoint = 1; keypoint < Joints.Keypoints; keypoint++)
            {
                int finger = (keypoint - 1) / 4, along = (keypoint - 1) % 4;
                rest[3 * keypoint] = (side == 1 ? -1 : 1) * (0.05f + 0.025f * along);
                rest[3 * keypoint + 2] = 0.02f * (2 - finger);
            }
            return rest;
        }

        private static HandPose Pose(object given, Side side)
        {
            HandPose hand = new PoseMessage().Hands.Add(side);
            Vectors.Floats(Vectors.List(given, "pose_quat")).CopyTo(hand.PoseQuat, 0);
            Vectors.Floats(Vectors.List(given, "wrist_m")).CopyTo(hand.WristM, 0);
            return hand;
        }

        private static void Near(float[] got, float[] meant, double within)
        {
            Assert.That(got.Length, Is.EqualTo(meant.Length));
            for (int i = 0; i < got.Length; i++)
                Assert.That(got[i], Is.EqualTo(meant[i]).Within(within), $"number {i}");
        }
    }
}
