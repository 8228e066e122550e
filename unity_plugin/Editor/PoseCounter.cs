using System.Threading;
using GhostHands.Core;
using GhostHands.Protocol;

namespace GhostHands.Editor
{
    /// <summary>Counts poses on their way to a playout buffer.</summary>
    internal sealed class PoseCounter : IPoseSink
    {
        private const double WindowS = 1;

        private long _count;
        private long _before;
        private double _sinceS;
        private double _rateHz;

        internal PlayoutBuffer Playout { get; } = new PlayoutBuffer();

        /// <inheritdoc/>
        public void Push(PoseMessage pose, long arrivedNs)
        {
            Interlocked.Increment(ref _count);
            Playout.Push(pose, arrivedNs);
        }

        /// <summary>Poses a second, over about the last one.</summary>
        internal double RateHz(double nowS)
        {
            if (nowS - _sinceS < WindowS) return _rateHz;
            long count = Interlocked.Read(ref _count);
            _rateHz = (count - _before) / (nowS - _sinceS);
            _before = count;
            _sinceS = nowS;
            return _rateHz;
        }

        internal void Reset()
        {
            Interlocked.Exchange(ref _count, 0);
            _before = 0;
            _rateHz = 0;
            Playout.Reset();
        }
    }
}
