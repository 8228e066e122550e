"""The offset between two clocks from pings, as in NTP, trusting the fastest round trip."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

__all__ = ["ClockSync"]


class _Sample(NamedTuple):
    at_ns: int
    rtt_ns: int
    offset_ns: int


class ClockSync:
    """Estimates the clock of the answering side from ping and pong times.

    One round trip gives ``offset = ((t1 - t0) + (t2 - t3)) / 2`` and ``rtt = (t3 - t0) -
    (t2 - t1)`` (RFC 5905, section 8). Its error is at most half its round-trip time, whatever
    part of that is the way out and what is the way back. Queues only ever lengthen a round trip,
    so of the recent samples the one with the shortest is kept (RFC 5905, section 10: the clock
    filter); old ones are forgotten since clocks drift apart.

    Args:
        window: Most samples remembered.
        max_age_ns: Samples older than this, against the newest, are forgotten.
    """

    def __init__(self, *, window: int = 64, max_age_ns: int = 60_000_000_000) -> None:
        self._samples: deque[_Sample] = deque(maxlen=window)
        self._max_age_ns = max_age_ns
        self._best: _Sample | None = None

    def add(self, t0_ns: int, t1_ns: int, t2_ns: int, t3_ns: int) -> None:
        """Takes one round trip.

        Args:
            t0_ns: Ping sent, on this side's clock.
            t1_ns: Ping received, on the other side's clock.
            t2_ns: Pong sent, on the other side's clock.
            t3_ns: Pong received, on this side's clock.

        Raises:
            ValueError: The times contradict each other: the answer took longer than the whole.
        """
        rtt = (t3_ns - t0_ns) - (t2_ns - t1_ns)
        if t3_ns < t0_ns or t2_ns < t1_ns or rtt < 0:
            raise ValueError(f"times of a ping contradict each other: {t0_ns, t1_ns, t2_ns, t3_ns}")
        offset = ((t1_ns - t0_ns) + (t2_ns - t3_ns)) // 2
        self._samples.append(_Sample(t3_ns, rtt, offset))
        while t3_ns - self._samples[0].at_ns > self._max_age_ns:
            self._samples.popleft()
        # Of equal round trips the newest: its clocks have drifted least.
        self._best = min(reversed(self._samples), key=lambda sample: sample.rtt_ns)

    @property
    def ready(self) -> bool:
        """At least one round trip has been taken."""
        return self._best is not None

    @property
    def offset_ns(self) -> int:
        """The other side's clock minus this side's; 0 before the first round trip."""
        return self._best.offset_ns if self._best is not None else 0

    @property
    def rtt_ns(self) -> int | None:
        """Round trip behind ``offset_ns``, whose error is at most half of it; None before."""
        return self._best.rtt_ns if self._best is not None else None

    def to_local_ns(self, time_ns: int) -> int:
        """A time on the other side's clock, on this side's."""
        return time_ns - self.offset_ns

    def to_remote_ns(self, time_ns: int) -> int:
        """A time on this side's clock, on the other side's."""
        return time_ns + self.offset_ns
