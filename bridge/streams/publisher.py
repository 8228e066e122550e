"""Publishes a video file, a camera or any other source as a view of a room."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection, RTCRtpSender

from bridge.errors import ConnectionFailedError, InputError, StreamError
from bridge.streams import clock_channel
from bridge.streams.aiortc_private import SenderTap
from bridge.streams.clock_channel import Capture, Ping, Pong
from bridge.streams.reconnect import LostError, keep_publishing
from bridge.streams.source_track import Codec, LentTrack, SourceTrack
from bridge.streams.sources import VideoSource, open_source
from bridge.streams.whip_client import WhipClient

__all__ = ["PublishStats", "publish"]

_log = logging.getLogger(__name__)

_CONNECT_TIMEOUT_S = 10.0
# Receivers report once a second or so; a killed bridge says no goodbye.
_SILENCE_S = 5.0
_LOOK_S = 0.25


@dataclass(frozen=True, slots=True)
class PublishStats:
    """What was published.

    Attributes:
        sent: Pictures sent.
        dropped: Pictures left out because they were late.
        start_monotonic_ns: Capture of the first picture, `time.monotonic_ns`; 0 if none was sent.
        start_wall_ns: The same, nanoseconds since 1970.
        reconnected: How often the connection was lost and came back.
    """

    sent: int
    dropped: int
    start_monotonic_ns: int
    start_wall_ns: int
    reconnected: int = 0


class _WallClock:
    """Wall-clock time that never steps: one reading, and monotonic time since.

    Answers to pings and capture messages must be of one clock, also while the system's is set.
    """

    def __init__(self) -> None:
        self._offset_ns = time.time_ns() - time.monotonic_ns()

    def at(self, monotonic_ns: int) -> int:
        return monotonic_ns + self._offset_ns

    def now_ns(self) -> int:
        return self.at(time.monotonic_ns())


async def publish(
    source: str | Path | int | VideoSource,
    url: str,
    *,
    view: str,
    focal: float | None = None,
    token: str | None = None,
    loop: bool = False,
    copy: bool = False,
    codec: Codec = "h264",
    bitrate_kbps: int = 2500,
    insecure: bool = False,
    ca_file: Path | None = None,
    reconnect_s: float = 0.0,
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
    on_capture: Callable[[int, int], None] = lambda _index, _time_ns: None,
    stop: asyncio.Event | None = None,
) -> PublishStats:
    """Publishes until the source ends, ``stop`` is set or the bridge goes away.

    A file is paced by its own timestamps and read as it is sent, so its length does not matter.

    Args:
        source: See `bridge.streams.sources.open_source`.
        url: The room's WHIP address, ``https://HOST:PORT/whip/ROOM``.
        view: The view's name.
        focal: The lens's focal length in longer image sides, where it is known.
        token: Bearer token.
        loop: Repeat a file for ever.
        copy: Send a file's H.264 as it is: without B-frames, and nearly without work.
        codec: What to encode pictures as.
        bitrate_kbps: Bitrate of H.264, kbit/s.
        insecure: Accept any certificate.
        ca_file: Certificates to trust besides the system's, PEM; a self-made one is its own.
        reconnect_s: For how long to try to come back when a connection is lost, seconds. A file
            goes on where it was.
        progress: Called a few times a second with the pictures sent and how many there are.
        on_capture: Called with the index and the time of capture (`time.monotonic_ns`) of each
            picture sent, on the event loop. Indices count the source's pictures, those left out
            too.
        stop: Ends the publishing when set.

    Raises:
        VideoError: The source is not a readable video or camera.
        InputError: The address, the view's name or the certificate file cannot be used.
        ConnectionFailedError: The bridge cannot be reached, refuses, or ends the connection.
    """
    if not reconnect_s >= 0:
        raise InputError(f"reconnect_s must be 0 or more seconds, not {reconnect_s}")
    client = WhipClient(url, view, focal=focal, token=token, insecure=insecure, ca_file=ca_file)
    opened = await asyncio.to_thread(open_source, source, loop=loop, copy=copy)
    track = SourceTrack(opened, codec=codec, bitrate_kbps=bitrate_kbps, on_capture=on_capture)
    clock = _WallClock()
    stop = stop or asyncio.Event()

    async def session(connected: Callable[[], None]) -> None:
        async with _peer_connection() as connection:
            _offer(connection, track, codec, clock)
            async with client.session(connection):
                await _connected(connection)
                connected()
                await _run(connection, track, opened.total, progress, stop)

    try:
        reconnected = await keep_publishing(session, reconnect_s, stop=stop)
    finally:
        await track.close()
    if track.error is not None:
        raise track.error
    start_ns = track.start_ns or 0
    start_wall_ns = clock.at(start_ns) if start_ns else 0
    return PublishStats(track.sent, track.dropped, start_ns, start_wall_ns, reconnected)


@contextlib.asynccontextmanager
async def _peer_connection() -> AsyncIterator[RTCPeerConnection]:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        yield connection
    finally:
        await connection.close()


def _offer(
    connection: RTCPeerConnection, track: SourceTrack, codec: Codec, clock: _WallClock
) -> None:
    """Adds the track, in one codec, and the clock channel."""
    transceiver = connection.addTransceiver(LentTrack(track), direction="sendonly")
    capabilities = RTCRtpSender.getCapabilities("video")
    transceiver.setCodecPreferences(
        [c for c in capabilities.codecs if c.name.lower() in (codec, "rtx")]
    )
    tap = SenderTap(transceiver.sender, on_keyframe_request=track.request_keyframe)
    channel = connection.createDataChannel(clock_channel.LABEL)

    def answer(text: str | bytes) -> None:
        received_ns = clock.now_ns()
        with contextlib.suppress(StreamError):
            message = clock_channel.decode(text)
            if isinstance(message, Ping) and channel.readyState == "open":
                channel.send(clock_channel.encode(Pong(message.t0_ns, received_ns)))
                # After a ping is as good a moment as any: often at first, then once a second.
                _announce_capture(channel, tap, track, clock)

    channel.on("message", answer)


def _announce_capture(
    channel: RTCDataChannel, tap: SenderTap, track: SourceTrack, clock: _WallClock
) -> None:
    if tap.rtp_origin is not None and track.last_capture is not None:
        ticks, captured_ns = track.last_capture
        rtp = (tap.rtp_origin + ticks) & 0xFFFFFFFF
        channel.send(clock_channel.encode(Capture(rtp, clock.at(captured_ns))))


async def _connected(connection: RTCPeerConnection) -> None:
    changed = asyncio.Event()
    connection.on("connectionstatechange", changed.set)
    try:
        async with asyncio.timeout(_CONNECT_TIMEOUT_S):
            while connection.connectionState in ("new", "connecting"):
                changed.clear()
                await changed.wait()
    except TimeoutError:
        raise ConnectionFailedError(
            f"the bridge answered, but no video connection came about in {_CONNECT_TIMEOUT_S:g} s: "
            "is UDP blocked between the two?"
        ) from None
    _check_alive(connection)


async def _run(
    connection: RTCPeerConnection,
    track: SourceTrack,
    total: int | None,
    progress: Callable[[int, int | None], None],
    stop: asyncio.Event,
) -> None:
    received, heard_s = -1, time.monotonic()
    while not stop.is_set():
        progress(track.sent, total)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_S):
                await stop.wait()
        if track.finished:
            break
        _check_alive(connection)
        stats = await connection.getStats()
        count = sum(s.packetsReceived for s in stats.values() if s.type == "transport")
        if count != received:
            received, heard_s = count, time.monotonic()
        elif time.monotonic() - heard_s > _SILENCE_S:
            raise LostError(f"the bridge has not been heard for {_SILENCE_S:g} s")
    progress(track.sent, total)


def _check_alive(connection: RTCPeerConnection) -> None:
    if connection.connectionState == "failed":
        raise LostError("the bridge was lost: WebRTC's own checks fail")
    if connection.connectionState == "closed":
        raise ConnectionFailedError("the bridge ended the connection")
