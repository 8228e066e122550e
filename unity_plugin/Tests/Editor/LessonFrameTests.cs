using System;
using GhostHands.Core;
using GhostHands.Protocol;
using NUnit.Framework;

namespace GhostHands.Tests
{
    /// <summary>The teacher's hands on the learner's instrument, and the learner's hands back in the stage.</summary>
    public sealed class LessonFrameTests
    {
        private static readonly Rigid Room = new Rigid(
            new Position(0.3f, 0.72f, -0.9f), new Rotation(0f, (float)Math.Sin(0.3), 0f, (float)Math.Cos(0.3)));

        [TestCase("piano-88", "piano-88", 0.5, 0.5)]
        [TestCase("piano-88", "piano-61", 0.5, 0.5 - 9 * 0.0235)]
        [TestCase("piano-61", "piano-88", 0.5, 0.5 + 9 * 0.0235)]
        [TestCase("piano-88:c3-c5", "piano-88", 0, 16 * 0.0235)]
        [TestCase("a4", "piano-88", 0.1, 0.1)]
        public void TheSameKeyLiesUnderTheSameFinger(string teachers, string learners, double x, double meant)
        {
            AnchorMessage anchor = Anchor(teachers);
            var stage = LessonFrame.StageToInstrument(anchor, Instrument.Find(learners), default(Position));
            Position shown = stage.Apply(Teacher(anchor).Apply(new Position((float)x, 0.01f, -0.05f)));
            Assert.That(shown.X, Is.EqualTo(meant).Within(1e-5));
            Assert.That(shown.Y, Is.EqualTo(0.01).Within(1e-5));
            Assert.That(shown.Z, Is.EqualTo(-0.05).Within(1e-5));
        }

        [Test]
        public void WithoutAnAnchorHandsComeAboveTheMiddle()
        {
            Instrument piano = Instrument.Find("piano-88");
            var wrist = new Position(0.2f, -0.3f, -0.5f);
            Position shown = LessonFrame.StageToInstrument(null, piano, wrist).Apply(wrist);
            Assert.That(shown.X, Is.EqualTo(0.611).Within(1e-6));
            Assert.That(shown.Y, Is.EqualTo(0.04).Within(1e-6));
            Assert.That(shown.Z, Is.EqualTo(0).Within(1e-6));
            // An anchor without an instrument takes back the one before.
            var none = new AnchorMessage { Instrument = "" };
            Assert.That(LessonFrame.StageToInstrument(none, piano, wrist).Apply(wrist), Is.EqualTo(shown));
        }

        [TestCase(false)]
        [TestCase(true)]
        public void AHandThatIsShownAndTrackedComesBackWhereItWas(bool mirrored)
        {
            AnchorMessage anchor = Anchor("piano-88");
            Instrument piano = Instrument.Find("piano-88");
            Rigid stage = LessonFrame.StageToInstrument(anchor, piano, default(Position));
            var frame = new LessonFrame(stage, Room, mirrored, piano.WidthM);
            HandPose sent = Vectors.Random(5).Hands[1], shown = new PoseMessage().Hands.Add(Side.Left);
            frame.Show(sent, shown);
            Assert.That(shown.Side, Is.EqualTo(mirrored ? Side.Left : Side.Right));
            HandRig teacher = Posed(sent, Side.Right), ghost = Posed(shown, shown.Side);
            // A learner whose hand lies exactly in the ghost, tracked by Unity.
            var encoder = new LearnerHandsEncoder { Frame = frame };
            encoder.Begin();
            for (int unity = 0; unity < Joints.OpenXRCount; unity++)
            {
                int joint = JointOrders.Swap(unity);
                encoder.Set(
                    shown.Side, unity, Coordinates.OpenXRToUnity(ghost.Joint(joint)),
                    Coordinates.OpenXRToUnity(QuatOf(ghost, joint)));
            }
            LearnerHandsMessage message = encoder.End(7, 8);
            message.Validate();
            Assert.That(message.Seq, Is.EqualTo(7));
            Assert.That(message.TimeNs, Is.EqualTo(8));
            Assert.That(message.OpenXR.Count, Is.EqualTo(1));
            OpenXRHand back = message.OpenXR.Find(Side.Right);
            for (int i = 0; i < back.JointsM.Length; i++)
                Assert.That(back.JointsM[i], Is.EqualTo(teacher.JointsM[i]).Within(2e-6), $"{i}");
            for (int joint = 0; joint < Joints.OpenXRCount; joint++)
            {
                double dot = 0;
                for (int k = 4 * joint; k < 4 * joint + 4; k++) dot += (double)back.JointQuat[k] * teacher.JointQuat[k];
                Assert.That(Math.Abs(dot), Is.EqualTo(1).Within(1e-6), JointOrders.OpenXRNames[joint]);
            }
        }

        [Test]
        public void BothHandsAreSentTheLeftOneFirstAndLostOnesAreNot()
        {
            var encoder = new LearnerHandsEncoder();
            encoder.Begin();
            foreach (Side side in new[] { Side.Right, Side.Left })
            {
                for (int i = 0; i < Joints.OpenXRCount; i++)
                    encoder.Set(side, i, new Position((int)side, i, 0f), new Rotation(0f, 0f, 0f, -1f));
            }
            LearnerHandsMessage message = encoder.End(1, 1);
            message.Validate();
            Assert.That(message.OpenXR.Count, Is.EqualTo(2));
            Assert.That(message.OpenXR[1].JointsM[3], Is.EqualTo(1)); // the wrist, second in OpenXR's order
            Assert.That(message.OpenXR[1].JointsM[4], Is.EqualTo(0)); // was Unity's first
            encoder.Begin();
            Assert.That(encoder.End(2, 2).OpenXR.Count, Is.EqualTo(0));
        }

        [Test]
        public void AFrameOfALearnerAllocatesNothing()
        {
            var encoder = new LearnerHandsEncoder { Frame = new LessonFrame(Room, Room, true, 1) };
            var wire = new MessageEncoder();
            Assert.That(Allocations.In(2000, () =>
            {
                encoder.Begin();
                for (int i = 0; i < Joints.OpenXRCount; i++)
                    encoder.Set(Side.Left, i, new Position(0f, i * 0.01f, 0f), new Rotation(0f, 0f, 0f, 1f));
                wire.Encode(encoder.End(1, 1));
            }), Is.EqualTo(0));
        }

        [Test]
        public void AMirroredHandIsTheOtherHandOfTheSamePerson()
        {
            float[] rest = HandRigTests.RestOf(1), other = new float[rest.Length];
            LessonFrame.MirrorRest(rest, other);
            Assert.That(other, Is.EqualTo(HandRigTests.RestOf(0)));
        }

        private static HandRig Posed(HandPose hand, Side side)
        {
            var rig = new HandRig(side);
            Assert.That(rig.SetShape(HandRigTests.RestOf((int)side)), Is.True);
            Assert.That(rig.Pose(hand), Is.True);
            return rig;
        }

        private static Rotation QuatOf(HandRig rig, int joint)
        {
            int at = 4 * joint;
            return new Rotation(rig.JointQuat[at], rig.JointQuat[at + 1], rig.JointQuat[at + 2], rig.JointQuat[at + 3]);
        }

        private static AnchorMessage Anchor(string instrument)
        {
            Instrument found = Instrument.Find(instrument);
            var anchor = new AnchorMessage { Instrument = instrument };
            anchor.SizeM[0] = (float)found.PartWidthM;
            anchor.SizeM[1] = (float)found.DepthM;
            new[] { -0.6f, -0.4f, -0.8f }.CopyTo(anchor.PositionM, 0);
            new[] { (float)Math.Sin(0.2), 0f, 0f, (float)Math.Cos(0.2) }.CopyTo(anchor.RotationQuat, 0);
            return anchor;
        }

        /// <summary>Where the anchor says that the measured part lies.</summary>
        private static Rigid Teacher(AnchorMessage anchor)
        {
            float[] p = anchor.PositionM, q = anchor.RotationQuat;
            return new Rigid(new Position(p[0], p[1], p[2]), new Rotation(q[0], q[1], q[2], q[3]));
        }
    }
}
