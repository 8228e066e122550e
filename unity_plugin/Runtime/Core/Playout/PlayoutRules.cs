namespace GhostHands.Core
{
    /// <summary>The constants of playout (SPEC.md, section 14).</summary>
    public static class PlayoutRules
    {
        /// <summary>Arrivals of this long set the delay, milliseconds.</summary>
        public const double RecentMs = 2000;

        /// <summary>Playout runs at least this many send intervals behind the fastest arrival.</summary>
        public const double LeastIntervals = 2;

        /// <summary>It never runs further behind the fastest arrival than this, milliseconds.</summary>
        public const double MaxBufferMs = 800;

        /// <summary>The share of slowest arrivals that may come too late.</summary>
        public const double LateShare = 0.05;

        /// <summary>The playout clock may run this much faster or slower to settle: unseen on a moving hand.</summary>
        public const double MaxRateChange = 0.05;

        /// <summary>Off by more than this, milliseconds, it jumps: settling would take seconds.</summary>
        public const double SnapMs = 250;

        /// <summary>Of fewer arrivals the delay is too rough to settle to: the clock is set.</summary>
        public const int StartingArrivals = 8;

        /// <summary>An age that is off by more than this, milliseconds, says that a clock was set.</summary>
        public const double ClockStepMs = 1000;

        /// <summary>A hand goes on moving for this long after its last pose, milliseconds.</summary>
        public const double ExtrapolateMs = 50;

        /// <summary>It is held until this long after its last pose, milliseconds, and then fades.</summary>
        public const double HoldMs = 150;

        /// <summary>
        /// It is gone this long after its last pose, milliseconds. A longer gap between two poses is not
        /// glided over.
        /// </summary>
        public const double AbsentMs = 300;

        /// <summary>A wrist that moved further from one pose to the next, metres, was put elsewhere.</summary>
        public const double JumpM = 0.25;

        internal const int MaxSamples = 256;
    }
}
