"""Random access to a recording: any pose by its time, reading only the chunks around it."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.errors import RecordingError
from bridge.playback.chunk_index import FileIndex, read_index
from bridge.playback.found import KEYPOINTS, POSES, SHAPES
from bridge.playback.groups import Group, GroupReader, group_chunks
from bridge.playback.held_shapes import HeldShapes, Shapes
from bridge.protocol.joints import Side
from bridge.protocol.packets import PosePacket
from bridge.protocol.recording import RecordingMetadata

__all__ = ["Lesson", "Moment", "Place", "Span"]

_LOG = logging.getLogger(__name__)

_MAX_DURATION_NS = 10**15
"""The longest that a position on the wire can reach: 11 days."""

_CACHED_GROUPS = 8


class Place(NamedTuple):
    """One pose of a lesson.

    Attributes:
        group: Which group of chunks it is in.
        pose: Which pose of that group it is.
        position_ns: Its time since the first pose.
    """

    group: int
    pose: int
    position_ns: int


class Moment(NamedTuple):
    """A pose and what is needed to show it.

    Attributes:
        place: Where it is.
        pose: The pose, with the numbers it was recorded with; None if it is damaged.
        shapes: The shape of each of its hands. A hand without one cannot be shown.
    """

    place: Place
    pose: PosePacket | None
    shapes: Shapes


class Span(NamedTuple):
    """Some of a lesson's chunks.

    Attributes:
        group: They.
        shapes: The shapes in force at its first pose.
    """

    group: Group
    shapes: Shapes


class Lesson:
    """A recording that is open for playing. Positions are nanoseconds since its first pose.

    It reads the file's index when it is made, and then only the chunks it is asked about, of which
    it keeps the last few. So it opens an hour as fast as a minute, and needs as little memory.
    Methods block for the disk; they may be called from any thread, one at a time.

    Args:
        file: The recording; the lesson closes it.
        name: What errors and logs call it.
        stop: Once set, reading ends with an error: for a bridge that closes meanwhile.

    Attributes:
        name: As given.
        index: Where its chunks are.
        metadata: What the recording says about itself.
        first_ns: Time of its first pose.
        complete: The file was finished; else it had no index and was read once from the front.
        duration_ns: From the first pose to the last.

    Raises:
        RecordingError: It is no recording of hands, or has no pose that can be played.
    """

    def __init__(self, file: IO[bytes], name: str, *, stop: threading.Event | None = None) -> None:
        self.name = name
        self._file = file
        try:
            index = read_index(file, name, stop=stop)
        except OSError as error:
            raise RecordingError(f"cannot read {name}: {error.strerror}") from error
        self.index = index
        self.metadata: RecordingMetadata = index.metadata
        self.complete = index.complete
        if not index.complete:
            _LOG.warning(
                "%s was cut off or damaged: it was read from the front, and what is whole of it "
                "is played",
                name,
            )
        groups = group_chunks(index, name)
        self._reader = GroupReader(file, index, groups, name, stop=stop)
        self._cache: OrderedDict[int, Group] = OrderedDict()
        self._read_bounds(index, groups)

    @classmethod
    def open(cls, path: str | Path, *, stop: threading.Event | None = None) -> Lesson:
        """Opens a recording file.

        Raises:
            RecordingError: It is missing, cannot be read, is no recording, or has no poses.
        """
        path = Path(path)
        try:
            file = path.open("rb")
        except FileNotFoundError:
            raise RecordingError(f"{path} does not exist") from None
        except OSError as error:
            raise RecordingError(f"cannot read {path}: {error.strerror}") from error
        try:
            return cls(file, str(path), stop=stop)
        except BaseException:
            file.close()
            raise

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def __enter__(self) -> Lesson:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def duration_s(self) -> float:
        """From the first pose to the last, seconds."""
        return self.duration_ns / 1e9

    @property
    def chunks_read(self) -> int:
        """Chunks read and unpacked so far."""
        return self._reader.chunks_read

    @property
    def damaged(self) -> int:
        """Chunks and messages that could not be used so far; they are passed over."""
        return self._reader.damaged

    def at(self, position_ns: int, count: int = 1) -> list[Moment]:
        """The last pose not after a position (the first one if all are), and those after it.

        Args:
            position_ns: The position.
            count: How many poses in all, if there are as many.

        Raises:
            RecordingError: The file cannot be read any more, or is damaged all around.
        """
        self._reader.begin()
        first = self._moment(self._place_at(position_ns))
        return [first, *self.after(first.place, count - 1)]

    def after(self, place: Place, count: int = 1) -> list[Moment]:
        """The poses after one, at most ``count``; none after the last one.

        Raises:
            RecordingError: As ``at``.
        """
        self._reader.begin()
        moments: list[Moment] = []
        while len(moments) < count and (following := self._place_after(place)) is not None:
            moments.append(self._moment(following))
            place = following
        return moments

    def spans(self, start_ns: int, end_ns: int) -> Iterator[Span]:
        """What holds the poses from a time on and before another, chunk by chunk.

        Each takes no more memory than a chunk may; the first and the last have poses beyond.

        Raises:
            RecordingError: The file cannot be read any more.
        """
        first = int(np.searchsorted(self._latest_ns, start_ns))
        end = int(np.searchsorted(self._start_ns, end_ns))
        for group in range(first, end):
            if self._kinds[group] & (POSES | KEYPOINTS):
                self._reader.begin()
                found = self._group(group)
                held = {side: self._shapes.at(side, group, 0) for side in Side}
                yield Span(found, {side: shape for side, shape in held.items() if shape})

    def next_ns(self, at_ns: int) -> int | None:
        """Time of the first pose that is not before ``at_ns``; None after the last one.

        Raises:
            RecordingError: The file cannot be read any more.
        """
        for group in range(int(np.searchsorted(self._latest_ns, at_ns)), len(self._latest_ns)):
            if self._kinds[group] & POSES:
                self._reader.begin()
                log_ns = self._group(group).log_ns
                k = int(np.searchsorted(log_ns, at_ns))
                if k < len(log_ns):
                    return int(log_ns[k])
        return None

    def _read_bounds(self, index: FileIndex, groups: NDArray[np.int64]) -> None:
        """Finds the first and the last pose: a lesson that is open has some."""
        kinds = np.bitwise_or.reduceat(index.kinds, groups) if len(groups) else index.kinds
        self._kinds = kinds
        self._start_ns = index.start_ns[groups]
        ends = np.maximum.reduceat(index.end_ns, groups) if len(groups) else index.end_ns
        self._latest_ns = np.maximum.accumulate(ends)
        self._pose_groups = np.flatnonzero(kinds & POSES)
        self._pose_start_ns = self._start_ns[self._pose_groups]
        self._shapes = HeldShapes(np.flatnonzero(kinds & SHAPES).tolist(), self._group, self._peek)
        first = self._first_with_poses(self._pose_groups)
        last = self._first_with_poses(self._pose_groups[::-1])
        if first is None or last is None:
            raise RecordingError(f"{self.name} has no poses to play")
        self.first_ns = int(self._group(first).log_ns[0])
        self._first = Place(first, 0, 0)
        self.duration_ns = int(self._group(last).log_ns[-1]) - self.first_ns
        if self.duration_ns > _MAX_DURATION_NS:
            raise RecordingError(
                f"{self.name} says that it lasts {self.duration_ns / 8.64e13:.0f} days; at most "
                f"{_MAX_DURATION_NS / 8.64e13:.0f} can be played"
            )

    def _first_with_poses(self, groups: NDArray[np.int64]) -> int | None:
        """The first of the groups that really has some."""
        return next((g for g in groups.tolist() if len(self._group(g).log_ns)), None)

    def _place_at(self, position_ns: int) -> Place:
        at_ns = self.first_ns + position_ns
        k = int(np.searchsorted(self._pose_start_ns, at_ns, side="right")) - 1
        for group in reversed(self._pose_groups[: k + 1].tolist()):
            log_ns = self._group(group).log_ns
            index = int(np.searchsorted(log_ns, at_ns, side="right")) - 1
            if index >= 0:
                return Place(group, index, int(log_ns[index]) - self.first_ns)
        return self._first

    def _place_after(self, place: Place) -> Place | None:
        log_ns = self._group(place.group).log_ns
        if place.pose + 1 < len(log_ns):
            at_ns = int(log_ns[place.pose + 1])
            return Place(place.group, place.pose + 1, at_ns - self.first_ns)
        k = int(np.searchsorted(self._pose_groups, place.group, side="right"))
        group = self._first_with_poses(self._pose_groups[k:])
        if group is None:
            return None
        return Place(group, 0, int(self._group(group).log_ns[0]) - self.first_ns)

    def _moment(self, place: Place) -> Moment:
        pose = self._reader.pose(self._group(place.group), place.pose)
        sides = [] if pose is None else [hand.side for hand in pose.hands]
        held = {side: self._shapes.at(side, place.group, place.pose) for side in sides}
        return Moment(place, pose, {side: shape for side, shape in held.items() if shape})

    def _peek(self, group: int) -> Group:
        return self._cache.get(group) or self._reader.read(group)

    def _group(self, group: int) -> Group:
        found = self._cache.get(group)
        if found is None:
            found = self._cache[group] = self._reader.read(group)
            if len(self._cache) > _CACHED_GROUPS:
                self._cache.popitem(last=False)
        else:
            self._cache.move_to_end(group)
        return found
