"""Hands in 71 bytes each: the compact pose (SPEC.md, "Compact pose").

A hand is one little-endian number of 568 bits; the first field has the lowest ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bridge.errors import ProtocolError
from bridge.protocol.joints import FINGERS, N_JOINTS, Side
from bridge.protocol.packets import HandPacket
from bridge.protocol.quantise import JOINT_BITS, levels_of_poses, quaternions

__all__ = ["HAND_BYTES", "MAX_WRIST_M", "pack_hands", "unpack_hands"]

HAND_BYTES = 71

_STEP_M = 5e-5
_WRIST_BITS, _CONFIDENCE_BITS, _LARGEST_BITS = 20, 3, 2
_WRIST_ZERO = 1 << (_WRIST_BITS - 1)
_MAX_CONFIDENCE = (1 << _CONFIDENCE_BITS) - 1

MAX_WRIST_M = (_WRIST_ZERO - 1) * _STEP_M
"""How far from the stage's origin a wrist may be along each axis, 26.2 m."""

_WIDTHS = np.array(
    [1, 1]
    + 3 * [_WRIST_BITS]
    + len(FINGERS) * [_CONFIDENCE_BITS]
    + [width for bits in JOINT_BITS.tolist() for width in (_LARGEST_BITS, bits, bits, bits)]
)
"""Bits of the fields: side, a reserved 0, wrist, confidence, and four of each joint."""
_SHIFTS = (np.cumsum(_WIDTHS) - _WIDTHS).tolist()
_MASKS = ((1 << _WIDTHS) - 1).tolist()
_HALF = 2 ** (JOINT_BITS - 1) - 1


def pack_hands(hands: Sequence[HandPacket]) -> bytes | None:
    """The hands' bytes, one after the other; None if a wrist is further off than `MAX_WRIST_M`."""
    if not hands:
        return b""
    wrists = np.stack([hand.wrist_m for hand in hands]).astype(np.float64)
    if np.abs(wrists).max() > MAX_WRIST_M:
        return None
    sides = np.array([hand.side for hand in hands])
    largest, levels = levels_of_poses(sides, np.stack([hand.pose_quat for hand in hands]))
    confidence = np.stack([hand.finger_confidence for hand in hands])
    fields = np.concatenate(
        [
            sides[:, None],
            np.zeros_like(sides[:, None]),
            np.rint(wrists / _STEP_M).astype(np.int64) + _WRIST_ZERO,
            np.rint(confidence * _MAX_CONFIDENCE).astype(np.int64),
            np.concatenate([largest[..., None], levels], axis=2).reshape(len(hands), -1),
        ],
        axis=1,
    )
    return b"".join(_number(values).to_bytes(HAND_BYTES, "little") for values in fields.tolist())


def _number(values: list[int]) -> int:
    number = 0
    for value, shift in zip(values, _SHIFTS, strict=True):
        number |= value << shift
    return number


def unpack_hands(data: bytes) -> tuple[HandPacket, ...]:
    """The hands in bytes of `pack_hands`.

    Raises:
        ProtocolError: The bytes are no hands.
    """
    if len(data) % HAND_BYTES:
        raise ProtocolError(f"hands must have {HAND_BYTES} bytes each, not {len(data)} in all")
    return tuple(
        _unpack(data[start : start + HAND_BYTES]) for start in range(0, len(data), HAND_BYTES)
    )


def _unpack(data: bytes) -> HandPacket:
    number = int.from_bytes(data, "little")
    side, reserved, *values = [
        number >> shift & mask for shift, mask in zip(_SHIFTS, _MASKS, strict=True)
    ]
    if reserved:
        raise ProtocolError("a hand's second bit is reserved, and must be 0")
    joints = np.array(values[8:]).reshape(N_JOINTS, 4)
    if (joints[:, 1:] > 2 * _HALF[:, None]).any():
        raise ProtocolError("a rotation has a level that does not exist")
    quat = quaternions(joints[:, 0], joints[:, 1:], _HALF)
    if not np.isfinite(quat).all():
        raise ProtocolError("a rotation is longer than 1")
    return HandPacket(
        side=Side(side),
        wrist_m=np.asarray((np.array(values[:3]) - _WRIST_ZERO) * _STEP_M, np.float32),
        pose_quat=quat.astype(np.float32),
        finger_confidence=np.asarray(
            np.array(values[3 : 3 + len(FINGERS)]) / _MAX_CONFIDENCE, np.float32
        ),
    )
