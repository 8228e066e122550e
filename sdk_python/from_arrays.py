"""Recordings from arrays: what other programs measured, checked and completed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge import __version__
from bridge.errors import InputError
from bridge.protocol.fields import MAX_TIME_NS
from bridge.protocol.joints import FINGERS, N_JOINTS, N_KEYPOINTS, Side
from bridge.protocol.kinematics import keypoints_from_pose
from bridge.protocol.packets import MAX_POSITION_M
from bridge.protocol.recording import RecordingMetadata
from sdk_python._array_checks import (
    check_size,
    checked_betas,
    checked_confidence,
    checked_floats,
    checked_seconds,
    checked_times,
    farthest,
    only_where,
)
from sdk_python._pose_from_joints import (
    average_rest_joints,
    complete,
    determined,
    pose_from_joints,
    rest_from_joints,
)
from sdk_python._quaternions import canonical

__all__ = ["Parts", "new_metadata", "parts_from_arrays"]

Floats = NDArray[np.floating[Any]]

_MAX_REST_M = 1.0
_BLOCK = 8192


class Parts(NamedTuple):
    """The arrays of a recording, as `Recording` names them."""

    time_ns: NDArray[np.int64]
    joints_m: Floats
    wrist_m: Floats
    pose_quat: Floats
    finger_confidence: Floats
    betas: Floats
    rest_joints_m: Floats


def new_metadata(
    time_s: ArrayLike,
    *,
    origin_ns: int | None = None,
    created: str | None = None,
    software: str | None = None,
    views: tuple[str, ...] = (),
    **metadata: Any,
) -> RecordingMetadata:
    """Metadata of a recording that begins here.

    Args:
        time_s: Its times.
        origin_ns: Time zero; None: 0, or as late as keeps times before it above 0.
        created: When it was recorded; None: now.
        software: What made it; None: this program.
        views: Names of its views.
        metadata: Other fields of `RecordingMetadata`.
    """
    if origin_ns is not None and not 0 <= origin_ns <= MAX_TIME_NS:
        raise InputError(f"origin_ns must be from 0 to {MAX_TIME_NS}")
    if origin_ns is None:
        first = float(checked_seconds(time_s)[0])
        origin_ns = min(int(np.ceil(-first * 1e9)), MAX_TIME_NS) if first < 0 else 0
    return RecordingMetadata(
        origin_ns=origin_ns,
        created=created or datetime.now(UTC).isoformat(timespec="seconds"),
        software=software or f"ghosthands {__version__}",
        views=tuple(views),
        **metadata,
    )


def parts_from_arrays(
    time_s: ArrayLike,
    joints_m: ArrayLike | None,
    *,
    pose_quat: ArrayLike | None,
    wrist_m: ArrayLike | None,
    rest_joints_m: ArrayLike | None,
    confidence: ArrayLike | None,
    betas: ArrayLike | None,
    origin_ns: int,
) -> Parts:
    """See `Recording.from_arrays`."""
    time_ns = checked_times(time_s, origin_ns)
    count = len(time_ns)
    if (pose_quat is None) != (wrist_m is None):
        raise InputError("pose_quat and wrist_m belong together: give both or neither")
    if joints_m is None and pose_quat is None:
        raise InputError("a recording needs joints_m, or pose_quat and wrist_m")
    joints = (
        None
        if joints_m is None
        else checked_floats("joints_m", joints_m, (count, 2, N_KEYPOINTS, 3))
    )
    pose = (
        None
        if pose_quat is None
        else checked_floats("pose_quat", pose_quat, (count, 2, N_JOINTS, 4))
    )
    wrist = None if wrist_m is None else checked_floats("wrist_m", wrist_m, (count, 2, 3))
    for name, array in (("joints_m", joints), ("wrist_m", wrist)):
        if array is not None and farthest(array) > MAX_POSITION_M:
            raise InputError(f"{name} must be metres within {MAX_POSITION_M:g} of the origin")
    present = np.ones((count, 2), bool)
    trust = np.ones((count, 2, len(FINGERS)), np.float32)
    if joints is not None:
        present &= determined(joints)
        trust *= _whole_fingers(joints)
        check_size(joints, present)
    if pose is not None and wrist is not None:
        present &= np.isfinite(pose).all((-1, -2)) & np.isfinite(wrist).all(-1)
        pose = canonical(pose)
        if np.isnan(pose[present]).any():
            raise InputError("pose_quat holds a quaternion of length zero")
    rest = _rest(rest_joints_m, joints, present)
    if joints is None and pose is not None and wrist is not None:
        joints = _keypoints(rest, pose, wrist)
    elif joints is not None:
        joints, pose, wrist = _completed(joints, rest, pose, wrist, present)
    assert joints is not None and pose is not None and wrist is not None  # noqa: S101, PT018
    ever: NDArray[np.bool_] = np.logical_or.reduce(present, axis=0)
    return Parts(
        time_ns=time_ns,
        joints_m=only_where(present, joints),
        wrist_m=only_where(present, wrist),
        pose_quat=only_where(present, pose),
        finger_confidence=checked_confidence(confidence, present) * trust,
        betas=checked_betas(betas, ever),
        rest_joints_m=only_where(ever, rest),
    )


def _whole_fingers(joints: Floats) -> NDArray[np.bool_]:
    """``(T, 2, 5)`` whether all four keypoints of a finger are there."""
    values = joints[..., 1:, :].reshape(*joints.shape[:-2], len(FINGERS), -1)
    whole: NDArray[np.bool_] = np.isfinite(values.sum(axis=-1))
    return whole


def _completed(
    joints: Floats,
    rest: Floats,
    pose: Floats | None,
    wrist: Floats | None,
    present: NDArray[np.bool_],
) -> tuple[Floats, Floats, Floats]:
    """Keypoints of which none is missing where a hand is present, rotations and wrists."""
    completed = np.full(joints.shape, np.nan, np.float32)
    poses = np.full((*present.shape, N_JOINTS, 4), np.nan, np.float32)
    wrists = np.full((*present.shape, 3), np.nan, np.float32)
    for side in Side:
        now = present[:, side], side
        if pose is None or wrist is None:
            poses[now], wrists[now] = pose_from_joints(joints[now], rest[side])
        else:
            poses[now], wrists[now] = pose[now], wrist[now]
        completed[now] = complete(joints[now], rest[side], poses[now], wrists[now])
    return completed, poses, wrists


def _rest(given: ArrayLike | None, joints: Floats | None, present: NDArray[np.bool_]) -> Floats:
    if given is None:
        if joints is None:
            return average_rest_joints()
        measured = [rest_from_joints(joints[present[:, side], side], side) for side in Side]
        rest: Floats = np.stack(measured)
    else:
        rest = checked_floats("rest_joints_m", given, (2, N_KEYPOINTS, 3))
        rest = rest - rest[:, :1]
        if np.isnan(rest[present.any(axis=0)]).any():
            raise InputError("rest_joints_m is NaN for a hand that is there")
    if np.nanmax(np.abs(rest), initial=0) > _MAX_REST_M:
        raise InputError(f"a hand larger than {_MAX_REST_M:g} m: positions must be metres")
    return rest


def _keypoints(rest: Floats, pose: Floats, wrist: Floats) -> Floats:
    joints = np.empty((len(pose), 2, N_KEYPOINTS, 3), np.float32)
    for start in range(0, len(pose), _BLOCK):
        now = slice(start, start + _BLOCK)
        joints[now] = keypoints_from_pose(rest, pose[now], wrist[now])
    return joints
