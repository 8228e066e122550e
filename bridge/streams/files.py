"""Video files as streams of frames, with their own timestamps."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import av
from av.filter import Graph

from bridge.errors import VideoError
from bridge.streams.frame import Frame

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

__all__ = ["VideoFile", "open_video", "packets", "video_stream"]

_log = logging.getLogger(__name__)

# Formats with pictures inside. Others that FFmpeg would accept are text drawn as video, or lists
# that make it open further files and addresses.
_FORMATS = (
    "3gp,asf,avi,flv,h264,hevc,ivf,matroska,mjpeg,mov,mp4,mpeg,mpegts,mpegvideo,mxf,nut,ogg,"
    "webm,yuv4mpegpipe"
)
_MAX_PIXELS = 8192 * 8192
_CUT_SHORT_S = 0.5
_DEFAULT_RATE_HZ = 30.0


def open_video(path: Path | str, *, options: dict[str, str] | None = None) -> InputContainer:
    """Opens a video file for reading; close it after use.

    Raises:
        VideoError: There is no such file, it cannot be read, is no video, or has no pictures.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise VideoError(f"{path} is a folder, not a video")
        if path.stat().st_size == 0:
            raise VideoError(f"{path} is empty: 0 bytes")
        container = av.open(
            str(path),
            options={"protocol_whitelist": "file", "format_whitelist": _FORMATS, **(options or {})},
        )
    except FileNotFoundError as error:
        raise VideoError(f"there is no file {path}") from error
    except PermissionError as error:
        raise VideoError(f"{path} may not be read: permission denied") from error
    except (av.error.FFmpegError, OSError, UnicodeError) as error:
        raise VideoError(f"{path} is not a readable video: {_reason(error)}") from error
    try:
        _checked_stream(path, container)
    except VideoError:
        container.close()
        raise
    return container


def video_stream(container: InputContainer) -> VideoStream:
    """The first stream with moving pictures; covers of albums are none."""
    return next(s for s in container.streams.video if not _is_cover(s))


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _checked_stream(path: Path, container: InputContainer) -> None:
    streams = [s for s in container.streams.video if not _is_cover(s)]
    if not streams:
        found = "only sound" if container.streams.audio else "no pictures"
        raise VideoError(f"{path} has {found}, no video track")
    context: Any = streams[0].codec_context
    if context is None:
        raise VideoError(f"{path} has video that FFmpeg cannot decode here")
    if context.width <= 0 or context.height <= 0:
        raise VideoError(f"{path} is damaged: its video has no size")
    if context.width * context.height > _MAX_PIXELS:
        raise VideoError(
            f"{path} claims {context.width} x {context.height} pixels; at most "
            f"{_MAX_PIXELS // 1_000_000} million are decoded"
        )


class VideoFile:
    """A video file: what it says of itself, and its frames in order.

    Example::

        with VideoFile("phone.mp4") as video:
            for frame in video.frames():
                picture = frame.rgb()

    Time zero is its first frame. Frames come upright: a phone's rotation is applied.

    Args:
        path: The file.
        view: The view's name in its frames; the file's name without suffix if None.
        allow_cut_short: Whether a file that ends before its own stated end just ends there, with
            a warning, instead of raising.

    Raises:
        VideoError: It is not a readable video. Its first frame is decoded to find out.
    """

    def __init__(
        self, path: Path | str, *, view: str | None = None, allow_cut_short: bool = False
    ) -> None:
        self.path = Path(path)
        self.view = view if view is not None else self.path.stem
        self._allow_cut_short = allow_cut_short
        self._open: set[InputContainer] = set()
        self._cut_short = False
        with contextlib.closing(open_video(self.path)) as container:
            stream = video_stream(container)
            rate = stream.average_rate or stream.guessed_rate or stream.base_rate
            self._fps = float(rate) if rate else _DEFAULT_RATE_HZ
            self._frame_count = stream.frames or None
            self._stated_s = _stated_duration_s(container, stream)
            raw = next(_pictures(container, stream), None)
            self._rotated = raw is not None and _angle(raw) != 0
        first = next(self.frames(), None)
        self.close()
        if first is None:
            raise VideoError(f"{self.path} is damaged: not one frame can be decoded")
        self._size_px = (first.picture.width, first.picture.height)
        self._duration_s = self._scanned_duration_s() if self._stated_s is None else self._stated_s

    @property
    def size_px(self) -> tuple[int, int]:
        """``(width, height)`` of the upright first frame."""
        return self._size_px

    @property
    def fps(self) -> float:
        """Average frames per second; a phone's vary around it."""
        return self._fps

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self._duration_s

    @property
    def frame_count(self) -> int | None:
        """Number of frames as the file states it, None where it does not."""
        return self._frame_count

    @property
    def rotated(self) -> bool:
        """Whether its pictures are stored in another orientation than they are to be seen in."""
        return self._rotated

    @property
    def cut_short(self) -> bool:
        """Whether a finished iteration ended clearly before the stated end."""
        return self._cut_short

    def __enter__(self) -> VideoFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends iterations that are under way and releases the file; idempotent."""
        while self._open:
            self._open.pop().close()

    def frames(self) -> Iterator[Frame]:
        """All frames from the first, decoded one at a time.

        Frames that are damaged are left out. Timestamps rise strictly.

        Raises:
            VideoError: The file ends clearly before its own stated end.
        """
        container = open_video(self.path, options={"max_pixels": str(_MAX_PIXELS)})
        self._open.add(container)
        try:
            yield from self._decode(container)
        finally:
            self._open.discard(container)
            container.close()

    def _decode(self, container: InputContainer) -> Iterator[Frame]:
        stream = video_stream(container)
        stream.thread_type = "AUTO"
        upright = _Upright()
        first_s, last_ns = None, -1
        for sequence, picture in enumerate(_pictures(container, stream)):
            if picture.pts is None:
                seconds = (first_s or 0.0) + last_ns / 1e9 + 1 / self._fps
            else:
                seconds = picture.time
            if first_s is None:
                first_s = seconds
            last_ns = max(last_ns + 1, round((seconds - first_s) * 1e9))
            yield Frame(self.view, last_ns, sequence, upright(picture))
        self._check_end(max(last_ns, 0) / 1e9)

    def _check_end(self, last_s: float) -> None:
        stated_s = self._stated_s
        patience_s = max(_CUT_SHORT_S, 3 / self._fps)
        self._cut_short = stated_s is not None and stated_s - last_s > patience_s
        if self._cut_short:
            message = f"{self.path} is cut short: it ends after {last_s:.1f} of {stated_s:.1f} s"
            if not self._allow_cut_short:
                raise VideoError(message)
            _log.warning(message)

    def _scanned_duration_s(self) -> float:
        """The length of a file that does not state it, from its packets' timestamps."""
        with contextlib.closing(open_video(self.path)) as container:
            stream = video_stream(container)
            ticks = [p.pts for p in packets(container, stream) if p.pts is not None]
            if not ticks or stream.time_base is None:
                return 0.0
            return float((max(ticks) - min(ticks)) * stream.time_base) + 1 / self._fps


class _Upright:
    """Turns pictures upright by the rotation that a phone writes beside them."""

    _FILTERS: dict[int, tuple[str, ...]] = {  # noqa: RUF012
        90: ("transpose=cclock",),
        180: ("hflip", "vflip"),
        270: ("transpose=clock",),
    }

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._key: tuple[Any, ...] = ()

    def __call__(self, picture: av.VideoFrame) -> av.VideoFrame:
        angle = _angle(picture)
        if angle == 0:
            return picture
        key = (angle, picture.width, picture.height, picture.format.name)
        if self._graph is None or key != self._key:
            self._graph, self._key = self._build(picture, angle), key
        self._graph.vpush(picture)
        return self._graph.vpull()

    def _build(self, picture: av.VideoFrame, angle: int) -> Graph:
        graph = Graph()
        nodes = [graph.add_buffer(template=None, **_buffer_arguments(picture))]
        for text in self._FILTERS[angle]:
            name, _, arguments = text.partition("=")
            nodes.append(graph.add(name, arguments or None))
        nodes.append(graph.add("buffersink"))
        graph.link_nodes(*nodes).configure()
        return graph


def _angle(picture: av.VideoFrame) -> int:
    """Counter-clockwise rotation to be applied, degrees, in right angles."""
    return round(picture.rotation / 90) * 90 % 360


def _buffer_arguments(picture: av.VideoFrame) -> dict[str, Any]:
    return {
        "width": picture.width,
        "height": picture.height,
        "format": picture.format,
        "time_base": picture.time_base,
    }


def packets(container: InputContainer, stream: VideoStream) -> Iterator[av.Packet[VideoStream]]:
    """A stream's packets to the end of the file, or to where it cannot be read any more."""
    demuxed = container.demux(stream)
    while True:
        try:
            packet = next(demuxed)
        except (StopIteration, av.error.EOFError):
            return
        except av.error.FFmpegError as error:
            _log.debug("the file cannot be read on: %s", error)
            return
        yield packet


def _pictures(container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
    for packet in packets(container, stream):
        try:
            yield from packet.decode()
        except av.error.FFmpegError as error:
            _log.debug("a damaged frame is left out: %s", error)


def _stated_duration_s(container: InputContainer, stream: VideoStream) -> float | None:
    """How long the file says its video is; None where it only says how long all of it is."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    if container.duration is None or len(container.streams) > 1:
        return None
    # Matroska counts from zero, not from the first frame.
    return (container.duration - max(container.start_time or 0, 0)) / av.time_base


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
