"""The newest frame of a track: read without pause, kept one at a time.

aiortc queues decoded frames without a bound, about 42 MB a second of unread 720p video. So one
task per track does nothing but read, and whoever wants frames gets the newest.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from aiortc.mediastreams import MediaStreamError

from bridge.streams.clock import ClockSource
from bridge.streams.frame import Frame

if TYPE_CHECKING:
    import av
    from aiortc import MediaStreamTrack

__all__ = ["NewestFrame", "ViewSource", "ViewStats"]

_log = logging.getLogger(__name__)

_RATE_WINDOW = 31


@dataclass(frozen=True, slots=True)
class ViewStats:
    """What a view has done so far.

    Attributes:
        decoded: Frames decoded.
        replaced: Frames overwritten by a newer one before anybody took them.
        skipped: Frames lost or thrown away before decoding.
        rate_hz: Frames per second of the last second or so, 0 when none came.
        size_px: ``(width, height)`` of the newest frame, ``(0, 0)`` before the first.
        clock: Where capture times come from.
    """

    decoded: int
    replaced: int
    skipped: int
    rate_hz: float
    size_px: tuple[int, int]
    clock: ClockSource


class ViewSource(Protocol):
    """A live view: what a room gets of a publisher. All calls belong on the event loop."""

    @property
    def view(self) -> str:
        """The view's name within its room."""

    @property
    def focal(self) -> float | None:
        """Its lens's focal length in longer image sides, where the publisher told it."""

    @property
    def latest(self) -> Frame | None:
        """The newest frame, None before the first."""

    @property
    def ended(self) -> bool:
        """Whether no more frames will come."""

    def subscribe(self, listener: Callable[[Frame], None]) -> Callable[[], None]:
        """Calls ``listener`` with every frame from now on; returns what undoes that."""

    def stats(self) -> ViewStats:
        """What the view has done so far."""


class NewestFrame:
    """Reads one video track for ever and keeps its newest frame.

    Args:
        track: The track; its pictures count as captured when ``stamp`` says.
        view: The view's name.
        stamp: Gives a picture's capture time on the bridge's clock. Called once for each
            picture, as soon as it is there.
    """

    def __init__(
        self, track: MediaStreamTrack, view: str, *, stamp: Callable[[av.VideoFrame], int]
    ) -> None:
        self._track = track
        self._view = view
        self._stamp = stamp
        self._latest: Frame | None = None
        self._taken = True
        self._decoded = 0
        self._replaced = 0
        self._times_ns: deque[int] = deque(maxlen=_RATE_WINDOW)
        self._listeners: list[Callable[[Frame], None]] = []
        self._changed = asyncio.Event()
        self._ended = False
        self._task: asyncio.Task[None] | None = None

    @property
    def view(self) -> str:
        """The view's name within its room."""
        return self._view

    @property
    def latest(self) -> Frame | None:
        """The newest frame, None before the first."""
        return self._latest

    @property
    def ended(self) -> bool:
        """Whether no more frames will come."""
        return self._ended

    @property
    def decoded(self) -> int:
        """Frames read."""
        return self._decoded

    @property
    def replaced(self) -> int:
        """Frames that nobody took before a newer one came."""
        return self._replaced

    @property
    def rate_hz(self) -> float:
        """Frames per second over the last 30 frames, by capture time."""
        if len(self._times_ns) < 2:
            return 0.0
        return (len(self._times_ns) - 1) * 1e9 / (self._times_ns[-1] - self._times_ns[0])

    def start(self) -> None:
        """Starts to read."""
        if self._task is None:
            self._task = asyncio.create_task(self._read(), name=f"read {self._view}")

    async def stop(self) -> None:
        """Stops to read; idempotent."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def subscribe(self, listener: Callable[[Frame], None]) -> Callable[[], None]:
        """Calls ``listener`` with every frame from now on; returns what undoes that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def take(self) -> Frame | None:
        """The newest frame if it has not been taken yet."""
        if self._taken:
            return None
        self._taken = True
        return self._latest

    async def next(self) -> Frame | None:
        """Waits for a frame that has not been taken yet; None at the end of the track."""
        while (frame := self.take()) is None and not self._ended:
            self._changed.clear()
            await self._changed.wait()
        return frame

    async def _read(self) -> None:
        try:
            while True:
                picture = await self._track.recv()
                self._store(cast("av.VideoFrame", picture))
        except MediaStreamError:
            _log.debug("view %s: the track ended after %d frames", self._view, self._decoded)
        finally:
            self._ended = True
            self._changed.set()

    def _store(self, picture: av.VideoFrame) -> None:
        frame = Frame(self._view, self._stamp(picture), self._decoded, picture)
        self._decoded += 1
        self._replaced += not self._taken
        self._latest = frame
        self._times_ns.append(frame.time_ns)
        for listener in tuple(self._listeners):
            listener(frame)
        self._taken = bool(self._listeners)
        self._changed.set()
