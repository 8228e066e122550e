using System;
using System.Globalization;
using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>Where a lesson is between the states that the bridge tells of.</summary>
    public static class LessonPosition
    {
        /// <summary>Seconds of the recording at a moment; loops are followed.</summary>
        /// <param name="state">What the bridge said last.</param>
        /// <param name="bridgeNs">The moment, on the bridge's clock; null while that is not known.</param>
        public static double At(PlaybackStateMessage state, long? bridgeNs)
        {
            if (state == null) throw new ArgumentNullException(nameof(state));
            if (!state.Playing || !bridgeNs.HasValue) return state.PositionS;
            double movedS = Math.Max(0, bridgeNs.Value - state.TimeNs) / 1e9 * state.Rate;
            double at = state.PositionS + movedS;
            if (!state.LoopS.HasValue) return Math.Min(at, state.DurationS);
            double beginS = state.LoopS.Value.BeginS, endS = state.LoopS.Value.EndS;
            return at > endS ? beginS + (at - beginS) % (endS - beginS) : Math.Min(at, state.DurationS);
        }

        /// <summary>Minutes and seconds, for people: <c>1:05</c>.</summary>
        public static string Clock(double seconds)
        {
            long whole = (long)Math.Floor(Math.Max(0, seconds));
            return string.Format(CultureInfo.InvariantCulture, "{0}:{1:00}", whole / 60, whole % 60);
        }
    }
}
