using System;

namespace GhostHands.Core
{
    /// <summary>
    /// When the poses of the last seconds were made and came: from their ages follows how far playout
    /// should run behind the bridge's clock. All times are milliseconds on that clock.
    /// </summary>
    internal sealed class Arrivals
    {
        private readonly double[] _nowMs = new double[PlayoutRules.MaxSamples + 1];
        private readonly double[] _timeMs = new double[PlayoutRules.MaxSamples + 1];
        private readonly double[] _sorted = new double[PlayoutRules.MaxSamples + 1];

        internal int Count { get; private set; }

        /// <summary>How far behind the bridge's clock to play.</summary>
        internal double TargetDelayMs { get; private set; }

        /// <summary>Capture time of the pose that came last.</summary>
        internal double LastTimeMs => _timeMs[Count - 1];

        internal void Clear()
        {
            Count = 0;
            TargetDelayMs = 0;
        }

        /// <summary>Whether a pose of this time has come.</summary>
        internal bool Has(double timeMs)
        {
            for (int i = 0; i < Count; i++)
            {
                // The very same number, not one near it: it is the same pose, come twice.
                if (_timeMs[i].Equals(timeMs)) return true;
            }
            return false;
        }

        /// <summary>Measures transit and send interval anew, with one more arrival.</summary>
        internal void Add(double timeMs, double nowMs)
        {
            KeepRecent(nowMs);
            SortAges();
            double before = Count > 0 ? Quantile(0.5, Count) : 0;
            if (Count > 0 && Math.Abs(nowMs - timeMs - before) > PlayoutRules.ClockStepMs) Count = 0;
            if (Count == PlayoutRules.MaxSamples) Drop(1);
            _nowMs[Count] = nowMs;
            _timeMs[Count++] = timeMs;
            double intervalMs = IntervalMs();
            SortAges();
            double fastestMs = _sorted[0];
            double jitterMs = Quantile(1 - PlayoutRules.LateShare, Count) - fastestMs;
            double bufferMs = Math.Max(PlayoutRules.LeastIntervals * intervalMs, jitterMs + intervalMs);
            TargetDelayMs = fastestMs + Math.Min(bufferMs, PlayoutRules.MaxBufferMs);
        }

        private void KeepRecent(double nowMs)
        {
            int kept = 0;
            for (int i = 0; i < Count; i++)
            {
                if (nowMs - _nowMs[i] > PlayoutRules.RecentMs) continue;
                _nowMs[kept] = _nowMs[i];
                _timeMs[kept++] = _timeMs[i];
            }
            Count = kept;
        }

        private void Drop(int first)
        {
            Count -= first;
            Array.Copy(_nowMs, first, _nowMs, 0, Count);
            Array.Copy(_timeMs, first, _timeMs, 0, Count);
        }

        private void SortAges()
        {
            for (int i = 0; i < Count; i++) _sorted[i] = _nowMs[i] - _timeMs[i];
            Sorting.Ascending(_sorted, Count);
        }

        /// <summary>The median spacing of capture times.</summary>
        private double IntervalMs()
        {
            if (Count < 2) return 0;
            Array.Copy(_timeMs, _sorted, Count);
            Sorting.Ascending(_sorted, Count);
            for (int i = 0; i + 1 < Count; i++) _sorted[i] = _sorted[i + 1] - _sorted[i];
            Sorting.Ascending(_sorted, Count - 1);
            return Quantile(0.5, Count - 1);
        }

        /// <summary>The value below which a share of sorted values lies: nearest rank below.</summary>
        private double Quantile(double share, int count)
        {
            return _sorted[(int)Math.Floor(share * (count - 1))];
        }
    }
}
