"""How a hand is held, apart from single joints: curl, arch, span, height, wrist."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.errors import InputError
from bridge.protocol.joints import FINGERS, FINGERTIPS, N_KEYPOINTS
from bridge.protocol.kinematics import matrix_from_quat
from sdk_python.features.angles import ANGLE_FINGERS, ANGLE_NAMES

__all__ = ["curl", "fingertip_height", "palm_arch", "span", "wrist_angles"]

Floats = NDArray[np.floating[Any]]

_FLEXIONS = np.array([name.endswith("flexion") for name in ANGLE_NAMES])
_OF_FINGER = np.arange(len(FINGERS))[:, None] == np.array(ANGLE_FINGERS)
_CURLS = (_OF_FINGER & _FLEXIONS).astype(float)
_KNUCKLES = [FINGERTIPS[finger] - 3 for finger in range(1, 5)]


def curl(angles_rad: ArrayLike) -> Floats:
    """How far each finger is curled: the sum of its three flexions.

    Args:
        angles_rad: ``(..., 21)`` as `joint_angles` gives them.

    Returns:
        ``(..., 5)`` radians, thumb to little: 0 straight, about 4 in a fist.
    """
    angles = np.asarray(angles_rad, dtype=float)
    if angles.shape[-1:] != (len(ANGLE_NAMES),):
        raise InputError(f"angles need shape (..., 21), not {angles.shape}")
    curled: Floats = angles @ _CURLS.T
    return curled


def palm_arch(joints_m: ArrayLike) -> Floats:
    """How far the middle and the ring knuckle stand out of the line of the outer two.

    The height of the metacarpal arch over its chord. The hand of the bridge has a rigid palm, so
    of its recordings this is nearly constant; a headset's or a tracker's keypoints show it.

    Args:
        joints_m: ``(..., 21, 3)`` keypoints.

    Returns:
        ``(...,)`` the mean distance over the chord's length: 0 flat, about 0.2 when grasping.
    """
    index, middle, ring, little = np.moveaxis(_keypoints(joints_m)[..., _KNUCKLES, :], -2, 0)
    chord = little - index
    length = np.linalg.norm(chord, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        out = [np.cross(knuckle - index, chord) / length[..., None] for knuckle in (middle, ring)]
        arch: Floats = np.linalg.norm(out, axis=-1).mean(0) / length
    return arch


def span(joints_m: ArrayLike) -> Floats:
    """How far the hand is spread: from the thumb's tip to the little finger's.

    Args:
        joints_m: ``(..., 21, 3)`` keypoints.

    Returns:
        ``(...,)`` in lengths of the palm (wrist to the middle finger's knuckle), so that hands of
        all sizes compare.
    """
    joints = _keypoints(joints_m)
    reach = np.linalg.norm(joints[..., FINGERTIPS[4], :] - joints[..., FINGERTIPS[0], :], axis=-1)
    palm = np.linalg.norm(joints[..., _KNUCKLES[1], :] - joints[..., 0, :], axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread: Floats = reach / palm
    return spread


def fingertip_height(
    joints_m: ArrayLike, position_m: ArrayLike, rotation_quat: ArrayLike
) -> Floats:
    """Height of the fingertips over the plane of the instrument.

    Args:
        joints_m: ``(..., 21, 3)`` keypoints in the stage.
        position_m: ``(3,)`` the instrument's front left corner in the stage: its anchor.
        rotation_quat: ``(4,)`` xyzw, turns the instrument's axes (y up) into the stage's.

    Returns:
        ``(..., 5)`` metres, thumb to little.
    """
    up = matrix_from_quat(rotation_quat)[..., :, 1]
    tips = _keypoints(joints_m)[..., FINGERTIPS, :]
    height: Floats = (tips - np.asarray(position_m, dtype=float)) @ up
    return height


def wrist_angles(joints_m: ArrayLike, elbow_m: ArrayLike, palm_up: ArrayLike) -> Floats:
    """Extension and deviation of the wrist, for sources that see the forearm.

    Wu et al. 2005, part II, section 4.2, with the palm for the third metacarpal's frame. No camera
    of the bridge sees a forearm: its recordings have no wrist angle, and none is guessed.

    Args:
        joints_m: ``(..., 21, 3)`` keypoints.
        elbow_m: ``(..., 3)`` the elbow, or any point of the forearm's axis.
        palm_up: ``(..., 3)`` the direction in which the back of the hand points.

    Returns:
        ``(..., 2)`` radians: extension (positive: the hand is bent backwards), and deviation
        towards the thumb's side.
    """
    joints = _keypoints(joints_m)
    forearm = _unit(joints[..., 0, :] - np.asarray(elbow_m, dtype=float))
    hand = _unit(joints[..., _KNUCKLES[1], :] - joints[..., 0, :])
    up: Floats = np.asarray(palm_up, dtype=float)
    up = _unit(up - (up * hand).sum(-1, keepdims=True) * hand)
    side: Floats = joints[..., _KNUCKLES[0], :] - joints[..., _KNUCKLES[3], :]
    side = side - (side * hand).sum(-1, keepdims=True) * hand
    side = _unit(side - (side * up).sum(-1, keepdims=True) * up)
    # In the hand's frame the forearm comes from where the hand is bent away from: first about
    # the forearm's transverse axis, then about the hand's own.
    extension = -np.arcsin(np.clip((forearm * up).sum(-1), -1, 1))
    deviation = -np.arctan2((forearm * side).sum(-1), (forearm * hand).sum(-1))
    return np.stack([extension, deviation], axis=-1)


def _keypoints(joints_m: ArrayLike) -> Floats:
    joints = np.asarray(joints_m, dtype=float)
    if joints.shape[-2:] != (N_KEYPOINTS, 3):
        raise InputError(f"keypoints need shape (..., 21, 3), not {joints.shape}")
    return joints


def _unit(vectors: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        directions: Floats = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return directions
