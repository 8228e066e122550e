"""Checks of arrays that come from elsewhere: one clear error for what cannot be a recording."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.errors import InputError
from bridge.protocol.fields import MAX_TIME_NS
from bridge.protocol.joints import FINGERS, N_BETAS

__all__ = [
    "check_size",
    "checked_betas",
    "checked_confidence",
    "checked_floats",
    "checked_seconds",
    "checked_times",
    "farthest",
    "only_where",
]

Floats = NDArray[np.floating[Any]]

_MAX_BETA = 100.0


def checked_times(time_s: ArrayLike, origin_ns: int) -> NDArray[np.int64]:
    """``(T,)`` times on the clock of the origin, nanoseconds, of rising seconds since then.

    Raises:
        InputError: Empty, not finite, not rising, or before the clock's zero.
    """
    times = checked_seconds(time_s)
    # In two steps: a double holds hours to the nanosecond, but not years.
    first_s = float(times[0])
    first_ns = round(first_s * 1e9) + origin_ns
    span_s = float(times[-1]) - first_s
    if not (0 <= first_ns <= MAX_TIME_NS and first_ns + span_s * 1e9 <= MAX_TIME_NS):
        raise InputError("time_s with this origin_ns is out of range: times must be 0 or later")
    steps = np.diff(times)
    if not (steps > 0).all():
        at = int((steps > 0).argmin()) + 1
        raise InputError(
            f"time_s must rise: time_s[{at}] is {times[at]:g} s, the one before {times[at - 1]:g} s"
        )
    time_ns = first_ns + np.rint((times - first_s) * 1e9).astype(np.int64)
    if not (np.diff(time_ns) > 0).all():
        raise InputError("time_s must rise by at least a nanosecond from pose to pose")
    return time_ns


def checked_seconds(time_s: ArrayLike) -> NDArray[np.float64]:
    """``(T,)`` finite rising times.

    Raises:
        InputError: They are not.
    """
    try:
        times = np.asarray(time_s, np.float64)
    except (ValueError, TypeError) as error:
        raise InputError(f"time_s must be numbers: {error}") from None
    if times.ndim != 1:
        raise InputError(f"time_s must have shape (T,), not {times.shape}")
    if not len(times):
        raise InputError("time_s is empty: a recording needs at least one pose")
    if not np.isfinite(times).all():
        raise InputError(f"time_s[{int(np.isfinite(times).argmin())}] is not finite")
    return times


def checked_floats(name: str, value: ArrayLike, shape: tuple[int, ...]) -> Floats:
    """Real numbers of a shape, none of them infinite, as a copy in float32 or float64.

    Raises:
        InputError: They are not.
    """
    try:
        given = np.asarray(value)
    except ValueError as error:  # rows of different lengths
        raise InputError(f"{name} must be numbers: {error}") from None
    if given.dtype.kind not in "fiu":
        raise InputError(f"{name} must be real numbers, not {given.dtype}")
    array: Floats = given.astype(np.float32 if given.dtype == np.float32 else np.float64)
    if array.shape != shape:
        raise InputError(f"{name} must have shape {shape}, not {array.shape}")
    if np.isinf(array).any():
        raise InputError(f"{name} holds infinite values; an absent hand is NaN")
    return array


def farthest(array: Floats) -> float:
    """The largest absolute value but NaN."""
    ends = (reduce(array, axis=None) for reduce in (np.fmin.reduce, np.fmax.reduce))
    return max([0.0, *(abs(float(end)) for end in ends if not np.isnan(end))])


def check_size(joints: Floats, present: NDArray[np.bool_]) -> None:
    """Refuses a hand that is a point: what some programs write where there is none."""
    where = np.argwhere(present & ~(np.abs(joints[:, :, 5] - joints[:, :, 17]) > 0).any(axis=-1))
    hands = joints[tuple(where.T)]  # few: those whose knuckles are in one place, or missing
    empty = (np.nanmax(hands, axis=1) == np.nanmin(hands, axis=1)).all(axis=-1)
    if empty.any():
        t, side = where[int(empty.argmax())]
        raise InputError(
            f"joints_m[{t}, {side}] has all keypoints in one place: an absent hand must be NaN"
        )


def checked_confidence(given: ArrayLike | None, present: NDArray[np.bool_]) -> Floats:
    """``(T, 2, 5)`` of what is given a hand or a finger; 1 if nothing is.

    Raises:
        InputError: Another shape, or not from 0 to 1 where there is a hand.
    """
    shape = (*present.shape, len(FINGERS))
    if given is None:
        return only_where(present, np.ones(shape, np.float32))
    given = np.asarray(given)
    values = checked_floats("confidence", given, shape if given.ndim == 3 else present.shape)
    if values.ndim == 2:
        values = np.broadcast_to(values[..., None], shape)
    seen = values[present]
    if not ((seen >= 0) & (seen <= 1)).all():
        raise InputError("confidence must be from 0 to 1 wherever there is a hand")
    return only_where(present, values)


def checked_betas(given: ArrayLike | None, present: NDArray[np.bool_]) -> Floats:
    """``(2, 10)`` betas; 0 if none are given.

    Raises:
        InputError: Another shape, or out of range.
    """
    shape = (2, N_BETAS)
    betas = np.zeros(shape) if given is None else checked_floats("betas", given, shape)
    if not (np.abs(betas[present]) <= _MAX_BETA).all():
        raise InputError(f"betas must be from -{_MAX_BETA:g} to {_MAX_BETA:g} for a hand there is")
    return only_where(present, betas)


def only_where(present: NDArray[np.bool_], values: Floats) -> Floats:
    """float32 values where there is a hand, NaN elsewhere."""
    found = np.full(values.shape, np.nan, np.float32)
    found[present] = values[present]
    return found
