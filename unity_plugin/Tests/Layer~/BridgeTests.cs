using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using EngineStub;
using GhostHands.Core;
using GhostHands.Protocol;
using NUnit.Framework;
using UnityEngine;

namespace GhostHands.LayerTests
{
    /// <summary>The components joined to a real bridge that has a recording: the environment says where.</summary>
    public sealed class BridgeTests
    {
        private const int MostMs = 20000;

        [SetUp]
        [TearDown]
        public void Clear()
        {
            Loop.Clear();
            PlayerPrefs.DeleteKey("GhostHands.place.piano-88");
        }

        [Test]
        public void ALearnerFollowsALessonAndIsScored()
        {
            var scene = new Scene(Environment.GetEnvironmentVariable("GHOSTHANDS_LINK"));
            int scores = 0;
            scene.Connection.Scored += score => scores++;
            scene.Instrument.SetPose(new Pose(new Vector3(0.1f, 0.7f, 0.4f), Quaternion.Euler(0f, 20f, 0f)));
            scene.Instrument.Keep();
            Until(() => scene.Player.State != null && scene.Player.Recordings.Length > 0, "the player");
            Assert.That(scene.Player.Load(scene.Player.Recordings[0]), Is.True);
            Until(() => scene.Player.Loaded, "the lesson");
            scene.Player.SetRate(1.25);
            scene.Player.Play();
            Until(() => scene.Left.Ready && scene.Right.Ready, "the hand model");
            Until(() => scene.Left.Opacity > 0.9f && scene.Right.Opacity > 0.9f, "the ghosts");
            // The learner does exactly what the ghost does, a little later than the lesson.
            Until(() =>
            {
                Follow(scene);
                return scores > 3;
            }, "scores");
            Assert.That(scene.Hands.Sent, Is.GreaterThan(3));
            Assert.That(scene.Connection.Feedback.Closeness(Side.Right, 1), Is.GreaterThan(0.5));
            Assert.That(scene.Connection.RoundTripMs, Is.GreaterThanOrEqualTo(0));
            Assert.That(scene.Player.Rate, Is.EqualTo(1.25));
            Assert.That(Loop.Logged, Is.Empty);

            // Who holds still falls behind: the lesson waits, and goes on once they have played what they missed.
            scene.Player.WaitForLearner = true;
            Until(() => Follow(scene) || !double.IsNaN(scene.Player.LeadS), "where the learner is");
            var missed = new Queue<Pose[]>();
            Until(() =>
            {
                missed.Enqueue(Shown(scene));
                return scene.Player.Waiting && !scene.Player.Playing;
            }, "the lesson that waits");
            Until(() =>
            {
                if (missed.Count > 0) Give(scene, missed.Dequeue());
                return !scene.Player.Waiting && scene.Player.Playing;
            }, "the lesson that goes on");
            scene.Player.WaitForLearner = false;
            Assert.That(Loop.Logged, Is.Empty);

            Loop.Pause(true);
            Assert.That(scene.Connection.State, Is.EqualTo(ConnectionState.Closed));
            Loop.Pause(false);
            Until(() => scene.Connection.State == ConnectionState.Open, "the room after a pause");
            scene.Player.Unload();
            Until(() => !scene.Player.Loaded, "the end");
            Assert.That(Loop.Logged, Is.Empty);
        }

        /// <summary>The learner does what the ghosts do; false.</summary>
        private static bool Follow(Scene scene)
        {
            Give(scene, Shown(scene));
            return false;
        }

        /// <summary>Joints of both ghosts, in Unity's order and frame.</summary>
        private static Pose[] Shown(Scene scene)
        {
            var poses = new Pose[52];
            for (int i = 0; i < poses.Length; i++)
            {
                HandRig rig = scene.Stage.Stage.Rig((Side)(i / 26));
                int joint = JointOrders.Swap(i % 26), at = 4 * joint;
                float[] q = rig.JointQuat;
                Position p = Coordinates.OpenXRToUnity(rig.Joint(joint));
                Rotation turn = Coordinates.OpenXRToUnity(new Rotation(q[at], q[at + 1], q[at + 2], q[at + 3]));
                poses[i] = new Pose(new Vector3(p.X, p.Y, p.Z), new Quaternion(turn.X, turn.Y, turn.Z, turn.W));
            }
            return poses;
        }

        private static void Give(Scene scene, Pose[] poses)
        {
            for (int i = 0; i < poses.Length; i++)
            {
                if (i % 26 == 0) scene.Hands.SetTracked((Side)(i / 26), true);
                scene.Hands.SetJoint((Side)(i / 26), i % 26, poses[i]);
            }
        }

        private static void Until(Func<bool> condition, string what)
        {
            Stopwatch clock = Stopwatch.StartNew();
            while (!condition())
            {
                if (clock.ElapsedMilliseconds > MostMs) Assert.Fail($"{what} did not come");
                Thread.Sleep(11);
                Loop.Frame(0.011);
            }
        }
    }
}
