using System;
using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>The poses of one hand over the last seconds, and the hand at any moment between them.</summary>
    internal sealed class HandTrack
    {
        private readonly Sample[] _samples = new Sample[PlayoutRules.MaxSamples + 1];
        private int _count;

        private sealed class Sample
        {
            internal readonly HandPose Hand = new HandPose();
            internal double TimeMs;
            internal double Confidence;
        }

        internal HandTrack()
        {
            for (int i = 0; i < _samples.Length; i++) _samples[i] = new Sample();
        }

        internal void Clear()
        {
            _count = 0;
        }

        /// <summary>Puts a pose where its time says.</summary>
        internal void Add(double timeMs, HandPose hand)
        {
            int at = _count;
            while (at > 0 && _samples[at - 1].TimeMs > timeMs) at--;
            // The sample past the last is free: it moves to its place, and the others make room.
            Sample free = _samples[_count];
            for (int i = _count; i > at; i--) _samples[i] = _samples[i - 1];
            _samples[at] = free;
            _count++;
            free.Hand.CopyFrom(hand);
            free.TimeMs = timeMs;
            free.Confidence = Mean(hand.FingerConfidence);
            double newestMs = _samples[_count - 1].TimeMs;
            int old = 0;
            while (newestMs - _samples[old].TimeMs > PlayoutRules.RecentMs) old++;
            old = Math.Max(old, _count - PlayoutRules.MaxSamples);
            Drop(old);
        }

        /// <summary>Writes the hand at a moment; false where it is absent.</summary>
        internal bool Play(double timeMs, PlayedHand played)
        {
            int later = _count;
            while (later > 0 && _samples[later - 1].TimeMs > timeMs) later--;
            if (later == 0) return false;
            Sample before = _samples[later - 1], after = later < _count ? _samples[later] : null;
            double sinceMs = timeMs - before.TimeMs;
            if (sinceMs >= PlayoutRules.AbsentMs) return false;
            played.Presence = 1;
            if (after != null && Connected(before, after))
            {
                Blend(played, before, after, sinceMs / (after.TimeMs - before.TimeMs));
                return true;
            }
            double fading = (PlayoutRules.AbsentMs - sinceMs) / (PlayoutRules.AbsentMs - PlayoutRules.HoldMs);
            played.Presence = Math.Min(1, fading);
            Sample earlier = later > 1 ? _samples[later - 2] : null;
            if (after == null && earlier != null && Connected(earlier, before))
            {
                double onMs = Math.Min(sinceMs, PlayoutRules.ExtrapolateMs);
                Blend(played, earlier, before, 1 + onMs / (before.TimeMs - earlier.TimeMs));
            }
            else
            {
                Blend(played, before, before, 0);
            }
            return true;
        }

        /// <summary>Whether a hand moved from one pose to the next: it had not left, nor was put elsewhere.</summary>
        private static bool Connected(Sample a, Sample b)
        {
            if (b.TimeMs - a.TimeMs > PlayoutRules.AbsentMs) return false;
            double x = (double)b.Hand.WristM[0] - a.Hand.WristM[0];
            double y = (double)b.Hand.WristM[1] - a.Hand.WristM[1];
            double z = (double)b.Hand.WristM[2] - a.Hand.WristM[2];
            return Math.Sqrt(x * x + y * y + z * z) <= PlayoutRules.JumpM;
        }

        /// <summary>Writes the pose a part of the way from one to another; beyond 1 it moves on as before.</summary>
        private static void Blend(PlayedHand played, Sample a, Sample b, double t)
        {
            HandPose pose = played.Pose;
            pose.Side = b.Hand.Side;
            for (int axis = 0; axis < 3; axis++)
            {
                double from = a.Hand.WristM[axis];
                pose.WristM[axis] = (float)(from + t * (b.Hand.WristM[axis] - from));
            }
            for (int at = 0; at < 4 * Joints.Count; at += 4)
                Slerp.Between(a.Hand.PoseQuat, b.Hand.PoseQuat, t, pose.PoseQuat, at);
            for (int finger = 0; finger < Joints.Fingers; finger++)
            {
                float from = a.Hand.FingerConfidence[finger];
                pose.FingerConfidence[finger] =
                    (float)(from + Math.Min(1, t) * (b.Hand.FingerConfidence[finger] - from));
            }
            played.Confidence = a.Confidence + Math.Min(1, t) * (b.Confidence - a.Confidence);
        }

        /// <summary>Lets the oldest go; each is used again behind the others.</summary>
        private void Drop(int samples)
        {
            for (; samples > 0; samples--)
            {
                Sample oldest = _samples[0];
                for (int i = 1; i < _count; i++) _samples[i - 1] = _samples[i];
                _samples[--_count] = oldest;
            }
        }

        private static double Mean(float[] values)
        {
            double sum = 0;
            foreach (float value in values) sum += value;
            return sum / values.Length;
        }
    }
}
