"""Frame sets from video files: the live synchroniser's rule, with all the time in the world.

Live, a frame waits for its partners and sets are dropped when nobody takes them. Files can be
looked ahead into, so every frame of the fastest one leads a set and nothing depends on the
speed of the machine.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bridge.errors import InputError
from bridge.streams.files import VideoFile
from bridge.streams.frame import Frame, FrameSet

__all__ = ["SynchronisedFiles", "check_offsets", "synchronised"]

_MOST_OFFSET_S = 86_400.0
_TOLERANCE_INTERVALS = 0.55
_GAP_INTERVALS = 1.5


class _Ahead:
    """One file's frames on the common time line, looked ahead into as far as needed."""

    def __init__(self, file: VideoFile, offset_ns: int) -> None:
        self._frames = file.frames()
        self._offset_ns = offset_ns
        self._buffer: deque[Frame] = deque()
        self._last_ns: int | None = None
        self.interval_ns = 1e9 / file.fps
        self.dropped = 0

    @property
    def tolerance_ns(self) -> float:
        return _TOLERANCE_INTERVALS * self.interval_ns

    def peek(self) -> Frame | None:
        """The next frame, None at the end."""
        if not self._buffer:
            self._pull()
        return self._buffer[0] if self._buffer else None

    def pop(self) -> Frame:
        frame = self._buffer.popleft()
        self._last_ns = frame.time_ns
        return frame

    def leads_at(self, time_ns: int) -> bool:
        """Whether a frame of another file at this time has to wait for this file's next one."""
        frame = self.peek()
        if frame is None:
            return False
        gap_ns = _GAP_INTERVALS * self.interval_ns
        running = self._last_ns is not None and frame.time_ns - self._last_ns <= gap_ns
        return running or frame.time_ns <= time_ns + self.tolerance_ns

    def take_nearest(self, time_ns: int, tolerance_ns: float) -> Frame | None:
        """The frame nearest to a time and within the tolerance; those before it are dropped."""
        while (frame := self.peek()) and frame.time_ns < time_ns - tolerance_ns:
            self._drop()
        while not self._buffer or self._buffer[-1].time_ns <= time_ns + tolerance_ns:
            if not self._pull():
                break
        near = [f for f in self._buffer if abs(f.time_ns - time_ns) <= tolerance_ns]
        if not near:
            return None
        best = min(near, key=lambda f: abs(f.time_ns - time_ns))
        while self._buffer[0] is not best:
            self._drop()
        return self.pop()

    def _drop(self) -> None:
        self.pop()
        self.dropped += 1

    def _pull(self) -> bool:
        frame = next(self._frames, None)
        if frame is None:
            return False
        time_ns = frame.time_ns + self._offset_ns
        self._buffer.append(replace(frame, time_ns=time_ns))
        return True


class SynchronisedFiles:
    """Iterates over frame sets; see `synchronised`.

    Attributes:
        dropped: Frames of each view that no set took, so far.
    """

    def __init__(self, files: Sequence[VideoFile], offsets_s: Sequence[float]) -> None:
        self._files = files
        self._offsets_ns = [round(offset * 1e9) for offset in offsets_s]
        self.dropped: dict[str, int] = {file.view: 0 for file in files}

    def __iter__(self) -> Iterator[FrameSet]:
        ahead = [_Ahead(f, o) for f, o in zip(self._files, self._offsets_ns, strict=True)]
        while (leader := _leader(ahead)) is not None:
            lead = leader.pop()
            frames = [
                lead if file is leader else file.take_nearest(lead.time_ns, leader.tolerance_ns)
                for file in ahead
            ]
            self.dropped = {
                file.view: state.dropped for file, state in zip(self._files, ahead, strict=True)
            }
            yield FrameSet(lead.time_ns, tuple(frame for frame in frames if frame is not None))


def _leader(ahead: list[_Ahead]) -> _Ahead | None:
    """The fastest file that has a frame here; a slower one leads where that has none."""
    heads = [frame for file in ahead if (frame := file.peek()) is not None]
    earliest_ns = min((frame.time_ns for frame in heads), default=0)
    fastest_first = sorted(ahead, key=lambda file: file.interval_ns)
    return next((file for file in fastest_first if file.leads_at(earliest_ns)), None)


def check_offsets(offsets_s: Sequence[float], videos: int) -> None:
    """Refuses offsets that are not a number of seconds for each video.

    Raises:
        InputError: There are more or fewer, or one is not finite or of more than a day.
    """
    if len(offsets_s) != videos:
        raise InputError(f"{videos} videos need {videos} offsets, not {len(offsets_s)}")
    for offset_s in offsets_s:
        if not abs(offset_s) <= _MOST_OFFSET_S:  # nor is nan
            raise InputError(f"an offset is a number of seconds, of a day at most, not {offset_s}")


def synchronised(
    files: Sequence[VideoFile], *, offsets_s: Sequence[float] | None = None
) -> SynchronisedFiles:
    """Frame sets of several video files of the same moment.

    Time zero is the first file's first frame. Each frame of the fastest file leads one set; the
    others add the frame nearest to it within a little over half its frame interval.

    Args:
        files: One for each view, with different view names.
        offsets_s: How much later each file begins than the first, in seconds, negative if
            earlier; zeros if None. The first should be 0.

    Raises:
        InputError: There are no files, two have the same view, or not every file has an offset
            that can be used.
    """
    offsets = [0.0] * len(files) if offsets_s is None else list(offsets_s)
    if not files:
        raise InputError("give at least one video")
    check_offsets(offsets, len(files))
    if len({file.view for file in files}) < len(files):
        raise InputError("two videos have the same view name: name them apart")
    return SynchronisedFiles(files, offsets)
