"""Encoded video frames from RTP packets, each released with its own last packet.

A receiver that waits for the next frame's first packet to know that a frame has ended adds one
frame interval to the latency. The marker bit says it at once: RFC 6184 section 5.1 (H.264) and
RFC 7741 section 4.1 (VP8) set it on the last packet of a frame.

Pure: packets and times in, frames out.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AssemblerStats", "EncodedFrame", "FrameAssembler", "is_keyframe"]

_START_CODE = b"\x00\x00\x01"
_H264_IDR = 5
_H264_FIRST_SLICE_TYPES = range(1, 6)
_VP8_KEYFRAME_SYNC = b"\x9d\x01\x2a"


def is_keyframe(data: bytes) -> bool:
    """Whether an encoded frame can be decoded without any other: H.264 Annex B or VP8.

    The two are told apart by their own signatures (H.264 Annex B starts with a start code; a
    VP8 key frame has a sync code at byte 3, RFC 6386 section 9.1), so that this works before
    the codec has been negotiated. A frame whose beginning was lost is none.
    """
    if not data.startswith((_START_CODE, b"\x00" + _START_CODE)):
        return len(data) > 5 and not data[0] & 1 and data[3:6] == _VP8_KEYFRAME_SYNC
    position = data.find(_START_CODE)
    while 0 <= position < len(data) - 3:
        unit_type = data[position + 3] & 0x1F
        if unit_type in _H264_FIRST_SLICE_TYPES:
            return unit_type == _H264_IDR
        position = data.find(_START_CODE, position + 3)
    return False


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """One frame for the decoder.

    Attributes:
        data: Depayloaded bytes.
        timestamp: RTP timestamp, unwrapped: its low 32 bits are the packets' own.
    """

    data: bytes
    timestamp: int


@dataclass(slots=True)
class AssemblerStats:
    """Counts since the start.

    Attributes:
        released: Frames given to the decoder.
        skipped: Frames and parts of frames thrown away: they had holes, or needed one that had.
        stalls: Holes in the packet sequence that were given up.
        late: Packets that came after their place was given up, or twice.
    """

    released: int = 0
    skipped: int = 0
    stalls: int = 0
    late: int = 0


@dataclass(frozen=True, slots=True)
class _Packet:
    place: int
    timestamp: int
    marker: bool
    payload: bytes
    arrival_ns: int


class FrameAssembler:
    """Puts the packets of one video stream in order and into frames.

    A hole that retransmission has not filled after ``stall_ns`` is given up. From there on
    nothing is released until a key frame comes, because frames that need a lost one decode to
    smears; meanwhile ``add`` asks for a key frame. A sender that cannot make one (it sends a
    file's own packets) is waited for no longer than ``keyframe_wait_ns``.

    Args:
        stall_ns: Age at which a hole is given up.
        keyframe_wait_ns: Longest time without pictures after a hole.
        keyframe_request_ns: Interval between requests for a key frame.
        capacity: Most packets kept beyond a hole.
    """

    def __init__(
        self,
        *,
        stall_ns: int = 120_000_000,
        keyframe_wait_ns: int = 500_000_000,
        keyframe_request_ns: int = 250_000_000,
        capacity: int = 1024,
    ) -> None:
        self._stall_ns = stall_ns
        self._keyframe_wait_ns = keyframe_wait_ns
        self._keyframe_request_ns = keyframe_request_ns
        self._capacity = capacity
        self._waiting: dict[int, _Packet] = {}
        self._partial: list[_Packet] = []
        self._next = 0
        self._started = False
        self._released_any = False
        self._last_timestamp: int | None = None
        self._skipping_since_ns: int | None = None
        self._requested_ns: int | None = None
        self.stats = AssemblerStats()

    def add(
        self, *, sequence: int, timestamp: int, marker: bool, payload: bytes, now_ns: int
    ) -> tuple[list[EncodedFrame], bool]:
        """Takes one packet.

        Args:
            sequence: RTP sequence number, 16 bits.
            timestamp: RTP timestamp, 32 bits.
            marker: RTP marker bit.
            payload: Depayloaded bytes.
            now_ns: Arrival, any monotonic clock.

        Returns:
            The frames that this packet completes, in order, and whether to ask the sender for a
            key frame now.
        """
        place = self._place(sequence)
        packet = _Packet(place, timestamp, marker, payload, now_ns)
        if not self._started:
            self._started = True
            # The first frames may refer to some sent before: skip until a key frame.
            self._next = place
            self._skipping_since_ns = now_ns
        elif abs(place - self._next) > self._capacity:
            self._restart(place, now_ns)
        elif place < self._next:
            if self._released_any or self.stats.skipped:
                self.stats.late += 1
                return [], False
            # The very first packets overtook this one.
            self._waiting.update((packet.place, packet) for packet in self._partial)
            self._partial.clear()
            self._next = place
        if place in self._waiting:
            self.stats.late += 1
            return [], False
        self._waiting[place] = packet

        frames = self._advance(now_ns)
        if self._waiting and self._hole_is_old(now_ns):
            self._give_up_hole(now_ns)
            frames += self._advance(now_ns)
        return frames, self._request_due(now_ns)

    def skip_to_keyframe(self, now_ns: int) -> None:
        """Releases nothing until the next key frame: the decoder cannot keep up."""
        if self._skipping_since_ns is None:
            self._skipping_since_ns = now_ns

    def _place(self, sequence: int) -> int:
        """The sequence number without its 16-bit wrap-around, nearest to the one expected."""
        if not self._started:
            return sequence
        return self._next + ((sequence - self._next + 0x8000) & 0xFFFF) - 0x8000

    def _restart(self, place: int, now_ns: int) -> None:
        self._drop_partial()
        self.stats.skipped += bool(self._waiting)
        self.stats.stalls += 1
        self._waiting.clear()
        self._next = place
        self.skip_to_keyframe(now_ns)

    def _advance(self, now_ns: int) -> list[EncodedFrame]:
        """Moves the packets up to the next hole into frames."""
        frames: list[EncodedFrame] = []
        while (packet := self._waiting.pop(self._next, None)) is not None:
            self._next += 1
            if self._partial and packet.timestamp != self._partial[0].timestamp:
                self._finish(frames, now_ns)
            # Padding after the marker has the old timestamp and no payload: it starts no frame.
            if packet.payload:
                self._partial.append(packet)
            if packet.marker and self._partial:
                self._finish(frames, now_ns)
        return frames

    def _finish(self, frames: list[EncodedFrame], now_ns: int) -> None:
        data = b"".join(packet.payload for packet in self._partial)
        timestamp = self._unwrapped(self._partial[0].timestamp)
        self._partial.clear()
        if self._skipping_since_ns is not None:
            waited_ns = now_ns - self._skipping_since_ns
            if not is_keyframe(data) and waited_ns < self._keyframe_wait_ns:
                self.stats.skipped += 1
                return
            self._skipping_since_ns = None
            self._requested_ns = None
        self._released_any = True
        self.stats.released += 1
        frames.append(EncodedFrame(data, timestamp))

    def _unwrapped(self, timestamp: int) -> int:
        last = self._last_timestamp
        if last is not None:
            timestamp = last + ((timestamp - last + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        self._last_timestamp = timestamp
        return timestamp

    def _hole_is_old(self, now_ns: int) -> bool:
        oldest_ns = min(packet.arrival_ns for packet in self._waiting.values())
        return now_ns - oldest_ns >= self._stall_ns or len(self._waiting) >= self._capacity

    def _give_up_hole(self, now_ns: int) -> None:
        self._drop_partial()
        self._next = min(self._waiting)
        self.stats.stalls += 1
        self.skip_to_keyframe(now_ns)

    def _drop_partial(self) -> None:
        self.stats.skipped += bool(self._partial)
        self._partial.clear()

    def _request_due(self, now_ns: int) -> bool:
        if self._skipping_since_ns is None:
            return False
        if self._requested_ns is None and not self._released_any and not self.stats.skipped:
            # At the very start a key frame is on its way; it is asked for when another came.
            return False
        due = self._requested_ns is None or (
            now_ns - self._requested_ns >= self._keyframe_request_ns
        )
        if due:
            self._requested_ns = now_ns
        return due
