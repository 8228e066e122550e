"""Takes: what people in a room record by a button, to be downloaded.

A take is beside what ``--record`` writes: it begins and ends when somebody says so, and holds what
the room shows, from devices, a player or a recording. Its name is made here. Where the bridge has a
folder for recordings takes stay there; without one they lie in a folder that goes with the bridge.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bridge.errors import InputError
from bridge.protocol import PosePacket, ShapePacket
from bridge.recorder import Recorder
from bridge.room import Room

__all__ = ["MAX_TAKES", "MAX_TAKES_OF_ROOM", "MAX_TAKE_S", "Take", "Takes"]

MAX_TAKE_S = 1800.0
"""A take ends after half an hour by itself: about 60 MB of two hands at 60 poses a second."""

MAX_TAKES_OF_ROOM, MAX_TAKES = 6, 24
"""Takes that are kept, of one room and in all; then the oldest one that has ended goes."""

_MAX_MESSAGES = 240 * int(MAX_TAKE_S)


@dataclass(eq=False, slots=True)
class Take:
    """One recording that somebody began.

    Attributes:
        name: What it is called, without folder and ending.
        room: The room it is of.
        path: The file.
        began_s: When it began, on a monotonic clock.
        ended_s: When it ended; None while it goes on.
        kept: The file stays when the bridge has ended.
        failed: Why it ended early, for people.
        glb: The same as an animation, once somebody asked for it.
        poses: How many it has.
    """

    name: str
    room: str
    path: Path
    began_s: float
    kept: bool
    ended_s: float | None = None
    failed: str | None = None
    glb: Path | None = None
    poses: int = 0


class Takes:
    """The takes of all rooms; all methods belong on the event loop.

    Args:
        folder: Where takes stay; None for a folder that is removed by ``close``.
        clock_s: A monotonic clock, seconds.
        now_ns: The bridge's clock.
    """

    def __init__(
        self,
        folder: Path | None,
        *,
        clock_s: Callable[[], float] = time.monotonic,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._folder = folder
        self._own: Path | None = None
        self._clock_s = clock_s
        self._now_ns = now_ns
        self._takes: list[Take] = []
        self._active: dict[str, tuple[Take, Recorder, Room]] = {}
        self._ends: dict[Take, asyncio.TimerHandle] = {}
        self._ending: dict[Take, asyncio.Future[Take | None]] = {}
        self._lock = asyncio.Lock()

    @property
    def temporary(self) -> bool:
        """Takes go when the bridge ends."""
        return self._folder is None

    def of(self, room: str) -> tuple[Take, ...]:
        """The takes of a room, newest first."""
        return tuple(take for take in reversed(self._takes) if take.room == room)

    def active(self, room: str) -> Take | None:
        """The take that goes on in a room."""
        going = self._active.get(room)
        return None if going is None else going[0]

    def find(self, room: str, name: str) -> Take | None:
        """A take of a room by its name: looked up, never made into a path."""
        return next((take for take in self._takes if (take.room, take.name) == (room, name)), None)

    def seconds(self, take: Take) -> float:
        """How long it is."""
        return (self._clock_s() if take.ended_s is None else take.ended_s) - take.began_s

    async def start(self, room: Room) -> Take:
        """Begins a take.

        Raises:
            InputError: One goes on already, the room has nothing to record, or the disk fails.
        """
        async with self._lock:
            if room.name in self._active:
                raise InputError(f"room {room.name} is being recorded already")
            if not room.feeding:
                raise InputError(
                    f"room {room.name} shows nothing to record: start a device, or play a recording"
                )
            await self._make_place(room.name)
            stem = f"{room.name}-{datetime.now():%Y%m%d-%H%M%S}-take"
            taken = {take.name for take in self._takes}
            take, recorder = await asyncio.to_thread(self._begin, room, stem, taken)
            self._takes.append(take)
            self._active[room.name] = (take, recorder, room)
            for shape in room.shapes:
                recorder.write(shape)

            loop = asyncio.get_running_loop()
            self._ends[take] = loop.call_later(MAX_TAKE_S, self._end_soon, take)
            room.output.take = _Writer(take, recorder, self._end_soon)
            return take

    async def stop(self, room: str) -> Take | None:
        """Ends the take of a room, if one goes on: what was recorded is on the disk."""
        async with self._lock:
            going = self._active.pop(room, None)
            if going is None:
                return None
            take, recorder, shown = going
            shown.output.take = None
            self._ends.pop(take).cancel()
            take.ended_s = self._clock_s()
            if recorder.error is not None and take.failed is None:
                take.failed = "the disk failed: the recording ends early"
            await asyncio.to_thread(recorder.close)
            return take

    async def close(self) -> None:
        """Ends all takes, and removes what is not to be kept."""
        for room in tuple(self._active):
            await self.stop(room)
        if self._own is not None:
            await asyncio.to_thread(shutil.rmtree, self._own, ignore_errors=True)
            self._own = None

    def place_for_glb(self, take: Take) -> Path:
        """Where a take's animation is made; blocks for the disk."""
        return self._temporary_folder() / f"{take.name}.glb"

    def _end_soon(self, take: Take) -> None:
        """Ends a take that may not go on, unless somebody else does already."""
        if self.active(take.room) is take and take not in self._ending:
            self._ending[take] = asyncio.ensure_future(self.stop(take.room))
            self._ending[take].add_done_callback(lambda _: self._ending.pop(take, None))

    def _begin(self, room: Room, stem: str, taken: set[str]) -> tuple[Take, Recorder]:
        folder = self._folder or self._temporary_folder()
        name, k = stem, 2
        while name in taken or (folder / f"{name}.mcap").exists():
            name, k = f"{stem}-{k}", k + 1
        path = folder / f"{name}.mcap"
        created = datetime.now(UTC).isoformat(timespec="seconds")
        recorder = Recorder(
            path,
            room=room.name,
            views=room.views or ("room",),
            origin_ns=self._now_ns(),
            created=created,
            **room.about(),
        )
        return Take(name, room.name, path, self._clock_s(), not self.temporary), recorder

    def _temporary_folder(self) -> Path:
        if self._own is None:
            self._own = Path(tempfile.mkdtemp(prefix="ghosthands-takes-"))  # for this user only
        return self._own

    async def _make_place(self, room: str) -> None:
        """Forgets the oldest takes where there are as many as are kept."""
        for limit, takes in (
            (MAX_TAKES_OF_ROOM, [take for take in self._takes if take.room == room]),
            (MAX_TAKES, list(self._takes)),
        ):
            ended = [take for take in takes if take.ended_s is not None and take in self._takes]
            excess = len([take for take in takes if take in self._takes]) - limit + 1
            for take in ended[: max(0, excess)]:
                self._takes.remove(take)
                files = [take.glb, None if take.kept else take.path]
                await asyncio.to_thread(_remove, [file for file in files if file is not None])
            if excess > len(ended):
                raise InputError(f"{limit} recordings are being made already: end one first")


class _Writer:
    """See ``TakeWriter``."""

    def __init__(self, take: Take, recorder: Recorder, end_soon: Callable[[Take], None]) -> None:
        self._take, self._recorder, self._end_soon = take, recorder, end_soon

    def write(self, packet: ShapePacket | PosePacket) -> None:
        if self._take.failed is not None:
            return
        self._recorder.write(packet)
        self._take.poses += isinstance(packet, PosePacket)
        if self._recorder.error is not None or self._recorder.written > _MAX_MESSAGES:
            self._end_soon(self._take)

    def end(self, why: str) -> None:
        self._take.failed = why
        self._end_soon(self._take)


def _remove(files: list[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
