"""Several publishers of one scene, in step: each picture leaves when its moment has come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import av

from bridge.streams import Timed, VideoSource

__all__ = ["InStep"]


class InStep:
    """A source whose pictures are due at times that all publishers agree on.

    Two cameras film the same moment whenever each was switched on. So a publisher that comes late
    begins in the middle: with the first picture that is still due, and, where pictures come
    encoded, that needs no other.

    Args:
        source: A file's pictures or packets, times counted from 0.
        start_ns: When time 0 is, nanoseconds of `time.monotonic_ns`.
        now_ns: The clock.
        sleep_s: Waits; both are replaced in tests.
    """

    live = True
    total: int | None = None

    def __init__(
        self,
        source: VideoSource,
        start_ns: int,
        *,
        now_ns: Callable[[], int] = time.monotonic_ns,
        sleep_s: Callable[[float], None] = time.sleep,
    ) -> None:
        self._source = source
        self._start_ns = start_ns
        self._now_ns = now_ns
        self._sleep_s = sleep_s
        self.encoded = source.encoded

    def timed(self) -> Iterator[Timed]:
        """The pictures, each when it is due; times are those of the clock."""
        begun = False
        for time_s, media in self._source.timed():
            due_ns = self._start_ns + round(time_s * 1e9)
            early_ns = due_ns - self._now_ns()
            if not begun:
                alone = not isinstance(media, av.Packet) or media.is_keyframe
                begun = early_ns >= 0 and alone
                if not begun:
                    continue
            if early_ns > 0:
                self._sleep_s(early_ns / 1e9)
            yield Timed(due_ns / 1e9, media)
