"""Where in the lesson somebody is over time: on from where they were, or after a jump."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdk_python.alignment.distance import squared_distances

__all__ = ["Run", "Structure", "find_structure"]

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]

_JUMP_S = 0.3
"""A jump has to pay for itself within so much time of what a wrong place costs; within more where
noise hides that: over the square of its share in the cost of any place."""

_OFF_TEMPO = 0.08
"""What a step costs that is slower or faster than the lesson, in the same units."""

_LEAST_CONTRAST = np.radians(2.0) ** 2
_BLOCK = 256
_FASTEST = 3
_JUMPED = _FASTEST + 1


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A stretch without a jump.

    Attributes:
        student: First frame of the student, and the one after the last.
        teacher: ``(student[1] - student[0],)`` the teacher's frame at each of them, never falling.
    """

    student: tuple[int, int]
    teacher: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """How a student went through a lesson.

    Attributes:
        runs: In the order of the student's time; together they are all of it.
        agreement: 1 where every frame is as close to its place in the lesson as to the closest
            frame anywhere in it; 0 where the lesson's own order explains no more than a frame
            drawn at random would.
    """

    runs: tuple[Run, ...]
    agreement: float


def find_structure(teacher: Floats, student: Floats, rate_hz: float) -> Structure:
    """Follows a student through a lesson, repeats and leaps included.

    The most probable path of a hidden Markov model (Viterbi) whose states are the lesson's frames:
    with each frame of the student the place moves on by 0 to 3 frames, or, for the cost of
    a while in a wrong place, to any other. Costs are measured on the pair itself: what a right
    place costs and a wrong one, so neither noise nor the kind of motion has to be known.

    Args:
        teacher: ``(M, F)`` features at ``rate_hz``, radians, NaN where missing.
        student: ``(N, F)``.
        rate_hz: Frames a second of both.
    """
    rows, columns = len(student), len(teacher)
    closest, typical = _levels(teacher, student)
    contrast = max(typical - closest, _LEAST_CONTRAST)
    clear = max(contrast / max(typical, contrast), 0.1)
    jump, aside = _JUMP_S / clear**2 * rate_hz * contrast, _OFF_TEMPO * contrast
    came = np.zeros((rows, columns), np.uint8)
    from_best = np.zeros(rows, np.int64)
    value = np.zeros(columns, np.float32)  # above the best of the row before
    spent, paid = 0.0, 0.0
    for start in range(0, rows, _BLOCK):
        costs = squared_distances(student[start : start + _BLOCK], teacher).astype(np.float32)
        spent += float(costs.min(1).sum(dtype=float))
        for row, cost in enumerate(costs, start):
            if row == 0:
                came[0] = _JUMPED
            else:
                from_best[row] = value.argmin()
                value = _moved_on(value, came[row], aside, jump)
            value += cost
            lowest = float(value.min())
            value -= lowest
            paid += lowest
    runs = _runs(came, from_best, int(value.argmin()))
    off_mean = (paid - spent) / rows
    return Structure(runs, float(np.clip(1 - off_mean / contrast, 0, 1)))


def _moved_on(
    value: NDArray[np.float32], came: NDArray[np.uint8], aside: float, jump: float
) -> NDArray[np.float32]:
    """The cheapest way to each place, and in ``came`` which it was."""
    cheapest = value + np.float32(aside)  # stays
    for step in range(1, min(_FASTEST, len(value) - 1) + 1):
        way = value[:-step] + np.float32(aside * (step - 1))
        _take_better(cheapest[step:], came[step:], way, step)
    _take_better(cheapest, came, np.float32(jump), _JUMPED)
    return cheapest


def _take_better(
    cheapest: NDArray[np.float32],
    came: NDArray[np.uint8],
    way: NDArray[np.float32] | np.float32,
    step: int,
) -> None:
    """Takes another way where it is cheaper. Steps rise, so the last one taken is the largest."""
    better = np.less(way, cheapest).view(np.uint8)
    np.minimum(cheapest, way, out=cheapest)
    np.maximum(came, better * np.uint8(step), out=came)


def _levels(teacher: Floats, student: Floats) -> tuple[float, float]:
    """What the closest place costs, and what any does: medians over a sample of frames."""
    sample = student[:: max(1, len(student) // 500)]
    cost = squared_distances(sample, teacher)
    return float(np.median(cost.min(1))), float(np.median(cost))


def _runs(came: NDArray[np.uint8], from_best: Ints, last: int) -> tuple[Run, ...]:
    place = np.empty(len(came), np.int64)
    starts = []
    at = last
    for row in range(len(came) - 1, -1, -1):
        place[row] = at
        step = came[row, at]
        if step == _JUMPED:
            starts.append(row)
            at = int(from_best[row])
        else:
            at -= int(step)
    bounds = [*starts[::-1], len(came)]
    return tuple(Run((a, b), place[a:b].copy()) for a, b in itertools.pairwise(bounds))
