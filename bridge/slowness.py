"""How far one watcher is behind, and when that is too far."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bridge.protocol import AckWindow

__all__ = ["Slowness"]


class Slowness:
    """Measures a watcher by its acknowledgement window; sans-I/O.

    A watcher is too slow once poses have waited for it, its window full, for ``limit_s`` without a
    single acknowledgement. One that acknowledges slowly stays: it gets the newest pose each time.

    Args:
        window: The watcher's window. ``note`` is to be called whenever it may have become full, and
            after each acknowledgement.
        clock_ns: A monotonic clock, nanoseconds.
        limit_s: Longest time without an acknowledgement while poses wait, seconds.
    """

    def __init__(
        self, window: AckWindow[Any], *, clock_ns: Callable[[], int], limit_s: float
    ) -> None:
        self.limit_s = limit_s
        self._window = window
        self._clock_ns = clock_ns
        self._taken = window.sent - window.in_flight
        self._progress_ns = clock_ns()
        self._full_since_ns: int | None = None
        self._full_ns = 0

    @property
    def full_s(self) -> float:
        """How long the window has been full, all times added up, seconds."""
        since = self._full_since_ns
        return (self._full_ns + (0 if since is None else self._clock_ns() - since)) / 1e9

    @property
    def oldest_s(self) -> float:
        """For how long the oldest pose in flight has not been acknowledged; 0 with none."""
        oldest_ns = self._window.oldest_ns
        return 0.0 if oldest_ns is None else (self._clock_ns() - oldest_ns) / 1e9

    @property
    def too_slow(self) -> bool:
        """Whether the watcher should be let go."""
        if self._full_since_ns is None or not self._window.waiting:
            return False
        return self._clock_ns() - self._progress_ns >= self.limit_s * 1e9

    def note(self) -> None:
        """Takes in what has become of the window since the last call."""
        window, now = self._window, self._clock_ns()
        taken = window.sent - window.in_flight
        if taken > self._taken:
            self._taken, self._progress_ns = taken, now
        full = window.full
        if full and self._full_since_ns is None:
            self._full_since_ns = self._progress_ns = now
        elif not full and self._full_since_ns is not None:
            self._full_ns += now - self._full_since_ns
            self._full_since_ns = None
