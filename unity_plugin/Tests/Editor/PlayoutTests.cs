using System;
using System.Collections.Generic;
using GhostHands.Core;
using GhostHands.Protocol;
using NUnit.Framework;

namespace GhostHands.Tests
{
    /// <summary>The table of what must come out: that of bridge/web/test/stage/playout.test.ts.</summary>
    public sealed class PlayoutTests
    {
        private const double IntervalMs = 1000.0 / 30;

        private struct Drawn
        {
            internal double NowMs;
            internal double X;
        }

        [Test]
        public void AnEvenStreamIsDrawnEvenlyTwoIntervalsBehindItsLatency()
        {
            PlayoutBuffer playout;
            List<Drawn> drawn = Play(i => 50, 4000, out playout);
            foreach (double step in Steps(drawn)) Assert.That(step, Is.EqualTo(1 / 60.0).Within(1e-6));
            Assert.That(playout.TargetDelayMs, Is.EqualTo(50 + 2 * IntervalMs).Within(1e-6));
            Assert.That(playout.DelayMs, Is.EqualTo(playout.TargetDelayMs).Within(1e-6));
            Drawn last = drawn[drawn.Count - 1];
            Assert.That(last.NowMs - 1000 * last.X, Is.EqualTo(50 + 2 * IntervalMs).Within(1));
        }

        [TestCase(0, 2 * IntervalMs)]
        [TestCase(30, 2 * IntervalMs)]
        [TestCase(60, 60 * 0.95 + IntervalMs)]
        [TestCase(120, 120 * 0.95 + IntervalMs)]
        [TestCase(900, PlayoutRules.MaxBufferMs)]
        public void JitterIsAbsorbed(double jitterMs, double bufferMs)
        {
            PlayoutBuffer playout;
            List<Drawn> drawn = Play(i => 40 + i * 7919 % 101 / 100.0 * jitterMs, 4000, out playout);
            Assert.That(playout.TargetDelayMs, Is.EqualTo(40 + bufferMs).Within(3 + 0.08 * jitterMs));
            if (jitterMs > 60) return; // the delay itself is a matter of chance
            foreach (double step in Steps(drawn)) Assert.That(step, Is.InRange(0.94 / 60, 1.06 / 60));
        }

        [TestCase(0, 0.297, 1)]
        [TestCase(25, 0.322, 1)]
        [TestCase(50, 0.347, 1)]
        [TestCase(150, 0.347, 1)]
        [TestCase(225, 0.347, 0.5)]
        public void AHandThatStopsMovesOnIsHeldAndFades(double sinceMs, double x, double presence)
        {
            PlayoutBuffer playout = TenPoses();
            playout.Advance(297 + sinceMs + playout.TargetDelayMs);
            PlayedHand played = playout.Find(Side.Right);
            Assert.That(played.Pose.WristM[0], Is.EqualTo(x).Within(1e-6));
            Assert.That(played.Presence, Is.EqualTo(presence).Within(1e-9));
            Assert.That(playout.Find(Side.Left), Is.Null);
        }

        [Test]
        public void AndThenItIsGone()
        {
            PlayoutBuffer playout = TenPoses();
            playout.Advance(297 + PlayoutRules.AbsentMs + playout.TargetDelayMs);
            Assert.That(playout.Find(Side.Right), Is.Null);
        }

        [TestCase(150)]
        [TestCase(327)]
        public void RotationsMoveOnTooAndGoTheShortWay(double atMs)
        {
            var playout = new PlayoutBuffer();
            for (int i = 0; i < 10; i++)
            {
                var pose = new PoseMessage();
                HandPose hand = Vectors.Hand(pose, Side.Right, 0f);
                double half = i * 33 / 1000.0, sign = i % 2 != 0 ? 1 : -1;
                hand.PoseQuat[1] = (float)(sign * Math.Sin(half));
                hand.PoseQuat[3] = (float)(sign * Math.Cos(half));
                playout.Push(i * 33, pose.Hands, i * 33);
            }
            playout.Advance(atMs + playout.TargetDelayMs);
            HandPose turned = playout.Find(Side.Right).Pose;
            Assert.That(turned.PoseQuat[1], Is.EqualTo(Math.Sin(atMs / 1000)).Within(1e-4));
            Assert.That(turned.PoseQuat[3], Is.GreaterThan(0));
        }

        [Test]
        public void OneMissedFrameDoesNotHideAHand()
        {
            var playout = new PlayoutBuffer();
            Push(playout, 0, 0, 0);
            playout.Push(33, new PoseMessage().Hands, 33);
            Push(playout, 66, 0.066f, 66);
            Push(playout, 99, 0.099f, 99);
            playout.Advance(33 + playout.TargetDelayMs);
            Assert.That(playout.Find(Side.Right).Pose.WristM[0], Is.EqualTo(0.033).Within(1e-6));
        }

        [Test]
        public void AHandThatReturnsAfterAGapOrElsewhereDoesNotGlide()
        {
            var playout = new PlayoutBuffer();
            var xs = new List<double>();
            for (int i = 0; i < 60; i++)
            {
                var pose = new PoseMessage();
                if (i < 5 || i > 20) Vectors.Hand(pose, Side.Right, i < 5 ? 0 : i < 40 ? 1 : 2);
                playout.Push(i * 33, pose.Hands, i * 33);
                playout.Advance((double)i * 33);
                xs.Add(XOf(playout));
            }
            Assert.That(xs.LastIndexOf(0), Is.EqualTo(15));
            Assert.That(xs.IndexOf(1), Is.EqualTo(23));
            Assert.That(xs.IndexOf(2), Is.EqualTo(42));
            foreach (double x in xs) Assert.That(double.IsNaN(x) || x.Equals(Math.Floor(x)), Is.True);
        }

        [Test]
        public void PosesOutOfOrderArePutInOrderAndDuplicatesTakenOnce()
        {
            PlayoutBuffer mixed = new PlayoutBuffer(), ordered = new PlayoutBuffer();
            foreach (int i in new[] { 0, 1, 2, 4, 3, 3, 5, 6, 8, 7, 7, 9 }) Push(mixed, i * 33, i * 0.033f, 300);
            for (int i = 0; i < 10; i++) Push(ordered, i * 33, i * 0.033f, 300);
            Assert.That(mixed.TargetDelayMs, Is.EqualTo(ordered.TargetDelayMs));
            foreach (PlayoutBuffer playout in new[] { mixed, ordered }) playout.Advance(120 + playout.TargetDelayMs);
            Assert.That(XOf(mixed), Is.EqualTo(XOf(ordered)).And.EqualTo(0.12).Within(1e-6));
        }

        [Test]
        public void ASourceWhoseClockStartsAgainIsFollowedAtOnce()
        {
            var playout = new PlayoutBuffer();
            for (int i = 0; i < 10; i++) Push(playout, 5000 + i * 33, 1, 5000 + i * 33);
            playout.Advance(5350.0);
            Push(playout, 0, 2, 5400);
            playout.Advance(5400.0);
            Assert.That(XOf(playout), Is.EqualTo(2));
        }

        [TestCase(5000)]
        [TestCase(-5000)]
        public void AfterOurOwnClockWasSetMotionGoesOnWithinHalfASecond(double stepMs)
        {
            var playout = new PlayoutBuffer();
            for (int i = 0; i < 120; i++)
            {
                double nowMs = 10000 + i * 33 + (i >= 60 ? stepMs : 0);
                Push(playout, 10000 + i * 33, i * 0.001f, nowMs);
                playout.Advance(nowMs);
                if (i >= 75) Assert.That(XOf(playout), Is.EqualTo((i - 2) * 0.001).Within(2e-4));
            }
        }

        [Test]
        public void AnOutageEndsWithoutACatchUp()
        {
            PlayoutBuffer playout;
            List<Drawn> drawn = Play(i => i >= 60 && i < 90 ? (90 - i) * IntervalMs + 50 : 50, 6000, out playout);
            List<Drawn> gone = drawn.FindAll(d => d.NowMs > 2400 && d.NowMs < 2950 && double.IsNaN(d.X));
            Assert.That(gone.Count, Is.GreaterThan(20));
            foreach (Drawn d in drawn.FindAll(d => d.NowMs > 5600))
                Assert.That(d.NowMs - 1000 * d.X, Is.EqualTo(50 + 2 * IntervalMs).Within(5));
        }

        [Test]
        public void ALessonPlayedMoreSlowlyIsInterpolatedOverAsEvenly()
        {
            var playout = new PlayoutBuffer();
            double timeMs = 0, before = double.NaN;
            for (double nowMs = 0; nowMs < 8000; nowMs += 1000.0 / 90)
            {
                for (; timeMs <= nowMs; timeMs += timeMs < 4000 ? IntervalMs : 4 * IntervalMs)
                    Push(playout, timeMs, (float)(timeMs / 1e4), nowMs);
                playout.Advance(nowMs);
                double x = XOf(playout);
                if (nowMs > 7000) Assert.That(x - before, Is.InRange(1e-6, 1.06 / 900));
                before = x;
            }
        }

        [Test]
        public void ManySamplesStayBounded()
        {
            var playout = new PlayoutBuffer();
            for (int i = 0; i < 3000; i++) Push(playout, i, i * 0.001f, i);
            playout.Advance(2999 + playout.TargetDelayMs);
            Assert.That(XOf(playout), Is.EqualTo(2.999).Within(1e-5));
            playout.Reset();
            playout.Advance(3000.0);
            Assert.That(playout.Find(Side.Right), Is.Null);
            Assert.That(double.IsNaN(playout.DelayMs), Is.True);
        }

        /// <summary>A right wrist that moves at 1 m/s along x, seen at 30 Hz, drawn at 60 Hz.</summary>
        private static List<Drawn> Play(Func<int, double> latencyMs, double durationMs, out PlayoutBuffer playout)
        {
            playout = new PlayoutBuffer();
            var drawn = new List<Drawn>();
            int next = 0, count = (int)(durationMs / IntervalMs);
            for (double nowMs = 0; nowMs < durationMs; nowMs += 1000.0 / 60)
            {
                for (; next < count && next * IntervalMs + latencyMs(next) <= nowMs; next++)
                {
                    double timeMs = next * IntervalMs;
                    Push(playout, timeMs, (float)(timeMs / 1000), timeMs + latencyMs(next));
                }
                playout.Advance(nowMs);
                drawn.Add(new Drawn { NowMs = nowMs, X = XOf(playout) });
            }
            return drawn;
        }

        private static IEnumerable<double> Steps(List<Drawn> drawn)
        {
            for (int i = 1; i < drawn.Count; i++)
            {
                if (drawn[i - 1].NowMs > 2000) yield return drawn[i].X - drawn[i - 1].X;
            }
        }

        /// <summary>A right wrist at 0, 33, ... 297 ms, moving 1 m a second, that arrives at once.</summary>
        private static PlayoutBuffer TenPoses()
        {
            var playout = new PlayoutBuffer();
            for (int i = 0; i < 10; i++) Push(playout, i * 33, i * 0.033f, i * 33);
            return playout;
        }

        private static void Push(PlayoutBuffer playout, double timeMs, float x, double nowMs)
        {
            var pose = new PoseMessage();
            Vectors.Hand(pose, Side.Right, x);
            playout.Push(timeMs, pose.Hands, nowMs);
        }

        private static double XOf(PlayoutBuffer playout)
        {
            PlayedHand hand = playout.Find(Side.Right);
            return hand == null ? double.NaN : hand.Pose.WristM[0];
        }
    }
}
