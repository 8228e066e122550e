"""A video source as a track that aiortc can send: paced, stamped, encoded."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, Literal

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av.video.frame import PictureType

from bridge.streams.sources import Timed, VideoSource

__all__ = ["Codec", "H264Encoder", "LentTrack", "SourceTrack"]

_log = logging.getLogger(__name__)

Codec = Literal["h264", "vp8"]

_RTP_HZ = 90_000
_RTP_TIME_BASE = Fraction(1, _RTP_HZ)
# A picture this late would delay all after it; a camera with a busy encoder leaves it out too.
_LATE_NS = 50_000_000
# A source this far behind is slower than its own times: from here on they are moved back.
_TOO_LATE_NS = 500_000_000


class H264Encoder:
    """x264 for live pictures on a machine that has other work: one thread, one packet a picture.

    Args:
        bitrate_kbps: Average bitrate, kbit/s.
        keyframe_interval: Most pictures from one key frame to the next.
    """

    def __init__(self, *, bitrate_kbps: int = 2500, keyframe_interval: int = 120) -> None:
        self._bitrate_kbps = bitrate_kbps
        self._keyframe_interval = keyframe_interval
        self._context: av.VideoCodecContext | None = None

    def encode(self, picture: av.VideoFrame, *, keyframe: bool = False) -> av.Packet[Any]:
        """Encodes a picture whose ``pts`` and ``time_base`` are set.

        A change of size starts anew, with a key frame. Odd sizes lose a row or column: colour
        comes in blocks of two by two.
        """
        width, height = picture.width & ~1, picture.height & ~1
        if (picture.width, picture.height, picture.format.name) != (width, height, "yuv420p"):
            picture = picture.reformat(width, height, "yuv420p")
        context = self._context
        if context is None or (context.width, context.height) != (width, height):
            context = self._context = self._open(picture)
        picture.pict_type = PictureType.I if keyframe else PictureType.NONE
        (packet,) = context.encode(picture)
        return packet

    def _open(self, picture: av.VideoFrame) -> av.VideoCodecContext:
        context = av.CodecContext.create("libx264", "w")
        context.width, context.height = picture.width, picture.height
        context.pix_fmt = "yuv420p"
        context.time_base = _RTP_TIME_BASE
        context.framerate = Fraction(30)
        context.bit_rate = self._bitrate_kbps * 1000
        context.gop_size = self._keyframe_interval
        context.thread_count = 1
        context.profile = "Baseline"
        context.options = {
            "preset": "superfast",
            "tune": "zerolatency",
            "forced-idr": "1",
            "maxrate": f"{self._bitrate_kbps}k",
            # Half a second: a key frame may be large, but no queue builds up behind it.
            "bufsize": f"{self._bitrate_kbps // 2}k",
        }
        return context


class SourceTrack(MediaStreamTrack):
    """Sends a source's pictures, each at its time.

    The time of capture is when a picture is due, so that work which comes later than it should
    counts as latency, as it would with a camera.

    Args:
        source: The pictures.
        codec: ``"h264"`` is encoded here; for ``"vp8"`` aiortc encodes.
        bitrate_kbps: Bitrate of H.264, kbit/s.
        on_capture: Called with each sent picture's index and time of capture, nanoseconds of
            `time.monotonic_ns`.
    """

    kind = "video"

    def __init__(
        self,
        source: VideoSource,
        *,
        codec: Codec = "h264",
        bitrate_kbps: int = 2500,
        on_capture: Callable[[int, int], None] = lambda _index, _time_ns: None,
    ) -> None:
        super().__init__()
        self._source = source
        self._on_capture = on_capture
        self._encoder = (
            H264Encoder(bitrate_kbps=bitrate_kbps)
            if codec == "h264" and not source.encoded
            else None
        )
        self._timed: Iterator[Timed] = source.timed()
        self._ahead: asyncio.Future[tuple[Timed | None, int]] | None = None
        self._keyframe_wanted = False
        self._index = 0
        self._first_s = 0.0
        self._moved_ns = 0
        self._was_ready = False
        self._resumes = False
        self.start_ns: int | None = None
        self.sent = 0
        self.dropped = 0
        self.finished = False
        self.error: Exception | None = None
        self.last_capture: tuple[int, int] | None = None
        """Time of the newest picture, as RTP ticks from the first and as monotonic nanoseconds."""

    def request_keyframe(self) -> None:
        """The receiver has lost a picture."""
        self._keyframe_wanted = True

    def resume(self) -> None:
        """Another connection takes the pictures from here on: a file goes on where it was."""
        self._keyframe_wanted = True
        self._resumes = not self._source.live and self.start_ns is not None

    async def recv(self) -> Any:
        """The next picture or packet, when it is due.

        Raises:
            MediaStreamError: The source has ended, or failed: then ``error`` says how.
        """
        try:
            media = await self._due()
        except Exception as error:  # `publish` raises it; aiortc would only log it.
            self.error, media = error, None
        if media is None:
            # Whoever stops the track early has not come to the end of the source.
            self.finished = self.finished or self.error is not None
            self.stop()
            raise MediaStreamError
        self.sent += 1
        return media

    async def _due(self) -> av.VideoFrame | av.Packet[Any] | None:
        """The next picture or packet once it is due, None at the end."""
        while (timed := await self._next()) is not None:
            captured_ns = self._captured_ns(timed)
            index, self._index = self._index, self._index + 1
            late_ns = time.monotonic_ns() - captured_ns
            if self._resumes:
                self._resumes = False
                self._moved_ns += max(0, late_ns)
                captured_ns += max(0, late_ns)
                late_ns = 0
            # Leaving out a picture that had to be waited for would not help the next one.
            if late_ns > _LATE_NS and self._was_ready and not self._source.encoded:
                self.dropped += 1
                continue
            if late_ns > _TOO_LATE_NS and not (self._was_ready or self._source.live):
                _log.warning("the source is slower than its own times: moved by %d ns", late_ns)
                self._moved_ns += late_ns
                captured_ns += late_ns
            if late_ns < 0:
                await asyncio.sleep(-late_ns / 1e9)
            media = timed.media
            media.pts = round((captured_ns - (self.start_ns or 0)) * _RTP_HZ / 1e9)
            media.time_base = _RTP_TIME_BASE
            self.last_capture = (media.pts, captured_ns)
            self._on_capture(index, captured_ns)
            if self._encoder is not None and isinstance(media, av.VideoFrame):
                keyframe, self._keyframe_wanted = self._keyframe_wanted, False
                return await asyncio.to_thread(self._encoder.encode, media, keyframe=keyframe)
            return media
        return None

    async def close(self) -> None:
        """Ends the track and releases the source; idempotent."""
        self.stop()
        if self._ahead is not None:
            await asyncio.gather(self._ahead, return_exceptions=True)
        close = getattr(self._timed, "close", None)
        if close is not None:
            await asyncio.to_thread(close)

    def _captured_ns(self, timed: Timed) -> int:
        now_ns = time.monotonic_ns()
        if self.start_ns is None:
            self._first_s = timed.time_s
            self.start_ns = round(timed.time_s * 1e9) if self._source.live else now_ns
        return self.start_ns + self._moved_ns + round((timed.time_s - self._first_s) * 1e9)

    async def _next(self) -> Timed | None:
        """The next picture, decoded while the one before it was waited for and sent."""
        if self.readyState != "live":
            return None
        asked_ns = time.monotonic_ns()
        timed, ready_ns = await asyncio.shield(self._ahead or self._fetch())
        self._was_ready = ready_ns <= asked_ns
        if timed is None:
            self.finished = True
        elif self.readyState == "live":
            self._fetch()
        return timed

    def _fetch(self) -> asyncio.Future[tuple[Timed | None, int]]:
        loop = asyncio.get_running_loop()
        self._ahead = loop.run_in_executor(None, self._pull)
        return self._ahead

    def _pull(self) -> tuple[Timed | None, int]:
        return next(self._timed, None), time.monotonic_ns()


class LentTrack(MediaStreamTrack):
    """A source's track for one connection: it ends with that, and the source goes on."""

    kind = "video"

    def __init__(self, track: SourceTrack) -> None:
        super().__init__()
        self._track = track
        track.resume()

    async def recv(self) -> Any:
        """The next picture or packet, when it is due.

        Raises:
            MediaStreamError: The source has ended, or failed.
        """
        return await self._track.recv()
