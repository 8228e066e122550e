"""A student and the teacher's takes at the same moments of the lesson."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdk_python.alignment import Alignment, align
from sdk_python.alignment.sampling import evenly, sampled
from sdk_python.comparison.take import Take
from sdk_python.features.reference import hand_axes

__all__ = ["Differences", "differences_of"]

Floats = NDArray[np.floating[Any]]

_MOST_HZ = 60.0
_EVEN = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Differences:
    """All at even moments of the lesson; NaN where something is missing. Degrees, millimetres.

    Attributes:
        time_s: ``(N,)``.
        rate_hz: Moments a second.
        takes: Angles of the teacher's takes, each ``(N, 42)``; the lesson first.
        left_out: Numbers from 1 of the takes that are of another piece.
        reference: ``(N, 42)`` their mean.
        student: ``(N, 42)`` the student's.
        alignment: Of the student with the lesson.
        played_s: ``(N,)`` when the student was there.
        tip_offset_mm: ``(N, 2, 5, 3)`` fingertips, student minus lesson, along the axes of
            `features.reference.hand_axes`.
    """

    time_s: Floats
    rate_hz: float
    takes: tuple[Floats, ...]
    left_out: tuple[int, ...]
    reference: Floats
    student: Floats
    alignment: Alignment
    played_s: Floats
    tip_offset_mm: Floats

    @property
    def tip_mm(self) -> Floats:
        """``(N, 2, 5)`` distance of fingertips from the lesson's."""
        distance: Floats = np.linalg.norm(self.tip_offset_mm, axis=-1)
        return distance

    @property
    def angles(self) -> Floats:
        """``(N, 42)`` student minus teacher."""
        return self.student - self.reference


def differences_of(takes: Sequence[Take], played: Take) -> Differences:
    """Aligns the other takes and the student with the first take, and subtracts.

    Args:
        takes: The teacher's, the lesson first.
        played: The student's.
    """
    lesson = takes[0]
    steps = np.diff(lesson.time_s)
    rate_hz = min(_MOST_HZ, 1 / float(np.median(steps)))
    even = np.abs(steps * rate_hz - 1).max() < _EVEN
    time_s = lesson.time_s if even else evenly(lesson.time_s, rate_hz)
    angles, left_out = [_degrees(lesson, time_s)], []
    for number, take in enumerate(takes[1:], 2):
        found = align(lesson.time_s, lesson.features, take.time_s, take.features)
        if found.unrelated:
            left_out.append(number)
        else:
            angles.append(_degrees(take, found.student_at(time_s)))
    alignment = align(lesson.time_s, lesson.features, played.time_s, played.features)
    played_s = alignment.student_at(time_s)
    apart = _tips(played, played_s) - _tips(lesson, time_s)
    return Differences(
        time_s,
        rate_hz,
        tuple(angles),
        tuple(left_out),
        _mean(angles),
        _degrees(played, played_s),
        alignment,
        played_s,
        apart.reshape(-1, 2, 5, 3) @ hand_axes() * 1000,
    )


def _degrees(take: Take, at_s: Floats) -> Floats:
    return np.degrees(_at(take.time_s, take.features, at_s))


def _tips(take: Take, at_s: Floats) -> Floats:
    return _at(take.time_s, take.tips_m.reshape(len(take.tips_m), -1), at_s)


def _at(time_s: Floats, values: Floats, at_s: Floats) -> Floats:
    """``sampled`` at moments some of which are NaN: never."""
    found = np.full((len(at_s), values.shape[1]), np.nan, values.dtype)
    known = np.isfinite(at_s)
    found[known] = sampled(time_s, values, at_s[known])
    return found


def _mean(takes: list[Floats]) -> Floats:
    if len(takes) == 1:
        return takes[0]
    stack = np.stack(takes)
    count = np.isfinite(stack).sum(0)
    return np.where(count > 0, np.nansum(stack, axis=0) / np.maximum(count, 1), np.nan)
