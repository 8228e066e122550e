"""What can be published: video files, cameras, and anything else that makes timed pictures."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import av
from av.bitstream import BitStreamFilterContext

from bridge.errors import VideoError
from bridge.streams.files import VideoFile, open_video, packets, video_stream

__all__ = ["CameraSource", "CopySource", "FileSource", "Timed", "VideoSource", "open_source"]

_CAMERA_FORMATS = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}


class Timed(NamedTuple):
    """A picture, or an encoded H.264 picture, and its time in seconds."""

    time_s: float
    media: av.VideoFrame | av.Packet[Any]


class VideoSource(Protocol):
    """Anything that makes pictures with times.

    Attributes:
        live: Whether ``timed`` paces itself and its times are those of `time.monotonic`, as a
            camera does; otherwise they count from 0 and the publisher waits for each.
        encoded: Whether it yields H.264 packets (Annex B) and not pictures.
        total: How many it yields, None if that is unknown or endless.
    """

    live: bool
    encoded: bool
    total: int | None

    def timed(self) -> Iterator[Timed]:
        """The pictures in order. Runs in a thread, which may wait in it."""


class FileSource:
    """A video file's pictures at the file's own times.

    Args:
        path: The file.
        loop: Start again at the end, for ever.

    Raises:
        VideoError: It is not a readable video.
    """

    live = False
    encoded = False

    def __init__(self, path: Path | str, *, loop: bool = False) -> None:
        self._video = VideoFile(path, allow_cut_short=True)
        self._loop = loop
        self.total = None if loop else self._video.frame_count

    def timed(self) -> Iterator[Timed]:
        """The pictures in order."""
        start_s = 0.0
        while True:
            time_s = start_s
            for frame in self._video.frames():
                time_s = start_s + frame.time_ns / 1e9
                yield Timed(time_s, frame.picture)
            if not self._loop:
                return
            start_s = time_s + 1 / self._video.fps


class CopySource:
    """A video file's H.264 pictures as they are, without decoding or encoding.

    Stands for a device with an encoder in hardware: it costs next to nothing. It cannot make
    key frames on request, so after a loss the picture comes back with the file's next one.

    Args:
        path: The file.
        loop: Start again at the end, for ever.

    Raises:
        VideoError: It is not a readable H.264 video, its frames are not in the order in which
            they are shown (B-frames), or it is rotated, which only decoding can undo.
    """

    live = False
    encoded = True

    def __init__(self, path: Path | str, *, loop: bool = False) -> None:
        self._path = Path(path)
        self._loop = loop
        video = VideoFile(path, allow_cut_short=True)
        if video.rotated:
            raise VideoError(f"{path} is rotated, so it cannot be copied: publish it without copy")
        self._fps = video.fps
        self.total = None if loop else video.frame_count
        container = open_video(path)
        try:
            context: Any = video_stream(container).codec_context
            if context.name != "h264":
                raise VideoError(f"{path} is {context.name}, not H.264: publish it without copy")
            if context.has_b_frames:
                raise VideoError(f"{path} has B-frames: publish it without copy")
        finally:
            container.close()

    def timed(self) -> Iterator[Timed]:
        """The packets in order."""
        start_s = 0.0
        while True:
            time_s = start_s
            for media_s, packet in self._once():
                time_s = start_s + media_s
                yield Timed(time_s, packet)
            if not self._loop:
                return
            start_s = time_s + 1 / self._fps

    def _once(self) -> Iterator[tuple[float, av.Packet[Any]]]:
        container = open_video(self._path)
        try:
            stream = video_stream(container)
            # Start codes, and parameter sets in the stream: RTP has no header to put them in.
            to_annex_b = BitStreamFilterContext("h264_mp4toannexb", stream)
            first_s, last_s = None, -1.0
            for raw in packets(container, stream):
                for packet in to_annex_b.filter(raw if raw.size else None):
                    if packet.pts is None or packet.time_base is None:
                        continue
                    seconds = float(packet.pts * packet.time_base)
                    first_s = seconds if first_s is None else first_s
                    if seconds - first_s <= last_s:
                        raise VideoError(f"{self._path} has B-frames: publish it without copy")
                    last_s = seconds - first_s
                    yield last_s, packet
        finally:
            container.close()


class CameraSource:
    """A camera of this machine.

    Args:
        device: Its number, or its name as the system has it.
        size_px: Picture size to ask for.
        rate_hz: Frame rate to ask for.

    Raises:
        VideoError: FFmpeg has no cameras on this system, or not this one.
    """

    live = True
    encoded = False
    total: int | None = None

    def __init__(
        self,
        device: int | str = 0,
        *,
        size_px: tuple[int, int] = (1280, 720),
        rate_hz: int = 30,
    ) -> None:
        self._format = _CAMERA_FORMATS.get(sys.platform, "v4l2")
        self._device = _camera_name(self._format, device)
        self._options = {
            "video_size": f"{size_px[0]}x{size_px[1]}",
            "framerate": str(rate_hz),
        }
        self._container().close()

    def timed(self) -> Iterator[Timed]:
        """The pictures as they come."""
        container = self._container()
        try:
            for picture in container.decode(video=0):
                yield Timed(time.monotonic(), picture)
        except av.error.FFmpegError as error:
            raise VideoError(f"camera {self._device} stopped: {error.strerror}") from error
        finally:
            container.close()

    def _container(self) -> Any:
        try:
            return av.open(self._device, format=self._format, options=self._options)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise VideoError(f"camera {self._device} cannot be opened: {reason}") from error


def _camera_name(camera_format: str, device: int | str) -> str:
    number = str(device).isdecimal()
    if camera_format == "v4l2":
        return f"/dev/video{device}" if number else str(device)
    if camera_format == "avfoundation":
        return f"{device}:none"
    if number:
        raise VideoError("cameras have names on this system, not numbers: give the name")
    return f"video={device}"


def open_source(
    source: str | Path | int | VideoSource, *, loop: bool = False, copy: bool = False
) -> VideoSource:
    """The source that a command line means.

    Args:
        source: A video file's path; a camera's number, ``/dev/video…`` or ``camera:NAME``; or a
            source, which is returned.
        loop: Repeat a file for ever.
        copy: Send a file's H.264 as it is.

    Raises:
        VideoError: It is neither a readable video nor a camera.
    """
    if not isinstance(source, (str, Path, int)):
        return source
    name = str(source)
    if name.isdecimal() or name.startswith("/dev/video"):
        return CameraSource(name)
    if name.startswith("camera:"):
        return CameraSource(name.partition(":")[2])
    return CopySource(name, loop=loop) if copy else FileSource(name, loop=loop)
