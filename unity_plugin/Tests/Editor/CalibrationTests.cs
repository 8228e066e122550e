using System;
using GhostHands.Core;
using GhostHands.Protocol;
using NUnit.Framework;

namespace GhostHands.Tests
{
    /// <summary>Where an instrument stands, and what is shown on it.</summary>
    public sealed class CalibrationTests
    {
        private const double WidthM = 1.222, DepthM = 0.15;

        /// <summary>A keyboard that stands somewhere in the room, turned by 30 degrees.</summary>
        private static readonly Rigid Placed = new Rigid(
            new Position(0.3f, 0.72f, -0.9f),
            new Rotation(0f, (float)Math.Sin(Math.PI / 12), 0f, (float)Math.Cos(Math.PI / 12)));

        [Test]
        public void ExactTouchesFindTheInstrument()
        {
            InstrumentCalibration found = Touch(0, 0, 0.008);
            Assert.That(found.Problem, Is.EqualTo(CalibrationProblem.None));
            Assert.That(found.ResidualM, Is.LessThan(1e-6));
            Assert.That(found.MeasuredWidthM, Is.EqualTo(WidthM).Within(1e-6));
            Same(found.Pose, Placed, 1e-6);
        }

        [TestCase(0.005, CalibrationProblem.None)]
        [TestCase(0.03, CalibrationProblem.None)]
        [TestCase(0.045, CalibrationProblem.Width)]
        [TestCase(-0.045, CalibrationProblem.Width)]
        public void AWidthThatIsOffIsSharedByBothEnds(double widerM, CalibrationProblem problem)
        {
            InstrumentCalibration found = Touch(widerM, 0, 0);
            Assert.That(found.Problem, Is.EqualTo(problem));
            Assert.That(found.MeasuredWidthM, Is.EqualTo(WidthM + widerM).Within(1e-6));
            // The middle of the front edge is where the middle of the touches was.
            Position middle = found.Pose.Apply(new Position((float)(WidthM / 2), 0f, 0f));
            Position meant = Placed.Apply(new Position((float)((WidthM + widerM) / 2), 0f, 0f));
            Assert.That(middle.X, Is.EqualTo(meant.X).Within(1e-6));
            Assert.That(middle.Z, Is.EqualTo(meant.Z).Within(1e-6));
        }

        [Test]
        public void ADepthThatIsOffIsAResidual()
        {
            Assert.That(Touch(0, 0.02, 0).ResidualM, Is.EqualTo(0.02 / Math.Sqrt(3)).Within(1e-6));
            Assert.That(Touch(0, 0.02, 0).Problem, Is.EqualTo(CalibrationProblem.None));
            Assert.That(Touch(0, 0.05, 0).Problem, Is.EqualTo(CalibrationProblem.Residual));
        }

        [Test]
        public void CornersTouchedTheWrongWayRoundAreRefused()
        {
            Position left = At(0, 0), right = At(WidthM, 0), back = At(0, -DepthM);
            Assert.That(From(right, left, back).Problem, Is.EqualTo(CalibrationProblem.UpsideDown));
            Assert.That(From(left, left, back).Problem, Is.EqualTo(CalibrationProblem.TooNear));
            Assert.That(From(left, right, left).Problem, Is.EqualTo(CalibrationProblem.TooNear));
            Assert.That(From(left, right, right).Problem, Is.EqualTo(CalibrationProblem.TooNear));
            var up = new Position(left.X, left.Y + 0.15f, left.Z);
            Assert.That(From(left, right, up).Problem, Is.EqualTo(CalibrationProblem.Tilted));
            var nowhere = new Position(float.NaN, 0f, 0f);
            Assert.That(From(nowhere, right, back).Problem, Is.EqualTo(CalibrationProblem.TooNear));
        }

        [Test]
        public void ANudgeMovesAlongTheInstrumentAndTurnsAboutItsMiddle()
        {
            Rigid moved = InstrumentCalibration.Nudge(Placed, WidthM, 0.01, 0.002, -0.003);
            Position corner = Placed.Inverse.Apply(moved.Apply(new Position(0f, 0f, 0f)));
            Assert.That(corner.X, Is.EqualTo(0.01).Within(1e-6));
            Assert.That(corner.Y, Is.EqualTo(0.002).Within(1e-6));
            Assert.That(corner.Z, Is.EqualTo(-0.003).Within(1e-6));
            Rigid turned = InstrumentCalibration.Nudge(Placed, WidthM, turnRad: 0.1);
            var middle = new Position((float)(WidthM / 2), 0f, 0f);
            Rotation same = Placed.Rotation;
            Same(new Rigid(turned.Apply(middle), same), new Rigid(Placed.Apply(middle), same), 1e-6);
            Position right = Placed.Inverse.Apply(turned.Apply(new Position((float)WidthM, 0f, 0f)));
            Assert.That(right.Z, Is.EqualTo(-Math.Sin(0.1) * WidthM / 2).Within(1e-6));
        }

        [Test]
        public void APlaceIsKeptInAText()
        {
            string text = SavedPlace.Write("piano-61:c3-c5", Placed);
            Assert.That(text.Length, Is.LessThan(200));
            Rigid read;
            Assert.That(SavedPlace.TryRead(text, "piano-61:c3-c5", out read), Is.True);
            Same(read, Placed, 0);
            Assert.That(SavedPlace.TryRead(text, "piano-88", out read), Is.False);
        }

        [TestCase(null)]
        [TestCase("")]
        [TestCase("ghosthands-place-1 a4 0 0 0 0 0 0")]
        [TestCase("ghosthands-place-2 a4 0 0 0 0 0 0 1")]
        [TestCase("ghosthands-place-1 a4 0 0 0 0 0 0 2")]
        [TestCase("ghosthands-place-1 a4 0 0 NaN 0 0 0 1")]
        [TestCase("ghosthands-place-1 a4 0 0 5000 0 0 0 1")]
        [TestCase("ghosthands-place-1 a4 0 0 0 0 0 0 x")]
        public void ADamagedPlaceIsNone(string text)
        {
            Rigid read;
            Assert.That(SavedPlace.TryRead(text, "a4", out read), Is.False);
            Same(read, Rigid.Identity, 0);
        }

        [TestCase("piano-88", 1.222, 0.15)]
        [TestCase("piano-61", 0.846, 0.15)]
        [TestCase("Piano-76", 1.0575, 0.15)]
        [TestCase("piano-88:c3-c5", 1.222, 0.15)]
        [TestCase("a4", 0.297, 0.21)]
        [TestCase("0.4x0.3", 0.4, 0.3)]
        public void ANameSaysTheSize(string name, double widthM, double depthM)
        {
            Instrument found = Instrument.Find(name);
            Assert.That(found.WidthM, Is.EqualTo(widthM).Within(1e-9));
            Assert.That(found.DepthM, Is.EqualTo(depthM).Within(1e-9));
        }

        [TestCase(null)]
        [TestCase("guitar")]
        [TestCase("piano-90")]
        [TestCase("piano-88:")]
        [TestCase("piano-88:c5-c3")]
        [TestCase("piano-61:c1-c5")]
        [TestCase("piano-88:c3-c5:x")]
        [TestCase("0.4x")]
        [TestCase("0.01x3")]
        [TestCase("NaNx1")]
        public void OtherNamesSayNone(string name)
        {
            Assert.That(Instrument.Find(name), Is.Null);
        }

        [Test]
        public void AFingertipThatHoldsStillTouchesOnce()
        {
            var touch = new TouchDetector();
            Position where = default(Position), last = default(Position);
            int touches = 0;
            for (int i = 0; i < 200; i++)
            {
                // 90 Hz, with a tremor of 2 mm, and one sample far off in the middle of it.
                var tip = new Position(0.1f + 0.002f * (i % 3 - 1), 0.7f, 0.2f);
                if (touch.Add(i * 11, tip, out last))
                {
                    touches++;
                    where = last;
                }
            }
            Assert.That(touches, Is.EqualTo(1));
            Assert.That(where.X, Is.EqualTo(0.1).Within(1e-6));
            Assert.That(touch.Progress(2200), Is.EqualTo(0));
            touch.Add(2300, new Position(0.3f, 0.7f, 0.2f), out last);
            Assert.That(touch.Progress(2300), Is.EqualTo(0));
            touch.Add(2450, new Position(0.3f, 0.7f, 0.2f), out last);
            Assert.That(touch.Progress(2450), Is.EqualTo(0.15).Within(1e-9));
            touch.Interrupt();
            Assert.That(touch.Progress(2450), Is.EqualTo(0));
        }

        [Test]
        public void AGapBeginsATouchAnew()
        {
            var touch = new TouchDetector();
            Position where;
            var tip = new Position(0.1f, 0.7f, 0.2f);
            for (int ms = 0; ms < 900; ms += 100) touch.Add(ms, tip, out where);
            const double backMs = 800 + TouchDetector.GapMs + 1;
            Assert.That(touch.Add(Math.Max(backMs, 1100), tip, out where), Is.False);
            Assert.That(touch.Progress(Math.Max(backMs, 1100)), Is.EqualTo(0));
        }

        [Test]
        public void APointingHandHasOneFingerOut()
        {
            var joints = new float[3 * Joints.OpenXRCount];
            joints[3 * 10] = 0.18f;
            joints[3 * 15] = joints[3 * 20] = 0.12f;
            Assert.That(TouchDetector.Points(joints), Is.True);
            joints[3 * 15] = 0.17f;
            Assert.That(TouchDetector.Points(joints), Is.False);
        }

        private static InstrumentCalibration Touch(double widerM, double deeperM, double tipRadiusM)
        {
            return InstrumentCalibration.From(
                At(0, 0, tipRadiusM), At(WidthM + widerM, 0, tipRadiusM), At(0, -DepthM - deeperM, tipRadiusM),
                WidthM, DepthM, tipRadiusM);
        }

        private static InstrumentCalibration From(Position left, Position right, Position back)
        {
            return InstrumentCalibration.From(left, right, back, WidthM, DepthM);
        }

        private static Position At(double x, double z, double y = 0)
        {
            return Placed.Apply(new Position((float)x, (float)y, (float)z));
        }

        private static void Same(Rigid got, Rigid meant, double within)
        {
            Assert.That(got.Position.X, Is.EqualTo(meant.Position.X).Within(within));
            Assert.That(got.Position.Y, Is.EqualTo(meant.Position.Y).Within(within));
            Assert.That(got.Position.Z, Is.EqualTo(meant.Position.Z).Within(within));
            Assert.That(got.Rotation.X, Is.EqualTo(meant.Rotation.X).Within(within));
            Assert.That(got.Rotation.Y, Is.EqualTo(meant.Rotation.Y).Within(within));
            Assert.That(got.Rotation.Z, Is.EqualTo(meant.Rotation.Z).Within(within));
            Assert.That(got.Rotation.W, Is.EqualTo(meant.Rotation.W).Within(within));
        }
    }
}
