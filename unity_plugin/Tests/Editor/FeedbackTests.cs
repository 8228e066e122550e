using System;
using GhostHands.Core;
using GhostHands.Protocol;
using NUnit.Framework;

namespace GhostHands.Tests
{
    /// <summary>Scores as colours and opacity.</summary>
    public sealed class FeedbackTests
    {
        [TestCase(0.004, 0.05, 1, 1)]
        [TestCase(0.024, 0.05, 1, 0.5)]
        [TestCase(0.004, 0.36, 1, 0.5)]
        [TestCase(0.1, 0.05, 1, 0)]
        [TestCase(0.004, 3, 1, 0)]
        [TestCase(0.004, 0.05, 0, -1)]
        public void AFingerIsAsNearAsItsWorseError(double errorM, double errorRad, double confidence, double closeness)
        {
            var feedback = new LiveFeedback();
            feedback.Take(Score((float)errorM, (float)errorRad, (float)confidence, null), 0);
            feedback.Advance(0, 0);
            Assert.That(feedback.Closeness(Side.Right, 2), Is.EqualTo(closeness).Within(1e-6));
            Assert.That(feedback.Closeness(Side.Left, 2), Is.EqualTo(LiveFeedback.Unknown));
            Assert.That(feedback.Overall, Is.EqualTo(closeness).Within(1e-6));
        }

        [Test]
        public void TheGhostStepsBackAsTheLearnerComesNear()
        {
            var feedback = new LiveFeedback();
            Assert.That(feedback.GhostOpacity, Is.EqualTo(1));
            double before = 2;
            for (int score = 0; score <= 100; score += 10)
            {
                feedback = new LiveFeedback();
                feedback.Take(Score(0, 0, 1, score), 0);
                feedback.Advance(0, 0);
                Assert.That(feedback.GhostOpacity, Is.LessThan(before));
                before = feedback.GhostOpacity;
            }
            Assert.That(before, Is.EqualTo(0.25).Within(1e-9));
        }

        [Test]
        public void ColoursSettleAndOldScoresSayNothing()
        {
            var feedback = new LiveFeedback();
            feedback.Take(Score(0, 0, 1, 100), 0);
            feedback.Advance(0, 16);
            feedback.Take(Score(1, 0, 1, 0), 100);
            feedback.Advance(100, 300);
            Assert.That(feedback.Closeness(Side.Right, 0), Is.EqualTo(Math.Exp(-1)).Within(1e-9));
            Assert.That(feedback.Overall, Is.EqualTo(Math.Exp(-0.2)).Within(1e-9));
            Assert.That(feedback.Score, Is.EqualTo(0));
            feedback.Advance(100 + LiveFeedback.StaleMs + 1, 16);
            Assert.That(feedback.Closeness(Side.Right, 0), Is.EqualTo(LiveFeedback.Unknown));
            Assert.That(feedback.Score, Is.Null);
            Assert.That(feedback.GhostOpacity, Is.EqualTo(1));
        }

        [Test]
        public void TheWorstFingerIsFound()
        {
            var feedback = new LiveFeedback();
            Side side;
            int finger;
            Assert.That(feedback.TryWorst(out side, out finger), Is.False);
            ScoreMessage score = Score(0.01f, 0, 1, null);
            score.Hands[0].ErrorM[3] = 0.03f;
            feedback.Take(score, 0);
            feedback.Advance(0, 0);
            Assert.That(feedback.TryWorst(out side, out finger), Is.True);
            Assert.That(side, Is.EqualTo(Side.Right));
            Assert.That(finger, Is.EqualTo(3));
        }

        [Test]
        public void ColoursAreToldApartByEveryKindOfColourVision()
        {
            // Nearer is lighter all the way, also for eyes without long, medium or short cones (Vienot 1999).
            double[][] eyes =
            {
                new[] { 0.2126, 0.7152, 0.0722 }, new[] { 0.11, 0.82, 0.07 },
                new[] { 0.29, 0.64, 0.07 }, new[] { 0.23, 0.77, 0.0 },
            };
            foreach (double[] eye in eyes)
            {
                double before = -1;
                for (int i = 0; i <= 20; i++)
                {
                    FingerColor color = FingerColor.Of(i / 20.0);
                    double light = eye[0] * Linear(color.R) + eye[1] * Linear(color.G) + eye[2] * Linear(color.B);
                    Assert.That(light, Is.GreaterThan(before + 0.005));
                    before = light;
                }
            }
        }

        [Test]
        public void AFrameAllocatesNothing()
        {
            var feedback = new LiveFeedback();
            ScoreMessage score = Score(0.02f, 0.2f, 1, 50);
            double nowMs = 0;
            Assert.That(Allocations.In(10000, () =>
            {
                feedback.Take(score, nowMs);
                feedback.Advance(nowMs, 11);
                nowMs += 11;
            }), Is.EqualTo(0));
        }

        private static double Linear(double s)
        {
            return s <= 0.04045 ? s / 12.92 : Math.Pow((s + 0.055) / 1.055, 2.4);
        }

        private static ScoreMessage Score(float errorM, float errorRad, float confidence, double? score)
        {
            var message = new ScoreMessage { Learner = "learner-1", Score = score };
            HandScore hand = message.Hands.Add(Side.Right);
            for (int finger = 0; finger < Joints.Fingers; finger++)
            {
                hand.ErrorM[finger] = errorM;
                hand.ErrorRad[finger] = errorRad;
                hand.Confidence[finger] = confidence;
            }
            return message;
        }
    }
}
