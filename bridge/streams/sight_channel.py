"""The sight data channel: tells a publisher what the bridge sees in its pictures.

Binary messages, bridge to publisher only, at most `MAX_RATE_HZ` a second; what a publisher sends
on it is ignored. Nothing is queued: where the channel is slow, messages are left out. See the
protocol's SPEC.md for the bytes.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bridge.errors import StreamError

if TYPE_CHECKING:
    from aiortc import RTCDataChannel

__all__ = [
    "LABEL",
    "MAX_BYTES",
    "MAX_RATE_HZ",
    "Cameras",
    "SeenHand",
    "Sight",
    "SightOutlet",
    "decode",
    "encode",
]

LABEL = "sight"
MAX_RATE_HZ = 15

_FORMAT = 1
_HEADER = struct.Struct("<BBHHHHHHBBBBI")
_POINTS = 21
_HAND_BYTES = 1 + 4 * _POINTS
MAX_BYTES = _HEADER.size + 2 * _HAND_BYTES
_UNKNOWN_16, _UNKNOWN_8 = 0xFFFF, 0xFF
_LEFT, _RIGHT, _CLOCK, _INSTRUMENT, _TAPPED, _TURNED = 1, 2, 4, 8, 16, 32
_FLAGS = 63

_LOWEST, _SPAN = -0.5, 2.0
"""Keypoints outside the picture count, up to half its size away: a hand may be cut off."""

_INTERVAL_NS = 1_000_000_000 // MAX_RATE_HZ


class Cameras(IntEnum):
    """What the bridge knows of where this device stands among the others."""

    UNKNOWN = 0
    SOUGHT = 1
    TAPPED = 2
    KNOWN = 3


@dataclass(frozen=True, slots=True)
class SeenHand:
    """One hand in one picture.

    Attributes:
        points: ``(21, 2)`` keypoints as shares of the picture's width and height, x right, y down.
        confidence: 0 to 1.
    """

    points: NDArray[np.floating]
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What the bridge sees in one picture of one view, and how it fares with that view.

    Attributes:
        seq: Rises with each message of a view; a late one is older.
        size_px: The picture's ``(width, height)`` as the bridge got it.
        rate_hz: Pictures of this view that become poses, a second.
        latency_ms: From capture to pose, median of the last second; None where not known.
        clock: The device's own clock is known; else captures are taken for their arrival.
        others: Other devices in the room.
        together: Those of them that had a picture of the same instant.
        spread_ms: Largest time between this picture and one of theirs; None without any.
        cameras: Whether it is known where this device stands.
        nearest_deg: Angle between this camera's direction and the most similar other one's;
            None where that is not known.
        instrument: The room knows where the instrument lies.
        tapped: Its corners were tapped in this view.
        turned: They were, in a picture of another shape: the device was turned since.
        hands: Left and right, None where not seen.
    """

    seq: int
    size_px: tuple[int, int]
    rate_hz: float
    latency_ms: float | None
    clock: bool
    others: int = 0
    together: int = 0
    spread_ms: float | None = None
    cameras: Cameras = Cameras.UNKNOWN
    nearest_deg: float | None = None
    instrument: bool = False
    tapped: bool = False
    turned: bool = False
    hands: tuple[SeenHand | None, SeenHand | None] = (None, None)


def encode(sight: Sight) -> bytes:
    """The message as sent; what is out of a field's range is put to its end."""
    present = [hand for hand in sight.hands if hand is not None]
    flags = (
        _LEFT * (sight.hands[0] is not None)
        | _RIGHT * (sight.hands[1] is not None)
        | _CLOCK * sight.clock
        | _INSTRUMENT * sight.instrument
        | _TAPPED * sight.tapped
        | _TURNED * sight.turned
    )
    header = _HEADER.pack(
        _FORMAT,
        flags,
        _u16(sight.size_px[0]),
        _u16(sight.size_px[1]),
        _u16(10 * sight.rate_hz),
        _u16(None if sight.latency_ms is None else 10 * sight.latency_ms),
        _u16(None if sight.spread_ms is None else 10 * sight.spread_ms),
        0,
        min(max(sight.others, 0), 0xFF),
        min(max(sight.together, 0), 0xFF),
        int(sight.cameras),
        _UNKNOWN_8 if sight.nearest_deg is None else round(min(max(sight.nearest_deg, 0), 180)),
        sight.seq & 0xFFFFFFFF,
    )
    return header + b"".join(_hand_bytes(hand) for hand in present)


def decode(data: bytes | str) -> Sight:
    """The message that was sent.

    Raises:
        StreamError: It is none of this format, or of the wrong length, or a field is impossible.
    """
    if not isinstance(data, bytes) or not _HEADER.size <= len(data) <= MAX_BYTES:
        raise StreamError(f"a sight message has {_HEADER.size} to {MAX_BYTES} bytes")
    (
        kind,
        flags,
        width,
        height,
        rate,
        latency,
        spread,
        zero,
        others,
        together,
        cameras,
        near,
        seq,
    ) = _HEADER.unpack_from(data)
    if kind != _FORMAT:
        raise StreamError(f"a sight message of format {kind}, not {_FORMAT}")
    shown = [bool(flags & bit) for bit in (_LEFT, _RIGHT)]
    if flags & ~_FLAGS or zero or cameras > max(Cameras) or 180 < near < _UNKNOWN_8:
        raise StreamError("a field of a sight message is out of range")
    if len(data) != _HEADER.size + _HAND_BYTES * sum(shown):
        raise StreamError("a sight message is not as long as its hands")
    starts = (_HEADER.size, _HEADER.size + _HAND_BYTES * shown[0])
    left, right = (
        _hand_of(data, start) if there else None for there, start in zip(shown, starts, strict=True)
    )
    return Sight(
        seq=seq,
        size_px=(width, height),
        rate_hz=rate / 10,
        latency_ms=None if latency == _UNKNOWN_16 else latency / 10,
        clock=bool(flags & _CLOCK),
        others=others,
        together=together,
        spread_ms=None if spread == _UNKNOWN_16 else spread / 10,
        cameras=Cameras(cameras),
        nearest_deg=None if near == _UNKNOWN_8 else float(near),
        instrument=bool(flags & _INSTRUMENT),
        tapped=bool(flags & _TAPPED),
        turned=bool(flags & _TURNED),
        hands=(left, right),
    )


class SightOutlet:
    """Where a view's sights go out to its publisher, if that has opened a channel for them.

    Attributes:
        sent: Messages sent.
        skipped: Messages left out, as the channel was slow.
    """

    def __init__(self) -> None:
        self.sent = 0
        self.skipped = 0
        self._channel: RTCDataChannel | None = None
        self._due_ns = 0

    def attach(self, channel: RTCDataChannel) -> None:
        """Sends into this channel from now on; the first one counts, others are ignored."""
        if self._channel is None:
            self._channel = channel

    def offer(self, now_ns: int, make: Callable[[int], Sight]) -> None:
        """Sends what ``make`` gives for a ``seq``, if it is wanted and time for it.

        Args:
            now_ns: The bridge's clock.
            make: Called only if a message is sent.
        """
        channel = self._channel
        # A quarter early: a picture's jitter must not halve the rate.
        if channel is None or channel.readyState != "open" or self._is_early(now_ns):
            return
        self._due_ns = max(self._due_ns + _INTERVAL_NS, now_ns)
        if channel.bufferedAmount > 0:
            self.skipped += 1
            return
        channel.send(encode(make(self.sent)))
        self.sent += 1

    def _is_early(self, now_ns: int) -> bool:
        return now_ns < self._due_ns - _INTERVAL_NS // 4


def _u16(value: float | None) -> int:
    if value is None or not math.isfinite(value):
        return _UNKNOWN_16
    return round(min(max(value, 0), _UNKNOWN_16 - 1))


def _hand_bytes(hand: SeenHand) -> bytes:
    shares = (np.nan_to_num(hand.points, nan=_LOWEST) - _LOWEST) / _SPAN
    points = np.clip(np.rint(shares * 0xFFFF), 0, 0xFFFF).astype("<u2")
    return bytes([round(255 * min(max(hand.confidence, 0.0), 1.0))]) + points.tobytes()


def _hand_of(data: bytes, start: int) -> SeenHand:
    points = np.frombuffer(data, "<u2", 2 * _POINTS, start + 1).reshape(_POINTS, 2)
    return SeenHand(points * (_SPAN / 0xFFFF) + _LOWEST, data[start] / 255)
