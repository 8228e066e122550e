"""Anatomical joint angles from joint rotations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.errors import InputError
from bridge.protocol.joints import FINGERS, JOINT_NAMES, N_JOINTS
from sdk_python.features.reference import reference_hands
from sdk_python.features.turning import turned

__all__ = ["ANGLE_FINGERS", "ANGLE_NAMES", "joint_angles"]

Floats = NDArray[np.floating[Any]]

_FINGER_JOINTS = ("mcp", "pip", "dip")
_THUMB_JOINTS = ("cmc", "mcp", "ip")
_WITH_ABDUCTION = {"thumb": ("cmc", "mcp")} | dict.fromkeys(FINGERS[1:], ("mcp",))


def _named() -> tuple[tuple[str, int, bool], ...]:
    """Each angle's name, its joint from 0 of 15, and whether it is an abduction."""
    found = []
    for finger in FINGERS:
        for level, joint in enumerate(_THUMB_JOINTS if finger == "thumb" else _FINGER_JOINTS, 1):
            index = JOINT_NAMES.index(f"{finger}{level}") - 1
            found.append((f"{finger}_{joint}_flexion", index, False))
            if joint in _WITH_ABDUCTION[finger]:
                found.append((f"{finger}_{joint}_abduction", index, True))
    return tuple(found)


_NAMED = _named()
_JOINT = np.array([joint for _, joint, _ in _NAMED])
_ABDUCTS = np.array([abducts for _, _, abducts in _NAMED])

ANGLE_NAMES = tuple(name for name, _, _ in _NAMED)
"""The 21 angles of a hand, ``finger_joint_motion``, thumb to little and knuckle to tip."""

ANGLE_FINGERS = tuple(FINGERS.index(name.partition("_")[0]) for name in ANGLE_NAMES)
"""The finger of each angle, as an index into ``FINGERS``."""


def joint_angles(pose_quat: ArrayLike) -> Floats:
    """Flexion and abduction of every finger joint.

    Of each joint the direction of the bone it turns is taken apart in the frame of the bone before
    it (Wu et al. 2005, "ISB recommendation on definitions of joint coordinate systems", part II,
    sections 4.3 and 4.4): flexion is the angle in the plane in which the finger curls, positive
    towards the palm, 0 where both bones are in line; abduction is the angle out of that plane,
    positive towards the thumb's side on both hands. Twists are left out: they do not move a bone.
    The rotations are put on one average hand first, so the size of the hand does not matter.

    Args:
        pose_quat: ``(..., 2, 16, 4)`` xyzw, left hand first, MANO joint order.

    Returns:
        ``(..., 2, 21)`` radians, in the order of ``ANGLE_NAMES``; NaN for an absent hand.

    Raises:
        InputError: Another shape.

    Example:
        >>> import numpy as np, sdk_python as sdk
        >>> rest = np.zeros((2, 16, 4)); rest[..., 3] = 1
        >>> angles = np.degrees(sdk.features.joint_angles(rest))
        >>> index = sdk.features.ANGLE_NAMES.index("index_pip_flexion")
        >>> print(f"{abs(angles[1, index]):.0f} degrees")
        0 degrees
    """
    quat = np.asarray(pose_quat)
    if quat.shape[-3:] != (2, N_JOINTS, 4):
        raise InputError(f"poses of both hands need shape (..., 2, 16, 4), not {quat.shape}")
    hand = reference_hands("float32" if quat.dtype == np.float32 else "float64")
    bones = turned(quat[..., 1:, :], hand.bone)
    along, over, out = (
        (bones * axis).sum(-1)[..., _JOINT] for axis in (hand.before, hand.towards, hand.aside)
    )
    angles: Floats = np.where(_ABDUCTS, np.arcsin(np.clip(out, -1, 1)), np.arctan2(over, along))
    return angles
