using System.Diagnostics;

namespace GhostHands.Core
{
    /// <summary>This device's monotonic clock.</summary>
    internal static class Clocks
    {
        private static readonly double NsPerTick = 1e9 / Stopwatch.Frequency;

        /// <summary>Nanoseconds, of an arbitrary origin.</summary>
        internal static long NowNs()
        {
            // Seconds apart, for a double of all nanoseconds since the device was switched on is too coarse.
            long ticks = Stopwatch.GetTimestamp();
            long seconds = ticks / Stopwatch.Frequency;
            return seconds * 1000000000L + (long)((ticks - seconds * Stopwatch.Frequency) * NsPerTick);
        }

        internal static long NowMs()
        {
            return NowNs() / 1000000;
        }
    }
}
