"""Recordings at other rates: rotations by slerp, positions straight, nothing made up over gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError
from bridge.protocol.joints import Side
from sdk_python._quaternions import slerp
from sdk_python.editing import (
    OVER_TIME,
    keypoints_follow,
    posed_keypoints,
    present_in,
    usual_interval_s,
    with_arrays,
)

if TYPE_CHECKING:
    from sdk_python.recording import Recording

__all__ = ["resampled"]

Floats = NDArray[np.floating[Any]]

_GAP_S = 0.1
_MAX_POSES = 20_000_000
_BLOCK = 8192


def resampled(recording: Recording, rate_hz: float, max_gap_s: float | None) -> Recording:
    """See `Recording.resample`."""
    if not 0 < rate_hz <= 10_000:
        raise InputError(f"rate_hz must be above 0 and at most 10,000, not {rate_hz}")
    if not len(recording):
        return recording
    if recording.duration_s * rate_hz > _MAX_POSES:
        raise InputError(
            f"{recording.duration_s:.0f} s at {rate_hz:g} Hz are more than {_MAX_POSES} poses"
        )
    if max_gap_s is None:
        max_gap_s = max(_GAP_S, 2 * usual_interval_s(recording))
    if not max_gap_s >= 0:
        raise InputError(f"max_gap_s must be 0 or more, not {max_gap_s}")
    # Times from the first pose on, so that doubles hold them to the nanosecond.
    was_ns = recording.time_ns - recording.time_ns[0]
    count = int((int(was_ns[-1]) + 0.5) * 1e-9 * rate_hz) + 1
    now_ns = np.rint(np.arange(count) * (1e9 / rate_hz)).astype(np.int64)
    shape = (count, 2)
    arrays = {
        name: np.full(shape + getattr(recording, name).shape[2:], np.nan, np.float32)
        for name in OVER_TIME
    }
    present = present_in(recording)
    for side in Side:
        seen = np.flatnonzero(present[:, side])
        found, before, after, share = _neighbours(was_ns[seen], now_ns, max_gap_s)
        for name, array in arrays.items():
            given = getattr(recording, name)[:, side]
            mix = _arc if name == "pose_quat" else _line
            for start in range(0, len(found), _BLOCK):
                now = slice(start, start + _BLOCK)
                array[found[now], side] = mix(
                    given[seen[before[now]]], given[seen[after[now]]], share[now]
                )
    if keypoints_follow(recording):
        arrays["joints_m"] = posed_keypoints(
            recording.rest_joints_m, arrays["pose_quat"], arrays["wrist_m"]
        )
    return with_arrays(recording, time_ns=now_ns + recording.time_ns[0], **arrays)


def _neighbours(
    seen_ns: NDArray[np.int64], now_ns: NDArray[np.int64], max_gap_s: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], Floats]:
    """Which new times lie between poses that are near enough, which poses, and where between."""
    if not len(seen_ns):
        nothing = np.empty(0, np.int64)
        return nothing, nothing, nothing, np.empty(0)
    after = np.searchsorted(seen_ns, now_ns, side="left")
    after = np.minimum(after, len(seen_ns) - 1)
    exact = seen_ns[after] == now_ns
    before = np.where(exact, after, np.maximum(after - 1, 0))
    gap_ns = seen_ns[after] - seen_ns[before]
    inside = (seen_ns[before] <= now_ns) & (now_ns <= seen_ns[after])
    found = np.flatnonzero(inside & (gap_ns <= max_gap_s * 1e9))
    before, after, gap_ns = before[found], after[found], gap_ns[found]
    share = (now_ns[found] - seen_ns[before]) / np.maximum(gap_ns, 1)
    return found, before, after, share


def _arc(start: Floats, end: Floats, share: Floats) -> Floats:
    return slerp(start, end, share[:, None])


def _line(start: Floats, end: Floats, share: Floats) -> Floats:
    share = share.reshape(-1, *(1,) * (start.ndim - 1))
    between: Floats = start + share * (end - start)
    return between
