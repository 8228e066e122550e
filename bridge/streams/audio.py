"""The sound of a video file, as one plain signal on the time line of its pictures."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError, VideoError
from bridge.streams.files import open_video, video_stream

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.container import InputContainer

__all__ = ["AUDIO_RATE_HZ", "Audio", "decode_audio"]

_log = logging.getLogger(__name__)

AUDIO_RATE_HZ = 16_000
"""Rate at which sound is compared: one sample is a sixteenth of a millisecond."""

_MOST_SECONDS = 1800.0
_MOST_RATE_HZ = 768_000
# Timestamps in containers are rounded, often to a millisecond: what is nearer continues.
_SEAM_S = 0.02


@dataclass(frozen=True, slots=True)
class Audio:
    """A mono recording.

    Attributes:
        samples: ``(N,)`` float32, about -1 to 1; zero where the file has a gap.
        rate_hz: Samples a second.
        start_s: Time of the first sample; zero is the video's first frame.
    """

    samples: NDArray[np.float32]
    rate_hz: int
    start_s: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate_hz

    @property
    def end_s(self) -> float:
        """Time of the end; zero is the video's first frame."""
        return self.start_s + self.duration_s


def decode_audio(
    path: Path | str, *, rate_hz: int = AUDIO_RATE_HZ, max_s: float = _MOST_SECONDS
) -> Audio | None:
    """Decodes a video's first audio track.

    Damaged parts are silent and keep their length. A longer file ends after ``max_s``.

    Args:
        path: The video.
        rate_hz: Samples a second of the result, whatever the file's are.
        max_s: Most seconds that are decoded.

    Returns:
        The sound; None where there is no audio track, or one that cannot be decoded at all.

    Raises:
        VideoError: The file is not a readable video, or not one picture of it can be decoded.
        InputError: A rate or length that cannot be.
    """
    if not (1000 <= rate_hz <= 192_000 and 0 < max_s <= _MOST_SECONDS):
        raise InputError(
            f"sound is decoded at 1,000 to 192,000 samples a second and for at most "
            f"{_MOST_SECONDS:g} s, not at {rate_hz} for {max_s:g} s"
        )
    with contextlib.closing(open_video(path)) as container:
        if not container.streams.audio:
            return None
    origin_s = _first_picture_s(path)
    with contextlib.closing(open_video(path)) as container:
        joined = _Joined(rate_hz, max_s)
        for frame in _resampled(container, rate_hz):
            if not joined.add(frame):
                break
        return joined.audio(origin_s)


def _first_picture_s(path: Path | str) -> float:
    """The file's own time of its first decodable picture, which `VideoFile` counts from."""
    with contextlib.closing(open_video(path)) as container:
        for packet in _packets(container, video_stream(container)):
            with contextlib.suppress(av.error.FFmpegError):
                for picture in packet.decode():
                    return float(picture.time) if picture.pts is not None else 0.0
    raise VideoError(f"{path} is damaged: not one frame can be decoded")


def _packets(container: InputContainer, stream: Any) -> Iterator[Any]:
    """A stream's packets to the end of the file, or to where it cannot be read any more."""
    try:
        yield from container.demux(stream)
    except av.error.FFmpegError as error:
        _log.debug("the file cannot be read on: %s", error)


def _sound(container: InputContainer) -> Iterator[AudioFrame]:
    """Frames of the first audio stream; damaged ones are left out."""
    for packet in _packets(container, container.streams.audio[0]):
        try:
            for frame in packet.decode():
                if 0 < frame.sample_rate <= _MOST_RATE_HZ and frame.samples > 0:
                    yield frame
        except (av.error.FFmpegError, ValueError) as error:
            _log.debug("damaged sound is left out: %s", error)


def _resampled(container: InputContainer, rate_hz: int) -> Iterator[AudioFrame]:
    """The sound as mono float; a resampler anew where the format changes or sound is missing."""
    resampler: Any = None
    key: tuple[object, ...] = ()
    due_s = 0.0
    for frame in _sound(container):
        start_s = due_s if frame.time is None else frame.time
        seam = abs(start_s - due_s) > _SEAM_S
        due_s = start_s + frame.samples / frame.sample_rate
        try:
            if resampler is not None and (seam or key != _format(frame)):
                yield from resampler.resample(None)
                resampler = None
            if resampler is None:
                resampler = av.AudioResampler(format="flt", layout="mono", rate=rate_hz)
                key = _format(frame)
            yield from resampler.resample(frame)
        except (av.error.FFmpegError, ValueError) as error:
            _log.debug("sound that cannot be converted is left out: %s", error)
            resampler = None
    if resampler is not None:
        with contextlib.suppress(av.error.FFmpegError, ValueError):
            yield from resampler.resample(None)


def _format(frame: AudioFrame) -> tuple[object, ...]:
    return frame.format.name, frame.layout.name, frame.sample_rate


class _Joined:
    """Puts frames where their timestamps say, with silence in the gaps."""

    def __init__(self, rate_hz: int, max_s: float) -> None:
        self._rate_hz = rate_hz
        self._most = int(max_s * rate_hz)
        self._parts: list[NDArray[np.float32]] = []
        self._count = 0
        self._start_s: float | None = None

    def add(self, frame: AudioFrame) -> bool:
        """Takes a frame; False when no more are wanted."""
        samples = np.asarray(frame.to_ndarray(), dtype=np.float32).reshape(-1)
        samples = np.clip(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0), -8, 8)
        start_s = frame.time
        if self._start_s is None:
            self._start_s = start_s or 0.0
        if start_s is not None:
            ahead = round((start_s - self._start_s) * self._rate_hz) - self._count
            if ahead > self._most - self._count:
                return False
            if ahead > _SEAM_S * self._rate_hz:
                self._append(np.zeros(ahead, np.float32))
            elif ahead < -_SEAM_S * self._rate_hz:
                samples = samples[min(-ahead, len(samples)) :]
        self._append(samples[: self._most - self._count])
        return self._count < self._most

    def _append(self, samples: NDArray[np.float32]) -> None:
        self._parts.append(samples)
        self._count += len(samples)

    def audio(self, origin_s: float) -> Audio | None:
        """All that was taken; None if nothing."""
        if self._start_s is None or self._count == 0:
            return None
        return Audio(np.concatenate(self._parts), self._rate_hz, self._start_s - origin_s)
