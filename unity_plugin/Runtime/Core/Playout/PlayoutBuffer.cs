using System;
using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>
    /// Turns poses that arrive unevenly into hands that move evenly: an adaptive delay, a clock that
    /// settles to it by at most 5 % of its speed, interpolation, 50 ms of extrapolation, then hold and
    /// fade (SPEC.md, section 14). Lessons that are played come as live hands do, and are played out alike.
    /// </summary>
    /// <remarks>
    /// One thread pushes, one advances. Nothing is allocated after the constructor. Times are on the
    /// bridge's clock, see <see cref="RoomConnection.TryBridgeNowNs"/>.
    /// </remarks>
    public sealed class PlayoutBuffer : IPoseSink
    {
        private const double NsPerMs = 1e6;

        private readonly object _gate = new object();
        private readonly Arrivals _arrivals = new Arrivals();
        private readonly HandTrack[] _tracks = { new HandTrack(), new HandTrack() };
        private readonly PlayedHand[] _played = { new PlayedHand(), new PlayedHand() };
        private readonly bool[] _there = new bool[2];
        private bool _running;
        private double _playedMs;
        private double _lastNowMs;

        /// <summary>How far playout should run behind the bridge's clock, milliseconds.</summary>
        public double TargetDelayMs
        {
            get
            {
                lock (_gate) return _arrivals.TargetDelayMs;
            }
        }

        /// <summary>How far it does run behind it, milliseconds; NaN before it runs.</summary>
        public double DelayMs
        {
            get
            {
                lock (_gate) return _running ? _lastNowMs - _playedMs : double.NaN;
            }
        }

        /// <inheritdoc/>
        public void Push(PoseMessage pose, long arrivedNs)
        {
            if (pose == null) throw new ArgumentNullException(nameof(pose));
            Push(pose.TimeNs / NsPerMs, pose.Hands, arrivedNs / NsPerMs);
        }

        /// <summary>Takes a pose. One that came before is taken once.</summary>
        /// <param name="timeMs">When it was captured, on the bridge's clock.</param>
        /// <param name="hands">Its hands; they are copied.</param>
        /// <param name="nowMs">When it arrived, on the bridge's clock.</param>
        public void Push(double timeMs, Hands<HandPose> hands, double nowMs)
        {
            if (hands == null) throw new ArgumentNullException(nameof(hands));
            lock (_gate)
            {
                bool another = _arrivals.Count > 0 && timeMs < _arrivals.LastTimeMs - PlayoutRules.ClockStepMs;
                if (another) Clear();
                if (_arrivals.Has(timeMs)) return;
                _arrivals.Add(timeMs, nowMs);
                for (int i = 0; i < hands.Count; i++) _tracks[(int)hands[i].Side].Add(timeMs, hands[i]);
            }
        }

        /// <summary>Forgets everything: another room, another recording.</summary>
        public void Reset()
        {
            lock (_gate) Clear();
        }

        /// <summary>Moves playout on; then <see cref="Find"/> has both hands.</summary>
        /// <param name="nowNs">The bridge's clock, nanoseconds.</param>
        public void Advance(long nowNs)
        {
            Advance(nowNs / NsPerMs);
        }

        /// <summary>Moves playout on; then <see cref="Find"/> has both hands.</summary>
        /// <param name="nowMs">The bridge's clock, milliseconds.</param>
        public void Advance(double nowMs)
        {
            lock (_gate)
            {
                bool runs = _arrivals.Count > 0;
                double timeMs = runs ? AdvanceClock(nowMs) : 0;
                for (int side = 0; side < 2; side++) _there[side] = runs && _tracks[side].Play(timeMs, _played[side]);
            }
        }

        /// <summary>
        /// The hand of a side after the last <see cref="Advance(long)"/>, null where it is absent. It is the
        /// same object each time, written anew; ask on the thread that advances.
        /// </summary>
        public PlayedHand Find(Side side)
        {
            return _there[(int)side] ? _played[(int)side] : null;
        }

        private double AdvanceClock(double nowMs)
        {
            double wantedMs = nowMs - _arrivals.TargetDelayMs;
            double timeMs = wantedMs;
            if (_running && _arrivals.Count >= PlayoutRules.StartingArrivals)
            {
                double elapsedMs = Math.Max(0, nowMs - _lastNowMs);
                double errorMs = wantedMs - (_playedMs + elapsedMs);
                if (Math.Abs(errorMs) <= PlayoutRules.SnapMs)
                {
                    double limitMs = PlayoutRules.MaxRateChange * elapsedMs;
                    timeMs = _playedMs + elapsedMs + Math.Max(-limitMs, Math.Min(limitMs, errorMs));
                }
            }
            _running = true;
            _playedMs = timeMs;
            _lastNowMs = nowMs;
            return timeMs;
        }

        private void Clear()
        {
            foreach (HandTrack track in _tracks) track.Clear();
            _arrivals.Clear();
            _running = false;
        }
    }
}
