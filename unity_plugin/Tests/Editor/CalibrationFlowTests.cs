using System;
using System.Globalization;
using System.Linq;
using System.Threading;
using GhostHands.Core;
using GhostHands.Protocol;
using NUnit.Framework;

namespace GhostHands.Tests
{
    /// <summary>The guided calibration: steps, words, and what is drawn.</summary>
    public sealed class CalibrationFlowTests
    {
        private static readonly Position[] Good =
        {
            new Position(0f, 0.7f, 0f), new Position(1.222f, 0.7f, 0f), new Position(0f, 0.7f, -0.15f),
        };

        [Test]
        public void ThreeHeldTouchesFindIt()
        {
            CalibrationFlow flow = Flow();
            var hand = new HeadsetHand { Tracked = true };
            double nowMs = 0;
            for (int corner = 0; corner < 3; corner++)
            {
                Assert.That(flow.Corner, Is.EqualTo((Corner)corner));
                bool touched = false;
                for (int i = 0; i < 40 && !touched; i++, nowMs += 33)
                {
                    Point(hand, Good[corner]);
                    touched = flow.Take(Side.Right, nowMs, hand);
                    if (i == 20) Assert.That(flow.Progress(nowMs), Is.InRange(0.6, 0.7));
                }
                Assert.That(touched, Is.True);
                Assert.That(flow.TouchAt(corner).X, Is.EqualTo(Good[corner].X).Within(1e-6));
            }
            Assert.That(flow.Step, Is.EqualTo(CalibrationStep.Check));
            Assert.That(flow.Pose.Value.Position.Y, Is.EqualTo(0.7f).Within(1e-6));
            flow.Nudge(0.004, 0, 0, 0);
            Assert.That(flow.Pose.Value.Position.X, Is.EqualTo(0.004f).Within(1e-6));
            flow.Keep();
            Assert.That(flow.Step, Is.EqualTo(CalibrationStep.Done));
            flow.Nudge(1, 0, 0, 0);
            Assert.That(flow.Pose.Value.Position.X, Is.EqualTo(0.004f).Within(1e-6), "what is kept is not nudged");
        }

        [TestCase(true, false, false)]
        [TestCase(false, true, false)]
        [TestCase(false, false, true)]
        public void AHandThatPokesOrIsNotSeenOrDoesNotPointTouchesNothing(bool busy, bool lost, bool fist)
        {
            CalibrationFlow flow = Flow();
            var hand = new HeadsetHand { Tracked = !lost };
            for (int i = 0; i < 60; i++)
            {
                Point(hand, Good[0]);
                if (fist) Array.Clear(hand.JointsM, 0, hand.JointsM.Length);
                Assert.That(flow.Take(Side.Right, 33 * i, hand, busy), Is.False);
            }
            Assert.That(flow.Touches, Is.EqualTo(0));
        }

        [Test]
        public void WhatIsRefusedIsToldAndTouchedAgain()
        {
            CalibrationFlow flow = Flow();
            flow.Touch(Good[0], 0);
            flow.Touch(new Position(0.94f, 0.7f, 0f), 0);
            flow.Touch(Good[2], 0);
            Assert.That(flow.Step, Is.EqualTo(CalibrationStep.Refused));
            Assert.That(flow.Pose, Is.Null);
            StringAssert.Contains("940 mm is not the width of this keyboard with 88 keys", CalibrationWords.Title(flow));
            StringAssert.Contains("1,222 mm", CalibrationWords.Text(flow, true, false));
            flow.Keep();
            Assert.That(flow.Step, Is.EqualTo(CalibrationStep.Refused));
            flow.Again();
            Assert.That(flow.Corner, Is.EqualTo(Corner.FrontLeft));
            StringAssert.Contains("front left corner", CalibrationWords.Title(flow));
        }

        [Test]
        public void AnotherKeyboardIsSuggested()
        {
            CalibrationFlow flow = Flow();
            flow.Touch(Good[0], 0);
            flow.Touch(new Position((float)Instrument.Find("piano-61").WidthM, 0.7f, 0f), 0);
            flow.Touch(Good[2], 0);
            StringAssert.Contains("Yours may be a keyboard with 61 keys", CalibrationWords.Text(flow, true, false));
        }

        [TestCase("de-DE")]
        [TestCase("ar-SA")]
        public void WordsAreTheSameEverywhere(string culture)
        {
            CultureInfo before = Thread.CurrentThread.CurrentCulture;
            try
            {
                Thread.CurrentThread.CurrentCulture = new CultureInfo(culture);
                CalibrationFlow flow = Flow();
                foreach (Position touch in Good) flow.Touch(touch, 0);
                StringAssert.StartsWith(
                    "Width 1,222 mm of 1,222 mm, touches fit within 0 mm.", CalibrationWords.Text(flow, true, false));
            }
            finally
            {
                Thread.CurrentThread.CurrentCulture = before;
            }
        }

        [Test]
        public void EveryStepHasWords()
        {
            CalibrationFlow flow = Flow();
            StringAssert.Contains("Put controllers down", CalibrationWords.Text(flow, false, false));
            StringAssert.Contains("Hold still", CalibrationWords.Text(flow, true, true));
            flow.Propose(Rigid.Identity);
            StringAssert.Contains("were kept", CalibrationWords.Text(flow, true, false));
            flow.Keep();
            Assert.That(CalibrationWords.Title(flow), Is.EqualTo(""));
            flow.Follow(new Rigid(Good[1], Rigid.Identity.Rotation));
            Assert.That(flow.Pose.Value.Position.X, Is.EqualTo(1.222f));
            flow.Again();
            flow.Follow(Rigid.Identity);
            Assert.That(flow.Step, Is.EqualTo(CalibrationStep.Touch));
            Assert.That(CalibrationWords.Instrument("a4"), Is.EqualTo("sheet of A4"));
            Assert.That(CalibrationWords.Instrument("0.4x0.3"), Is.EqualTo("rectangle of 0.4x0.3 m"));
        }

        [TestCase("piano-88", 51, 36)]
        [TestCase("piano-61", 35, 25)]
        [TestCase("a4", 0, 0)]
        public void TheOutlineHasAKeyboardsKeys(string name, int gaps, int blacks)
        {
            Instrument instrument = Instrument.Find(name);
            float[] points = InstrumentOutline.Of(instrument).PointsM;
            Assert.That(points.Length, Is.EqualTo(6 * (4 + gaps + 4 * blacks)));
            for (int i = 0; i < points.Length; i += 3)
            {
                Assert.That(points[i], Is.InRange(0, instrument.WidthM + 1e-6));
                Assert.That(points[i + 2], Is.InRange(0, instrument.DepthM + 1e-6), "away from the player");
            }
        }

        [Test]
        public void AButtonIsPressedFromInFrontOnceAndNotFromBehind()
        {
            var poke = new PokeDetector();
            Assert.That(Press(poke, 0, 0.05, 0.03, 0.001, -0.01, 0.001, 0.001), Is.EqualTo(1));
            Assert.That(Press(poke, 1000, -0.05, -0.02, 0.001), Is.EqualTo(0));
            Assert.That(Press(poke, 2000, 0.05, 0.005, 0.001), Is.EqualTo(1));
            poke.Begin();
            Assert.That(poke.Take(3000, Side.Left, false, new Position(0f, 0f, 0f), 0.05, 0.02), Is.False);
            Assert.That(poke.Hovered, Is.False);
        }

        private static int Press(PokeDetector poke, double nowMs, params double[] depths)
        {
            return depths.Count(z =>
            {
                poke.Begin();
                return poke.Take(nowMs += 11, Side.Right, true, new Position(0f, 0f, (float)z), 0.05, 0.02);
            });
        }

        private static CalibrationFlow Flow()
        {
            return new CalibrationFlow(Instrument.Find("piano-88"));
        }

        /// <summary>An index finger that points at a place, the others curled.</summary>
        private static void Point(HeadsetHand hand, Position tip)
        {
            for (int joint = 0; joint < 26; joint++)
            {
                float back = joint == HeadsetHand.IndexTip ? 0f : joint == 1 ? 0.18f : 0.1f;
                hand.JointsM[3 * joint] = tip.X;
                hand.JointsM[3 * joint + 1] = tip.Y;
                hand.JointsM[3 * joint + 2] = tip.Z + back;
            }
        }
    }
}
