"""What reading a recording file finds, before it is an index: metadata, channels and chunks."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.records import Channel, Metadata
from numpy.typing import NDArray

from bridge.playback.chunk import DamageError
from bridge.protocol.recording import (
    END_METADATA_NAME,
    KEYPOINTS_TOPIC,
    METADATA_NAME,
    POSE_TOPIC,
    SHAPE_TOPIC,
    RecordingMetadata,
)

__all__ = ["KEYPOINTS", "MAX_CHUNKS", "MAX_RECORD_BYTES", "POSES", "SHAPES", "Found"]

POSES, SHAPES, KEYPOINTS = 1, 2, 4
"""Bits of what a chunk holds."""

MAX_CHUNKS = 200_000
"""20 hours of two hands at 60 poses a second."""

MAX_RECORD_BYTES = 1 << 20
"""Largest record of a channel or of metadata."""


@dataclass(slots=True)
class Found:
    """What was found so far.

    Attributes:
        metadata: The recording's metadata, None before it came.
        topics: Topic of each channel.
        rows: Of chunks that hold hands, ``(N, 5)`` int64: start, offset in the file, end,
            unpacked size, kinds.
        pose_count: Poses in the file; None where nothing says how many.
        damaged_at: Offsets of damaged chunks, where the file was read from the front.
        unread_bytes: Bytes at its end that are no whole record.
        cut_off: It ends before its messages do.
    """

    metadata: RecordingMetadata | None = None
    topics: dict[int, str] = field(default_factory=dict)
    rows: list[NDArray[np.int64]] = field(default_factory=list)
    pose_count: int | None = None
    damaged_at: list[int] = field(default_factory=list)
    unread_bytes: int = 0
    cut_off: bool = False
    _end: dict[str, str] | None = None

    def take_channel(self, body: bytes) -> None:
        """Takes in a channel record; the first of an id counts.

        Raises:
            DamageError: It is none.
        """
        channel = _parsed(Channel, body)
        self.topics.setdefault(channel.id, channel.topic)

    def take_metadata(self, body: bytes) -> None:
        """Takes in a metadata record; the first one of a recording counts, and of its end.

        Raises:
            DamageError: It is none.
            RecordingError: It is a recording's, and of another format or not complete.
        """
        record = _parsed(Metadata, body)
        if self.metadata is None and record.name == METADATA_NAME:
            self.metadata = RecordingMetadata.from_record(record.metadata)
            if self._end is not None:
                self.metadata = self.metadata.with_record(self._end)
        elif self._end is None and record.name == END_METADATA_NAME:
            self._end = record.metadata
            if self.metadata is not None:
                self.metadata = self.metadata.with_record(record.metadata)

    def channels_of(self, topic: str) -> list[int]:
        """The channels of a topic."""
        return [channel for channel, name in self.topics.items() if name == topic]

    def kinds(self, channels: NDArray[np.uint16]) -> NDArray[np.int64]:
        """``(N,)`` bits of what chunks hold that have ``(N, C)`` channels each."""
        kinds = np.zeros(len(channels), np.int64)
        topics = ((POSES, POSE_TOPIC), (SHAPES, SHAPE_TOPIC), (KEYPOINTS, KEYPOINTS_TOPIC))
        for bit, topic in topics:
            kinds |= bit * np.isin(channels, self.channels_of(topic)).any(axis=1)
        return kinds


def _parsed(kind: Any, body: bytes) -> Any:
    """A record of the mcap package from its body, none of whose lengths reach past the body."""
    try:
        return kind.read(ReadDataStream(io.BytesIO(body)))
    except (McapError, ValueError, struct.error) as error:
        raise DamageError(f"a damaged {kind.__name__.lower()} record: {error}") from None
