"""What of a lesson is due now: packets at the pace of a playhead."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor

from bridge.playback.lesson import Lesson, Moment
from bridge.playback.playhead import Playhead
from bridge.protocol.joints import Side
from bridge.protocol.packets import PosePacket, ShapePacket

__all__ = ["Player"]

_READ_AHEAD = 8
"""Poses read at once, in a thread: one hop for several, and a late disk delays none of them."""

_FAR_NS = 1_000_000_000
"""A head that is this far in front of the poses, after a stall, is followed by a jump."""

_HOLD_NS = 100_000_000
"""A head that stands still sends its pose this often: a viewer takes hands without poses for
hands that left, and whoever joins must see them, too."""


class Player:
    """Sends the poses of a lesson when its playhead passes them.

    Poses are sent as recorded, at their times; a client interpolates between them as it does live.
    A pose whose successor is due already is skipped. After a jump the pose in force there is sent
    at once. Each pose gets the next sequence number and, as its capture time, the moment at which
    it was due on the clock, so a client's playout cannot tell it from a live one.

    Args:
        lesson: What to play.
        clock_ns: A monotonic clock, nanoseconds.
        executor: Where the lesson is read; one thread.

    Attributes:
        lesson: As given.
        playhead: Where it is; told from outside what to do.
    """

    def __init__(
        self, lesson: Lesson, *, clock_ns: Callable[[], int], executor: Executor | None = None
    ) -> None:
        self.lesson = lesson
        self.playhead = Playhead(lesson.duration_ns, clock_ns=clock_ns)
        self._clock_ns = clock_ns
        self._executor = executor
        self._jumps = -1
        self._now: Moment | None = None
        self._ahead: deque[Moment] = deque()
        self._shapes: dict[Side, ShapePacket] = {}
        self._seq = 0
        self._time_ns = -1
        self._sent_ns = 0

    async def step(self, send: Callable[[ShapePacket | PosePacket], None]) -> None:
        """Sends what is due, and reads what comes next; call it again at ``wake_ns``.

        Raises:
            RecordingError: The file cannot be read any more.
        """
        playhead = self.playhead
        if playhead.jumps != self._jumps or self._is_far():
            self._jumps = playhead.jumps
            # One pose, so that it is out before those that follow are read.
            (self._now,) = await self._read(lambda: self.lesson.at(playhead.position_ns))
            self._ahead.clear()
            self._send(self._now, self._clock_ns(), send)
        elif (passed := self._passed()) is not None:
            self._now = passed
            self._send(passed, playhead.passed_ns(passed.place.position_ns), send)
        elif self._now is not None and not playhead.playing:
            now_ns = self._clock_ns()
            if now_ns - self._sent_ns >= _HOLD_NS:
                self._send(self._now, now_ns, send)
        if not self._ahead and self._now is not None:
            place = self._now.place
            self._ahead.extend(await self._read(lambda: self.lesson.after(place, _READ_AHEAD)))

    def begin_again(self) -> None:
        """Whoever gets the packets knows none of those before: shapes and pose come again."""
        self._shapes.clear()
        self._jumps = -1

    def wake_ns(self) -> int:
        """When, on the clock, something is due next."""
        playhead = self.playhead
        if playhead.jumps != self._jumps:
            return self._clock_ns()
        following = self._ahead[0].place.position_ns if self._ahead else playhead.duration_ns
        due_ns = playhead.due_ns(following)
        return self._sent_ns + _HOLD_NS if due_ns is None else due_ns

    async def _read(self, question: Callable[[], list[Moment]]) -> list[Moment]:
        return await asyncio.get_running_loop().run_in_executor(self._executor, question)

    def _is_far(self) -> bool:
        if not self._ahead:
            return False
        return self.playhead.position_ns - self._ahead[0].place.position_ns > _FAR_NS

    def _passed(self) -> Moment | None:
        """The newest pose that the head has passed since the last one sent."""
        position_ns = self.playhead.position_ns
        passed = None
        while self._ahead and self._ahead[0].place.position_ns <= position_ns:
            passed = self._ahead.popleft()
        return passed

    def _send(
        self, moment: Moment, time_ns: int, send: Callable[[ShapePacket | PosePacket], None]
    ) -> None:
        self._sent_ns = self._clock_ns()
        if moment.pose is None:
            return
        for side, shape in moment.shapes.items():
            sent = self._shapes.get(side)
            if sent is not shape and sent != shape:
                self._shapes[side] = shape
                send(shape)
        # A hand whose shape is lost cannot be shown, and its pose would be refused.
        hands = tuple(hand for hand in moment.pose.hands if hand.side in moment.shapes)
        self._time_ns = max(self._time_ns + 1, time_ns)
        send(PosePacket(self._seq, self._time_ns, hands))
        self._seq += 1
