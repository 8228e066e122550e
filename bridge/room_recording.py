"""The recording of a room: begins with its first frame set, ends when its last device leaves."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from bridge.errors import GhostHandsError
from bridge.protocol import PosePacket, ShapePacket
from bridge.protocol.provenance import CameraUncertainty
from bridge.recorder import Recorder

__all__ = ["RoomRecording"]

_LOG = logging.getLogger(__name__)

_TRY_AGAIN_S = 5.0
_ENOUGH_BYTES = 4 << 20
"""A minute and more: a disk that is nearly full does not get file after file."""


class RoomRecording:
    """Records one lesson after the other, each into a file of its own.

    What cannot be recorded is said once, and ends nothing else. While a lesson goes on that should
    be recorded and is not, recording is tried again every few seconds: once there is room on the
    disk, the rest of the lesson gets a file of its own.

    Args:
        room: The room's name.
        folder: Where to; None records nothing.
        on_ended: Called with the messages that a recording dropped, when it ends.
        on_failed: Called when a recording cannot begin, or ends early; not for each new attempt.
        clock_s: A monotonic clock, seconds.
    """

    def __init__(
        self,
        room: str,
        folder: Path | None,
        on_ended: Callable[[int], None],
        on_failed: Callable[[], None] = lambda: None,
        *,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._room = room
        self._folder = folder
        self._on_ended = on_ended
        self._on_failed = on_failed
        self._clock_s = clock_s
        self._recorder: Recorder | None = None
        self._failed = False
        self._try_again_s = 0.0
        self._beginning: asyncio.Task[None] | None = None
        self._cameras: tuple[CameraUncertainty, ...] = ()

    @property
    def wanted(self) -> bool:
        """A recording should begin, and none has."""
        if self._folder is None or self._beginning is not None:
            return False
        if self._failed:
            return self._clock_s() >= self._try_again_s
        return self._recorder is None

    @property
    def active(self) -> bool:
        """Messages are being recorded."""
        return self._recorder is not None and self._recorder.recording

    @property
    def failed(self) -> bool:
        """A recording could not begin, or ended early, and has not begun again."""
        return self._failed or (self._recorder is not None and self._recorder.error is not None)

    @property
    def path(self) -> Path | None:
        """The file being written, if any."""
        return None if self._recorder is None else self._recorder.path

    @property
    def dropped(self) -> int:
        """Messages that the recording in the making has dropped."""
        return 0 if self._recorder is None else self._recorder.dropped

    async def begin(
        self,
        views: Sequence[str],
        origin_ns: int,
        shapes: Callable[[], Sequence[ShapePacket]],
        about: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:
        """Begins a file, if one is ``wanted``.

        After a failure it only starts to: a disk that hangs does not hold up the lesson.

        Args:
            views: The room's views, the first one first.
            origin_ns: Time zero: the first view's first frame.
            shapes: Gives the shapes in force.
            about: Gives other fields of the recording's metadata.
        """
        if self._folder is None or not self.wanted:
            return
        again = self._failed
        self._beginning = asyncio.create_task(
            self._begin(self._folder, tuple(views), origin_ns, shapes, about, again=again)
        )
        if not again:
            await asyncio.shield(self._beginning)

    def know_cameras(self, cameras: tuple[CameraUncertainty, ...]) -> None:
        """How well the cameras are known by now.

        The file gets the last word of those that know the most cameras: at the end of a lesson
        devices leave one by one.
        """
        if cameras is not self._cameras and len(cameras) >= len(self._cameras):
            self._cameras = cameras
            if self._recorder is not None:
                self._recorder.know_cameras(cameras)

    def write(self, packet: ShapePacket | PosePacket) -> None:
        """Records a packet, while there is a recording; never waits."""
        if self._recorder is not None:
            self._recorder.write(packet)
            if self._recorder.error is not None and not self._failed:
                self._fail()  # The recorder has told why.

    async def end(self) -> None:
        """Ends the recording, if there is one: what was written is on the disk."""
        if self._beginning is not None:
            await self._beginning
        self._failed, self._try_again_s = False, 0.0
        await self._close()
        self._cameras = ()

    async def _begin(
        self,
        folder: Path,
        views: tuple[str, ...],
        origin_ns: int,
        shapes: Callable[[], Sequence[ShapePacket]],
        about: Callable[[], Mapping[str, Any]],
        *,
        again: bool,
    ) -> None:
        named = {"room": self._room}
        try:
            if again and await asyncio.to_thread(_free_bytes, folder) < _ENOUGH_BYTES:
                self._try_again_s = self._clock_s() + _TRY_AGAIN_S
                return
            path = _free_path(folder, f"{self._room}-{datetime.now():%Y%m%d-%H%M%S}")
            recorder = await asyncio.to_thread(
                Recorder, path, room=self._room, views=views, origin_ns=origin_ns, **about()
            )
            await self._close()
            self._recorder, self._failed = recorder, False
            recorder.know_cameras(self._cameras)
            for shape in shapes():
                recorder.write(shape)
            _LOG.info("room %s: recording to %s", self._room, path, extra=named)
        except (GhostHandsError, OSError) as error:
            level = logging.DEBUG if again else logging.ERROR
            _LOG.log(level, "room %s is not recorded: %s", self._room, error, extra=named)
            self._fail()
        finally:
            self._beginning = None

    async def _close(self) -> None:
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            await asyncio.to_thread(recorder.close)
            self._on_ended(recorder.dropped)

    def _fail(self) -> None:
        if not self._failed:
            self._on_failed()
        self._failed = True
        self._try_again_s = self._clock_s() + _TRY_AGAIN_S


def _free_bytes(folder: Path) -> int:
    """Bytes that may be written there; 0 where that cannot be told."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0


def _free_path(folder: Path, name: str) -> Path:
    """A recording's path that nothing has yet: two lessons may begin in one second."""
    path, k = folder / f"{name}.mcap", 2
    while path.exists():
        path, k = folder / f"{name}-{k}.mcap", k + 1
    return path
