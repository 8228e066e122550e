using System;

namespace GhostHands.Core
{
    /// <summary>
    /// When a connection pings, and when it has been silent for too long: five pings at the start, then
    /// one every two seconds. A bridge sends a status every second. All times are milliseconds.
    /// </summary>
    internal sealed class Pulse
    {
        /// <summary>So much silence means that the bridge is gone.</summary>
        internal const long SilenceMs = 6000;

        private const long PingEveryMs = 2000;
        private const long LongestWaitMs = 500;
        private static readonly int[] Burst = { 0, 100, 200, 400, 800 };

        private long _heardMs;
        private long _openedMs;
        private long _nextMs;
        private int _pings = -1;

        internal Pulse(long nowMs)
        {
            _heardMs = nowMs;
        }

        /// <summary>Something came.</summary>
        internal void Heard(long nowMs)
        {
            _heardMs = nowMs;
        }

        /// <summary>The welcome came: pings begin.</summary>
        internal void Opened(long nowMs)
        {
            _openedMs = _nextMs = nowMs;
            _pings = 0;
        }

        /// <summary>Nothing has come for too long.</summary>
        internal bool IsSilent(long nowMs)
        {
            return nowMs - _heardMs >= SilenceMs;
        }

        /// <summary>Whether to ping now; each due ping is told once.</summary>
        internal bool TakePing(long nowMs)
        {
            if (_pings < 0 || nowMs < _nextMs) return false;
            _pings = Math.Min(_pings + 1, Burst.Length);
            _nextMs = _pings < Burst.Length ? _openedMs + Burst[_pings] : nowMs + PingEveryMs;
            return true;
        }

        /// <summary>How long nothing is to be done.</summary>
        internal int WaitMs(long nowMs)
        {
            long until = Math.Min(_heardMs + SilenceMs, nowMs + LongestWaitMs);
            if (_pings >= 0) until = Math.Min(until, _nextMs);
            return (int)Math.Max(1, until - nowMs);
        }
    }
}
