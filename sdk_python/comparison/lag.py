"""Which hand comes late."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdk_python.alignment.sampling import averaged

__all__ = ["hand_lag_s"]

Floats = NDArray[np.floating[Any]]

_LONGEST_S = 0.25
_LEAST_CORRELATION = 0.3
_SMOOTH_S = 0.1


def hand_lag_s(teacher: Floats, student: Floats, rate_hz: float) -> float | None:
    """How much later a hand moves than where the common alignment has it.

    The peak of the cross-correlation of all its angles' speeds, with a parabola through its top
    (Knapp and Carter 1976, without their weighting), so to a fraction of a frame.

    Args:
        teacher: ``(N, F)`` angles at even times; NaN where missing.
        student: ``(N, F)`` the student's at the same moments of the lesson.
        rate_hz: Frames a second.

    Returns:
        Seconds, positive: the student's hand is late. None where the two hardly move alike.
    """
    both = np.isfinite(teacher) & np.isfinite(student)
    time_s = np.arange(len(both)) / rate_hz
    smooth = [averaged(time_s, values, _SMOOTH_S) for values in (teacher, student)]
    speeds = [np.diff(np.where(both, values, 0), axis=0) for values in smooth]
    first, second = (np.where(both[1:] & both[:-1], speed, 0) for speed in speeds)
    energy = float(np.sqrt((first**2).sum() * (second**2).sum()))
    most = min(round(_LONGEST_S * rate_hz), len(first) - 1)
    if energy < 1e-9 or most < 2:
        return None
    lags = np.arange(-most, most + 1)
    size = len(first) + 2 * most
    products = np.fft.rfft(second, size, axis=0) * np.conj(np.fft.rfft(first, size, axis=0))
    correlation = np.fft.irfft(products.sum(1), size)[lags] / energy
    top = int(correlation.argmax())
    if correlation[top] < _LEAST_CORRELATION or top in (0, len(lags) - 1):
        return None
    left, here, right = correlation[top - 1 : top + 2]
    bend = left - 2 * here + right
    return float((lags[top] + (0.5 * (left - right) / bend if bend < 0 else 0.0)) / rate_hz)
