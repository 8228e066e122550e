namespace GhostHands.Protocol
{
    /// <summary>
    /// The other side's clock, from pings and pongs (SPEC.md, section 7; RFC 5905): of the last 64 round
    /// trips, none older than 60 s, the shortest counts; of equal ones the newest.
    /// </summary>
    public sealed class ClockSync
    {
        private const int Window = 64;
        private const long MaxAgeNs = 60L * 1000 * 1000 * 1000;

        private readonly Sample[] _samples = new Sample[Window];
        private int _first;
        private int _count;
        private Sample _best;

        private struct Sample
        {
            internal long AtNs;
            internal long RttNs;
            internal long OffsetNs;
        }

        /// <summary>At least one round trip has been taken.</summary>
        public bool Ready => _count > 0;

        /// <summary>The other side's clock minus this side's, nanoseconds; 0 before the first round trip.</summary>
        public long OffsetNs => _best.OffsetNs;

        /// <summary>The round trip behind the offset, whose error is at most half of it, nanoseconds.</summary>
        public long RttNs => _best.RttNs;

        /// <summary>A time on the other side's clock, on this side's, nanoseconds.</summary>
        public long ToLocalNs(long timeNs)
        {
            return timeNs - OffsetNs;
        }

        /// <summary>A time on this side's clock, on the other side's, nanoseconds.</summary>
        public long ToRemoteNs(long timeNs)
        {
            return timeNs + OffsetNs;
        }

        /// <summary>Takes one round trip; all times are nanoseconds, 0 or more.</summary>
        /// <param name="t0Ns">Ping sent, on this side's clock.</param>
        /// <param name="t1Ns">Ping received, on the other side's clock.</param>
        /// <param name="t2Ns">Pong sent, on the other side's clock.</param>
        /// <param name="t3Ns">Pong received, on this side's clock.</param>
        /// <returns>False if the times contradict each other; they are not taken.</returns>
        public bool Add(long t0Ns, long t1Ns, long t2Ns, long t3Ns)
        {
            if (t0Ns < 0 || t1Ns < 0 || t3Ns < t0Ns || t2Ns < t1Ns) return false;
            long rtt = (t3Ns - t0Ns) - (t2Ns - t1Ns);
            if (rtt < 0) return false;
            if (_count == Window) Forget();
            _samples[(_first + _count++) % Window] = new Sample
            {
                AtNs = t3Ns,
                RttNs = rtt,
                OffsetNs = Middle(t1Ns - t0Ns, t2Ns - t3Ns),
            };
            while (t3Ns - _samples[_first].AtNs > MaxAgeNs) Forget();
            _best = _samples[_first];
            for (int i = 1; i < _count; i++)
            {
                Sample sample = _samples[(_first + i) % Window];
                if (sample.RttNs <= _best.RttNs) _best = sample;
            }
            return true;
        }

        /// <summary>Half the sum, rounded down, without the sum, which 64 bits may not hold.</summary>
        private static long Middle(long a, long b)
        {
            return (a >> 1) + (b >> 1) + (a & b & 1);
        }

        private void Forget()
        {
            _first = (_first + 1) % Window;
            _count--;
        }
    }
}
