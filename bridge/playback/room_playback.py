"""A room's player of recordings: commands of its watchers in, packets and states out."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from bridge.errors import GhostHandsError, InputError
from bridge.playback.commands import apply
from bridge.playback.lesson import Lesson
from bridge.playback.library import Library
from bridge.playback.player import Player
from bridge.playback.playhead import Playhead
from bridge.protocol.lesson import PlaybackControl, PlaybackState
from bridge.protocol.packets import PosePacket, ShapePacket

__all__ = ["PlaybackHost", "RoomPlayback"]

_LOG = logging.getLogger(__name__)

_STATE_INTERVAL_NS = 1_000_000_000
_NAMES_INTERVAL_NS = 5_000_000_000
_MAX_COMMANDS = 64
_MAX_PROBLEM = 250  # characters, of at most four bytes each: what a message may hold

Reply = Callable[[PlaybackState], None]


class PlaybackHost(Protocol):
    """What playback needs of its room."""

    def busy(self) -> str | None:
        """Why no recording may be played into the room now; None if one may."""
        ...

    def send_played(self, packet: ShapePacket | PosePacket) -> None:
        """A packet for all who watch."""
        ...

    def announce(self, state: PlaybackState) -> None:
        """A state for all who watch."""
        ...


class RoomPlayback:
    """Plays recordings of a library into a room, as watchers tell it.

    One task does everything, in this order: the commands that have come, the packets that are due,
    the state if it changed. So a hundred seeks at once move the hands once, and the pose at the
    new position is out before the news of it. Files are read in a thread of their own. A command
    that cannot be done changes nothing, and only its sender is told why (``problem``).

    Drop policy: newest refused. More than 64 commands that wait are answered with a problem.

    Args:
        library: What may be played.
        host: The room.
        name: The room's name, for logs.
        now_ns: The bridge's clock.
    """

    def __init__(
        self,
        library: Library,
        host: PlaybackHost,
        *,
        name: str,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._library = library
        self._host = host
        self._name = name
        self._now_ns = now_ns
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=f"playback {name}")
        self._stop = threading.Event()
        self._wake = asyncio.Event()
        self._commands: deque[tuple[PlaybackControl, Reply]] = deque()
        self._names: tuple[str, ...] = ()
        self._names_ns: int | None = None
        self._recording: str | None = None
        self._player: Player | None = None
        self._announced: tuple[object, ...] = (None, False, 0)
        self._announced_ns = 0
        self._changed = False
        self._problem: str | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def recording(self) -> str | None:
        """What is loaded, so that the room's poses come from it; None if nothing is."""
        return self._recording

    def open(self) -> None:
        """Starts the work on the running event loop."""
        self._task = asyncio.create_task(self._run(), name=f"room {self._name}: playback")

    async def close(self) -> None:
        """Stops and closes the file; leaves nothing behind."""
        self._stop.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._unload()
        await asyncio.to_thread(self._executor.shutdown)

    def control(self, command: PlaybackControl, reply: Reply) -> None:
        """Takes a command; done soon.

        Args:
            command: What to do.
            reply: Called with the state, whose ``problem`` says why, if it cannot be done.
        """
        if len(self._commands) >= _MAX_COMMANDS:
            reply(self.state("too many commands at once: wait until they are done"))
            return
        self._commands.append((command, reply))
        self._wake.set()

    def end(self, why: str) -> None:
        """Ends what is played, at once, and tells everyone why: something else feeds the room."""
        if self._player is not None:
            self._unload()
            self._announce(why)
            self._wake.set()

    def state(self, problem: str | None = None) -> PlaybackState:
        """What is played and where it is, now: for who has just subscribed.

        Args:
            problem: Why a command could not be done.
        """
        head = self._player.playhead if self._player is not None else Playhead(0, clock_ns=_zero)
        loop_ns = head.loop_ns
        return PlaybackState(
            time_ns=self._now_ns(),
            recording=self._recording,
            duration_s=head.duration_ns / 1e9,
            position_s=head.position_ns / 1e9,
            playing=head.playing,
            rate=head.rate,
            loop_s=None if loop_ns is None else (loop_ns[0] / 1e9, loop_ns[1] / 1e9),
            recordings=self._names,
            problem=None if problem is None else problem[:_MAX_PROBLEM],
        )

    async def _run(self) -> None:
        while True:
            try:
                await self._work()
            except GhostHandsError as error:  # the file went away, or is damaged all around
                self._unload()
                self._announce(str(error))
            except Exception:  # A fault of our own must not end a room.
                _LOG.exception("room %s: playback failed", self._name)
                self._unload()
                self._announce("playback failed; the bridge's log says how")
            await self._wait()

    async def _work(self) -> None:
        await self._refresh_names()
        while self._commands:
            command, reply = self._commands.popleft()
            try:
                await self._do(command)
                self._changed = True
            except GhostHandsError as error:
                reply(self.state(str(error)))
        if (player := self._player) is not None:
            await player.step(lambda packet: self._send(player, packet))
        if self._is_news():
            self._announce(self._problem)
            self._problem = None

    async def _do(self, command: PlaybackControl) -> None:
        if command.command == "load":
            await self._load(command.recording or "")
            return
        if command.command == "unload":
            self._unload()
            return
        if self._player is None:
            raise InputError("no recording is loaded: load one first")
        apply(command, self._player.playhead)

    async def _load(self, recording: str) -> None:
        self._check_free()
        opening = self._executor.submit(self._library.open, recording, stop=self._stop)
        try:
            lesson = await asyncio.wrap_future(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close_unwanted)
            raise
        try:
            self._check_free()
        except InputError:
            self._executor.submit(lesson.close)
            raise
        self._unload()
        self._recording = recording
        self._player = Player(lesson, clock_ns=self._now_ns, executor=self._executor)
        if not lesson.complete:
            self._problem = (
                f"recording {recording} was cut off or damaged; what is whole of it is played"
            )
        _LOG.info("room %s: recording %s is loaded", self._name, recording)

    def _check_free(self) -> None:
        if (why := self._host.busy()) is not None:
            raise InputError(why)

    def _unload(self) -> None:
        if self._player is not None:
            self._executor.submit(self._player.lesson.close)  # after what is being read
            self._player = self._recording = self._problem = None

    def _send(self, player: Player, packet: ShapePacket | PosePacket) -> None:
        if player is self._player:  # not ended while it was reading
            self._host.send_played(packet)

    async def _refresh_names(self) -> None:
        now_ns = self._now_ns()
        if self._names_ns is not None and now_ns - self._names_ns < _NAMES_INTERVAL_NS:
            return
        self._names_ns = now_ns
        self._names = await asyncio.get_running_loop().run_in_executor(
            self._executor, self._library.names
        )

    def _is_news(self) -> bool:
        """Whether everyone is to be told the state: after commands, by itself, once a second."""
        if self._changed or self._announced != self._visible():
            return True
        late = self._now_ns() - self._announced_ns >= _STATE_INTERVAL_NS
        return self._player is not None and late

    def _visible(self) -> tuple[object, ...]:
        """What may change by itself: it stops at the end, jumps at the end of a loop."""
        if self._player is None:
            return (self._names, False, 0)
        return (self._names, self._player.playhead.playing, self._player.playhead.jumps)

    def _announce(self, problem: str | None = None) -> None:
        self._changed = False
        self._announced, self._announced_ns = self._visible(), self._now_ns()
        self._host.announce(self.state(problem))

    async def _wait(self) -> None:
        """Until a command comes or something is due."""
        now_ns = self._now_ns()
        until_ns = (self._names_ns or now_ns) + _NAMES_INTERVAL_NS
        if self._player is not None:
            news_ns = self._announced_ns + _STATE_INTERVAL_NS
            until_ns = min(until_ns, news_ns, self._player.wake_ns())
        try:
            async with asyncio.timeout(max(0, until_ns - now_ns) * 1e-9):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()


def _close_unwanted(opening: Future[Lesson]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


def _zero() -> int:
    return 0
