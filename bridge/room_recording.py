"""The recording of a room: begins with its first frame set, ends when its last device leaves."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from bridge.errors import GhostHandsError
from bridge.protocol import PosePacket, ShapePacket
from bridge.recorder import Recorder

__all__ = ["RoomRecording"]

_LOG = logging.getLogger(__name__)


class RoomRecording:
    """Records one lesson after the other, each into a file of its own.

    What cannot be recorded is said once, and ends nothing else.

    Args:
        room: The room's name.
        folder: Where to; None records nothing.
        on_ended: Called with the messages that a recording dropped, when it ends.
    """

    def __init__(self, room: str, folder: Path | None, on_ended: Callable[[int], None]) -> None:
        self._room = room
        self._folder = folder
        self._on_ended = on_ended
        self._recorder: Recorder | None = None
        self._failed = False

    @property
    def wanted(self) -> bool:
        """A recording should begin, and none has."""
        return self._folder is not None and self._recorder is None and not self._failed

    @property
    def active(self) -> bool:
        """Messages are being recorded."""
        return self._recorder is not None and self._recorder.recording

    @property
    def failed(self) -> bool:
        """A recording could not begin, or ended early."""
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
        self, views: Sequence[str], origin_ns: int, shapes: Sequence[ShapePacket]
    ) -> None:
        """Begins a file, if one is ``wanted``.

        Args:
            views: The room's views, the first one first.
            origin_ns: Time zero: the first view's first frame.
            shapes: The shapes in force.
        """
        if self._folder is None or not self.wanted:
            return
        path = _free_path(self._folder, f"{self._room}-{datetime.now():%Y%m%d-%H%M%S}")
        about = {"room": self._room}
        try:
            self._recorder = await asyncio.to_thread(
                Recorder, path, room=self._room, views=tuple(views), origin_ns=origin_ns
            )
            for shape in shapes:
                self._recorder.write(shape)
            _LOG.info("room %s: recording to %s", self._room, path, extra=about)
        except GhostHandsError as error:
            self._failed = True
            _LOG.error("room %s is not recorded: %s", self._room, error, extra=about)

    def write(self, packet: ShapePacket | PosePacket) -> None:
        """Records a packet, while there is a recording; never waits."""
        if self._recorder is not None:
            self._recorder.write(packet)

    async def end(self) -> None:
        """Ends the recording, if there is one: what was written is on the disk."""
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            await asyncio.to_thread(recorder.close)
            self._on_ended(recorder.dropped)


def _free_path(folder: Path, name: str) -> Path:
    """A recording's path that nothing has yet: two lessons may begin in one second."""
    path, k = folder / f"{name}.mcap", 2
    while path.exists():
        path, k = folder / f"{name}-{k}.mcap", k + 1
    return path
