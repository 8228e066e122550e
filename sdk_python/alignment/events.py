"""What a student did to the lesson's time: paused, repeated, leapt, began late, ended early."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Event", "EventKind", "events_between", "pauses_of"]

Floats = NDArray[np.floating[Any]]

EventKind = Literal["pause", "repeat", "skip", "begins_late", "ends_early"]

_SLOW = 0.3
_OVER_S = 0.2
_LEAST_PAUSE_S = 0.3
_LEAST_LEFT_OUT_S = 0.5


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. Times are those of the two recordings, seconds.

    Attributes:
        kind: ``pause``: the student stood still at ``teacher_s[0]``. ``repeat``: they went back and
            played ``teacher_s`` again. ``skip``: they left ``teacher_s`` out. ``begins_late``,
            ``ends_early``: they left out its beginning or its end.
        teacher_s: From and to in the lesson.
        student_s: From and to in the student's recording: the pause; the second time that they
            played it; for what was left out, the moment at which it is missing, twice.
    """

    kind: EventKind
    teacher_s: tuple[float, float]
    student_s: tuple[float, float]

    @property
    def duration_s(self) -> float:
        """How long: a pause in the student's time, anything else in the lesson's."""
        start, end = self.student_s if self.kind == "pause" else self.teacher_s
        return end - start


def pauses_of(there: Floats, when: Floats) -> list[tuple[int, int]]:
    """Stretches of a run in which its place in the lesson hardly moves on.

    Args:
        there: ``(P,)`` moments of the lesson, never falling.
        when: ``(P,)`` the student's time, at an even rate.

    Returns:
        First index of each and the one after its last.
    """
    if len(there) < 3:
        return []
    step = when[1] - when[0]
    half = max(1, round(_OVER_S / 2 / step))
    index = np.arange(len(there))
    a, b = np.maximum(index - half, 0), np.minimum(index + half, len(there) - 1)
    slow = (there[b] - there[a]) < _SLOW * (when[b] - when[a])
    edges = np.flatnonzero(np.diff(np.concatenate([[False], slow, [False]]).astype(int)))
    found = []
    for start, end in edges.reshape(-1, 2):
        # What is slow over a window reaches half a window further at either end.
        first, last = max(start - half // 2, 0), min(end + half // 2, len(there))
        lost = (when[last - 1] - when[first]) - (there[last - 1] - there[first])
        if lost >= _LEAST_PAUSE_S:
            found.append((int(first), int(last)))
    return found


def events_between(
    runs: list[tuple[Floats, Floats]],
    pauses: list[list[tuple[int, int]]],
    teacher_s: Floats,
    student_s: Floats,
) -> tuple[Event, ...]:
    """Names what happened within and between runs.

    Args:
        runs: Of each, moments of the lesson and when the student was there.
        pauses: Of each, as `pauses_of` gives them.
        teacher_s: The lesson's times.
        student_s: The student's.
    """
    events = []
    for (there, when), stops in zip(runs, pauses, strict=True):
        for a, b in stops:
            place = float(there[(a + b) // 2])
            events.append(Event("pause", (place, place), (float(when[a]), float(when[b - 1]))))
    for (before, left), (after, came) in itertools.pairwise(runs):
        end, begin = float(before[-1]), float(after[0])
        if begin > end:
            at = (float(left[-1]) + float(came[0])) / 2
            events.append(Event("skip", (end, begin), (at, at)))
        else:
            again = float(np.interp(end, after, came)) if after[-1] > end else float(came[-1])
            stop = min(end, float(after[-1]))
            events.append(Event("repeat", (begin, stop), (float(came[0]), again)))
    first, last = float(runs[0][0][0]), float(runs[-1][0][-1])
    if first - teacher_s[0] >= _LEAST_LEFT_OUT_S:
        at = float(student_s[0])
        events.append(Event("begins_late", (float(teacher_s[0]), first), (at, at)))
    if teacher_s[-1] - last >= _LEAST_LEFT_OUT_S:
        at = float(student_s[-1])
        events.append(Event("ends_early", (last, float(teacher_s[-1])), (at, at)))
    return tuple(sorted(events, key=lambda event: event.student_s))
