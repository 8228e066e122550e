"""A recorded hand as a skeleton of 21 nodes, as files of animations want it.

The nodes are the 21 keypoints: the 16 joints, which turn, and the five fingertips, which are
carried. Rest frames are the identity, so a node's offset from its parent at rest is a difference
of rest keypoints.
"""

from __future__ import annotations

import numpy as np

from bridge.protocol.joints import (
    BONES,
    KEYPOINT_NAMES,
    KEYPOINT_OF_JOINT,
    KEYPOINT_PARENT_JOINT,
    N_KEYPOINTS,
    Side,
)
from bridge.protocol.kinematics import global_rotations, keypoints_from_pose
from sdk_python.export._blocks import Floats

__all__ = [
    "CHILDREN",
    "JOINT_OF_KEYPOINT",
    "PARENTS",
    "bone_offsets",
    "is_stretched",
    "node_name",
    "rest_offsets",
]

PARENTS = (-1, *(start for start, _ in sorted(BONES, key=lambda bone: bone[1])))
"""The keypoint before each of the 21, -1 for the wrist."""

CHILDREN = tuple(
    tuple(k for k in range(N_KEYPOINTS) if PARENTS[k] == parent) for parent in range(N_KEYPOINTS)
)

JOINT_OF_KEYPOINT = {keypoint: joint for joint, keypoint in enumerate(KEYPOINT_OF_JOINT)}
"""The joint at a keypoint; fingertips have none."""

_CARRIERS = list(KEYPOINT_PARENT_JOINT[1:])
_STARTS = list(PARENTS[1:])

_STRETCHED_M = 1e-4
"""Keypoints farther than this from where the rest bones put them need bones that move."""


def node_name(side: int, keypoint: int) -> str:
    """For example ``left_index1``."""
    return f"{Side(side).name.lower()}_{KEYPOINT_NAMES[keypoint]}"


def rest_offsets(rest_m: Floats) -> Floats:
    """``(20, 3)`` nodes 1 to 20 at rest against their parents, of keypoints ``(21, 3)``."""
    rest = np.asarray(rest_m, np.float64)
    offsets: Floats = rest[1:] - rest[_STARTS]
    return offsets


def is_stretched(rest_m: Floats, joints_m: Floats, pose_quat: Floats) -> bool:
    """Whether bones as long as at rest do not reach the keypoints.

    They do in a recording whose hand keeps its shape. They do not where the shape was still being
    learned, or keypoints were measured on their own: then the bones' ends must move as well.

    Args:
        rest_m: ``(21, 3)`` rest keypoints.
        joints_m: ``(N, 21, 3)`` keypoints in the stage, finite.
        pose_quat: ``(N, 16, 4)`` xyzw.
    """
    expected = keypoints_from_pose(rest_m, pose_quat, joints_m[:, 0])
    return bool(np.abs(expected - joints_m).max(initial=0.0) > _STRETCHED_M)


def bone_offsets(joints_m: Floats, pose_quat: Floats) -> Floats:
    """``(N, 20, 3)`` nodes 1 to 20 in their parents' frames, which puts them on the keypoints."""
    joints = np.asarray(joints_m, np.float64)
    carriers = global_rotations(pose_quat)[:, _CARRIERS]
    bones = joints[:, 1:] - joints[:, _STARTS]
    offsets: Floats = np.einsum("nkji,nkj->nki", carriers, bones)
    return offsets
