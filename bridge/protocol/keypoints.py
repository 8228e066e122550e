"""Measured keypoints in a recording file (SPEC.md, "Recording file"), beside the poses.

Keypoints of a recording that the bridge made follow from its poses and shapes. What a headset or
another program measured does not: its bones are not rigid. Such a file has a message of this kind
for each pose. It is no message of the wire.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgpack
import numpy as np
from numpy.typing import NDArray

from bridge.errors import ProtocolError
from bridge.protocol.codec import unpack
from bridge.protocol.fields import MAX_TIME_NS, Float32Array
from bridge.protocol.joints import N_KEYPOINTS
from bridge.protocol.packets import MAX_POSITION_M

__all__ = ["Keypoints", "decode_keypoints", "encode_keypoints"]

_TYPE = "keypoints"
_BYTES = 4 * N_KEYPOINTS * 3


@dataclass(frozen=True, slots=True, eq=False)
class Keypoints:
    """The keypoints of both hands at one instant.

    Attributes:
        time_ns: Time of the pose they belong to.
        joints_m: ``(2, 21, 3)`` metres, left first, NaN where a hand is absent.
    """

    time_ns: int
    joints_m: Float32Array


def encode_keypoints(keypoints: Keypoints) -> bytes:
    """The bytes of one message of a recording file."""
    present = np.isfinite(keypoints.joints_m.sum(axis=(1, 2))).tolist()
    hands = [
        {"side": side, "joints_m": np.asarray(joints, "<f4").tobytes()}
        for side, joints in enumerate(keypoints.joints_m)
        if present[side]
    ]
    data: bytes = msgpack.packb(
        {"type": _TYPE, "time_ns": keypoints.time_ns, "hands": hands}, use_bin_type=True
    )
    return data


def decode_keypoints(
    messages: Sequence[bytes],
) -> tuple[NDArray[np.int64], Float32Array]:
    """Decodes messages together.

    Returns:
        ``(N,)`` times and ``(N, 2, 21, 3)`` keypoints, NaN where a hand is absent.

    Raises:
        ProtocolError: One is no valid message.
    """
    times = np.zeros(len(messages), np.int64)
    rows: list[int] = []
    parts: list[bytes] = []
    for k, data in enumerate(messages):
        document = unpack(data)
        times[k], hands = _checked(document)
        for hand in hands:
            rows.append(2 * k + hand["side"])
            parts.append(hand["joints_m"])
    joints = np.full((2 * len(messages), N_KEYPOINTS, 3), np.nan, np.float32)
    joints[rows] = np.frombuffer(b"".join(parts), "<f4").reshape(-1, N_KEYPOINTS, 3)
    if not (np.abs(joints[rows]) <= MAX_POSITION_M).all():
        raise ProtocolError(f"keypoints must be within {MAX_POSITION_M:g} m")
    return times, joints.reshape(len(messages), 2, N_KEYPOINTS, 3)


def _checked(document: Any) -> tuple[int, list[dict[str, Any]]]:
    """Time and hands of a message; fields that are not known are skipped."""
    if not isinstance(document, dict) or document.get("type") != _TYPE:
        raise ProtocolError("expected keypoints", code="unexpected")
    time_ns, hands = document.get("time_ns"), document.get("hands")
    if type(time_ns) is not int or not 0 <= time_ns <= MAX_TIME_NS:
        raise ProtocolError("keypoints must have a time")
    if not isinstance(hands, list) or len(hands) > 2:
        raise ProtocolError("keypoints must have none to two hands")
    for hand in hands:
        joints = hand.get("joints_m") if isinstance(hand, dict) else None
        side = hand.get("side") if isinstance(hand, dict) else None
        if type(side) is not int or not 0 <= side <= 1:
            raise ProtocolError("keypoints must say which hand they are of")
        if not isinstance(joints, bytes) or len(joints) != _BYTES:
            raise ProtocolError(f"joints_m must have {_BYTES} bytes")
    return time_ns, hands
