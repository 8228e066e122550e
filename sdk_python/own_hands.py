"""One's own hands, as a learner sends them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.errors import InputError, ProtocolError
from bridge.protocol.joints import FINGERS, N_JOINTS, Side
from bridge.protocol.lesson import N_OPENXR_JOINTS, OpenXRHand
from bridge.protocol.packets import HandPacket

__all__ = ["openxr_hands", "posed_hands"]

Floats = NDArray[np.floating[Any]]
Hand = TypeVar("Hand", HandPacket, OpenXRHand)


def posed_hands(
    pose_quat: ArrayLike, wrist_m: ArrayLike, finger_confidence: ArrayLike | None = None
) -> tuple[HandPacket, ...]:
    """Hands as poses.

    Args:
        pose_quat: ``(2, 16, 4)`` xyzw, MANO joint order, NaN for an absent hand.
        wrist_m: ``(2, 3)`` metres, in the stage.
        finger_confidence: ``(2, 5)`` 0 to 1; None: 1.

    Raises:
        InputError: Another shape, or a hand that is partly NaN or no rotations.
    """
    pose = _both("pose_quat", pose_quat, (N_JOINTS, 4))
    wrist = _both("wrist_m", wrist_m, (3,))
    trust = np.ones((2, len(FINGERS))) if finger_confidence is None else finger_confidence
    fingers = _both("finger_confidence", trust, (len(FINGERS),))

    def hand(side: Side) -> HandPacket:
        return HandPacket(side, wrist[side], _positive(pose[side]), fingers[side])

    return _present(pose, hand)


def openxr_hands(joints_m: ArrayLike, joint_quat: ArrayLike) -> tuple[OpenXRHand, ...]:
    """Hands as a headset tracks them.

    Args:
        joints_m: ``(2, 26, 3)`` joints of XR_EXT_hand_tracking in the stage, metres; NaN for an
            absent hand.
        joint_quat: ``(2, 26, 4)`` their orientations in the stage, xyzw.

    Raises:
        InputError: Another shape, or a hand that is partly NaN or no rotations.
    """
    joints = _both("joints_m", joints_m, (N_OPENXR_JOINTS, 3))
    turns = _both("joint_quat", joint_quat, (N_OPENXR_JOINTS, 4))

    def hand(side: Side) -> OpenXRHand:
        return OpenXRHand(side, joints[side], _positive(turns[side]))

    return _present(joints, hand)


def _both(name: str, value: ArrayLike, shape: tuple[int, ...]) -> Floats:
    try:
        array = np.asarray(value, dtype=np.float32)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be numbers of shape {(2, *shape)}") from None
    if array.shape != (2, *shape):
        raise InputError(f"{name} needs shape {(2, *shape)}, left hand first, not {array.shape}")
    return array


def _positive(quat: Floats) -> Floats:
    """The same rotations with w >= 0, as they are on the wire."""
    signed: Floats = np.where(quat[:, 3:] < 0, -quat, quat)
    return signed


def _present(array: Floats, make: Callable[[Side], Hand]) -> tuple[Hand, ...]:
    """The hands that are there, checked as those that come over the wire are."""
    hands: list[Hand] = []
    for side in Side:
        if np.isnan(array[side]).all():
            continue
        try:
            hands.append(make(side))
        except ProtocolError as error:
            raise InputError(f"the {side.name.lower()} hand cannot be sent: {error}") from None
    return tuple(hands)
