"""Recordings from recordings: parts, other rates, mirror images, one after the other.

The methods of `Recording` document what each does; recordings never change.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.errors import InputError
from bridge.protocol.fields import MAX_TIME_NS
from bridge.protocol.kinematics import keypoints_from_pose, matrix_from_quat
from sdk_python._array_checks import checked_times
from sdk_python._quaternions import canonical, product

if TYPE_CHECKING:
    from sdk_python.recording import Recording

__all__ = [
    "OVER_TIME",
    "concatenate",
    "keypoints_follow",
    "mirrored",
    "part",
    "posed_keypoints",
    "present_in",
    "retimed",
    "trimmed",
    "usual_interval_s",
    "with_arrays",
]

Floats = NDArray[np.floating[Any]]

_BLOCK = 8192
_SAME_M = 1e-6
OVER_TIME = ("joints_m", "wrist_m", "pose_quat", "finger_confidence")
"""Arrays over time from which a recording's others follow."""


def part(recording: Recording, start_s: float | None, end_s: float | None) -> Recording:
    """See `Recording.slice`."""
    for name, value in (("start_s", start_s), ("end_s", end_s)):
        if value is not None and np.isnan(value):
            raise InputError(f"{name} is NaN: give seconds, or None")
    if start_s is not None and end_s is not None and start_s > end_s:
        raise InputError(f"the part from {start_s:g} s to {end_s:g} s ends before it begins")
    times = recording.time_s
    first = 0 if start_s is None else int(np.searchsorted(times, start_s))
    end = len(times) if end_s is None else int(np.searchsorted(times, end_s))
    return _chosen(recording, slice(first, end))


def trimmed(recording: Recording) -> Recording:
    """See `Recording.trim`."""
    seen = np.flatnonzero(present_in(recording).any(axis=1))
    if not len(seen):
        return _chosen(recording, slice(0, 0))
    return _chosen(recording, slice(int(seen[0]), int(seen[-1]) + 1))


def retimed(recording: Recording, time_s: ArrayLike) -> Recording:
    """See `Recording.retimed`."""
    time_ns = checked_times(time_s, recording.metadata.origin_ns)
    if len(time_ns) != len(recording):
        raise InputError(f"{len(recording)} poses need as many times, not {len(time_ns)}")
    return with_arrays(recording, time_ns=time_ns)


def mirrored(recording: Recording) -> Recording:
    """See `Recording.mirror`."""
    normal, point = _mirror_plane(recording)
    flip = np.eye(3) - 2 * np.outer(normal, normal)
    # A hand at rest is the other's mirror image in x: flip @ R @ flip_x has determinant 1 again.
    flip_x = np.diag([-1.0, 1.0, 1.0])
    pose = recording.pose_quat[:, ::-1] * np.array([1, -1, -1, 1], np.float32)
    pose[:, :, 0] = product(_quat_from_matrix(flip @ flip_x), pose[:, :, 0].astype(np.float64))
    pose = canonical(pose).astype(np.float32)

    def reflect(points: Floats) -> Floats:
        reflected: Floats = ((points[:, ::-1] - point) @ flip + point).astype(np.float32)
        return reflected

    return with_arrays(
        recording,
        joints_m=reflect(recording.joints_m),
        wrist_m=reflect(recording.wrist_m),
        pose_quat=pose,
        finger_confidence=recording.finger_confidence[:, ::-1],
        betas=recording.betas[::-1],
        rest_joints_m=recording.rest_joints_m[::-1] * np.array([-1, 1, 1], np.float32),
    )


def concatenate(recordings: Sequence[Recording], *, gap_s: float | None = None) -> Recording:
    """One recording after the other, as one; its metadata is the first one's.

    Args:
        recordings: At least one.
        gap_s: Seconds from the last pose of one to the first pose of the next, which is moved
            there. None: parts of one recording keep their times if those rise, and others follow
            after the usual time between poses.

    Returns:
        A recording whose hands' shape is that of the last one that has some.

    Raises:
        InputError: None is given, or ``gap_s`` is not above 0.
    """
    if not recordings:
        raise InputError("give at least one recording to put together")
    if gap_s is not None and not 0 < gap_s < 1e6:
        raise InputError(f"gap_s must be above 0 and at most a million seconds, not {gap_s}")
    first = recordings[0]
    betas, rest = first.betas.copy(), first.rest_joints_m.copy()
    times: list[NDArray[np.int64]] = []
    last_ns: int | None = None
    for recording in recordings:
        time_ns = recording.time_ns
        if len(time_ns) and last_ns is not None:
            together = recording.metadata.origin_ns == first.metadata.origin_ns
            if gap_s is not None or not together or time_ns[0] <= last_ns:
                step_s = usual_interval_s(recording) if gap_s is None else gap_s
                if last_ns + step_s * 1e9 + int(time_ns[-1] - time_ns[0]) > MAX_TIME_NS:
                    raise InputError("the recordings together are too long")
                time_ns = time_ns - time_ns[0] + last_ns + max(1, round(step_s * 1e9))
        if len(time_ns):
            last_ns = int(time_ns[-1])
        times.append(time_ns)
        known = np.isfinite(recording.rest_joints_m[:, 0, 0])
        betas[known], rest[known] = recording.betas[known], recording.rest_joints_m[known]
    arrays = {
        name: np.concatenate([getattr(recording, name) for recording in recordings])
        for name in OVER_TIME
    }
    from sdk_python.recording import made_of

    return made_of(
        first.metadata,
        time_ns=np.concatenate(times),
        betas=betas,
        rest_joints_m=rest,
        lost=next((recording.lost for recording in recordings if recording.lost), None),
        **arrays,
    )


def usual_interval_s(recording: Recording) -> float:
    """The median time between poses, seconds; a 60th with fewer than two."""
    if len(recording) < 2:
        return 1 / 60
    return float(np.median(np.diff(recording.time_ns))) * 1e-9


def posed_keypoints(rest_joints_m: Floats, pose_quat: Floats, wrist_m: Floats) -> Floats:
    """``(T, 2, 21, 3)`` float32 keypoints of poses, in bounded extra memory."""
    joints = np.empty((len(pose_quat), *rest_joints_m.shape), np.float32)
    for start in range(0, len(joints), _BLOCK):
        now = slice(start, start + _BLOCK)
        joints[now] = keypoints_from_pose(rest_joints_m, pose_quat[now], wrist_m[now])
    return joints


def keypoints_follow(recording: Recording) -> bool:
    """Whether the keypoints are those of the poses with the shape at the end."""
    for start in range(0, len(recording), _BLOCK):
        now = slice(start, start + _BLOCK)
        posed = keypoints_from_pose(
            recording.rest_joints_m, recording.pose_quat[now], recording.wrist_m[now]
        )
        if not np.allclose(posed, recording.joints_m[now], rtol=0, atol=_SAME_M, equal_nan=True):
            return False
    return True


def present_in(recording: Recording) -> NDArray[np.bool_]:
    """``(T, 2)`` where hands are."""
    present: NDArray[np.bool_] = np.isfinite(recording.wrist_m[..., 0])
    return present


def _chosen(recording: Recording, poses: slice) -> Recording:
    arrays = {name: getattr(recording, name)[poses] for name in OVER_TIME}
    return with_arrays(recording, time_ns=recording.time_ns[poses], **arrays)


def with_arrays(recording: Recording, **arrays: NDArray[Any]) -> Recording:
    """The recording with other arrays; those that follow from them follow."""
    from sdk_python.recording import made_of

    names = ("time_ns", *OVER_TIME, "betas", "rest_joints_m")
    kept = {name: getattr(recording, name) for name in names}
    return made_of(
        recording.metadata,
        lost=recording.lost,
        **(kept | arrays),
    )


def _mirror_plane(recording: Recording) -> tuple[Floats, Floats]:
    """Normal and a point of the plane: the instrument's middle, or the stage's."""
    anchor = recording.metadata.anchor
    if anchor is None:
        return np.array([1.0, 0.0, 0.0]), np.zeros(3)
    normal = matrix_from_quat(anchor.rotation_quat)[:, 0]
    return normal, np.asarray(anchor.position_m + normal * anchor.size_m[0] / 2)


def _quat_from_matrix(matrix: Floats) -> Floats:
    from scipy.spatial.transform import Rotation

    quat: Floats = Rotation.from_matrix(matrix).as_quat()
    return quat
