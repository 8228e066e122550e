"""Which moment of the student's playing is which moment of the lesson."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError
from sdk_python.alignment.dtw import banded_dtw
from sdk_python.alignment.events import Event, events_between, pauses_of
from sdk_python.alignment.sampling import evenly, sampled
from sdk_python.alignment.structure import find_structure

__all__ = ["UNRELATED_BELOW", "Alignment", "align"]

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]

_COARSE_HZ = 10.0
_MOST_COARSE = 5000
"""Frames of either side in the search for repeats and leaps: its time and memory grow with their
product, so of what is longer than eight minutes fewer a second are used."""

_FINE_HZ = 30.0
_HALF_BAND_S = 0.5
_STEP_COST = 0.15
_SMOOTH_OVER_S = 0.15
_TEMPO_OVER_S = 1.5

UNRELATED_BELOW = 0.68
"""Less `Alignment.agreement` than this: another piece. Takes of one piece have 0.75 to 1, other
motion of the same kind has 0.3 to 0.65 (docs/sdk.md)."""


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """Pairs of moments. Times are those of the two recordings, seconds.

    Attributes:
        teacher_s: ``(P,)`` moments of the lesson; within a run never falling.
        student_s: ``(P,)`` when the student was there, rising.
        run: ``(P,)`` which run a pair belongs to; between runs the student has leapt.
        events: Pauses, repeats, leaps and what was left out, in the student's order.
        tempo: ``(P,)`` how fast the student goes through the lesson: 1 as the teacher, 2 twice as
            fast; over a second on either side, pauses left out. NaN within pauses.
        agreement: How well the lesson's own order explains what the student did, 0 to 1.
    """

    teacher_s: Floats
    student_s: Floats
    run: Ints
    events: tuple[Event, ...]
    tempo: Floats
    agreement: float

    @property
    def unrelated(self) -> bool:
        """The student seems to have played something else."""
        return self.agreement < UNRELATED_BELOW

    def student_at(self, teacher_s: Floats) -> Floats:
        """When the student was at moments of the lesson, the last time they were there.

        Args:
            teacher_s: ``(N,)``.

        Returns:
            ``(N,)``; NaN where they never were.
        """
        found = np.full(len(teacher_s), np.nan)
        for run in np.unique(self.run):
            part = self.run == run
            there, when = self.teacher_s[part], self.student_s[part]
            # Its ends are whole frames of 1/30 s; the lesson's own last moment lies between.
            inside = (teacher_s > there[0] - 1 / _FINE_HZ) & (teacher_s < there[-1] + 1 / _FINE_HZ)
            found[inside] = _inverse(there, when, teacher_s[inside])
        return found

    def teacher_at(self, student_s: Floats) -> Floats:
        """Where in the lesson the student was.

        Args:
            student_s: ``(N,)``.

        Returns:
            ``(N,)``; NaN before the first and after the last pair, and while they leap.
        """
        found = np.full(len(student_s), np.nan)
        for run in np.unique(self.run):
            part = self.run == run
            when = self.student_s[part]
            inside = (student_s >= when[0]) & (student_s <= when[-1])
            found[inside] = np.interp(student_s[inside], when, self.teacher_s[part])
        return found


def align(teacher_s: Floats, teacher: Floats, student_s: Floats, student: Floats) -> Alignment:
    """Aligns a student with a lesson, once for all features of both hands.

    First roughly and anywhere (`find_structure`: repeats, leaps), then each run closely (DTW at
    30 Hz within half a second of the rough one).

    Args:
        teacher_s: ``(M,)`` rising times.
        teacher: ``(M, F)`` features, radians or comparable; NaN where missing.
        student_s: ``(N,)``.
        student: ``(N, F)``.

    Raises:
        InputError: One of them is shorter than half a second, or nothing can be seen in both.
    """
    for name, time_s in (("the lesson", teacher_s), ("the student's recording", student_s)):
        if len(time_s) < 2 or time_s[-1] - time_s[0] < 0.5:
            raise InputError(f"{name} is shorter than half a second: nothing to align")
    teacher, student = _centred(teacher), _centred(student)
    longest = max(teacher_s[-1] - teacher_s[0], student_s[-1] - student_s[0])
    rate = min(_COARSE_HZ, _MOST_COARSE / longest)
    coarse = [
        (at := evenly(time_s, rate), sampled(time_s, values, at, width_s=1 / rate))
        for time_s, values in ((teacher_s, teacher), (student_s, student))
    ]
    (lesson_at, lesson), (played_at, played) = coarse
    structure = find_structure(lesson, played, rate)
    runs = []
    for run in structure.runs:
        a, b = run.student
        guess = played_at[a:b], lesson_at[run.teacher]
        if b == len(played_at) and run.teacher[-1] == len(lesson_at) - 1:
            # What is left after the last whole frame of either.
            guess = np.append(guess[0], student_s[-1]), np.append(guess[1], teacher_s[-1])
        runs.append(_closely(teacher_s, teacher, student_s, student, guess))
    pauses = [pauses_of(there, when) for there, when in runs]
    return Alignment(
        np.concatenate([there for there, _ in runs]),
        np.concatenate([when for _, when in runs]),
        np.concatenate([np.full(len(there), k) for k, (there, _) in enumerate(runs)]),
        events_between(runs, pauses, teacher_s, student_s),
        np.concatenate(
            [_tempo(there, when, still) for (there, when), still in zip(runs, pauses, strict=True)]
        ),
        structure.agreement,
    )


def _centred(values: Floats) -> Floats:
    """Without what is the same throughout: habits, other bones, a camera's own idea of a hand."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a hand that is never seen has no median
        centred: Floats = values - np.nanmedian(values, axis=0)
    return centred


def _closely(
    teacher_s: Floats,
    teacher: Floats,
    student_s: Floats,
    student: Floats,
    guess: tuple[Floats, Floats],
) -> tuple[Floats, Floats]:
    """One run at the fine rate: moments of the lesson, and when the student was there."""
    when, there = guess
    played_at = evenly(when, _FINE_HZ)
    lesson_at = evenly(there, _FINE_HZ)
    played = sampled(student_s, student, played_at)
    lesson = sampled(teacher_s, teacher, lesson_at)
    centre = np.rint((np.interp(played_at, when, there) - lesson_at[0]) * _FINE_HZ)
    moves = lesson[np.isfinite(lesson)]  # what is left after centring
    typical = float(np.sqrt((moves**2).mean())) if len(moves) else 0.0
    step_cost = _STEP_COST * typical * np.sqrt(lesson.shape[1])
    path, _ = banded_dtw(
        played,
        lesson,
        centre.astype(np.int64),
        round(_HALF_BAND_S * _FINE_HZ),
        step_cost=step_cost,
    )
    # A frame of the student's that lasts over several of the lesson's is in their middle.
    count = np.bincount(path[:, 0], minlength=len(played_at))
    mean = np.bincount(path[:, 0], weights=path[:, 1], minlength=len(played_at)) / count
    return _smooth(lesson_at[0] + mean / _FINE_HZ, played_at), played_at


def _smooth(there: Floats, when: Floats) -> Floats:
    """Takes the stairs out of a path of whole frames: a line fitted around each moment."""
    slope, mean_x, mean_y = _lines(when, there, _SMOOTH_OVER_S)
    fitted = np.where(np.isfinite(slope), mean_y + slope * (when - mean_x), there)
    fitted[[0, -1]] = there[[0, -1]]
    for a, b in pauses_of(there, when):  # their corners are real
        fitted[a:b] = there[a:b]
    return np.maximum.accumulate(np.clip(fitted, there[0], there[-1]))


def _inverse(there: Floats, when: Floats, at: Floats) -> Floats:
    """When a never falling path was at places: in the middle of the time it was at one."""
    first = np.interp(at, *_steps(there, when, "first"))
    last = np.interp(at, *_steps(there, when, "last"))
    return (first + last) / 2


def _steps(there: Floats, when: Floats, which: str) -> tuple[Floats, Floats]:
    places, index = np.unique(there, return_index=True)
    if which == "last":
        index = len(there) - 1 - np.unique(there[::-1], return_index=True)[1]
    return places, when[index]


def _tempo(there: Floats, when: Floats, pauses: list[tuple[int, int]]) -> Floats:
    """The slope of a run over a second on either side, least squares, pauses cut out."""
    moving = np.ones(len(there), bool)
    played = when.copy()
    for a, b in pauses:
        moving[a:b] = False
        played[b:] -= when[min(b, len(when) - 1)] - when[a]
    x, y = played[moving], there[moving]
    slope = np.full(len(there), np.nan)
    if len(x) < 3 or x[-1] - x[0] < 0.2:
        return slope
    slope[moving] = _lines(x, y, _TEMPO_OVER_S)[0]
    return slope


def _lines(x: Floats, y: Floats, over: float) -> tuple[Floats, Floats, Floats]:
    """Slope and centre, mean x and mean y, of the line through what is around each x."""
    x0, y0 = x[0], y[0]
    x, y = x - x0, y - y0
    sums = [np.concatenate([[0.0], np.cumsum(v)]) for v in (np.ones_like(x), x, y, x * x, x * y)]
    a = np.searchsorted(x, x - over - 1e-9, "left")
    b = np.searchsorted(x, x + over + 1e-9, "right")
    n, sx, sy, sxx, sxy = (total[b] - total[a] for total in sums)
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = (n * sxy - sx * sy) / (n * sxx - sx * sx)
    return slope, x0 + sx / n, y0 + sy / n
