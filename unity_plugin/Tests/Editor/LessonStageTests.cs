using System;
using GhostHands.Core;
using GhostHands.Protocol;
using NUnit.Framework;

namespace GhostHands.Tests
{
    /// <summary>The ghost hands on a learner's instrument.</summary>
    public sealed class LessonStageTests
    {
        private static readonly Rigid Placed = new Rigid(
            new Position(0.3f, 0.72f, -0.9f),
            new Rotation(0f, (float)Math.Sin(Math.PI / 12), 0f, (float)Math.Cos(Math.PI / 12)));

        [Test]
        public void WithoutAnAnchorHandsComeAboveTheMiddle()
        {
            LessonStage stage = Stage();
            stage.Put(Placed);
            Assert.That(stage.Own, Is.Null);
            stage.Advance(Playing(Side.Right, 0.2f), 1000);
            Assert.That(stage.Anchored, Is.False);
            Same(Placed.Inverse.Apply(stage.Rig(Side.Right).Joint(1)), 0.611f, 0.04f, 0f);
            Assert.That(stage.Presence(Side.Right), Is.EqualTo(1));
            Assert.That(stage.Presence(Side.Left), Is.EqualTo(0));
        }

        [Test]
        public void WithAnAnchorTheSameKeyIsUnderTheSameFinger()
        {
            LessonStage stage = Stage();
            stage.Put(Placed);
            var anchor = new AnchorMessage { Instrument = "piano-88" };
            anchor.SizeM[0] = 1.222f;
            anchor.SizeM[1] = 0.15f;
            anchor.PositionM[0] = -0.5f;
            stage.Take(anchor);
            Assert.That(stage.Anchored, Is.True);
            stage.Advance(Playing(Side.Right, 0.2f), 1000);
            Same(Placed.Inverse.Apply(stage.Rig(Side.Right).Joint(1)), 0.7f, 0.1f, -0.05f);
            stage.Take(new AnchorMessage { Instrument = "" });
            Assert.That(stage.Anchored, Is.False);
        }

        [Test]
        public void AdjacentGhostsAreBehindAndOwnHandsGoBackAsBefore()
        {
            LessonStage stage = Stage();
            PlayoutBuffer playing = Playing(Side.Right, 0.2f);
            stage.Advance(playing, 1000);
            Position on = stage.Rig(Side.Right).Joint(1), back = stage.Own.ToStage(on);
            stage.Place = GhostPlace.Adjacent;
            stage.Advance(playing, 1000);
            Same(stage.Rig(Side.Right).Joint(1), on.X, on.Y + 0.04f, on.Z - 0.25f);
            Same(stage.Own.ToStage(on), back.X, back.Y, back.Z);
        }

        [Test]
        public void MirroredARightHandIsTheLearnersLeft()
        {
            LessonStage stage = Stage();
            stage.Mirrored = true;
            stage.Advance(Playing(Side.Right, 0.2f), 1000);
            Assert.That(stage.Presence(Side.Left), Is.EqualTo(1));
            Assert.That(stage.Presence(Side.Right), Is.EqualTo(0));
            Assert.That(stage.Betas(Side.Left)[0], Is.EqualTo(1f), "the right hand's shape");
            Assert.That(stage.RestJointsM(Side.Left)[15], Is.GreaterThan(0f), "a left hand's fingers are along +x");
        }

        [Test]
        public void HandsComeAndGoSoftly()
        {
            LessonStage stage = Stage();
            PlayoutBuffer playing = Playing(Side.Right, 0.2f);
            stage.Advance(playing, 50);
            Assert.That(stage.Presence(Side.Right), Is.EqualTo(0.25).Within(1e-9));
            stage.Advance(playing, 500);
            Assert.That(stage.Presence(Side.Right), Is.EqualTo(1));
            stage.Advance(new PlayoutBuffer(), 50);
            Assert.That(stage.Presence(Side.Right), Is.EqualTo(0.75).Within(1e-9));
            stage.Forget();
            Assert.That(stage.Presence(Side.Right), Is.EqualTo(0));
            Assert.That(stage.Own, Is.Null);
        }

        [Test]
        public void AFrameAllocatesNothing()
        {
            LessonStage stage = Stage();
            PlayoutBuffer playing = Playing(Side.Right, 0.2f);
            double nowMs = 400;
            Assert.That(Allocations.In(1000, () =>
            {
                playing.Advance(nowMs);
                stage.Advance(playing, 11);
            }), Is.EqualTo(0));
        }

        private static LessonStage Stage()
        {
            var stage = new LessonStage(Instrument.Find("piano-88"));
            foreach (Side side in new[] { Side.Left, Side.Right })
            {
                var shape = new ShapeMessage { Side = side };
                Rest(side).CopyTo(shape.RestJointsM, 0);
                shape.Betas[0] = (float)side;
                stage.Take(shape);
            }
            return stage;
        }

        /// <summary>A right hand's fingers are along -x.</summary>
        private static float[] Rest(Side side)
        {
            var rest = new float[63];
            for (int keypoint = 1; keypoint < 21; keypoint++)
            {
                int finger = (keypoint - 1) / 4, along = (keypoint - 1) % 4;
                rest[3 * keypoint] = (side == Side.Right ? -1 : 1) * (0.06f + 0.03f * along);
                rest[3 * keypoint + 1] = finger == 0 ? -0.01f : 0f;
                rest[3 * keypoint + 2] = 0.04f - 0.02f * finger;
            }
            return rest;
        }

        private static PlayoutBuffer Playing(Side side, float x)
        {
            var playout = new PlayoutBuffer();
            for (int i = 0; i < 20; i++)
            {
                Hands<HandPose> hands = new PoseMessage().Hands;
                HandPose hand = hands.Add(side);
                hand.WristM[0] = x;
                hand.WristM[1] = 0.1f;
                hand.WristM[2] = -0.05f;
                for (int joint = 0; joint < 16; joint++) hand.PoseQuat[4 * joint + 3] = 1f;
                playout.Push(20 * i, hands, 20 * i + 5);
            }
            playout.Advance(400.0);
            return playout;
        }

        private static void Same(Position got, float x, float y, float z)
        {
            Assert.That(got.X, Is.EqualTo(x).Within(1e-5));
            Assert.That(got.Y, Is.EqualTo(y).Within(1e-5));
            Assert.That(got.Z, Is.EqualTo(z).Within(1e-5));
        }
    }
}
