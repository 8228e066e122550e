"""Features at other instants than they were measured."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["averaged", "evenly", "sampled"]

Floats = NDArray[np.floating[Any]]

LONGEST_GAP_S = 0.2
"""Over a longer gap nothing is interpolated: nobody saw what the hand did."""


def sampled(time_s: Floats, values: Floats, at_s: Floats, *, width_s: float = 0.0) -> Floats:
    """Values between the instants of a recording, by linear interpolation.

    Args:
        time_s: ``(T,)`` rising.
        values: ``(T, F)``; NaN where missing.
        at_s: ``(N,)``.
        width_s: Take the mean over so much time around each instant instead, where that holds
            several frames: what would alias is averaged out.

    Returns:
        ``(N, F)``; NaN outside of the recording and in gaps of more than 0.2 s.
    """
    if width_s > 0:
        values = averaged(time_s, values, width_s)
    after = np.clip(np.searchsorted(time_s, at_s, "right"), 1, max(len(time_s) - 1, 1))
    before = after - 1
    if len(time_s) == 1:
        return np.where((at_s == time_s[0])[:, None], values[0], np.nan)
    gap = time_s[after] - time_s[before]
    share = np.clip((at_s - time_s[before]) / gap, 0, 1).astype(values.dtype)[:, None]
    low, high = values[before], values[after]
    between: Floats = low + share * (high - low)
    # One neighbour that is missing leaves the other, if that is as good as here.
    np.copyto(between, low, where=(share < 0.02) & np.isnan(between))
    np.copyto(between, high, where=(share > 0.98) & np.isnan(between))
    slack = 0.5 * LONGEST_GAP_S
    beyond = (at_s < time_s[0] - slack) | (at_s > time_s[-1] + slack) | (gap > LONGEST_GAP_S)
    between[beyond] = np.nan
    return between


def evenly(time_s: Floats, rate_hz: float) -> Floats:
    """Instants at an even rate over a recording, ``(N,)``; at least one."""
    count = int(np.floor((time_s[-1] - time_s[0]) * rate_hz + 1e-6)) + 1
    times: Floats = time_s[0] + np.arange(count) / rate_hz
    return times


def averaged(time_s: Floats, values: Floats, width_s: float) -> Floats:
    """The mean of all values within ``width_s`` around each instant, missing ones left out.

    Args:
        time_s: ``(T,)`` rising.
        values: ``(T, F)``; NaN where missing, and so the result is.
        width_s: The whole width.
    """
    seen = np.isfinite(values)
    total = np.zeros((len(values) + 1, values.shape[1]))
    count = np.zeros_like(total)
    np.cumsum(np.where(seen, values, 0), axis=0, dtype=float, out=total[1:])
    np.cumsum(seen, axis=0, dtype=float, out=count[1:])
    first = np.searchsorted(time_s, time_s - width_s / 2, "left")
    last = np.searchsorted(time_s, time_s + width_s / 2, "right")
    number = count[last] - count[first]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (total[last] - total[first]) / number
    return np.where(seen, mean, np.nan)
