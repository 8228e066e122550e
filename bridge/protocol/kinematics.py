"""Forward kinematics of a hand from 21 rest keypoints alone: a client needs no hand model.

The rest frames of all 16 joints are the identity, as in MANO: a joint's local rotation turns about
axes of the rest frame. A keypoint moves rigidly with the joint that carries it
(``KEYPOINT_PARENT_JOINT``); a fingertip with its finger's last joint.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.errors import InputError
from bridge.protocol.joints import JOINT_PARENTS, KEYPOINT_OF_JOINT, N_JOINTS, N_KEYPOINTS

__all__ = ["global_rotations", "keypoints_from_pose", "matrix_from_quat"]

FloatArray = NDArray[np.floating[Any]]

_KNUCKLES = tuple(j for j, parent in enumerate(JOINT_PARENTS) if parent == 0)
_CHAINS = np.array([[k, k + 1, k + 2] for k in _KNUCKLES])
"""The joints of the five fingers, base to end, ``(5, 3)``."""
_CHAIN_KEYPOINTS = np.array([[KEYPOINT_OF_JOINT[k] + i for i in range(4)] for k in _KNUCKLES])
"""The keypoints of the same fingers, base to tip, ``(5, 4)``."""


def matrix_from_quat(quat: ArrayLike) -> FloatArray:
    """Rotation matrices of quaternions.

    Args:
        quat: ``(..., 4)`` xyzw of any length but zero.

    Returns:
        ``(..., 3, 3)``; NaN where the quaternion is zero or not finite.
    """
    q = np.asarray(quat, dtype=np.float64)
    if q.shape[-1:] != (4,):
        raise InputError(f"quaternions need shape (..., 4), not {q.shape}")
    with np.errstate(invalid="ignore", divide="ignore"):
        q = q * np.sqrt(2.0 / np.einsum("...i,...i->...", q, q))[..., None]
    x, y, z, w = np.moveaxis(q, -1, 0)
    xx, yy, zz = x * x, y * y, z * z
    xy, xz, yz = x * y, x * z, y * z
    xw, yw, zw = x * w, y * w, z * w
    matrix = np.empty((*q.shape[:-1], 3, 3))
    matrix[..., 0, 0] = 1 - yy - zz
    matrix[..., 0, 1] = xy - zw
    matrix[..., 0, 2] = xz + yw
    matrix[..., 1, 0] = xy + zw
    matrix[..., 1, 1] = 1 - xx - zz
    matrix[..., 1, 2] = yz - xw
    matrix[..., 2, 0] = xz - yw
    matrix[..., 2, 1] = yz + xw
    matrix[..., 2, 2] = 1 - xx - yy
    return matrix


def global_rotations(pose_quat: ArrayLike) -> FloatArray:
    """Chains local joint rotations from the wrist outwards.

    Args:
        pose_quat: ``(..., 16, 4)`` xyzw: 0 turns the rest frame into the stage, 1 to 15 are local.

    Returns:
        ``(..., 16, 3, 3)``: what turns each joint's rest frame into the stage.
    """
    rotations = matrix_from_quat(pose_quat)
    if rotations.shape[-3] != N_JOINTS:
        raise InputError(f"a pose needs shape (..., 16, 4), not {np.shape(pose_quat)}")
    parent = rotations[..., :1, :, :]
    for level in _CHAINS.T:
        parent = parent @ rotations[..., level, :, :]
        rotations[..., level, :, :] = parent
    return rotations


def keypoints_from_pose(
    rest_joints_m: ArrayLike, pose_quat: ArrayLike, wrist_m: ArrayLike
) -> FloatArray:
    """Positions of the 21 keypoints of a posed hand.

    Leading axes broadcast, so a whole recording is one call.

    Args:
        rest_joints_m: ``(..., 21, 3)`` rest keypoints, metres, as a ``shape`` message has them.
        pose_quat: ``(..., 16, 4)`` xyzw, MANO joint order.
        wrist_m: ``(..., 3)`` wrist position in the stage, metres.

    Returns:
        ``(..., 21, 3)`` metres, in the stage; NaN where the pose is.

    Raises:
        InputError: An array has another shape.
    """
    rest = np.asarray(rest_joints_m, dtype=np.float64)
    wrist = np.asarray(wrist_m, dtype=np.float64)
    if rest.shape[-2:] != (N_KEYPOINTS, 3) or wrist.shape[-1:] != (3,):
        raise InputError(
            f"rest keypoints need shape (..., 21, 3), not {rest.shape}; "
            f"the wrist (..., 3), not {wrist.shape}"
        )
    rotations = global_rotations(pose_quat)
    chains = rest[..., _CHAIN_KEYPOINTS, :]
    to_knuckles = chains[..., 0, :] - rest[..., :1, :]
    phalanges = np.diff(chains, axis=-2)
    position = wrist[..., None, :] + to_knuckles @ np.swapaxes(rotations[..., 0, :, :], -1, -2)
    shape = np.broadcast_shapes(position.shape[:-2], rotations.shape[:-3])
    keypoints = np.empty((*shape, N_KEYPOINTS, 3))
    keypoints[..., 0, :] = wrist
    keypoints[..., _CHAIN_KEYPOINTS[:, 0], :] = position
    for k in range(3):
        turned = rotations[..., _CHAINS[:, k], :, :] @ phalanges[..., k, :, None]
        position = position + turned[..., 0]
        keypoints[..., _CHAIN_KEYPOINTS[:, k + 1], :] = position
    return keypoints
