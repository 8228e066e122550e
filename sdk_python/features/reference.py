"""The hand that features are read from: everybody's joint rotations on one average skeleton.

A posture is its joint rotations; bones are the person's. Rotations of any recording, put on the
open hand's average bones, give angles and distances that do not depend on the size of the hand.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.protocol.joints import (
    JOINT_NAMES,
    JOINT_PARENTS,
    KEYPOINT_OF_JOINT,
    N_BETAS,
    N_JOINTS,
    Side,
)

__all__ = ["ReferenceHand", "hand_axes", "reference_hand", "reference_hands"]

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceHand:
    """The open hand at rest, in the average person's size.

    The rows of ``before``, ``towards`` and ``aside`` are one orthonormal frame a joint: the bone
    before it, the direction into which it flexes, and the thumb's side.

    Attributes:
        rest_m: ``(21, 3)`` rest keypoints, metres, in the hand's rest frame.
        bone: ``(15, 3)`` unit vectors along the bone that each joint turns, at rest.
        before: ``(15, 3)`` unit vectors along the bone before it (to a knuckle: the metacarpal).
        towards: ``(15, 3)`` where the bone goes as the joint flexes.
        aside: ``(15, 3)`` towards the thumb's side on both hands.
    """

    rest_m: Floats
    bone: Floats
    before: Floats
    towards: Floats
    aside: Floats


@cache
def reference_hand(side: Side) -> ReferenceHand:
    """The reference hand of a side; made once."""
    from bridge.model.hand.open_hand import open_hand  # reads a file: only features need it

    model = open_hand(side)
    rest = model.rest_keypoints(np.zeros(N_BETAS))
    joints = np.arange(1, N_JOINTS)
    here = np.array(KEYPOINT_OF_JOINT)[joints]
    parents = np.array(JOINT_PARENTS)[joints]
    before = _unit(rest[here] - rest[np.array(KEYPOINT_OF_JOINT)[parents]])
    bone = _unit(rest[here + 1] - rest[here])
    axis = model.flexion_axes[joints]
    axis = _unit(axis - (axis * before).sum(-1, keepdims=True) * before)
    # A right hand's flexion axes point to the thumb's side, a left hand's away from it.
    aside = axis if side is Side.RIGHT else -axis
    arrays = (rest, bone, before, np.cross(axis, before), aside)
    for array in arrays:
        array.flags.writeable = False
    return ReferenceHand(*arrays)


@cache
def reference_hands(dtype: str) -> ReferenceHand:
    """Both of them, left first: every array has another axis in front."""
    left, right = (reference_hand(side) for side in Side)
    names = [field.name for field in fields(ReferenceHand)]
    return ReferenceHand(
        *(np.stack([getattr(left, k), getattr(right, k)]).astype(dtype) for k in names)
    )


def hand_axes() -> Floats:
    """Axes in which people speak of a hand ``(2, 3, 3)``, as columns in its rest frame.

    Along the palm to the fingers, out of the palm, and towards the thumb's side; on both hands.
    """
    hands, middle = reference_hands("float64"), JOINT_NAMES.index("middle1") - 1
    axes: Floats = np.stack(
        [hands.before[:, middle], hands.towards[:, middle], hands.aside[:, middle]], axis=-1
    )
    return axes


def _unit(vectors: Floats) -> Floats:
    directions: Floats = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return directions
