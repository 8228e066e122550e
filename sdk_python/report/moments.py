"""At which moment to look at two hands, and how they were held then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bridge.protocol.joints import Side
from sdk_python.alignment.sampling import averaged
from sdk_python.features.angles import ANGLE_NAMES
from sdk_python.report.hand_picture import posed

if TYPE_CHECKING:
    from sdk_python.comparison import Comparison, Passage
    from sdk_python.recording import Recording

__all__ = ["hand_at", "typical_moment", "worst_moment"]

Floats = NDArray[np.floating[Any]]

_NEAR_S = 0.1
_SMOOTH_S = 0.15


def worst_moment(result: Comparison, passage: Passage) -> tuple[float, float] | None:
    """The moment of a passage at which its first angle differs most, and by how much.

    Args:
        result: The comparison.
        passage: One of its passages.

    Returns:
        Seconds in the lesson, and student minus teacher in degrees; None where nothing is seen.
    """
    first, last = np.searchsorted(result.time_s, passage.teacher_s)
    part = slice(int(first), int(last) + 1)
    off = _of(result, passage.hand, (passage.angle,), part)[:, 0]
    if not np.isfinite(off).any():
        return None
    # To the side that the passage's words tell, unless it is beyond tolerance only on the other.
    told = off * np.sign(passage.difference_deg)
    size = told if np.nanmax(told) > result.parameters.floor_deg else np.abs(off)
    at = int(np.nanargmax(size))
    return float(result.time_s[part][at]), float(off[at])


def typical_moment(result: Comparison, hand: Side, angles: Sequence[str]) -> float | None:
    """A moment of the lesson at which angles of a hand differ as they usually do.

    Args:
        result: The comparison.
        hand: Which hand.
        angles: Their names.
    """
    off = _of(result, hand, angles, slice(None))
    seen = np.isfinite(off).all(1)
    if not seen.any():
        return None
    far = np.abs(off - np.median(off[seen], axis=0)).sum(1)
    return float(result.time_s[np.nanargmin(np.where(seen, far, np.nan))])


def hand_at(recording: Recording, hand: Side, time_s: float) -> Floats | None:
    """``(21, 3)`` as `posed` gives them; None where the hand is not seen near that time."""
    if not np.isfinite(time_s):
        return None
    first, last = np.searchsorted(recording.time_s, (time_s - _NEAR_S, time_s + _NEAR_S))
    quat = np.asarray(recording.pose_quat[first:last, hand], dtype=float)
    seen = np.flatnonzero(np.isfinite(quat).all((1, 2)))
    if not len(seen):
        return None
    nearest = seen[np.abs(recording.time_s[first:last][seen] - time_s).argmin()]
    return posed(hand, quat[nearest])


def _of(result: Comparison, hand: Side, angles: Sequence[str], part: slice) -> Floats:
    """``(N, K)`` differences, without what lasts only a frame."""
    columns = [ANGLE_NAMES.index(angle) for angle in angles]
    off = np.asarray(result.difference_deg[part, hand][:, columns], dtype=float)
    return averaged(result.time_s[part], off, _SMOOTH_S)
