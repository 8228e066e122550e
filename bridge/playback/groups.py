"""Chunks as a player reads them: one at a time, or together where their times overlap."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import IO

import numpy as np
from numpy.typing import NDArray

from bridge.errors import ProtocolError, RecordingError
from bridge.playback.chunk import MAX_UNPACKED_BYTES, DamageError, Messages, take_apart
from bridge.playback.chunk_index import FileIndex
from bridge.protocol.codec import decode
from bridge.protocol.messages import Message
from bridge.protocol.packets import PosePacket, ShapePacket
from bridge.protocol.recording import KEYPOINTS_TOPIC, POSE_TOPIC, SHAPE_TOPIC

__all__ = ["CostlyError", "Group", "GroupReader", "group_chunks"]

_LOG = logging.getLogger(__name__)

_BUDGET_BYTES = 64 << 20
"""What one question may unpack before the file counts as damaged: thousands of our chunks."""

_LEAST_COST_BYTES = 4096
_MAX_SHAPES = 4096  # of one group: a hand's shape changes now and then, not with every pose


class CostlyError(RecordingError):
    """Answering would mean reading too much of the file."""


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """A chunk, or chunks whose times overlap, taken apart.

    Attributes:
        parts: Its chunks.
        log_ns: ``(T,)`` times of its poses, rising.
        poses: Of each pose: which part it is in, and which message of that part it is.
        shapes: Its shapes, each with the number of poses before it.
        keypoints: Of each message with measured keypoints: part and message, as of poses.
        damaged: How many of its chunks and messages could not be used.
    """

    parts: tuple[Messages, ...]
    log_ns: NDArray[np.int64]
    poses: tuple[tuple[int, int], ...]
    shapes: tuple[tuple[int, ShapePacket], ...]
    keypoints: tuple[tuple[int, int], ...] = ()
    damaged: int = 0

    def message(self, place: tuple[int, int]) -> bytes:
        """The bytes of a message: its part, and which one of that part it is."""
        part, k = place
        messages = self.parts[part]
        return messages.data[messages.begins[k] : messages.ends[k]]


def group_chunks(index: FileIndex, name: str) -> NDArray[np.int64]:
    """``(G,)`` the first chunk of each group.

    A writer that is in the order of time makes groups of one chunk each.

    Raises:
        RecordingError: So many overlap that reading one place means reading most of the file.
    """
    count = len(index.offset)
    if count == 0:
        return np.empty(0, np.int64)
    latest_ns = np.maximum.accumulate(index.end_ns)
    begins = np.flatnonzero(np.r_[True, index.start_ns[1:] >= latest_ns[:-1]])
    sizes = np.add.reduceat(index.unpacked_bytes, begins)
    lengths = np.diff(np.r_[begins, count])
    if ((sizes > MAX_UNPACKED_BYTES) & (lengths > 1)).any():
        raise RecordingError(f"{name} is not in the order of time, so it cannot be played from it")
    return begins


class GroupReader:
    """Reads groups from a file, and says what they cost.

    Args:
        file: The recording.
        index: Its index.
        groups: ``(G,)`` the first chunk of each group.
        name: What errors and logs call it.
        stop: Once set, nothing more is read.

    Attributes:
        chunks_read: Chunks read and unpacked so far.
        damaged: Chunks and messages that could not be used so far.
    """

    def __init__(
        self,
        file: IO[bytes],
        index: FileIndex,
        groups: NDArray[np.int64],
        name: str,
        *,
        stop: threading.Event | None,
    ) -> None:
        self.chunks_read = 0
        self.damaged = 0
        self._file = file
        self._index = index
        self._bounds: list[int] = np.r_[groups, len(index.offset)].tolist()
        self._name = name
        self._stop = stop
        self._budget = _BUDGET_BYTES
        topics = index.topics.items()
        self._pose_channels = {channel for channel, topic in topics if topic == POSE_TOPIC}
        self._shape_channels = {channel for channel, topic in topics if topic == SHAPE_TOPIC}
        self._keypoint_channels = {k for k, topic in topics if topic == KEYPOINTS_TOPIC}

    def begin(self) -> None:
        """A new question: it has a budget of its own."""
        self._budget = _BUDGET_BYTES

    def read(self, group: int) -> Group:
        """Reads a group; what is damaged of it is passed over.

        Raises:
            CostlyError: The budget is spent.
            RecordingError: The file cannot be read any more.
        """
        parts: list[Messages] = []
        poses: list[tuple[int, int]] = []
        times: list[int] = []
        shapes: list[tuple[int, ShapePacket]] = []
        keypoints: list[tuple[int, int]] = []
        damaged = self.damaged
        chunks = range(self._bounds[group], self._bounds[group + 1])
        # In the order of the file, as a shape holds for the poses after it there.
        for chunk in sorted(chunks, key=lambda k: int(self._index.offset[k])):
            messages = self._read_chunk(chunk)
            if messages is None:
                continue
            low, high = int(self._index.start_ns[chunk]), int(self._index.end_ns[chunk])
            for k, channel in enumerate(messages.channels):
                if channel in self._pose_channels:
                    if low <= messages.log_ns[k] <= high:
                        poses.append((len(parts), k))
                        times.append(messages.log_ns[k])
                    else:
                        self.damaged += 1
                elif channel in self._shape_channels:
                    if len(shapes) == _MAX_SHAPES:
                        self.damaged += 1
                        continue
                    shape = self._decoded(messages, k)
                    if isinstance(shape, ShapePacket):
                        shapes.append((len(poses), shape))
                elif channel in self._keypoint_channels:
                    keypoints.append((len(parts), k))
            parts.append(messages)
        log_ns = np.array(times, np.int64)
        order = np.argsort(log_ns, kind="stable")
        return Group(
            tuple(parts),
            log_ns[order],
            tuple(poses[k] for k in order.tolist()),
            tuple(shapes),
            tuple(keypoints),
            self.damaged - damaged,
        )

    def pose(self, group: Group, index: int) -> PosePacket | None:
        """One pose of a group; None if it is damaged, or gone since the file was opened."""
        if index >= len(group.poses):
            return None
        part, message = group.poses[index]
        packet = self._decoded(group.parts[part], message)
        return packet if isinstance(packet, PosePacket) else None

    def _read_chunk(self, chunk: int) -> Messages | None:
        if self._stop is not None and self._stop.is_set():
            raise RecordingError(f"{self._name} is being closed")
        if self._budget <= 0:
            raise CostlyError(f"{self._name} is damaged over a long stretch")
        self.chunks_read += 1
        self._budget -= _LEAST_COST_BYTES
        try:
            messages = take_apart(self._file, int(self._index.offset[chunk]))
        except DamageError as error:
            self._budget -= MAX_UNPACKED_BYTES // 1024
            self.damaged += 1
            _LOG.debug("%s: %s; it is passed over", self._name, error)
            return None
        except OSError as error:
            raise RecordingError(f"cannot read {self._name}: {error.strerror}") from error
        except ValueError:
            raise RecordingError(f"{self._name} is closed") from None
        self._budget -= len(messages.data)
        return messages

    def _decoded(self, messages: Messages, k: int) -> Message | None:
        try:
            return decode(messages.data[messages.begins[k] : messages.ends[k]])
        except ProtocolError as error:
            self.damaged += 1
            _LOG.debug("%s: a damaged message: %s", self._name, error)
            return None
