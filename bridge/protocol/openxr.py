"""From a posed hand to OpenXR's 26 joints (SPEC.md, section 15); but for the first, WebXR's 25.

A joint's −Z points along its bone to the next joint, +Y out of the back of the hand, of the thumb
out of its nail (XR_EXT_hand_tracking, "Conventions of hand joints"). The metacarpals of four
fingers are in no pose: they lie where they lie in hands that a headset tracked.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.protocol.coordinates import canonical_quaternion
from bridge.protocol.joints import KEYPOINT_OF_JOINT, N_JOINTS, OPENXR_OF_KEYPOINT, Side
from bridge.protocol.kinematics import global_rotations, keypoints_from_pose
from bridge.protocol.lesson import N_OPENXR_JOINTS

__all__ = ["openxr_joints"]

Floats = NDArray[np.floating[Any]]

_PALM, _WRIST = 0, 1
_METACARPALS = (6, 11, 16, 21)
_KNUCKLES = (5, 9, 13, 17)
_METACARPAL_AT = np.array(
    [[0.38, -0.06, 0.11], [0.36, -0.06, 0.03], [0.39, -0.04, -0.08], [0.44, -0.04, -0.08]]
)
"""Of index, middle, ring and little: part of the way from wrist to knuckle, then up and towards
the thumb in lengths of the palm, from the wrist to the middle knuckle. Fitted to the hand that
Meta's emulator IWER 2.5 has from a headset, to 2 mm."""


def openxr_joints(
    side: Side, rest_joints_m: ArrayLike, pose_quat: ArrayLike, wrist_m: ArrayLike
) -> tuple[Floats, Floats]:
    """The joints of XR_EXT_hand_tracking of a posed hand.

    Args:
        side: Which hand.
        rest_joints_m: ``(21, 3)`` rest keypoints, metres, as a ``shape`` message has them.
        pose_quat: ``(16, 4)`` xyzw, MANO joint order.
        wrist_m: ``(3,)`` wrist in the stage, metres.

    Returns:
        ``(26, 3)`` positions in the stage, metres, and ``(26, 4)`` orientations there, xyzw,
        w >= 0: palm, wrist, thumb 4, index, middle, ring and little 5 each, base to tip.
    """
    rest = np.asarray(rest_joints_m, np.float64)
    keypoints = keypoints_from_pose(rest, pose_quat, wrist_m)
    turns = global_rotations(pose_quat)
    palm_m = float(np.linalg.norm(rest[9]))
    metacarpals = _METACARPAL_AT[:, :1] * rest[list(_KNUCKLES)]
    metacarpals[:, 1:] += palm_m * _METACARPAL_AT[:, 1:]

    joints = np.empty((N_OPENXR_JOINTS, 3))
    joints[list(OPENXR_OF_KEYPOINT)] = keypoints
    joints[list(_METACARPALS)] = np.asarray(wrist_m) + metacarpals @ turns[0].T
    joints[_PALM] = (joints[11] + joints[12]) / 2

    outward = 1.0 if side is Side.RIGHT else -1.0
    frames = np.empty((N_OPENXR_JOINTS, 3, 3))
    frames[_WRIST] = turns[0] @ _frame(np.array([-outward, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]))
    for joint in range(1, N_JOINTS):
        keypoint = KEYPOINT_OF_JOINT[joint]
        thumb = keypoint < _KNUCKLES[0]
        up = np.array([outward, 1.0, 1.0] if thumb else [0.0, 1.0, 0.0])
        here = OPENXR_OF_KEYPOINT[keypoint]
        frames[here] = turns[joint] @ _frame(rest[keypoint + 1] - rest[keypoint], up)
        frames[here + 1] = frames[here]  # a tip has its last joint's; else this is written over
    for metacarpal, knuckle, at in zip(_METACARPALS, _KNUCKLES, metacarpals, strict=True):
        frames[metacarpal] = turns[0] @ _frame(rest[knuckle] - at, np.array([0.0, 1.0, 0.0]))
    frames[_PALM] = frames[11]
    return joints, canonical_quaternion(np.array([_quaternion(frame) for frame in frames]))


def _frame(along: Floats, up: Floats) -> Floats:
    """Columns x, y, z of the frame whose −z runs along a bone; y is as near to up as can be."""
    z = -along / np.linalg.norm(along)
    y = up - (up @ z) * z
    y = y / np.linalg.norm(y)
    return np.stack([np.cross(y, z), y, z], axis=1)


def _quaternion(matrix: Floats) -> Floats:
    """The quaternion xyzw of a rotation matrix, by its largest component (Shepperd 1978)."""
    trace = np.trace(matrix)
    squares = np.array([*(1 + 2 * np.diag(matrix) - trace), 1 + trace])
    i = int(np.argmax(squares))
    q = np.empty(4)
    if i == 3:
        q[:3] = [
            matrix[2, 1] - matrix[1, 2],
            matrix[0, 2] - matrix[2, 0],
            matrix[1, 0] - matrix[0, 1],
        ]
        q[3] = squares[3]
    else:
        j, k = (i + 1) % 3, (i + 2) % 3
        q[i], q[3] = squares[i], matrix[k, j] - matrix[j, k]
        q[j], q[k] = matrix[j, i] + matrix[i, j], matrix[k, i] + matrix[i, k]
    unit: Floats = q / np.linalg.norm(q)
    return unit
