"""Every use of what aiortc keeps to itself, each with a way out where a version lacks it.

aiortc 1.16 offers no public way to release frames on the marker bit, to read RTP timestamps or
sender reports, to hear that a key frame is wanted, or to bear a peer without consent checks. The
classes here reach in for these, ask first whether the names are there, and otherwise leave aiortc
as it is: streams then work, one frame later and stamped by arrival. Nothing outside this file
names an underscored attribute of aiortc or aioice.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from aiortc import RTCPeerConnection, RTCRtpReceiver, RTCRtpSender, clock

from bridge.streams.assembler import AssemblerStats, FrameAssembler

__all__ = [
    "ReceiverTap",
    "SenderTap",
    "add_loopback_candidates",
    "discard_media",
    "outlive_consent",
    "unix_ns",
    "use_steady_clock",
]

_log = logging.getLogger(__name__)

_NTP_UNIX_SECONDS = 2_208_988_800
_ARRIVALS_KEPT = 256
# Half a second of frames at 30 per second. A decoder further behind will not catch up by itself.
_MAX_DECODER_BACKLOG = 15


def unix_ns(ntp_timestamp: int) -> int:
    """Nanoseconds since 1970 of a 64-bit NTP timestamp (RFC 5905 section 6: 32.32 since 1900)."""
    return ((ntp_timestamp - (_NTP_UNIX_SECONDS << 32)) * 1_000_000_000) >> 32


def _mangled(owner: type, name: str) -> str:
    return f"_{owner.__name__}__{name}"


def _lacks(thing: object, names: list[str], what: str) -> bool:
    """Whether any of the names is gone; says so once per attachment."""
    missing = [name for name in names if not hasattr(thing, name)]
    if missing:
        _log.warning("This aiortc has no %s: %s", ", ".join(missing), what)
    return bool(missing)


class ReceiverTap:
    """Listens in on a video receiver and releases its frames without delay.

    Attach it when the track appears, before media flows.

    Args:
        receiver: The receiver of one video track.
        now_ns: The bridge's clock.
        on_sender_report: Called with a 32-bit RTP timestamp and the sender's wall clock
            (nanoseconds since 1970) of each RTCP sender report.
        assembler: Puts packets into frames; its times are the bridge's clock.
    """

    def __init__(
        self,
        receiver: RTCRtpReceiver,
        *,
        now_ns: Callable[[], int],
        on_sender_report: Callable[[int, int], None] = lambda _rtp, _wall_ns: None,
        assembler: FrameAssembler | None = None,
    ) -> None:
        self._receiver: Any = receiver
        self._now_ns = now_ns
        self._on_sender_report = on_sender_report
        self._assembler = assembler or FrameAssembler()
        self._arrivals: OrderedDict[int, int] = OrderedDict()
        self._queue = _mangled(RTCRtpReceiver, "decoder_queue")
        self._codecs = _mangled(RTCRtpReceiver, "codecs")
        self._hook_packets()
        self._hook_reports()
        self._releases_on_marker = self._replace_jitter_buffer()

    @property
    def releases_on_marker(self) -> bool:
        """Whether frames come out with their own last packet, not with the next frame's first."""
        return self._releases_on_marker

    @property
    def stats(self) -> AssemblerStats | None:
        """Frames skipped and holes given up, None where aiortc's own buffer is at work."""
        return self._assembler.stats if self._releases_on_marker else None

    def rtp_timestamp(self, pts: int) -> int | None:
        """The 32-bit RTP timestamp of a decoded frame, None where it cannot be known.

        Args:
            pts: The frame's presentation timestamp in ticks of 1/90000 s.
        """
        if self._releases_on_marker:
            return pts & 0xFFFFFFFF
        mapper = getattr(self._receiver, _mangled(RTCRtpReceiver, "timestamp_mapper"), None)
        origin: int | None = getattr(mapper, "_origin", None)
        return None if origin is None else (pts + origin) & 0xFFFFFFFF

    def arrival_ns(self, rtp: int) -> int | None:
        """Arrival of the first packet with this RTP timestamp, None when it is long ago."""
        return self._arrivals.get(rtp)

    def _hook_packets(self) -> None:
        if _lacks(self._receiver, ["_handle_rtp_packet"], "arrival is when a frame is decoded"):
            return
        handle = self._receiver._handle_rtp_packet

        async def listen(packet: Any, *args: Any, **kwargs: Any) -> None:
            if packet.timestamp not in self._arrivals:
                self._arrivals[packet.timestamp] = self._now_ns()
                if len(self._arrivals) > _ARRIVALS_KEPT:
                    self._arrivals.popitem(last=False)
            await handle(packet, *args, **kwargs)

        self._receiver._handle_rtp_packet = listen

    def _hook_reports(self) -> None:
        if _lacks(self._receiver, ["_handle_rtcp_packet"], "sender reports are not used"):
            return
        handle = self._receiver._handle_rtcp_packet

        async def listen(packet: Any) -> None:
            info = getattr(packet, "sender_info", None)
            # A report sent before the first frame has no time in it.
            if info is not None and info.ntp_timestamp:
                self._on_sender_report(info.rtp_timestamp, unix_ns(info.ntp_timestamp))
            await handle(packet)

        self._receiver._handle_rtcp_packet = listen

    def _replace_jitter_buffer(self) -> bool:
        buffer = _mangled(RTCRtpReceiver, "jitter_buffer")
        if _lacks(
            self._receiver,
            [buffer, self._queue, self._codecs],
            "frames are released one frame late",
        ):
            return False
        setattr(self._receiver, buffer, self)
        return True

    def add(self, packet: Any) -> tuple[bool, None]:
        """Stands in for ``aiortc.jitterbuffer.JitterBuffer.add``.

        It hands the frames to the decoder itself, because one packet may complete several and
        aiortc takes only one: the others would stay behind for good.

        Returns:
            Whether aiortc should send a picture loss indication, and no frame.
        """
        now_ns = self._now_ns()
        frames, keyframe_wanted = self._assembler.add(
            sequence=packet.sequence_number,
            timestamp=packet.timestamp,
            marker=bool(packet.marker),
            payload=packet._data,
            now_ns=now_ns,
        )
        decoder_queue = getattr(self._receiver, self._queue)
        codec = getattr(self._receiver, self._codecs).get(packet.payload_type)
        for frame in frames:
            if codec is None or decoder_queue.qsize() >= _MAX_DECODER_BACKLOG:
                self._assembler.skip_to_keyframe(now_ns)
                self._assembler.stats.skipped += 1
                break
            decoder_queue.put((codec, frame))
        return keyframe_wanted, None


class SenderTap:
    """Listens in on a video sender: RTP origin, and requests for key frames.

    Args:
        sender: The sender of one video track, before it starts.
        on_keyframe_request: Called when the receiver asks for a key frame. aiortc answers that
            by itself for frames it encodes; a track of packets has to.
    """

    def __init__(
        self, sender: RTCRtpSender, *, on_keyframe_request: Callable[[], None] | None = None
    ) -> None:
        self._sender: Any = sender
        self._rtp_origin: int | None = None
        self._sent: int | None = None
        self._timestamp = _mangled(RTCRtpSender, "rtp_timestamp")
        if on_keyframe_request is not None:
            self._hook_requests(on_keyframe_request)
        self._hook_frames()

    @property
    def rtp_origin(self) -> int | None:
        """RTP timestamp of the frame with time zero; None until a second frame is sent."""
        return self._rtp_origin

    def _hook_requests(self, on_keyframe_request: Callable[[], None]) -> None:
        if _lacks(self._sender, ["_send_keyframe"], "key frames come at fixed intervals only"):
            return
        send_keyframe = self._sender._send_keyframe

        def listen() -> None:
            on_keyframe_request()
            send_keyframe()

        self._sender._send_keyframe = listen

    def _hook_frames(self) -> None:
        names = ["_next_encoded_frame", self._timestamp]
        if _lacks(self._sender, names, "capture times are not announced"):
            return
        next_frame = self._sender._next_encoded_frame

        async def listen(*args: Any, **kwargs: Any) -> Any:
            # All packets of the frame before are out when the next is asked for, and the sender
            # then shows the last one's timestamp. Its origin is a random local number.
            if self._rtp_origin is None and self._sent is not None:
                shown = getattr(self._sender, self._timestamp)
                self._rtp_origin = (shown - self._sent) & 0xFFFFFFFF
            frame = await next_frame(*args, **kwargs)
            if frame is not None:
                self._sent = frame.timestamp
            return frame

        self._sender._next_encoded_frame = listen


def discard_media(receiver: RTCRtpReceiver) -> bool:
    """Throws a track's packets away before they are decoded.

    Returns:
        False where that is impossible: then somebody must read the track, or it grows.
    """
    handle = "_handle_rtp_packet"
    if _lacks(receiver, [handle], "unused audio is decoded all the same"):
        return False

    async def ignore(*_args: object, **_kwargs: object) -> None:
        return

    setattr(receiver, handle, ignore)
    return True


def add_loopback_candidates(connection: RTCPeerConnection, *, always: bool = False) -> None:
    """Lets a peer connection be reached over loopback, which aioice leaves out.

    Call it after the m-sections are known and before the local description is set.

    Args:
        connection: The peer connection.
        always: Offer loopback beside other addresses too, not only on a machine without any.
    """
    for ice in _ice_connections(connection):
        names = ["gather_candidates", "get_component_candidates", "_local_candidates"]
        if not _lacks(ice, names, "loopback is left out"):
            _gather_loopback(ice, always=always)


def outlive_consent(connection: RTCPeerConnection) -> None:
    """Keeps a connection whose peer sends media but answers no consent checks (RFC 7675).

    FFmpeg's WHIP muxer answers none, so aioice would end its connection after half a minute. A
    bridge only receives: whoever is silent is noticed by that. Call it before the local
    description is set.
    """

    async def never() -> None:
        await asyncio.Event().wait()

    for ice in _ice_connections(connection):
        if not _lacks(ice, ["query_consent"], "FFmpeg is cut off after half a minute"):
            ice.query_consent = never


def use_steady_clock() -> None:
    """Lets aiortc measure arrivals on a clock that nobody sets; for the whole process.

    From arrivals it estimates the bitrate that a publisher is told to keep to (REMB). It takes
    them from the wall clock: set back by an hour, that would be next to nothing for an hour.
    """
    if getattr(clock.current_ms, "steady", False):
        return
    offset_ms = clock.current_ms() - time.monotonic_ns() // 1_000_000

    def current_ms() -> int:
        return offset_ms + time.monotonic_ns() // 1_000_000

    current_ms.steady = True  # type: ignore[attr-defined]
    clock.current_ms = current_ms


def _ice_connections(connection: RTCPeerConnection) -> list[Any]:
    """The ICE connection of each transport; None for one that has none (any more)."""
    transports = {
        id(t): t
        for t in (
            *(r.receiver.transport.transport for r in connection.getTransceivers()),
            *([connection.sctp.transport.transport] if connection.sctp else []),
        )
    }
    return [getattr(t.iceGatherer, "_connection", None) for t in transports.values()]


def _gather_loopback(ice: Any, *, always: bool) -> None:
    gather = ice.gather_candidates

    async def gather_with_loopback() -> None:
        await gather()
        found = ice._local_candidates
        if always or not found:
            found += await ice.get_component_candidates(component=1, addresses=["127.0.0.1"])

    ice.gather_candidates = gather_with_loopback
