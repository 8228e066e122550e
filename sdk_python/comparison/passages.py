"""Stretches in which a student's hand differs, as loops to practise."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.protocol.joints import Side
from sdk_python.alignment import Alignment
from sdk_python.comparison.result import Passage
from sdk_python.features.angles import ANGLE_NAMES

__all__ = ["find_passages", "stretches"]

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]

_BRIDGED_S = 0.3
_JOINED_S = 0.5
_LONGEST_S = 8.0
_LEAD_S = 0.5
"""A loop begins a little before what it is for."""


def find_passages(
    time_s: Floats,
    difference_deg: Floats,
    beyond: Bools,
    tolerance_deg: Floats,
    alignment: Alignment,
    *,
    least_s: float,
) -> tuple[Passage, ...]:
    """Gathers what is clearly beyond tolerance into passages of a hand, worst first.

    Args:
        time_s: ``(N,)`` even moments of the lesson.
        difference_deg: ``(N, 2, 21)`` student minus teacher.
        beyond: ``(N, 2, 21)`` where the mean difference around a moment is beyond it.
        tolerance_deg: ``(2, 21)`` what is clearly beyond tolerance.
        alignment: Tells when the student played them.
        least_s: A shorter stretch is none.
    """
    step = float(time_s[1] - time_s[0])
    passages = []
    for side in Side:
        marked = np.zeros_like(beyond[:, side])
        for k in range(marked.shape[1]):
            for a, b in stretches(beyond[:, side, k], step, least_s):
                marked[a:b, k] = True
        joined = stretches(np.any(marked, axis=1), step, 0.0, bridged_s=_JOINED_S)
        for start, end in _cut(joined, step):
            part = slice(start, end)
            found = _one(
                side, part, time_s, difference_deg[part, side], marked[part],
                tolerance_deg[side], alignment,
            )  # fmt: skip
            if found is not None:
                passages.append(found)
    return tuple(sorted(passages, key=lambda passage: -passage.severity))


def stretches(
    where: Bools, step_s: float, least_s: float, *, bridged_s: float = _BRIDGED_S
) -> list[tuple[int, int]]:
    """First index and the one after the last of stretches that hold, short breaks bridged."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], where, [False]]).astype(np.int8)))
    found: list[tuple[int, int]] = []
    for a, b in edges.reshape(-1, 2).tolist():
        if found and (a - found[-1][1]) * step_s < bridged_s:
            found[-1] = found[-1][0], b
        else:
            found.append((a, b))
    return [(a, b) for a, b in found if (b - a) * step_s >= least_s]


def _cut(joined: list[tuple[int, int]], step_s: float) -> list[tuple[int, int]]:
    """Cuts what is too long to be practised in a loop."""
    pieces = []
    for a, b in joined:
        number = max(1, int(np.ceil((b - a) * step_s / _LONGEST_S)))
        bounds = np.linspace(a, b, number + 1).round().astype(int).tolist()
        pieces += list(itertools.pairwise(bounds))
    return pieces


def _one(
    side: Side,
    part: slice,
    time_s: Floats,
    difference_deg: Floats,
    marked: Bools,
    tolerance_deg: Floats,
    alignment: Alignment,
) -> Passage | None:
    times = time_s[part]
    step = float(time_s[1] - time_s[0])
    severity, median = np.zeros(len(ANGLE_NAMES)), np.zeros(len(ANGLE_NAMES))
    for k in np.flatnonzero(marked.any(0)):
        off = difference_deg[marked[:, k], k]
        off = off[np.isfinite(off)]
        if len(off):
            # An angle may err both ways; told is the way in which it errs most.
            more = np.maximum(off - tolerance_deg[k], 0).sum()
            less = np.maximum(-off - tolerance_deg[k], 0).sum()
            median[k] = np.median(off[off > 0] if more > less else off[off < 0])
            severity[k] = np.maximum(np.abs(off) - tolerance_deg[k], 0).sum() * step
    order = [k for k in np.argsort(-severity) if severity[k] > 0]
    played = alignment.student_at(times)
    played = played[np.isfinite(played)]
    if not order or not len(played):
        return None
    return Passage(
        _with_lead(times, time_s),
        _with_lead(played, alignment.student_s),
        side,
        ANGLE_NAMES[order[0]],
        float(median[order[0]]),
        tuple((ANGLE_NAMES[k], float(median[k])) for k in order[1:]),
        float(severity.sum()),
    )


def _with_lead(times: Floats, all_s: Floats) -> tuple[float, float]:
    """From a little before to a little after, within the recording."""
    first = max(float(times.min()) - _LEAD_S, float(all_s[0]))
    return first, min(float(times.max()) + _LEAD_S, float(all_s[-1]))
