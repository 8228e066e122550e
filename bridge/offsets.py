"""How videos of the same moment lie in time: by their sound, else by the hands' motion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from bridge.errors import InputError
from bridge.model.lift import shipped_lifter
from bridge.model.nets import HandNets
from bridge.model.pose import ViewHands
from bridge.model.selfcal.mirror import mirrored
from bridge.model.selfcal.motion_offset import motion_offset
from bridge.model.selfcal.paths import Seen
from bridge.model.selfcal.together import ClockMap
from bridge.model.tracker import HandTracker
from bridge.streams.audio import Audio, decode_audio
from bridge.streams.audio_offset import audio_offset
from bridge.streams.files import VideoFile

__all__ = ["OffsetSource", "VideoOffset", "find_offsets", "watch"]


_SOUND_PATH_S = 0.001
"""Standard deviation of what sound takes to reach devices about a keyboard: 2.9 ms a metre."""

_LEAST_SPREADS = 2.0


class OffsetSource(Enum):
    """What an offset was found by."""

    FIRST = "first"
    AUDIO = "audio"
    MOTION = "motion"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class VideoOffset:
    """Where one video lies on the first one's time line.

    Attributes:
        clock: From its own time, zero at its first frame, to the first video's.
        source: What said so; `OffsetSource.NONE` where nothing did, with zeros in ``clock``.
        spread_s: Standard deviation of the offset; infinite where nothing is known.
        reason: In words, for the user.
    """

    clock: ClockMap
    source: OffsetSource
    spread_s: float
    reason: str

    @property
    def offset_s(self) -> float:
        """How much later it begins than the first, seconds."""
        return self.clock.offset_s

    @property
    def known(self) -> bool:
        """Whether the offset was found."""
        return self.source is not OffsetSource.NONE


def find_offsets(
    videos: Sequence[Path],
    *,
    see: Callable[[int], Seen],
    max_audio_offset_s: float = 30.0,
    max_motion_offset_s: float = 2.5,
) -> list[VideoOffset]:
    """Finds how much later each video begins than the first.

    Each is compared with the first, then, where that says nothing, with those already placed.

    Args:
        videos: The files; the first one's clock is the stage's.
        see: Gives what the video with this index sees, from its first frame on; called only when
            the sound does not say, once a video.
        max_audio_offset_s: Largest offset that is looked for in the sound.
        max_motion_offset_s: Largest offset that is looked for in the motion.

    Returns:
        One for each video. Drift is only found in sound. An offset of less than twice its own
        spread is zero.

    Raises:
        VideoError: A file is not a readable video.
        InputError: There are no videos.
    """
    if not videos:
        raise InputError("give at least one video")
    finder = _Finder(videos, see, max_audio_offset_s, max_motion_offset_s)
    first = VideoOffset(ClockMap(), OffsetSource.FIRST, 0.0, "the first video sets the time")
    placed = {0: first}
    failed: dict[int, str] = {}
    for compare in (finder.by_audio, finder.by_motion):
        # A video that was placed may place those that have nothing in common with the first.
        tried: set[tuple[int, int]] = set()
        while pair := _untried(len(videos), placed, tried):
            tried.add(pair)
            base, other = pair
            found = compare(base, other)
            if found.known:
                known = placed[base]
                placed[other] = replace(
                    found,
                    clock=known.clock.after(found.clock),
                    spread_s=(known.spread_s**2 + found.spread_s**2) ** 0.5,
                )
            elif base == 0:
                failed[other] = "; ".join(filter(None, (failed.get(other), found.reason)))
    return [
        _settled(placed[k]) if k in placed else _unknown(failed.get(k, "unknown"))
        for k in range(len(videos))
    ]


def _settled(found: VideoOffset) -> VideoOffset:
    """Zero where the offset cannot be told from it: devices may have been started together."""
    if abs(found.offset_s) >= _LEAST_SPREADS * found.spread_s:
        return found
    return replace(found, clock=ClockMap(0.0, found.clock.drift_ppm))


def _untried(
    count: int, placed: dict[int, VideoOffset], tried: set[tuple[int, int]]
) -> tuple[int, int] | None:
    """The next pair of a placed video and one that is not."""
    pairs = ((a, b) for a in sorted(placed) for b in range(count) if b not in placed)
    return next((pair for pair in pairs if pair not in tried), None)


@dataclass
class _Finder:
    """Compares two videos; decodes and watches each once at most."""

    videos: Sequence[Path]
    see: Callable[[int], Seen]
    max_audio_offset_s: float
    max_motion_offset_s: float
    _sound: dict[int, Audio | None] = field(default_factory=dict)
    _seen: dict[int, Seen] = field(default_factory=dict)

    def by_audio(self, base: int, other: int) -> VideoOffset:
        for k in (base, other):
            if k not in self._sound:
                self._sound[k] = decode_audio(self.videos[k])
        first, second = self._sound[base], self._sound[other]
        if first is None or second is None:
            silent = self.videos[base if first is None else other].name
            return _unknown(f"{silent} has no sound")
        found = audio_offset(first, second, max_offset_s=self.max_audio_offset_s)
        if not found.trusted:
            return _unknown(found.reason)
        clock = ClockMap(found.offset_s, found.drift_ppm)
        spread_s = (found.spread_s**2 + _SOUND_PATH_S**2) ** 0.5
        return VideoOffset(clock, OffsetSource.AUDIO, spread_s, found.reason)

    def by_motion(self, base: int, other: int) -> VideoOffset:
        for k in (base, other):
            if k not in self._seen:
                self._seen[k] = self.see(k)
        first, second = self._seen[base], self._seen[other]
        found = motion_offset(first, second, max_offset_s=self.max_motion_offset_s)
        if not found.trusted:
            # A mirrored view's left hand moves as the other's right one.
            second = [(time_s, mirrored(view)) for time_s, view in second]
            again = motion_offset(first, second, max_offset_s=self.max_motion_offset_s)
            if not again.trusted:
                return _unknown(found.reason)
            found = again
        return VideoOffset(
            ClockMap(found.offset_s), OffsetSource.MOTION, found.spread_s, found.reason
        )


def _unknown(reason: str) -> VideoOffset:
    return VideoOffset(ClockMap(), OffsetSource.NONE, float("inf"), reason)


def watch(
    video: VideoFile,
    nets: HandNets,
    *,
    max_s: float | None = None,
    progress: Callable[[int], None] = lambda _done: None,
) -> list[tuple[float, ViewHands]]:
    """Tracks the hands in one video at its own frame times.

    Args:
        video: The video.
        nets: The hand nets.
        max_s: Seconds after which to stop; None for all of it. Half a minute that shows the hands
            moving is enough for an offset.
        progress: Called with the frames done.
    """
    tracker = HandTracker(nets, lift=shipped_lifter())
    seen = []
    for frame in video.frames():
        time_s = frame.time_ns / 1e9
        if max_s is not None and time_s > max_s:
            break
        seen.append((time_s, tracker.track({video.view: frame.rgb()})[0]))
        progress(len(seen))
    return seen
