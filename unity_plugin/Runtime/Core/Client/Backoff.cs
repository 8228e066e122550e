using System;

namespace GhostHands.Core
{
    /// <summary>Growing waits between attempts, with jitter so that many clients do not return at once.</summary>
    public sealed class Backoff
    {
        /// <summary>The first wait, milliseconds.</summary>
        public const int FirstMs = 250;

        /// <summary>The longest wait, milliseconds.</summary>
        public const int MaxMs = 8000;

        private readonly Func<double> _random;
        private int _attempts;

        /// <summary>Makes one.</summary>
        /// <param name="random">Gives numbers from 0 to 1.</param>
        public Backoff(Func<double> random)
        {
            _random = random ?? throw new ArgumentNullException(nameof(random));
        }

        /// <summary>The wait before the next attempt, milliseconds: 75 to 100 % of first * 2^n, capped.</summary>
        public int Next()
        {
            double full = Math.Min(MaxMs, FirstMs * Math.Pow(2, _attempts));
            _attempts = Math.Min(_attempts + 1, 16);
            return (int)Math.Round(full * (0.75 + 0.25 * _random()));
        }

        /// <summary>A connection stood: the next wait is the first again.</summary>
        public void Reset()
        {
            _attempts = 0;
        }
    }
}
