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
from bridge.protocol.recording import METADATA_NAME, POSE_TOPIC, SHAPE_TOPIC, RecordingMetadata

__all__ = ["MAX_CHUNKS", "MAX_RECORD_BYTES", "POSES", "SHAPES", "Found"]

POSES, SHAPES = 1, 2
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
    """

    metadata: RecordingMetadata | None = None
    topics: dict[int, str] = field(default_factory=dict)
    rows: list[NDArray[np.int64]] = field(default_factory=list)

    def take_channel(self, body: bytes) -> None:
        """Takes in a channel record; the first of an id counts.

        Raises:
            DamageError: It is none.
        """
        channel = _parsed(Channel, body)
        self.topics.setdefault(channel.id, channel.topic)

    def take_metadata(self, body: bytes) -> None:
        """Takes in a metadata record; the first one of a recording counts.

        Raises:
            DamageError: It is none.
            RecordingError: It is a recording's, and of another format or not complete.
        """
        record = _parsed(Metadata, body)
        if self.metadata is None and record.name == METADATA_NAME:
            self.metadata = RecordingMetadata.from_record(record.metadata)

    def kinds(self, channels: NDArray[np.uint16]) -> NDArray[np.int64]:
        """``(N,)`` bits ``POSES`` and ``SHAPES`` of chunks with ``(N, C)`` channels each."""
        kinds = np.zeros(len(channels), np.int64)
        for bit, topic in ((POSES, POSE_TOPIC), (SHAPES, SHAPE_TOPIC)):
            ids = [channel for channel, name in self.topics.items() if name == topic]
            kinds |= bit * np.isin(channels, ids).any(axis=1)
        return kinds


def _parsed(kind: Any, body: bytes) -> Any:
    """A record of the mcap package from its body, none of whose lengths reach past the body."""
    try:
        return kind.read(ReadDataStream(io.BytesIO(body)))
    except (McapError, ValueError, struct.error) as error:
        raise DamageError(f"a damaged {kind.__name__.lower()} record: {error}") from None
