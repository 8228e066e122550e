"""Parts of a stream without asyncio: playback control, and what waits to be taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from bridge.protocol.lesson import PlaybackState
from sdk_python._background import Line
from sdk_python.control import PlaybackRemote
from sdk_python.mailbox import Mailbox

__all__ = ["BlockingMailbox", "BlockingRemote"]

T = TypeVar("T")


class BlockingMailbox(Generic[T]):
    """Messages of one kind that wait to be taken, as a plain iterator; see ``Mailbox``.

    Raises, when asked for the next: ``TimedOutError`` when none comes in the stream's
    ``timeout_s``.
    """

    def __init__(self, box: Mailbox[T], line: Line, what: str) -> None:
        self._box = box
        self._line = line
        self._what = what

    @property
    def last(self) -> T | None:
        """The newest that has come, taken or not; None before the first."""
        return self._box.last

    @property
    def dropped(self) -> int:
        """How many were dropped: the oldest, when too many waited."""
        return self._box.dropped

    @property
    def waiting(self) -> int:
        """How many can be taken at once."""
        return self._box.waiting

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        return self._line.next(self._box.ready, self._box.__anext__, self._what)


class BlockingRemote:
    """Plays the bridge's recordings in a room; see ``PlaybackRemote``, also for the errors."""

    def __init__(self, remote: PlaybackRemote, line: Line) -> None:
        self._remote = remote
        self._line = line

    @property
    def state(self) -> PlaybackState | None:
        """What the room plays, as the bridge last said; None before it has."""
        return self._remote.state

    @property
    def position_s(self) -> float | None:
        """Where the recording is now, seconds; None while nothing is loaded."""
        return self._remote.position_s

    @property
    def timeout_s(self) -> float:
        """How long to wait for an answer, seconds."""
        return self._remote.timeout_s

    @timeout_s.setter
    def timeout_s(self, seconds: float) -> None:
        self._remote.timeout_s = seconds

    def recordings(self) -> tuple[str, ...]:
        """What can be loaded, once the bridge has told."""
        return self._line.run(self._remote.recordings)

    def load(self, recording: str) -> PlaybackState:
        """Loads a recording; it stands at its first pose."""
        return self._line.run(lambda: self._remote.load(recording))

    def unload(self) -> PlaybackState:
        """Ends what is played; the room is free for devices and players."""
        return self._line.run(self._remote.unload)

    def play(self) -> PlaybackState:
        """Plays on from where it is; at the end, from the begin."""
        return self._line.run(self._remote.play)

    def pause(self) -> PlaybackState:
        """Stops where it is."""
        return self._line.run(self._remote.pause)

    def seek(self, position_s: float) -> PlaybackState:
        """Jumps to a position, seconds since the first pose."""
        return self._line.run(lambda: self._remote.seek(position_s))

    def rate(self, rate: float) -> PlaybackState:
        """Sets how fast it plays, 0.25 to 2."""
        return self._line.run(lambda: self._remote.rate(rate))

    def loop(self, begin_s: float, end_s: float) -> PlaybackState:
        """Repeats a passage of 0.1 s or more from now on, seconds since the first pose."""
        return self._line.run(lambda: self._remote.loop(begin_s, end_s))

    def end_loop(self) -> PlaybackState:
        """Plays past the end of the loop again."""
        return self._line.run(self._remote.end_loop)
