"""Finger rotations of hands that a headset tracks, fast enough for every frame of a lesson."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.protocol import OpenXRHand, Side
from bridge.protocol.joints import KEYPOINT_OF_JOINT, N_BETAS, N_JOINTS, OPENXR_OF_KEYPOINT

__all__ = ["finger_rotations"]

Floats = NDArray[np.floating[Any]]

_KNUCKLES = np.arange(1, N_JOINTS, 3)
_STARTS = np.array(KEYPOINT_OF_JOINT)[1:]
_PALM = [0, 1, 5, 9, 13, 17]
_TINY = 1e-9
_SKEW = np.zeros((3, 9))
"""Times a vector: the matrix, row by row, that takes its cross product with others."""
_SKEW[[0, 1, 2], [7, 2, 3]], _SKEW[[0, 1, 2], [5, 6, 1]] = 1, -1
_SAME = np.eye(3)


@cache
def _rest() -> tuple[Floats, Floats, Floats]:
    """The average right hand's palm ``(6, 3)``, bones' directions ``(15, 3)`` and their crosses."""
    from bridge.model.hand.open_hand import open_hand

    rest = np.asarray(open_hand(Side.RIGHT).rest_keypoints(np.zeros(N_BETAS)))
    palm = rest[_PALM]
    bones = _unit(rest[_STARTS + 1] - rest[_STARTS])
    return palm - palm.mean(0), bones, (bones @ _SKEW).reshape(-1, 3, 3)


def finger_rotations(hands: Sequence[OpenXRHand]) -> Floats:
    """The smallest rotations that point the bones of the average hand as a headset's joints do.

    What `sdk_python` does for whole recordings of keypoints, for a frame at a time. Left hands are
    mirrored first, so that both are one batch.

    Args:
        hands: One or two.

    Returns:
        ``(H, 16, 4)`` xyzw, MANO joint order. The first, the wrist's, is left out: it says nothing
        of how the fingers are held.
    """
    palm_rest, bones, crosses = _rest()
    joints = np.stack([hand.joints_m for hand in hands]).astype(np.float64)[:, OPENXR_OF_KEYPOINT]
    left = [hand.side is Side.LEFT for hand in hands]
    joints[left, :, 0] *= -1
    palm = joints[:, _PALM]
    # Kabsch 1976: the rotation of the palm from the covariance of its keypoints.
    u, _, vt = np.linalg.svd(palm_rest.T @ (palm - palm.mean(1, keepdims=True)))
    u[..., 2] *= np.sign(np.linalg.det(u @ vt))[:, None]
    carried = np.swapaxes(u @ vt, -1, -2)[:, None]
    seen = _unit(joints[:, _STARTS + 1] - joints[:, _STARTS])
    pose = np.zeros((len(hands), N_JOINTS, 4))
    pose[:, 0, 3] = 1
    for level in range(3):
        here = _KNUCKLES + level
        towards = (seen[:, here - 1, None] @ carried)[..., 0, :]
        # From a to b: 1 + a b is the cosine of half the angle, a x b its sine, both times as much.
        axis = (crosses[here - 1] @ towards[..., None])[..., 0]
        cosine = np.maximum((bones[here - 1] * towards).sum(-1), _TINY - 1)[..., None]
        pose[:, here, :3], pose[:, here, 3:] = axis, 1 + cosine
        if level < 2:
            square = axis[..., None] * (axis / (1 + cosine))[..., None, :]
            skew = (axis @ _SKEW).reshape(*axis.shape, 3)
            carried = carried @ (cosine[..., None] * _SAME + skew + square)
    pose /= np.sqrt((pose * pose).sum(-1, keepdims=True))
    pose[left, :, 1:3] *= -1  # mirrored back (SPEC.md, section 9)
    return pose


def _unit(vectors: Floats) -> Floats:
    """Vectors over their lengths; zero stays zero."""
    length = np.sqrt((vectors * vectors).sum(-1, keepdims=True))
    directions: Floats = vectors / np.maximum(length, _TINY)
    return directions
