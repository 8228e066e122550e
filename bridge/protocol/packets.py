"""The messages with arrays in them: the shape of a hand, and the pose of both.

Arrays are read-only little-endian float32 copies, validated when the message is made.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from bridge.errors import ProtocolError
from bridge.protocol.fields import (
    MAX_COUNT,
    Float32Array,
    check_array,
    check_int,
    check_items,
    check_quaternions,
    check_side,
    check_time,
)
from bridge.protocol.joints import FINGERS, N_BETAS, N_JOINTS, N_KEYPOINTS, Side

__all__ = ["HandPacket", "MessageBase", "PosePacket", "ShapePacket", "WithArrays", "one_of_each"]

MAX_POSITION_M = 1000.0
_MAX_REST_M = 1.0
_MAX_BETA = 100.0
_WRIST_AT_ORIGIN_M = 1e-4


class MessageBase:
    """What all messages share: each field may be replaced once, by its checked value.

    Attributes:
        OPTIONAL: Fields that are left out on the wire where they have their default.
    """

    __slots__ = ()
    OPTIONAL: ClassVar[frozenset[str]] = frozenset()

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)


class WithArrays(MessageBase):
    """Equality by value for messages with arrays, whose own ``==`` is elementwise."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(
            np.array_equal(getattr(self, field.name), getattr(other, field.name))
            for field in fields(self)  # type: ignore[arg-type]  # every subclass is a dataclass
        )

    __hash__ = None  # type: ignore[assignment]  # two hands are compared, never looked up


@dataclass(frozen=True, slots=True, eq=False)
class ShapePacket(WithArrays):
    """The shape of one hand: all a client needs to turn a pose into 21 keypoints.

    Attributes:
        side: Which hand, as on the person.
        betas: ``(10,)`` shape values of the hand model.
        rest_joints_m: ``(21, 3)`` keypoints at rest, metres, hand rest frame, wrist at the origin.
    """

    TYPE: ClassVar = "shape"
    side: Side
    betas: Float32Array
    rest_joints_m: Float32Array

    def __post_init__(self) -> None:
        self._set("side", check_side("side", self.side))
        betas = check_array("betas", self.betas, (N_BETAS,), low=-_MAX_BETA, high=_MAX_BETA)
        self._set("betas", betas)
        rest = check_array(
            "rest_joints_m",
            self.rest_joints_m,
            (N_KEYPOINTS, 3),
            low=-_MAX_REST_M,
            high=_MAX_REST_M,
        )
        if np.abs(rest[0]).max() > _WRIST_AT_ORIGIN_M:
            raise ProtocolError("rest_joints_m must have the wrist, its first row, at the origin")
        self._set("rest_joints_m", rest)


@dataclass(frozen=True, slots=True, eq=False)
class HandPacket(WithArrays):
    """One hand of a pose.

    Attributes:
        side: Which hand, as on the person.
        wrist_m: ``(3,)`` wrist position in the stage, metres.
        pose_quat: ``(16, 4)`` unit quaternions xyzw, w >= 0, MANO joint order: 0 turns the hand's
            rest frame into the stage, 1 to 15 are local joint rotations.
        finger_confidence: ``(5,)`` thumb to little, 0 to 1.
    """

    side: Side
    wrist_m: Float32Array
    pose_quat: Float32Array
    finger_confidence: Float32Array

    def __post_init__(self) -> None:
        self._set("side", check_side("side", self.side))
        limit = MAX_POSITION_M
        self._set("wrist_m", check_array("wrist_m", self.wrist_m, (3,), low=-limit, high=limit))
        self._set("pose_quat", check_quaternions("pose_quat", self.pose_quat, N_JOINTS))
        confidence = check_array(
            "finger_confidence", self.finger_confidence, (len(FINGERS),), low=0.0, high=1.0
        )
        self._set("finger_confidence", confidence)


@dataclass(frozen=True, slots=True)
class PosePacket(MessageBase):
    """Both hands at one instant.

    Attributes:
        seq: Rises by one per pose made, so that a receiver sees what it did not get.
        time_ns: Capture time on the bridge's clock.
        hands: The hands that are seen, none to two, left first.
    """

    TYPE: ClassVar = "pose"
    seq: int
    time_ns: int
    hands: tuple[HandPacket, ...]

    def __post_init__(self) -> None:
        check_int("seq", self.seq, low=0, high=MAX_COUNT)
        check_time("time_ns", self.time_ns)
        self._set("hands", one_of_each("hands", self.hands, HandPacket))


def one_of_each(name: str, value: object, cls: type) -> tuple[Any, ...]:
    """None to two hands of a type, left before right."""
    hands = check_items(name, value, high=2)
    if not all(isinstance(hand, cls) for hand in hands):
        raise ProtocolError(f"{name} must hold hands")
    if len(hands) == 2 and hands[0].side >= hands[1].side:
        raise ProtocolError(f"{name} must be one left and one right hand, the left one first")
    return hands
