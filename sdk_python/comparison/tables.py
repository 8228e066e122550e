"""The numbers of a comparison: by angle, by finger, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.protocol.joints import FINGERS, Side
from sdk_python.comparison.differences import Differences
from sdk_python.comparison.lag import hand_lag_s
from sdk_python.comparison.result import AngleResult, FingerResult, HandResult, Passage, Verdict
from sdk_python.features.angles import ANGLE_FINGERS, ANGLE_NAMES

__all__ = ["angle_table", "finger_table", "hand_table", "mean_or_none"]

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]

_OF_FINGER = np.array(ANGLE_FINGERS)


def angle_table(
    difference: Floats,
    within: Floats,
    tolerance: Floats,
    own: Floats | None,
    passages: tuple[Passage, ...],
    habits: Bools,
) -> tuple[AngleResult, ...]:
    """All 42 angles, left hand first.

    Args:
        difference: ``(N, 2, 21)`` degrees.
        within: ``(N, 2, 21)`` 1 within tolerance, 0 beyond, NaN where not compared.
        tolerance: ``(2, 21)`` degrees.
        own: ``(2, 21)`` MDC95 of the teacher's takes, degrees.
        passages: Where angles differ.
        habits: ``(2, 21)`` which differ throughout.
    """
    differing = {
        (passage.hand, name)
        for passage in passages
        for name in (passage.angle, *(name for name, _ in passage.others))
    }
    rows = []
    for side in Side:
        for k, name in enumerate(ANGLE_NAMES):
            off = difference[:, side, k]
            off = off[np.isfinite(off)]
            verdict: Verdict = "alike"
            if habits[side, k]:
                verdict = "may differ throughout" if own is None else "differs throughout"
            elif (side, name) in differing:
                verdict = "may differ" if own is None else "differs"
            repeated = None if own is None else own[side, k]
            rows.append(
                AngleResult(
                    side,
                    name,
                    mean_or_none(off),
                    mean_or_none(np.abs(off)),
                    float(np.percentile(np.abs(off), 95)) if len(off) else None,
                    mean_or_none(within[:, side, k]),
                    float(tolerance[side, k]),
                    float(repeated) if repeated is not None and np.isfinite(repeated) else None,
                    verdict if len(off) else "not seen",
                )
            )
    return tuple(rows)


def finger_table(
    difference: Floats, offset_mm: Floats, floor_mm: float
) -> tuple[FingerResult, ...]:
    """All 10 fingers, left hand first.

    Args:
        difference: ``(N, 2, 21)`` degrees.
        offset_mm: ``(N, 2, 5, 3)``.
        floor_mm: What a fingertip may be away.
    """
    rows = []
    for side in Side:
        for finger, name in enumerate(FINGERS):
            offset = offset_mm[:, side, finger]
            offset = offset[np.isfinite(offset[:, 0])]
            away = np.linalg.norm(offset, axis=-1)
            along, out, aside = offset.mean(0).tolist() if len(offset) else (0.0, 0.0, 0.0)
            rows.append(
                FingerResult(
                    side,
                    name,
                    mean_or_none(away),
                    (along, out, aside) if len(away) else None,
                    float(np.percentile(away, 95)) if len(away) else None,
                    mean_or_none((away <= floor_mm).astype(float)),
                    floor_mm,
                    mean_or_none(np.abs(difference[:, side][:, finger == _OF_FINGER])),
                )
            )
    return tuple(rows)


def hand_table(found: Differences, within: Floats) -> tuple[HandResult, ...]:
    """Both hands.

    Args:
        found: What is compared.
        within: ``(N, 2, 21)``.
    """
    shape = (-1, 2, len(ANGLE_NAMES))
    lesson, student = found.takes[0].reshape(shape), found.student.reshape(shape)
    difference = found.angles.reshape(shape)
    rows = []
    for side in Side:
        lag_s = hand_lag_s(lesson[:, side], student[:, side], found.rate_hz)
        rows.append(
            HandResult(
                side,
                mean_or_none(np.abs(difference[:, side])),
                mean_or_none(found.tip_mm[:, side]),
                mean_or_none(within[:, side]),
                None if lag_s is None else lag_s * 1000,
                float(np.isfinite(difference[:, side]).any(-1).mean()),
            )
        )
    return tuple(rows)


def mean_or_none(values: Floats) -> float | None:
    """The mean of what is there."""
    there = np.isfinite(values)
    return float(values[there].mean()) if there.any() else None
