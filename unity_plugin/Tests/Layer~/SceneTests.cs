using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using EngineStub;
using GhostHands.Core;
using GhostHands.Protocol;
using GhostHands.Tests;
using NUnit.Framework;
using UnityEngine;

namespace GhostHands.LayerTests
{
    /// <summary>The components together, in the engine's stub: without a bridge.</summary>
    public sealed class SceneTests
    {
        private const double HoldS = 0.033;

        [SetUp]
        [TearDown]
        public void Clear()
        {
            Loop.Clear();
            PlayerPrefs.DeleteKey("GhostHands.place.piano-88");
        }

        [Test]
        public void ThreeTouchesPutTheInstrumentAndItIsKept()
        {
            var scene = new Scene();
            var told = new List<string>();
            scene.Instrument.Guided += () => told.Add(scene.Instrument.Title);
            Touch(scene, new Vector3(0.1f, 0.7f, 0.4f));
            Touch(scene, new Vector3(1.322f, 0.7f, 0.4f));
            Touch(scene, new Vector3(0.1f, 0.7f, 0.55f));
            Assert.That(scene.Instrument.Step, Is.EqualTo(CalibrationStep.Check));
            Assert.That(scene.Instrument.Result.Value.ResidualM, Is.LessThan(1e-4));
            Same(scene.Instrument.transform.localPosition, 0.1f, 0.692f, 0.4f);
            Same(scene.Instrument.transform.TransformPoint(new Vector3(1.222f, 0f, 0.15f)), 1.322f, 0.692f, 0.55f);
            scene.Instrument.Nudge(0.004f, 0.004f, 0.004f);
            Same(scene.Instrument.transform.localPosition, 0.104f, 0.696f, 0.404f);
            scene.Instrument.Keep();
            Assert.That(scene.Instrument.Kept, Is.True);
            string[] asked = { "Touch the front right corner", "Touch the back left corner", "Do the drawn keys lie on yours?" };
            Assert.That(told.Distinct().Where(asked.Contains), Is.EqualTo(asked));

            Loop.Clear();
            var again = new Scene();
            Assert.That(again.Instrument.Step, Is.EqualTo(CalibrationStep.Check), "kept for the next time");
            Same(again.Instrument.transform.localPosition, 0.104f, 0.696f, 0.404f);
            again.Instrument.TouchAgain();
            Assert.That(again.Instrument.Restore(), Is.False, "forgotten");
        }

        [Test]
        public void AWidthThatIsNotThePianosIsRefusedInWords()
        {
            var scene = new Scene();
            Touch(scene, new Vector3(0f, 0.7f, 0f));
            Touch(scene, new Vector3(0.8f, 0.7f, 0f));
            Touch(scene, new Vector3(0f, 0.7f, 0.15f));
            Assert.That(scene.Instrument.Step, Is.EqualTo(CalibrationStep.Refused));
            Assert.That(scene.Instrument.Result.Value.Problem, Is.EqualTo(CalibrationProblem.Width));
            StringAssert.StartsWith("800 mm is not the width", scene.Instrument.Title);
            scene.Instrument.Keep();
            Assert.That(scene.Instrument.Kept, Is.False);
        }

        [TestCase("left")]
        [TestCase("right")]
        public void UnitysSkinningGivesTheHandModelsVertices(string name)
        {
            var scene = new Scene();
            HandPose hand = Posed(scene, name, scene.Stage.SetMesh);
            scene.Instrument.SetPose(new Pose(new Vector3(0.2f, 0.7f, 0.5f), Quaternion.Euler(0f, 30f, 0f)));
            scene.Instrument.Keep();
            scene.Play(hand, 60);
            GhostHand ghost = name == "left" ? scene.Left : scene.Right;
            Assert.That(ghost.Ready, Is.True);
            Assert.That(ghost.Opacity, Is.EqualTo(1).Within(1e-3));
            float[] meant = Vectors.Floats(Vectors.List(Given(name), "vertices_m"));
            LessonFrame frame = scene.Stage.Stage.Ghosts;
            Vector3[] got = Skinned(ghost);
            double worst = 0, sum = 0;
            for (int i = 0; i < got.Length; i++)
            {
                Position stage = frame.ToStage(Coordinates.UnityToOpenXR(new Position(got[i].x, got[i].y, got[i].z)));
                double x = stage.X - meant[3 * i], y = stage.Y - meant[3 * i + 1], z = stage.Z - meant[3 * i + 2];
                double errorM = Math.Sqrt(x * x + y * y + z * z);
                worst = Math.Max(worst, errorM);
                sum += errorM;
            }
            Assert.That(sum / got.Length, Is.LessThan(1e-4), "four bones a vertex in place of sixteen");
            Assert.That(worst, Is.LessThan(3e-3));
        }

        [Test]
        public void MirroredTheOtherHandIsDrawn()
        {
            var scene = new Scene(mirrored: true);
            scene.Stage.SetMesh(Scene.HandModel("left"));
            HandPose hand = Posed(scene, "right", scene.Stage.SetMesh);
            Place(scene);
            scene.Play(hand, 60);
            Assert.That(scene.Left.Opacity, Is.GreaterThan(0.9f));
            Assert.That(scene.Right.Opacity, Is.EqualTo(0f));
            scene.Stage.Mirrored = false;
            scene.Play(hand, 60);
            Assert.That(scene.Left.Opacity, Is.EqualTo(0f));
            Assert.That(scene.Right.Opacity, Is.GreaterThan(0.9f));
        }

        [Test]
        public void AHandThatIsNotSeenAnyMoreFades()
        {
            var scene = new Scene();
            HandPose hand = Posed(scene, "right", scene.Stage.SetMesh);
            Place(scene);
            scene.Play(hand, 60);
            Assert.That(scene.Right.Opacity, Is.GreaterThan(0.9f));
            scene.Play(null, 60);
            Assert.That(scene.Right.Opacity, Is.EqualTo(0f));
        }

        [Test]
        public void AdjacentGhostsHaveKeysBehindTheLearners()
        {
            var scene = new Scene();
            HandPose hand = Posed(scene, "right", scene.Stage.SetMesh);
            Place(scene);
            scene.Play(hand, 60);
            Vector3 on = Wrist(scene.Right);
            scene.Stage.Place = GhostPlace.Adjacent;
            scene.Play(hand, 3);
            Vector3 beside = Wrist(scene.Right);
            Same(beside, on.x, on.y + 0.04f, on.z + 0.25f);
        }

        [Test]
        public void ASuppliedRigIsPosedByItsBonesNames()
        {
            var rig = new GameObject("Rig");
            var wrist = new GameObject("R_Wrist");
            var tip = new GameObject("R_IndexTip");
            wrist.transform.SetParent(rig.transform, false);
            tip.transform.SetParent(wrist.transform, false);
            var ghost = new GameObject("Ghost");
            ghost.SetActive(false);
            var hand = ghost.AddComponent<GhostHand>();
            Loop.Set(hand, "suppliedRig", rig.transform);
            ghost.SetActive(true);
            Assert.That(hand.JointsFound, Is.EqualTo(2));
            float[] betas, rest;
            HandPose pose = Read("right", out betas, out rest);
            var skeleton = new HandRig(Side.Right);
            skeleton.SetShape(rest);
            skeleton.Pose(pose);
            hand.Pose(skeleton);
            Position at = Coordinates.OpenXRToUnity(skeleton.Joint(10));
            Same(tip.transform.position, at.X, at.Y, at.Z);
        }

        [Test]
        public void WhatIsNoLinkIsAnEventAndNoException()
        {
            var scene = new Scene();
            var notices = new List<ConnectionNotice>();
            scene.Connection.Noticed += notices.Add;
            scene.Connection.Connect("not a link");
            Assert.That(notices.Single().Code, Is.EqualTo(FailureCode.BadLink));
            Assert.That(scene.Connection.State, Is.EqualTo(ConnectionState.Refused));
            scene.Connection.Settings.fingerprint = "12:34";
            scene.Connection.Connect("https://127.0.0.1:9/viewer?room=lesson");
            StringAssert.Contains("64 hex digits", notices.Last().Text);
            Assert.That(scene.Connection.Send(new PlaybackControlMessage()), Is.False);
            Assert.That(scene.Player.Play(), Is.False);
            scene.Play(null, 10);
            Assert.That(Loop.Logged, Is.Empty);
        }

        [Test]
        public void AHandlerThatThrowsStopsNothing()
        {
            var scene = new Scene();
            bool second = false;
            scene.Connection.Noticed += notice => { throw new InvalidOperationException("the app's own"); };
            scene.Instrument.Moved += () => second = true;
            scene.Connection.Connect("");
            Place(scene);
            Assert.That(second, Is.True);
            Assert.That(Loop.Logged, Is.EqualTo(new[] { "exception the app's own" }));
        }

        [Test]
        public void AnInstrumentThatIsNoneIsTold()
        {
            var anchor = new GameObject("Instrument");
            anchor.SetActive(false);
            var instrument = anchor.AddComponent<InstrumentAnchor>();
            Loop.Set(instrument, "instrument", "kazoo");
            anchor.SetActive(true);
            Loop.Frame(0.01);
            StringAssert.Contains("'kazoo'", instrument.Guidance);
            instrument.Keep();
            instrument.TouchAgain();
            instrument.Nudge(1f, 0f, 0f);
            Assert.That(instrument.SetInstrument("piano-61"), Is.True);
            Assert.That(instrument.Title, Is.EqualTo("Touch the front left corner"));
        }

        [Test]
        public void AFrameAllocatesNothing()
        {
            var scene = new Scene();
            HandPose hand = Posed(scene, "right", scene.Stage.SetMesh);
            Place(scene);
            scene.Play(hand, 60);
            var feed = new Pose(new Vector3(0f, 1f, 0.3f), Quaternion.identity);
            Hands<HandPose> hands = new PoseMessage().Hands;
            hands.Add(hand.Side).CopyFrom(hand);
            double nowMs = 2000;
            int frame = 0;
            // Materials of the stub keep numbers in dictionaries: nothing new after the first frames.
            Assert.That(Allocations.In(2000, () =>
            {
                nowMs += 11;
                if (frame++ % 3 == 0) scene.Connection.Playout.Push(nowMs, hands, nowMs + 5);
                scene.Hands.SetTracked(Side.Right, true);
                for (int joint = 0; joint < 26; joint++) scene.Hands.SetJoint(Side.Right, joint, feed);
                scene.Connection.Playout.Advance(nowMs);
                Loop.Frame(0.011);
            }), Is.EqualTo(0));
            Assert.That(scene.Right.Opacity, Is.GreaterThan(0.9f), "it was drawn all the time");
        }

        private static object Given(string name)
        {
            return Json.Parse(Encoding.UTF8.GetString(Scene.HandFile(name + ".json")));
        }

        private static HandPose Posed(Scene scene, string name, Action<HandMesh> give)
        {
            float[] betas, rest;
            HandPose hand = Read(name, out betas, out rest);
            give(Scene.HandModel(name));
            scene.Shape(hand.Side, betas, rest);
            return hand;
        }

        private static HandPose Read(string name, out float[] betas, out float[] rest)
        {
            object given = Given(name);
            betas = Vectors.Floats(Vectors.List(given, "betas"));
            rest = Vectors.Floats(Vectors.List(given, "rest_joints_m"));
            HandPose hand = new PoseMessage().Hands.Add(name == "left" ? Side.Left : Side.Right);
            Vectors.Floats(Vectors.List(given, "pose_quat")).CopyTo(hand.PoseQuat, 0);
            Vectors.Floats(Vectors.List(given, "wrist_m")).CopyTo(hand.WristM, 0);
            return hand;
        }

        private static void Place(Scene scene)
        {
            scene.Instrument.SetPose(new Pose(new Vector3(0f, 0.7f, 0.4f), Quaternion.identity));
            scene.Instrument.Keep();
        }

        private static SkinnedMeshRenderer Drawn(GhostHand ghost)
        {
            return ghost.transform.GetChild(0).gameObject.GetComponent<SkinnedMeshRenderer>();
        }

        private static Vector3 Wrist(GhostHand ghost)
        {
            return Drawn(ghost).bones[0].position;
        }

        /// <summary>As Unity does: bone after bind pose, weighed.</summary>
        private static Vector3[] Skinned(GhostHand ghost)
        {
            SkinnedMeshRenderer drawn = Drawn(ghost);
            Vector3[] vertices = drawn.sharedMesh.vertices;
            BoneWeight[] weights = drawn.sharedMesh.boneWeights;
            for (int i = 0; i < vertices.Length; i++)
            {
                int[] bones = { weights[i].boneIndex0, weights[i].boneIndex1, weights[i].boneIndex2, weights[i].boneIndex3 };
                float[] parts = { weights[i].weight0, weights[i].weight1, weights[i].weight2, weights[i].weight3 };
                var sum = new Vector3(0f, 0f, 0f);
                for (int k = 0; k < 4; k++)
                {
                    Matrix4x4 bind = drawn.sharedMesh.bindposes[bones[k]];
                    Vector3 moved = drawn.bones[bones[k]].TransformPoint(
                        vertices[i] + new Vector3(bind.m03, bind.m13, bind.m23));
                    sum += new Vector3(parts[k] * moved.x, parts[k] * moved.y, parts[k] * moved.z);
                }
                vertices[i] = sum;
            }
            return vertices;
        }

        /// <summary>Holds an index fingertip still, and takes it away.</summary>
        private static void Touch(Scene scene, Vector3 tip)
        {
            for (int i = 0; i < 36; i++) Feed(scene, tip);
            for (int i = 0; i < 3; i++) Feed(scene, tip + new Vector3(0f, 0.2f, 0f));
        }

        private static void Feed(Scene scene, Vector3 tip)
        {
            scene.Hands.SetTracked(Side.Right, true, 0.008f);
            for (int joint = 0; joint < 26; joint++)
            {
                float back = joint == 10 ? 0f : joint == 0 ? 0.18f : 0.1f;
                scene.Hands.SetJoint(Side.Right, joint, new Pose(tip - new Vector3(0f, 0f, back), Quaternion.identity));
            }
            Loop.Frame(HoldS);
        }

        private static void Same(Vector3 got, float x, float y, float z)
        {
            Assert.That(got.x, Is.EqualTo(x).Within(1e-4));
            Assert.That(got.y, Is.EqualTo(y).Within(1e-4));
            Assert.That(got.z, Is.EqualTo(z).Within(1e-4));
        }
    }
}
