"""Rates and medians over the last second; time is passed in."""

from __future__ import annotations

import statistics
from collections import deque

__all__ = ["Window"]

_SPAN_NS = 1_000_000_000


class Window:
    """The values of the last second.

    Args:
        span_ns: How far back it reaches.
        most: It never holds more values than this; the oldest go first.
    """

    def __init__(self, span_ns: int = _SPAN_NS, most: int = 1000) -> None:
        self._span_ns = span_ns
        self._entries: deque[tuple[int, float]] = deque(maxlen=most)

    def add(self, now_ns: int, value: float = 1.0) -> None:
        """Adds one value at an instant not before the last one."""
        self._entries.append((now_ns, value))

    def rate_hz(self, now_ns: int) -> float:
        """Values a second."""
        self._trim(now_ns)
        return len(self._entries) * 1e9 / self._span_ns

    def median(self, now_ns: int) -> float | None:
        """Median of the values, None when there are none."""
        self._trim(now_ns)
        return statistics.median(value for _, value in self._entries) if self._entries else None

    def _trim(self, now_ns: int) -> None:
        while self._entries and self._entries[0][0] <= now_ns - self._span_ns:
            self._entries.popleft()
