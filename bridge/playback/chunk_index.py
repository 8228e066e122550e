"""Where the chunks of a recording file are and which times they hold.

A finished file says so at its end. A file whose writer was killed does not, and a damaged one
cannot be trusted: those are read once from the front, chunk by chunk.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import IO

import numpy as np
from mcap.opcode import Opcode
from numpy.typing import NDArray

from bridge.errors import RecordingError
from bridge.playback.chunk import MAX_HEAD_BYTES, RECORD_HEAD, DamageError, head_of, take_apart
from bridge.playback.found import MAX_CHUNKS, MAX_RECORD_BYTES, Found
from bridge.playback.summary import MAGIC, read_summary
from bridge.protocol.recording import POSE_TOPIC, RecordingMetadata

__all__ = ["FileIndex", "read_index"]

_MAX_FILE_BYTES = 4 << 30
"""A day of two hands at 60 poses a second."""

_MAX_SCANNED_BYTES = 2 << 30  # unpacked: some seconds of work, however well a file is packed
_MAX_SCANNED_RECORDS = 2_000_000


@dataclass(frozen=True, slots=True, eq=False)
class FileIndex:
    """The chunks of a file that hold hands, in the order of time. N chunks; numbers are int64.

    Attributes:
        metadata: What the recording says about itself.
        topics: Topic of each channel.
        start_ns: ``(N,)`` earliest log time in the chunk.
        offset: ``(N,)`` where its record begins in the file.
        end_ns: ``(N,)`` latest log time in it.
        unpacked_bytes: ``(N,)`` its size.
        kinds: ``(N,)`` bits ``POSES``, ``SHAPES`` and ``KEYPOINTS``: what it holds.
        complete: The file was finished; else it was read from the front.
        pose_count: Poses in the file; None where nothing says how many.
        damaged_at: Offsets of damaged chunks, where it was read from the front.
        unread_bytes: Bytes at its end that are no whole record, where it was.
        cut_off: It ends before its messages do.
    """

    metadata: RecordingMetadata
    topics: dict[int, str]
    start_ns: NDArray[np.int64]
    offset: NDArray[np.int64]
    end_ns: NDArray[np.int64]
    unpacked_bytes: NDArray[np.int64]
    kinds: NDArray[np.int64]
    complete: bool
    pose_count: int | None = None
    damaged_at: tuple[int, ...] = ()
    unread_bytes: int = 0
    cut_off: bool = False


def read_index(file: IO[bytes], name: str, *, stop: threading.Event | None = None) -> FileIndex:
    """Reads the index of a recording, or makes one.

    Args:
        file: The recording, seekable.
        name: What errors call it.
        stop: Once set, reading from the front ends with an error.

    Raises:
        RecordingError: It is empty, too large, not MCAP, or no recording of hands.
        OSError: It cannot be read.
    """
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        raise RecordingError(f"{name} is empty")
    if size > _MAX_FILE_BYTES:
        raise RecordingError(f"{name} has {size} bytes, more than {_MAX_FILE_BYTES}")
    file.seek(0)
    if file.read(len(MAGIC)) != MAGIC:
        raise RecordingError(f"{name} is not an MCAP file, so not a recording")
    complete = True
    try:
        found = read_summary(file, size)
    except DamageError:
        complete = False
        found = _scanned(file, size, name, stop)
    if found.metadata is None:
        raise RecordingError(f"{name} holds no recording of hands")
    rows = np.concatenate([np.empty((0, 5), np.int64), *found.rows])
    # Of one moment, the one written first comes first: shapes hold in the order of the file.
    columns = rows[np.lexsort((rows[:, 1], rows[:, 0]))].T
    start_ns, offset, end_ns, unpacked_bytes, kinds = np.ascontiguousarray(columns)
    return FileIndex(
        found.metadata,
        found.topics,
        start_ns,
        offset,
        end_ns,
        unpacked_bytes,
        kinds,
        complete,
        found.pose_count,
        tuple(found.damaged_at),
        found.unread_bytes,
        found.cut_off,
    )


def _scanned(file: IO[bytes], size: int, name: str, stop: threading.Event | None) -> Found:
    """Reads a file from the front, up to where it is cut off; damaged chunks are left out."""
    found = Found(pose_count=0)
    at, unpacked, records = len(MAGIC), 0, 0
    while at + RECORD_HEAD.size <= size:
        if stop is not None and stop.is_set():
            raise RecordingError(f"{name} is being closed")
        file.seek(at)
        first = file.read(RECORD_HEAD.size + MAX_HEAD_BYTES)
        if len(first) < RECORD_HEAD.size:
            break  # it has become shorter meanwhile
        opcode, length = RECORD_HEAD.unpack_from(first)
        body = at + RECORD_HEAD.size
        if opcode == Opcode.DATA_END and length <= size - body:
            return found  # all is there but the index
        if length > size - body:
            break
        if opcode == Opcode.CHUNK:
            unpacked += _scan_chunk(file, at, first[RECORD_HEAD.size :], found)
        elif opcode in (Opcode.CHANNEL, Opcode.METADATA) and length <= MAX_RECORD_BYTES:
            file.seek(body)
            _scan_record(opcode, file.read(length), found)
        records += 1
        if (
            len(found.rows) > MAX_CHUNKS
            or records > _MAX_SCANNED_RECORDS
            or unpacked > _MAX_SCANNED_BYTES
        ):
            raise RecordingError(f"{name} is damaged and too large to be read from the front")
        at = body + length
    found.unread_bytes, found.cut_off = size - at, True
    return found


def _scan_chunk(file: IO[bytes], at: int, body: bytes, found: Found) -> int:
    """Takes in a chunk if it is whole; returns what it may have cost to unpack, bytes."""
    head = None
    try:
        head = head_of(body)
        messages = take_apart(file, at)
        for channel in messages.channel_records:
            found.take_channel(channel)
        poses = set(found.channels_of(POSE_TOPIC))
        found.pose_count = (found.pose_count or 0) + sum(k in poses for k in messages.channels)
    except DamageError:
        found.damaged_at.append(at)
        return 0 if head is None else head.unpacked_bytes
    if kinds := int(found.kinds(np.array([messages.channels], np.uint16))[0]):
        row = (head.start_ns, at, head.end_ns, head.unpacked_bytes, kinds)
        found.rows.append(np.array([row], np.int64))
    return head.unpacked_bytes


def _scan_record(opcode: int, body: bytes, found: Found) -> None:
    try:
        if opcode == Opcode.CHANNEL:
            found.take_channel(body)
        else:
            found.take_metadata(body)
    except DamageError:
        return
