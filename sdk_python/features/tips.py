"""Where fingertips are in the hand, whoever's hand it is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.errors import InputError
from bridge.protocol.joints import FINGERS, FINGERTIPS, JOINT_NAMES, N_JOINTS
from sdk_python.features.reference import reference_hands
from sdk_python.features.turning import turned

__all__ = ["fingertips"]

Floats = NDArray[np.floating[Any]]

_JOINTS = np.array([[JOINT_NAMES.index(f"{finger}{k}") for finger in FINGERS] for k in (1, 2, 3)])
_KEYPOINTS = np.array([[tip - k for tip in FINGERTIPS] for k in (3, 2, 1, 0)])


def fingertips(pose_quat: ArrayLike) -> Floats:
    """Fingertips of one average hand that is posed like the recorded one.

    Bones of average length take the place of the person's, so a child and an adult who hold their
    hands alike have the same fingertips (retargeting by bone lengths).

    Args:
        pose_quat: ``(..., 2, 16, 4)`` xyzw, left hand first, MANO joint order.

    Returns:
        ``(..., 2, 5, 3)`` metres from the wrist, in the rest frame of the hand, thumb to little;
        NaN for an absent hand.
    """
    quat = np.asarray(pose_quat)
    if quat.shape[-3:] != (2, N_JOINTS, 4):
        raise InputError(f"poses of both hands need shape (..., 2, 16, 4), not {quat.shape}")
    rest = reference_hands("float32" if quat.dtype == np.float32 else "float64").rest_m
    chains = rest[:, _KEYPOINTS]
    bones = np.diff(chains, axis=1)
    reach = bones[:, 2]
    for level in (2, 1, 0):
        reach = turned(quat[..., _JOINTS[level], :], reach)
        reach = reach + (bones[:, level - 1] if level else chains[:, 0])
    return reach
