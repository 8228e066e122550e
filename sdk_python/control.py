"""Playing the bridge's recordings in a room, from a watcher."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bridge.errors import (
    ConnectionFailedError,
    InputError,
    PlaybackRefusedError,
    ProtocolError,
    TimedOutError,
)
from bridge.protocol.lesson import PlaybackControl, PlaybackState

__all__ = ["PlaybackRemote", "is_done", "position_s"]

_ROUNDING_S = 1e-6
_CLOCK_ERROR_S = 0.05
"""How wrong a fresh connection's idea of the bridge's clock may be."""


class PlaybackRemote:
    """Plays recordings in a room, for all who watch there; ``control`` of a ``PoseStream``.

    For rooms of a bridge that runs with ``--lessons``. Each command returns the state in which it
    is done. Commands of one stream are given one after the other. One whose connection is lost is
    given again when that comes back: all commands may be given twice.

    Raises (every command):
        InputError: An argument cannot be used.
        PlaybackRefusedError: The bridge does not do it: there is no such recording or position,
            nothing is loaded, devices have the room, or this watcher may not.
        TimedOutError: No state showed it done in ``timeout_s``: another watcher may have given
            another command at the same moment.
        ConnectionFailedError: The connection has ended.

    Attributes:
        state: What the room plays, as the bridge last said; None before it has, or where a room
            plays nothing. ``state.recordings`` names what can be loaded.
        timeout_s: How long to wait for an answer, seconds.
    """

    def __init__(
        self,
        send: Callable[[PlaybackControl], Awaitable[None]],
        now_ns: Callable[[], int],
        *,
        timeout_s: float = 10.0,
    ) -> None:
        self.state: PlaybackState | None = None
        self.timeout_s = timeout_s
        self._send = send
        self._now_ns = now_ns
        self._turn = asyncio.Lock()
        self._asked: _Asked | None = None
        self._over: BaseException | None = None
        self._news = asyncio.Event()

    @property
    def position_s(self) -> float | None:
        """Where the recording is now, seconds; None while nothing is loaded."""
        if self.state is None or self.state.recording is None:
            return None
        return position_s(self.state, self._now_ns())

    async def recordings(self) -> tuple[str, ...]:
        """What can be loaded, once the bridge has told.

        Raises:
            TimedOutError: It has told nothing in ``timeout_s``.
            ConnectionFailedError: The connection has ended.
        """
        try:
            async with asyncio.timeout(self.timeout_s):
                while self.state is None or not self.state.recordings:
                    if self._over is not None:
                        raise self._over
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise TimedOutError(
                f"the bridge named no recordings within {self.timeout_s:g} s: are there any in the "
                "folder of its --lessons?"
            ) from None
        return self.state.recordings

    async def load(self, recording: str) -> PlaybackState:
        """Loads a recording; it stands at its first pose."""
        return await self._do("load", recording=recording)

    async def unload(self) -> PlaybackState:
        """Ends what is played; the room is free for devices and players."""
        return await self._do("unload")

    async def play(self) -> PlaybackState:
        """Plays on from where it is; at the end, from the begin."""
        return await self._do("play")

    async def pause(self) -> PlaybackState:
        """Stops where it is."""
        return await self._do("pause")

    async def seek(self, position_s: float) -> PlaybackState:
        """Jumps to a position, seconds since the first pose."""
        return await self._do("seek", position_s=position_s)

    async def rate(self, rate: float) -> PlaybackState:
        """Sets how fast it plays, 0.25 to 2."""
        return await self._do("rate", rate=rate)

    async def loop(self, begin_s: float, end_s: float) -> PlaybackState:
        """Repeats a passage of 0.1 s or more from now on, seconds since the first pose."""
        return await self._do("loop", loop_s=(begin_s, end_s))

    async def end_loop(self) -> PlaybackState:
        """Plays past the end of the loop again."""
        return await self._do("loop", loop_s=None)

    def take(self, state: PlaybackState) -> None:
        """The bridge said what it plays."""
        before, self.state = self.state, state
        self._news.set()
        asked = self._asked
        if asked is None or asked.answer.done():
            return
        asked.before = asked.before or before
        if is_done(asked.command, state, before=asked.before, sent_ns=asked.sent_ns):
            asked.answer.set_result(state)
        elif state.problem is not None:
            asked.answer.set_exception(PlaybackRefusedError(state.problem))

    async def resume(self, *, same_bridge: bool) -> None:
        """The connection has come back: what was told and not answered is told again."""
        if not same_bridge:
            self.state = None
        if self._asked is not None and not self._asked.answer.done():
            await self._tell(self._asked)

    def end(self, error: BaseException | None) -> None:
        """The connection has ended for good."""
        self._over = error or ConnectionFailedError("the bridge has ended the room")
        self._news.set()
        if self._asked is not None and not self._asked.answer.done():
            self._asked.answer.set_exception(self._over)

    async def _do(self, name: str, **fields: Any) -> PlaybackState:
        try:
            command = PlaybackControl(name, **fields)
        except ProtocolError as error:
            raise InputError(str(error)) from None
        async with self._turn:
            if self._over is not None:
                raise self._over
            answer: asyncio.Future[PlaybackState] = asyncio.get_running_loop().create_future()
            self._asked = asked = _Asked(command, self.state, answer)
            try:
                async with asyncio.timeout(self.timeout_s):
                    await self._tell(asked)
                    return await answer
            except TimeoutError:
                raise TimedOutError(
                    f"no answer to {name} within {self.timeout_s:g} s: another watcher may have "
                    "told the room something else"
                ) from None
            finally:
                self._asked = None

    async def _tell(self, asked: _Asked) -> None:
        asked.sent_ns = self._now_ns()
        await self._send(asked.command)


@dataclass(slots=True)
class _Asked:
    """A command that waits for its answer."""

    command: PlaybackControl
    before: PlaybackState | None
    answer: asyncio.Future[PlaybackState]
    sent_ns: int = 0


def is_done(
    command: PlaybackControl,
    state: PlaybackState,
    *,
    before: PlaybackState | None,
    sent_ns: int,
) -> bool:
    """Whether a state shows that a command is done.

    States come by themselves, too, and do not say which command they follow: what counts is that
    they are what the command asks for, and younger than it.

    Args:
        command: What was told.
        state: What the bridge says.
        before: What it said before the command was sent.
        sent_ns: When that was, on the bridge's clock.
    """
    elapsed_s = (state.time_ns - sent_ns) * 1e-9 + _CLOCK_ERROR_S
    if elapsed_s < 0:
        return False
    if command.command == "load":
        changed = before is not None and before.recording != state.recording
        return state.recording == command.recording and (changed or _is_fresh(state))
    if state.problem is not None:
        return False
    if command.command == "unload":
        return state.recording is None
    if state.recording is None:
        return False
    match command.command:
        case "play":
            return state.playing or state.duration_s == 0
        case "pause":
            return not state.playing
        case "seek" if command.position_s is not None:
            return _is_after(command.position_s, state, elapsed_s)
        case "rate":
            return state.rate == command.rate
    return _is_same_loop(command.loop_s, state.loop_s)


def position_s(state: PlaybackState, now_ns: int) -> float:
    """Where a recording is at a moment, if nothing is told to it meanwhile.

    Args:
        state: Where it was.
        now_ns: The moment, on the bridge's clock.
    """
    if not state.playing:
        return state.position_s
    now_s = state.position_s + max(0, now_ns - state.time_ns) * 1e-9 * state.rate
    if state.loop_s is not None and state.position_s < state.loop_s[1] <= now_s:
        begin, end = state.loop_s
        return begin + (now_s - end) % (end - begin)
    return min(now_s, state.duration_s)


def _is_fresh(state: PlaybackState) -> bool:
    """Whether a recording stands as it does when it was just loaded."""
    still = not state.playing and state.position_s == 0
    return still and state.rate == 1 and state.loop_s is None


def _is_after(goal_s: float, state: PlaybackState, elapsed_s: float) -> bool:
    """Whether the head may have been at a position at most so long ago."""
    furthest_s = goal_s + state.rate * elapsed_s + _ROUNDING_S
    if goal_s - _ROUNDING_S <= state.position_s <= furthest_s:
        return True
    if state.loop_s is None or not goal_s <= state.loop_s[1] <= furthest_s:
        return False
    return state.position_s <= state.loop_s[0] + furthest_s - state.loop_s[1]


def _is_same_loop(asked: tuple[float, float] | None, told: tuple[float, float] | None) -> bool:
    if asked is None or told is None:
        return asked is told
    return all(abs(a - b) <= _ROUNDING_S for a, b in zip(asked, told, strict=True))
