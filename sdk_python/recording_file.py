"""A recording file read part by part: hours in the memory of a minute."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bridge.errors import InputError, ProtocolError, RecordingError
from bridge.protocol.fields import MAX_TIME_NS
from bridge.protocol.packets import ShapePacket
from bridge.protocol.recording import RecordingMetadata
from sdk_python._assemble import Stored, assemble
from sdk_python.lost import Lost
from sdk_python.recording import Recording

if TYPE_CHECKING:
    from bridge.playback.lesson import Lesson

__all__ = ["RecordingFile"]

_MARGIN_NS = 1000  # seconds in a double are not exact to the nanosecond


class RecordingFile:
    """A recording file that is open for reading parts of it.

    Opening reads the file's index and its first and last chunk, reading a part only the chunks it
    is in: an hour opens as fast as a minute. A file that was cut off has no index; it is then read
    through once, in little memory too. Times are those of `Recording.time_s`.

    It may be used from any thread, by one at a time.

    Args:
        path: The file.

    Attributes:
        path: As given.
        metadata: What the recording says about itself.
        start_s: Time of the first pose, seconds.
        end_s: Time of the last pose.
        lost: What is lost of a file that was cut off, or whose index is damaged; None of others,
            whose damaged chunks are only seen, and told of, as they are read.

    Raises:
        RecordingError: It is missing, empty, not MCAP, no recording of hands, or has no poses.

    Example::

        with sdk.RecordingFile("day.mcap") as file:
            for minute in file.parts(60):
                print(minute.time_s[0], sdk.features.joint_angles(minute.pose_quat).shape)
    """

    def __init__(self, path: str | Path) -> None:
        from bridge.playback.lesson import Lesson  # 40 ms of import that only files need

        self.path = Path(path)
        self._lesson: Lesson = Lesson.open(self.path)
        self.metadata: RecordingMetadata = self._lesson.metadata
        self.start_s = (self._lesson.first_ns - self.metadata.origin_ns) / 1e9
        self.end_s = self.start_s + self._lesson.duration_s
        self.lost: Lost | None = self._lost()

    @property
    def duration_s(self) -> float:
        """From the first pose to the last, seconds."""
        return self._lesson.duration_s

    @property
    def recovered(self) -> bool:
        """The file was cut off or damaged; see ``lost``."""
        return self.lost is not None

    def __len__(self) -> int:
        """Poses, as the file's index counts them."""
        return self._count

    def read(self, start_s: float | None = None, end_s: float | None = None) -> Recording:
        """The part from a time on, up to but without another, as `Recording.slice` has it.

        Args:
            start_s: Its begin, seconds; None: the first pose.
            end_s: Its end, seconds; None: the last pose, with it.

        Raises:
            InputError: It ends before it begins.
            RecordingError: The file cannot be read any more, or holds messages that no bridge
                writes.
        """
        first, end = self._ns(start_s, 0), self._ns(end_s, MAX_TIME_NS)
        if start_s is not None and end_s is not None and start_s > end_s:
            raise InputError(f"the part from {start_s} s to {end_s} s ends before it begins")
        first, end = max(0, first - _MARGIN_NS), min(end + _MARGIN_NS, MAX_TIME_NS)
        try:
            return self._assembled(first, end).slice(start_s, end_s)
        except ProtocolError as error:
            raise RecordingError(f"{self.path} holds a damaged message: {error}") from None

    def parts(self, seconds: float) -> Iterator[Recording]:
        """The whole recording, one part after the other; parts without poses are left out.

        Args:
            seconds: How long each is.

        Raises:
            InputError: It is not above 0.
            RecordingError: As `read`.
        """
        if not seconds > 0:
            raise InputError(f"parts must be longer than 0 s, not {seconds}")
        k, count = 0, int(min(self.duration_s / seconds, 2**53)) + 1
        while k < count:
            begin_s, end_s = (self.start_s + n * seconds for n in (k, k + 1))
            part = self.read(begin_s, None if k + 1 == count else end_s)
            k += 1
            if len(part):
                yield part
            else:  # days without a pose are one step
                next_ns = self._lesson.next_ns(self._ns(begin_s, 0))
                if next_ns is None:
                    return
                # One less, as a quotient of doubles may be rounded up.
                k = max(k, int((next_ns - self._lesson.first_ns) * 1e-9 / seconds) - 1)

    def close(self) -> None:
        """Closes the file."""
        self._lesson.close()

    def __enter__(self) -> RecordingFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<RecordingFile {self.path}: {self.duration_s:.2f} s of {self.metadata.room!r}>"

    @cached_property
    def _count(self) -> int:
        told = self._lesson.index.pose_count
        if told is not None:
            return told
        return sum(len(span.group.poses) for span in self._lesson.spans(0, MAX_TIME_NS))

    def _ns(self, seconds: float | None, otherwise: int) -> int:
        """A time on the clock of the poses."""
        if seconds is None:
            return otherwise
        if np.isnan(seconds):
            raise InputError("a time is NaN: give seconds, or None")
        at_ns = self.metadata.origin_ns + min(max(seconds * 1e9, -MAX_TIME_NS), MAX_TIME_NS)
        return int(min(max(at_ns, 0), MAX_TIME_NS))

    def _assembled(self, first_ns: int, end_ns: int) -> Recording:
        poses: list[bytes] = []
        keypoints: list[bytes] = []
        shapes: list[tuple[int, ShapePacket]] = []
        holes: list[int] = []
        damaged = 0
        for span in self._lesson.spans(first_ns, end_ns):
            group = span.group
            first, end = np.searchsorted(group.log_ns, (first_ns, end_ns)).tolist()
            if group.damaged:
                damaged += group.damaged
                holes.append(len(poses))
            if not shapes:  # or they are among those of the group before
                shapes += [(0, shape) for shape in span.shapes.values()]
            for before, shape in group.shapes:
                if before < end:
                    shapes.append((len(poses) + max(0, before - first), shape))
            poses += map(group.message, group.poses[first:end])
            keypoints += map(group.message, group.keypoints)
        lost = Lost(damaged) if damaged else None
        return assemble(self.metadata, Stored(poses, shapes, keypoints, holes), lost)

    def _lost(self) -> Lost | None:
        """What the index says is lost, where it was made by reading the file from the front."""
        index = self._lesson.index
        if index.complete or not (index.damaged_at or index.cut_off):
            return None
        order = np.argsort(index.offset)
        ends, starts = index.end_ns[order][:-1], index.start_ns[order][1:]
        pauses = starts - ends
        usual = int(np.median(pauses)) if len(pauses) else 0
        places = set(np.searchsorted(index.offset[order], index.damaged_at).tolist())
        inside = [int(pauses[k - 1]) - usual for k in places if 0 < k <= len(pauses)]
        seconds = sum(max(0, pause) for pause in inside) * 1e-9
        return Lost(len(index.damaged_at), index.unread_bytes, seconds, index.cut_off)
