"""Reads the messages of a recording file, whole or cut off, and says what was lost.

A finished file has an index at its end; one whose writer was killed has none, and ends within a
chunk. Both are read from the front, record by record, so one way of reading serves both. Every
completed chunk is used; a damaged one is skipped.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import zstandard
from mcap.exceptions import McapError
from mcap.records import Channel, Chunk, Footer, Header, McapRecord, Message, Metadata
from mcap.stream_reader import StreamReader, breakup_chunk

from bridge.errors import RecordingError
from bridge.protocol.recording import (
    END_METADATA_NAME,
    KEYPOINTS_TOPIC,
    METADATA_NAME,
    POSE_TOPIC,
    SHAPE_TOPIC,
    RecordingMetadata,
)

__all__ = ["Contents", "read_contents"]

_MAX_RECORD_BYTES = 16 << 20
"""Largest record or unpacked chunk that is read: ours have 16 KiB, a hostile file says more."""

# What the readers below raise on bytes that are cut off or damaged.
_DAMAGE = (McapError, ValueError, KeyError, struct.error, EOFError, zstandard.ZstdError)


@dataclass(slots=True)
class Contents:
    """What a file holds.

    Attributes:
        metadata: What the recording says about itself.
        poses: Pose messages as bytes, in the order of the file.
        shapes: Shape messages as bytes, each after the number of poses that come before it.
        finished: The file ends as a finished one does.
        damaged_chunks: Chunks skipped because their bytes are not what was written.
        unread_bytes: Bytes at the end that belong to no whole record.
        keypoints: Messages with measured keypoints.
        holes: Numbers of poses before each damaged chunk.
    """

    metadata: RecordingMetadata
    poses: list[bytes] = field(default_factory=list)
    shapes: list[tuple[int, bytes]] = field(default_factory=list)
    finished: bool = False
    damaged_chunks: int = 0
    unread_bytes: int = 0
    keypoints: list[bytes] = field(default_factory=list)
    holes: list[int] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """The file was finished, and no chunk is damaged."""
        return self.finished and not self.damaged_chunks


def read_contents(path: Path) -> Contents:
    """Reads a recording file.

    Raises:
        RecordingError: It is missing, empty, not MCAP, or not a recording of hands.
    """
    try:
        with path.open("rb") as file:
            return _read(file, path)
    except FileNotFoundError:
        raise RecordingError(f"{path} does not exist") from None
    except OSError as error:
        raise RecordingError(f"cannot read {path}: {error.strerror}") from error


def _read(file: IO[bytes], path: Path) -> Contents:
    size = os.fstat(file.fileno()).st_size
    if size == 0:
        raise RecordingError(f"{path} is empty")
    records = _Records(file)
    contents: Contents | None = None
    topics: dict[int, str] = {}
    for record in records:
        while contents is not None and len(contents.holes) < records.damaged_chunks:
            contents.holes.append(len(contents.poses))
        match record:
            case Metadata() if record.name == METADATA_NAME and contents is None:
                contents = Contents(RecordingMetadata.from_record(record.metadata))
            case Metadata() if record.name == END_METADATA_NAME and contents is not None:
                contents.metadata = contents.metadata.with_record(record.metadata)
            case Channel():
                topics[record.id] = record.topic
            case Message() if contents is not None:
                topic = topics.get(record.channel_id)
                if topic == POSE_TOPIC:
                    contents.poses.append(record.data)
                elif topic == SHAPE_TOPIC:
                    contents.shapes.append((len(contents.poses), record.data))
                elif topic == KEYPOINTS_TOPIC:
                    contents.keypoints.append(record.data)
    if contents is None:
        raise _not_a_recording(path, records)
    contents.finished = records.finished
    contents.damaged_chunks = records.damaged_chunks
    contents.unread_bytes = 0 if records.finished else size - records.good_bytes
    return contents


def _not_a_recording(path: Path, records: _Records) -> RecordingError:
    if not records.is_mcap:
        return RecordingError(f"{path} is not an MCAP file, so not a recording")
    if records.finished:
        return RecordingError(f"{path} is an MCAP file, but holds no recording of hands")
    return RecordingError(f"{path} is cut off or damaged before its recording begins")


class _Records:
    """The records of a file up to its end or to where it is cut off, chunks taken apart."""

    def __init__(self, file: IO[bytes]) -> None:
        self.is_mcap = False
        self.finished = False
        self.damaged_chunks = 0
        self.good_bytes = 0
        self._file = file
        self._records = StreamReader(
            file, emit_chunks=True, record_size_limit=_MAX_RECORD_BYTES
        ).records

    def __iter__(self) -> Iterator[McapRecord]:
        while (record := self._next()) is not None:
            if isinstance(record, Chunk):
                yield from self._take_apart(record)
            else:
                yield record

    def _next(self) -> McapRecord | None:
        try:
            record: McapRecord = next(self._records)
        except (StopIteration, *_DAMAGE):
            return None
        self.is_mcap = self.is_mcap or isinstance(record, Header)
        self.finished = isinstance(record, Footer)
        self.good_bytes = self._file.tell()
        return record

    def _take_apart(self, chunk: Chunk) -> list[McapRecord]:
        try:
            _check_size(chunk)
            return list(breakup_chunk(chunk, validate_crc=True))
        except _DAMAGE:
            self.damaged_chunks += 1
            return []


def _check_size(chunk: Chunk) -> None:
    """Refuses a chunk that would unpack to more than a chunk may hold, before it is unpacked."""
    if chunk.compression not in ("", "zstd"):
        raise ValueError(f"chunk compressed with {chunk.compression}, not zstd")
    unpacked = chunk.uncompressed_size
    if chunk.compression == "zstd":
        unpacked = max(unpacked, zstandard.frame_content_size(chunk.data))
    if unpacked > _MAX_RECORD_BYTES:
        raise ValueError(f"chunk of {unpacked} bytes")
