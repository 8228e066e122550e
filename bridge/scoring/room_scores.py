"""The learners of a room, scored while a lesson is played there."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from bridge.errors import GhostHandsError
from bridge.protocol import LearnerHands, PlaybackState, Score

__all__ = ["RoomScores", "Scorer"]

_LOG = logging.getLogger(__name__)

_INTERVAL_NS = 100_000_000
"""A learner's scores come at most ten times a second."""

_LEAST_GAP_NS = 12_000_000
"""Hands that follow each other faster say nothing new; a headset sends 72 or 90 a second."""

_JUMP_S = 0.5
"""A position that is so far from where the last state leads was jumped to."""

LONGEST_S = 1200.0
"""A lesson of 20 minutes takes 41 MB, however many learners are scored against it."""


class Scorer(Protocol):
    """Scores one learner against a lesson; used by one thread at a time."""

    def follow(self, hands: LearnerHands) -> None:
        """Takes the learner's next frame."""
        ...

    def score(self) -> Score | None:
        """The score at that frame, if there is one."""
        ...

    def seek(self, position_s: float) -> None:
        """The lesson goes on from another position, seconds since its first pose."""
        ...


class RoomScores:
    """Gives each learner in a room a scorer of their own while a lesson is loaded there.

    All work is done on one thread of the room, so that following a learner delays nobody's poses.
    Methods belong on the event loop. A lesson that cannot be scored is logged once and not scored.

    Drop policy: newest wins. While a learner's hands wait for the thread, newer ones take their
    place, and of more than 80 a second some are passed over: so much can learners cost and no more.
    Learners beyond the first ``most`` are not scored.

    Args:
        room: The room's name, for logs.
        open_lesson: Reads a recording by its name and returns what makes a scorer; on the thread.
        send: Takes each score.
        most: Learners that are scored at a time.
        on_dropped: Called for hands that were dropped.
        now_ns: The bridge's clock.
    """

    def __init__(
        self,
        room: str,
        open_lesson: Callable[[str], Callable[[], Scorer]],
        send: Callable[[Score], None],
        *,
        most: int = 4,
        on_dropped: Callable[[], None] = lambda: None,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._room = room
        self._open_lesson = open_lesson
        self._send = send
        self._most = most
        self._on_dropped = on_dropped
        self._now_ns = now_ns
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"scores {room}")
        self._state: PlaybackState | None = None
        self._lesson: _Lesson | None = None
        self._learners: dict[str, _Learner] = {}
        self._closed = False

    def played(self, state: PlaybackState) -> None:
        """What the room plays has changed, or is where it is."""
        before, self._state = self._state, state
        if before is None or state.recording != before.recording or state.recording is None:
            self._learners.clear()
            self._lesson = None
        elif abs(state.position_s - _expected_s(before, state.time_ns)) > _JUMP_S:
            for learner in self._learners.values():
                learner.seek_s = state.position_s

    def moved(self, hands: LearnerHands) -> None:
        """A learner's hands have come, with the learner's name in them."""
        state = self._state
        if state is None or state.recording is None or self._closed:
            return
        if not 0 < state.duration_s <= LONGEST_S:
            return
        learner = self._learners.get(hands.learner)
        if learner is None:
            if len(self._learners) >= self._most:
                return
            if self._lesson is None:
                self._lesson = _Lesson(state.recording)
            learner = self._learners[hands.learner] = _Learner(self._lesson)
        now_ns = self._now_ns()
        if learner.waiting is not None or now_ns - learner.came_ns < _LEAST_GAP_NS:
            self._on_dropped()
            if learner.waiting is not None:
                learner.waiting = hands
            return
        learner.waiting, learner.came_ns = hands, now_ns
        loop = asyncio.get_running_loop()
        self._thread.submit(self._score, learner, loop)

    def left(self, learner: str) -> None:
        """A learner has left the room."""
        self._learners.pop(learner, None)

    async def close(self) -> None:
        """Stops, and waits for what is being done."""
        self._closed = True
        self._learners.clear()
        await asyncio.to_thread(self._thread.shutdown, cancel_futures=True)

    def _score(self, learner: _Learner, loop: asyncio.AbstractEventLoop) -> None:
        """On the thread."""
        hands, learner.waiting = learner.waiting, None
        seek_s, learner.seek_s = learner.seek_s, None
        lesson = learner.lesson
        if hands is None or lesson.failed or self._learners.get(hands.learner) is not learner:
            return
        try:
            if lesson.make is None:
                lesson.make = self._open_lesson(lesson.name)
            if learner.scorer is None:
                learner.scorer = lesson.make()
            elif seek_s is not None:
                learner.scorer.seek(seek_s)
            learner.scorer.follow(hands)
            now_ns = self._now_ns()
            if now_ns - learner.sent_ns < _INTERVAL_NS:
                return
            learner.sent_ns, score = now_ns, learner.scorer.score()
        except GhostHandsError as error:
            lesson.failed = True
            _LOG.warning("room %s: %s cannot be scored: %s", self._room, lesson.name, error)
            return
        except Exception:  # a fault of our own must not end a room
            lesson.failed = True
            _LOG.exception("room %s: scoring %s failed", self._room, lesson.name)
            return
        if score is not None:
            loop.call_soon_threadsafe(self._tell, learner, score)

    def _tell(self, learner: _Learner, score: Score) -> None:
        """Back on the event loop: unless the learner left, or the lesson, meanwhile."""
        if self._learners.get(score.learner) is learner:
            self._send(score)


@dataclass(slots=True, eq=False)
class _Lesson:
    """A lesson, once somebody is scored against it; the rest belongs to the thread."""

    name: str
    make: Callable[[], Scorer] | None = None
    failed: bool = False


@dataclass(slots=True, eq=False)
class _Learner:
    """A learner's place. ``waiting`` and ``seek_s`` pass from the loop to the thread."""

    lesson: _Lesson
    waiting: LearnerHands | None = None
    seek_s: float | None = None
    scorer: Scorer | None = None
    came_ns: int = 0
    sent_ns: int = 0


def _expected_s(state: PlaybackState, now_ns: int) -> float:
    """Where the lesson is if nothing happened since, not even the end of a loop."""
    moved_s = max(0, now_ns - state.time_ns) * 1e-9 * state.rate if state.playing else 0.0
    return min(state.position_s + moved_s, state.duration_s)
