"""Capture times on the bridge's clock, from whatever a publisher offers.

A video frame carries an RTP timestamp: its sender's media clock, 32 bits, unknown origin. Two
steps lead from there to the bridge's clock:

1. RTP -> the sender's wall clock, from pairs of both: ``capture`` messages of the clock channel
   (exact), or RTCP sender reports (RFC 3550 section 6.4.1).
2. The sender's wall clock -> the bridge's, from pings (`bridge.protocol.clock.ClockSync`).

Without both, the arrival time minus a running minimum delay stands in: smooth and free of
jitter, but late by the shortest time that a frame takes from camera to bridge.

Pure: all times are passed in, integer nanoseconds.
"""

from __future__ import annotations

import contextlib
from collections import deque
from typing import Literal

from bridge.protocol.clock import ClockSync

__all__ = ["CaptureClock", "ClockSource", "MinimumDelay", "RtpToWall", "Unwrapper"]

ClockSource = Literal["capture", "sender_report", "arrival"]

_SECOND_NS = 1_000_000_000


class Unwrapper:
    """Makes a counter that wraps around at 32 bits continuous."""

    def __init__(self) -> None:
        self._last: int | None = None

    def __call__(self, value: int) -> int:
        """The counter's continuous value: the one nearest to the newest seen before."""
        value &= 0xFFFFFFFF
        if self._last is None:
            self._last = value
            return value
        value = self._last + ((value - self._last + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        self._last = max(self._last, value)
        return value


class MinimumDelay:
    """Maps a remote clock to the local one by the smallest delay seen in a sliding window.

    Delays have a floor (the way itself) and jitter that only adds. Hence the smallest difference
    between arrival and remote time is the steadiest. The window lets it follow the drift of the
    two clocks: 100 ppm over 10 s is 1 ms.
    """

    def __init__(self, *, window_ns: int = 10 * _SECOND_NS) -> None:
        self._window_ns = window_ns
        # Differences rise from left to right, so the smallest of the window is always the first.
        self._minima: deque[tuple[int, int]] = deque()

    def add(self, remote_ns: int, arrival_ns: int) -> None:
        """Takes the remote time and the local arrival time of one event."""
        difference = arrival_ns - remote_ns
        while self._minima and self._minima[-1][1] >= difference:
            self._minima.pop()
        self._minima.append((arrival_ns, difference))
        while arrival_ns - self._minima[0][0] > self._window_ns:
            self._minima.popleft()

    def to_local(self, remote_ns: int) -> int:
        """Local time of a remote time; ``add`` must have been called."""
        return remote_ns + self._minima[0][1]


class RtpToWall:
    """The line from RTP timestamps to the sender's wall clock, through pairs of both.

    The slope is the nominal clock rate until the pairs span enough time to measure it: two
    close pairs with 1 ms of noise would tilt the line by 1000 ppm and more.

    Args:
        clock_rate_hz: Nominal rate of the RTP clock.
        window: Pairs kept.
        step_ns: A pair further than this from the line starts a new one: the clock was set.
    """

    _MIN_SPAN_S = 5.0
    _MIN_PAIRS = 8
    _MAX_DRIFT = 1e-3

    def __init__(
        self, *, clock_rate_hz: int = 90_000, window: int = 64, step_ns: int = 200_000_000
    ) -> None:
        self._rate = clock_rate_hz
        self._step_ns = step_ns
        self._pairs: deque[tuple[int, int]] = deque(maxlen=window)
        self._slope_ns = _SECOND_NS / clock_rate_hz
        self._middle = (0.0, 0.0)

    @property
    def ready(self) -> bool:
        """Whether ``wall_ns`` has an answer."""
        return bool(self._pairs)

    def add(self, rtp: int, wall_ns: int) -> None:
        """Takes a pair: unwrapped RTP timestamp and sender's wall clock in nanoseconds."""
        if self._pairs and abs(self.wall_ns(rtp) - wall_ns) > self._step_ns:
            self._pairs.clear()
        self._pairs.append((rtp, wall_ns))
        self._fit()

    def wall_ns(self, rtp: int) -> int:
        """The sender's wall clock at an unwrapped RTP timestamp; needs ``ready``."""
        first_rtp, first_wall_ns = self._pairs[0]
        middle_rtp, middle_ns = self._middle
        return first_wall_ns + round(middle_ns + (rtp - first_rtp - middle_rtp) * self._slope_ns)

    def _fit(self) -> None:
        # Relative to the first pair, so that doubles keep every nanosecond.
        first_rtp, first_wall_ns = self._pairs[0]
        x = [rtp - first_rtp for rtp, _ in self._pairs]
        y = [wall_ns - first_wall_ns for _, wall_ns in self._pairs]
        mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
        nominal = _SECOND_NS / self._rate
        slope = nominal
        if len(x) >= self._MIN_PAIRS and max(x) - min(x) >= self._MIN_SPAN_S * self._rate:
            covariance = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
            slope = covariance / sum((a - mean_x) ** 2 for a in x)
            slope = min(
                max(slope, nominal * (1 - self._MAX_DRIFT)), nominal * (1 + self._MAX_DRIFT)
            )
        self._slope_ns = slope
        self._middle = (mean_x, mean_y)


class CaptureClock:
    """Stamps one track's frames with their capture time on the bridge's clock.

    The best source that gives a believable time wins, frame by frame: ``capture`` messages,
    then sender reports (both need pings), then arrival. Believable is a capture before the
    arrival and not long before it: some senders fill reports with clocks of their own.

    Args:
        clock_rate_hz: Rate of the RTP clock.
        max_delay_ns: Longest believable time from capture to arrival.
        slack_ns: How far after its arrival a capture may lie: the error of both clock mappings.
    """

    def __init__(
        self,
        *,
        clock_rate_hz: int = 90_000,
        max_delay_ns: int = 5 * _SECOND_NS,
        slack_ns: int = 20_000_000,
    ) -> None:
        self._rate = clock_rate_hz
        self._max_delay_ns = max_delay_ns
        self._slack_ns = slack_ns
        self._unwrap = Unwrapper()
        self._sync = ClockSync()
        self._delay = MinimumDelay()
        self._lines: dict[ClockSource, RtpToWall] = {
            "capture": RtpToWall(clock_rate_hz=clock_rate_hz),
            "sender_report": RtpToWall(clock_rate_hz=clock_rate_hz),
        }
        self._source: ClockSource = "arrival"
        self._last_ns: int | None = None

    @property
    def source(self) -> ClockSource:
        """Where the newest stamp came from."""
        return self._source

    @property
    def round_trip_ns(self) -> int | None:
        """Shortest recent round trip of a ping, None without pings."""
        return self._sync.rtt_ns

    def add_ping(self, t0_ns: int, t1_ns: int, t2_ns: int, t3_ns: int) -> None:
        """Takes one ping: t0 sent and t3 answered by the bridge's clock, t1 and t2 the sender's.

        Times that contradict each other are left out: a clock was set in between.
        """
        with contextlib.suppress(ValueError):
            self._sync.add(t0_ns, t1_ns, t2_ns, t3_ns)

    def add_sender_report(self, rtp: int, sender_ns: int) -> None:
        """Takes an RTCP sender report: 32-bit RTP timestamp and sender's wall clock."""
        self._lines["sender_report"].add(self._unwrap(rtp), sender_ns)

    def add_capture(self, rtp: int, sender_ns: int) -> None:
        """Takes a ``capture`` message: 32-bit RTP timestamp and sender's wall clock."""
        self._lines["capture"].add(self._unwrap(rtp), sender_ns)

    def stamp(self, rtp: int, arrival_ns: int) -> int:
        """Capture time of the next frame; rises strictly from frame to frame.

        Args:
            rtp: Its 32-bit RTP timestamp.
            arrival_ns: Bridge's clock at its arrival.
        """
        rtp = self._unwrap(rtp)
        media_ns = rtp * _SECOND_NS // self._rate
        self._delay.add(media_ns, arrival_ns)
        time_ns, self._source = self._best(rtp, media_ns, arrival_ns)
        if self._last_ns is not None:
            time_ns = max(time_ns, self._last_ns + 1)
        self._last_ns = time_ns
        return time_ns

    def _best(self, rtp: int, media_ns: int, arrival_ns: int) -> tuple[int, ClockSource]:
        for source, line in self._lines.items():
            if self._sync.ready and line.ready:
                time_ns = self._sync.to_local_ns(line.wall_ns(rtp))
                if -self._slack_ns <= arrival_ns - time_ns <= self._max_delay_ns:
                    return time_ns, source
        return self._delay.to_local(media_ns), "arrival"
