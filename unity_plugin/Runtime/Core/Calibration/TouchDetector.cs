using System;
using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>
    /// Waits for a fingertip to hold still, and tells where it did: the median of its places (SPEC.md, section
    /// 16). Nothing is allocated after the constructor.
    /// </summary>
    public sealed class TouchDetector
    {
        /// <summary>A fingertip that stays this long, milliseconds, has touched.</summary>
        public const double HoldMs = 1000;

        /// <summary>It stays within this distance of where it came to rest, metres.</summary>
        public const double StillM = 0.008;

        /// <summary>Before the next touch it must have been this far away, metres.</summary>
        public const double LeaveM = 0.06;

        /// <summary>Without tracking for this long, milliseconds, a touch begins anew.</summary>
        public const double GapMs = 400;

        /// <summary>Pointing: the index fingertip is this many times as far from the wrist as the next two.</summary>
        public const double Pointing = 1.15;

        private const int MaxSamples = 256;
        private const int Wrist = 1, IndexTip = 10, MiddleTip = 15, RingTip = 20;

        private readonly double[] _x = new double[MaxSamples];
        private readonly double[] _y = new double[MaxSamples];
        private readonly double[] _z = new double[MaxSamples];
        private readonly double[] _sorted = new double[MaxSamples];
        private int _count;
        private int _seen;
        private double _startedMs;
        private double _lastMs = double.NegativeInfinity;
        private bool _touched;
        private Position _where;

        /// <summary>Takes where the fingertip is.</summary>
        /// <param name="timeMs">Now, on any monotonic clock.</param>
        /// <param name="tip">The index fingertip, metres.</param>
        /// <param name="touch">Where it touched.</param>
        /// <returns>Whether it has touched just now.</returns>
        public bool Add(double timeMs, Position tip, out Position touch)
        {
            touch = default(Position);
            if (_touched && Distance(tip, _where) < LeaveM) return false;
            _touched = false;
            bool begins = _count == 0 || timeMs - _lastMs > GapMs ||
                (new Vector(tip) - new Vector(_x[0], _y[0], _z[0])).Length > StillM;
            if (begins) Begin(timeMs);
            _lastMs = timeMs;
            // Of more samples than there is room for, every so manieth is overwritten: still a fair choice.
            int at = _seen < MaxSamples ? _seen : 1 + _seen % (MaxSamples - 1);
            _x[at] = tip.X;
            _y[at] = tip.Y;
            _z[at] = tip.Z;
            _seen++;
            _count = Math.Min(MaxSamples, _count + 1);
            if (timeMs - _startedMs < HoldMs) return false;
            touch = _where = new Position(Median(_x), Median(_y), Median(_z));
            _touched = true;
            _count = _seen = 0;
            return true;
        }

        /// <summary>How much of the time the fingertip has been still, 0 to 1.</summary>
        public double Progress(double nowMs)
        {
            if (_count == 0 || nowMs - _lastMs > GapMs) return 0;
            return Math.Min(1, (nowMs - _startedMs) / HoldMs);
        }

        /// <summary>The fingertip is not there, or does not point.</summary>
        public void Interrupt()
        {
            _count = _seen = 0;
        }

        /// <summary>Begins as if nothing had been touched.</summary>
        public void Reset()
        {
            Interrupt();
            _touched = false;
        }

        /// <summary>Whether a hand points: a hand that lies still does not touch.</summary>
        /// <param name="jointsM">(26 * 3) joints in OpenXR's order, metres.</param>
        public static bool Points(float[] jointsM)
        {
            double index = Reach(jointsM, IndexTip);
            return index > Pointing * Reach(jointsM, MiddleTip) && index > Pointing * Reach(jointsM, RingTip);
        }

        private void Begin(double timeMs)
        {
            _count = _seen = 0;
            _startedMs = timeMs;
        }

        private float Median(double[] values)
        {
            Array.Copy(values, _sorted, _count);
            Sorting.Ascending(_sorted, _count);
            int half = _count / 2;
            return (float)(_count % 2 != 0 ? _sorted[half] : (_sorted[half - 1] + _sorted[half]) / 2);
        }

        private static double Reach(float[] jointsM, int joint)
        {
            int a = 3 * joint, b = 3 * Wrist;
            return new Vector(
                (double)jointsM[a] - jointsM[b], (double)jointsM[a + 1] - jointsM[b + 1],
                (double)jointsM[a + 2] - jointsM[b + 2]).Length;
        }

        private static double Distance(Position a, Position b)
        {
            return (new Vector(a) - new Vector(b)).Length;
        }
    }
}
