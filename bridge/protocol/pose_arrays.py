"""Many pose messages at once, as arrays over time: what opening and saving a recording need.

``decode`` checks a pose in dozens of small array operations; over the 36,000 poses of ten minutes
that is most of the time of opening a file. Here the same checks run once over all of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgpack
import numpy as np
from numpy.typing import NDArray

from bridge.errors import ProtocolError
from bridge.protocol.codec import decode, encode, unpack
from bridge.protocol.fields import MAX_COUNT, MAX_TIME_NS, QUATERNION_TOLERANCE, Float32Array
from bridge.protocol.joints import FINGERS, N_JOINTS, Side
from bridge.protocol.packets import MAX_POSITION_M, HandPacket, PosePacket

__all__ = ["EncodedPose", "PoseArrays", "decode_poses", "encode_poses"]

_SHAPES = {"wrist_m": (3,), "pose_quat": (N_JOINTS, 4), "finger_confidence": (len(FINGERS),)}
_SIZES = {name: 4 * math.prod(shape) for name, shape in _SHAPES.items()}


@dataclass(frozen=True, slots=True, eq=False)
class PoseArrays:
    """T poses; hands are left 0, right 1, an absent hand is NaN.

    Attributes:
        time_ns: ``(T,)`` capture times, int64.
        wrist_m: ``(T, 2, 3)`` metres.
        pose_quat: ``(T, 2, 16, 4)`` xyzw, w >= 0, MANO joint order.
        finger_confidence: ``(T, 2, 5)`` thumb to little, 0 to 1.
    """

    time_ns: NDArray[np.int64]
    wrist_m: Float32Array
    pose_quat: Float32Array
    finger_confidence: Float32Array


class EncodedPose(NamedTuple):
    """A pose message as bytes, in full.

    Attributes:
        seq: Its number.
        time_ns: Its time.
        data: What `bridge.protocol.encode` makes of it.
    """

    seq: int
    time_ns: int
    data: bytes


def encode_poses(poses: PoseArrays) -> Iterator[EncodedPose]:
    """The messages of many poses, numbered from 0; a hand whose wrist is NaN is absent.

    Raises:
        ProtocolError: What `PosePacket` raises for a pose that cannot be sent.
    """
    present = np.isfinite(poses.wrist_m[..., 0])
    seen = [getattr(poses, name)[present].astype("<f4", copy=False) for name in _SHAPES]
    times = poses.time_ns.tolist()
    if times and not 0 <= min(times) <= max(times) <= MAX_TIME_NS:
        raise ProtocolError(f"time_ns must be from 0 to {MAX_TIME_NS}")
    if present.any() and not _in_range(*seen):
        for time_ns, t in zip(times, range(len(times)), strict=True):
            PosePacket(t, time_ns, _hands(poses, t, present))  # one of them says what is wrong
    pack = msgpack.Packer(use_bin_type=True).pack
    rows = zip(*seen, strict=True)
    for t, (time_ns, sides) in enumerate(zip(times, present.tolist(), strict=True)):
        hands = []
        for side in (side for side in (0, 1) if sides[side]):
            parts = zip(_SHAPES, next(rows), strict=True)
            hands.append({"side": side} | {name: row.tobytes() for name, row in parts})
        data = pack({"type": "pose", "seq": t, "time_ns": time_ns, "hands": hands})
        yield EncodedPose(t, time_ns, data)


def _hands(poses: PoseArrays, t: int, present: NDArray[np.bool_]) -> tuple[HandPacket, ...]:
    return tuple(
        HandPacket(side, *(getattr(poses, name)[t, side] for name in _SHAPES))
        for side in Side
        if present[t, side]
    )


def decode_poses(messages: Sequence[bytes]) -> PoseArrays:
    """Decodes pose messages together; accepts and refuses what ``decode`` does.

    Raises:
        ProtocolError: What ``decode`` raises for one that is no valid message, or
            ``unexpected`` for a message that is no pose.
    """
    times = np.zeros(len(messages), np.int64)
    rows: list[int] = []  # of each hand, in arrays that are (T * 2, ...) for now
    parts: dict[str, list[bytes]] = {name: [] for name in _SIZES}
    for t, data in enumerate(messages):
        document = _plain_pose(data)
        times[t] = document["time_ns"]
        for hand in document["hands"]:
            rows.append(2 * t + hand["side"])
            for name, chunks in parts.items():
                chunks.append(hand[name])
    wrist, quaternions, confidence = (
        np.frombuffer(b"".join(chunks), "<f4").reshape(len(rows), *_SHAPES[name])
        for name, chunks in parts.items()
    )
    if rows and not _in_range(wrist, quaternions, confidence):
        for data in messages:
            decode(data)  # one of them says what is wrong with it
    shape = (len(messages), 2)
    return PoseArrays(
        time_ns=times,
        wrist_m=_placed(wrist, rows, shape),
        pose_quat=_placed(quaternions, rows, shape),
        finger_confidence=_placed(confidence, rows, shape),
    )


def _plain_pose(data: bytes) -> dict[str, Any]:
    """The map of a pose message, in which everything but the range of floats is checked."""
    document = unpack(data)
    if not _is_plain(document):
        message = decode(data)
        if not isinstance(message, PosePacket):
            raise ProtocolError(f"expected a pose, not {message.TYPE}", code="unexpected")
        # Valid, but compact, or with more in it than a pose has: down to what this version knows.
        document = unpack(encode(message, precision="full"))
    plain: dict[str, Any] = document
    return plain


def _is_plain(document: Any) -> bool:
    """Whether this is just what ``encode`` makes of a pose: types, sizes and order of hands."""
    if type(document) is not dict or document.get("type") != "pose" or len(document) != 4:
        return False
    seq, time_ns, hands = (document.get(name) for name in ("seq", "time_ns", "hands"))
    if type(seq) is not int or type(time_ns) is not int or type(hands) is not list:
        return False
    if not (0 <= seq <= MAX_COUNT and 0 <= time_ns <= MAX_TIME_NS and len(hands) <= 2):
        return False
    last = -1
    for hand in hands:
        if type(hand) is not dict or len(hand) != 1 + len(_SIZES):
            return False
        side = hand.get("side")
        if type(side) is not int or not last < side <= 1:
            return False
        last = side
        for name, size in _SIZES.items():
            value = hand.get(name)
            if type(value) is not bytes or len(value) != size:
                return False
    return True


def _in_range(wrist: Float32Array, quaternions: Float32Array, confidence: Float32Array) -> bool:
    """The checks of ``HandPacket``, over all hands; NaN fails every comparison."""
    with np.errstate(over="ignore"):
        squares = np.einsum("hji,hji->hj", quaternions, quaternions)
    return bool(
        np.abs(wrist).max() <= MAX_POSITION_M
        and np.abs(squares - 1.0).max() <= 2.0 * QUATERNION_TOLERANCE
        and quaternions[..., 3].min() >= 0.0
        and confidence.min() >= 0.0
        and confidence.max() <= 1.0
    )


def _placed(values: Float32Array, rows: list[int], shape: tuple[int, int]) -> Float32Array:
    placed = np.full((shape[0] * shape[1], *values.shape[1:]), np.nan, np.float32)
    placed[rows] = values
    return placed.reshape(*shape, *values.shape[1:])
