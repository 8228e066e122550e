"""Joint rotations from keypoints, for recordings of sources that measure keypoints alone.

Bones only point, so a rotation about a bone cannot be seen: each joint turns by the smallest
rotation that points its bone as the keypoints do. The palm turns as its six keypoints do together.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.protocol.joints import BONES, KEYPOINT_OF_JOINT, N_BETAS, N_JOINTS, N_KEYPOINTS, Side
from bridge.protocol.kinematics import keypoints_from_pose
from sdk_python._quaternions import between, canonical, conjugate, dot, product, turn

__all__ = ["average_rest_joints", "complete", "determined", "pose_from_joints", "rest_from_joints"]

Floats = NDArray[np.floating[Any]]

_BLOCK = 8192
"""Hands worked on at once: an hour of them would need gigabytes of intermediate results."""

_KNUCKLES = np.arange(1, N_JOINTS, 3)
_KNUCKLE_KEYPOINTS = np.array(KEYPOINT_OF_JOINT)[_KNUCKLES]
_PALM = np.array([0, 1, 5, 9, 13, 17])
_PALM_PAIRS = np.array([(a, b) for a in _PALM for b in _PALM if a < b])


@cache
def average_rest_joints() -> Floats:
    """``(2, 21, 3)`` rest keypoints of the average open hand, metres, left first."""
    from bridge.model.hand.open_hand import open_hand  # reads files, and imports scipy

    rest = np.stack([open_hand(side).rest_keypoints(np.zeros(N_BETAS)) for side in Side])
    rest -= rest[:, :1]
    rest.flags.writeable = False
    return rest


def determined(joints_m: Floats) -> NDArray[np.bool_]:
    """``(...,)`` whether keypoints ``(..., 21, 3)`` say how the palm lies.

    The knuckles of the four fingers are nearly in line: two of them and the wrist or the thumb's
    base are needed.
    """
    seen: NDArray[np.bool_] = np.isfinite(dot(joints_m, joints_m))
    enough: NDArray[np.bool_] = seen[..., _PALM[:2]].any(-1) & (seen[..., _PALM[2:]].sum(-1) >= 2)
    return enough


def rest_from_joints(joints_m: Floats, side: Side) -> Floats:
    """A person's rest keypoints: the median lengths of the bones on the average hand's directions.

    A bone that is never seen, as where a source has no wrist, is the average hand's in the size of
    the palm.

    Args:
        joints_m: ``(N, 21, 3)`` keypoints of one hand, metres, NaN where missing.
        side: Which hand.

    Returns:
        ``(21, 3)`` metres, wrist at the origin; NaN if there are none.
    """
    rest = np.full((N_KEYPOINTS, 3), np.nan)
    if not len(joints_m):
        return rest
    average = average_rest_joints()[side]
    sizes = _median_lengths(joints_m, _PALM_PAIRS) / _median_lengths(average[None], _PALM_PAIRS)
    size = float(np.median(sizes[np.isfinite(sizes)]))
    bones = np.array(BONES)
    ratios = _median_lengths(joints_m, bones) / _median_lengths(average[None], bones)
    rest[0] = 0
    for (start, end), ratio in zip(BONES, ratios, strict=True):
        bone = average[end] - average[start]
        rest[end] = rest[start] + bone * (ratio if np.isfinite(ratio) else size)
    return rest


def _median_lengths(joints: Floats, pairs: NDArray[np.int64]) -> Floats:
    """``(P,)`` median distances of pairs of keypoints; NaN where never both are seen."""
    medians = np.full(len(pairs), np.nan)
    by_keypoint = np.ascontiguousarray(np.swapaxes(joints, 0, 1))
    for k, (start, end) in enumerate(pairs):
        bones = by_keypoint[end] - by_keypoint[start]
        lengths = np.sqrt(dot(bones, bones))
        lengths = lengths[np.isfinite(lengths)]
        if len(lengths):
            medians[k] = np.median(lengths)
    return medians


def pose_from_joints(joints_m: Floats, rest_m: Floats) -> tuple[Floats, Floats]:
    """Rotations that point the bones of a hand at rest as keypoints do.

    The palm's is the least squares fit of its keypoints (Horn 1987, "Closed-form solution of
    absolute orientation using unit quaternions", section 4).

    Args:
        joints_m: ``(N, 21, 3)`` keypoints of one hand, NaN where missing, the palm `determined`.
        rest_m: ``(21, 3)`` its rest keypoints.

    Returns:
        ``(N, 16, 4)`` float32 xyzw, w >= 0, MANO joint order, and ``(N, 3)`` float32 wrists: the
        keypoint, or where it is missing what the palm says. A joint whose bone has a missing end or
        no length does not turn.
    """
    poses = np.empty((len(joints_m), N_JOINTS, 4), np.float32)
    wrists = np.empty((len(joints_m), 3), np.float32)
    for start in range(0, len(joints_m), _BLOCK):
        block = slice(start, start + _BLOCK)
        joints = np.asarray(joints_m[block], np.float64)
        palm, wrists[block] = _palm(joints, rest_m)
        poses[block] = _pose(joints, rest_m, palm)
    return poses, wrists


def complete(joints_m: Floats, rest_m: Floats, pose_quat: Floats, wrist_m: Floats) -> Floats:
    """Keypoints ``(N, 21, 3)`` with the missing ones put where the posed hand has them."""
    missing = np.isnan(np.einsum("...kc->...", joints_m))
    completed = joints_m.astype(np.float32)
    posed = keypoints_from_pose(rest_m, pose_quat[missing], wrist_m[missing])
    completed[missing] = np.where(np.isnan(joints_m[missing]), posed, joints_m[missing])
    return completed


def _pose(joints: Floats, rest: Floats, palm: Floats) -> Floats:
    pose = np.empty((len(joints), N_JOINTS, 4))
    pose[:, 0] = palm
    carried = np.repeat(palm[:, None], len(_KNUCKLES), axis=1)
    for level in range(3):
        here = _KNUCKLE_KEYPOINTS + level
        seen = turn(conjugate(carried), np.nan_to_num(joints[:, here + 1] - joints[:, here]))
        turned = between(np.broadcast_to(rest[here + 1] - rest[here], seen.shape), seen)
        pose[:, _KNUCKLES + level] = turned
        carried = product(carried, turned)
    return canonical(pose)


def _palm(joints: Floats, rest: Floats) -> tuple[Floats, Floats]:
    """Rotations ``(N, 4)`` and wrists ``(N, 3)`` that lay the palm at rest on the one seen."""
    there = np.isfinite(joints[:, _PALM]).all(axis=-1, keepdims=True)
    share = there / there.sum(axis=1, keepdims=True)
    points = np.where(there, joints[:, _PALM], 0)
    seen_mean = (share * points).sum(axis=1)
    rest_mean = (share * rest[_PALM]).sum(axis=1)
    s = np.einsum(
        "nki,nkj->ijn",
        share * (rest[_PALM] - rest_mean[:, None]),
        points - seen_mean[:, None],
    )
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = s
    n = np.empty((len(joints), 4, 4))
    n[:, 3, 3] = xx + yy + zz
    n[:, 0, 0], n[:, 1, 1], n[:, 2, 2] = xx - yy - zz, yy - xx - zz, zz - xx - yy
    n[:, 3, 0] = n[:, 0, 3] = yz - zy
    n[:, 3, 1] = n[:, 1, 3] = zx - xz
    n[:, 3, 2] = n[:, 2, 3] = xy - yx
    n[:, 0, 1] = n[:, 1, 0] = xy + yx
    n[:, 0, 2] = n[:, 2, 0] = zx + xz
    n[:, 1, 2] = n[:, 2, 1] = yz + zy
    rotation: Floats = np.linalg.eigh(n)[1][..., -1]
    wrist = seen_mean - turn(rotation, rest_mean)
    return rotation, np.where(np.isnan(joints[:, 0]), wrist, joints[:, 0])
