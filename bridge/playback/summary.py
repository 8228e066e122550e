"""The index that a finished recording has at its end (MCAP, "Summary Section")."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import IO

import numpy as np
from mcap.opcode import Opcode
from numpy.typing import NDArray

from bridge.playback.chunk import RECORD_HEAD, DamageError, records_in
from bridge.playback.found import MAX_CHUNKS, MAX_RECORD_BYTES, POSES, SHAPES, Found
from bridge.protocol.recording import END_METADATA_NAME, METADATA_NAME, POSE_TOPIC

__all__ = ["MAGIC", "read_summary"]

MAGIC = b"\x89MCAP0\r\n"

_FOOTER = struct.Struct("<BQQQI")  # opcode, length, summary start, summary offsets, CRC
_TAIL_BYTES = _FOOTER.size + len(MAGIC)
_MAX_SUMMARY_BYTES = 32 << 20
_MAX_UNPACKED = 1 << 40  # only so that sums fit; chunk.py has the limit that counts

_FIXED_BYTES = 36  # of a chunk index: start, end, offset, length; bytes of channel offsets
_STATISTICS_BYTES = 42  # before its counts: counts of other things, first and last time
_CHANNEL_BYTES = 10  # a channel's id and the offset of its message index

Bytes = NDArray[np.uint8]


def read_summary(file: IO[bytes], size: int) -> Found:
    """Reads the summary of a file of that size, in one read, and nothing of its data.

    Raises:
        DamageError: There is none, or one that cannot be right.
        RecordingError: The recording is of another format, or its metadata damaged.
        OSError: The file cannot be read.
    """
    summary, start = _summary_bytes(file, size)
    found = Found()
    indexes: list[Bytes] = []
    statistics: bytes | None = None
    wanted = {METADATA_NAME, END_METADATA_NAME}
    for opcode, bodies in _runs(summary):
        if opcode == Opcode.CHUNK_INDEX:
            indexes.append(bodies)
        elif opcode == Opcode.CHANNEL:
            for body in bodies:
                found.take_channel(body.tobytes())
        elif opcode == Opcode.METADATA_INDEX:
            for body in bodies:
                _take_metadata(file, body.tobytes(), found, wanted)
        elif opcode == Opcode.STATISTICS and statistics is None:
            statistics = bodies[0].tobytes()
    count = sum(len(bodies) for bodies in indexes)
    if found.metadata is None or not 0 < count <= MAX_CHUNKS:
        raise DamageError("the summary does not say what is needed")
    for bodies in indexes:
        _take_chunks(bodies, start, found)
    if statistics is not None:
        found.pose_count = _pose_count(statistics, set(found.channels_of(POSE_TOPIC)))
    return found


def _pose_count(body: bytes, channels: set[int]) -> int | None:
    """How many poses there are (MCAP, "Statistics"); None where it does not say."""
    counts = body[_STATISTICS_BYTES + 4 :]
    try:
        (size,) = struct.unpack_from("<I", body, _STATISTICS_BYTES)
        if size > len(counts):
            return None
        pairs = list(struct.iter_unpack("<HQ", counts[:size]))
    except struct.error:
        return None
    if not pairs:
        return None
    return min(sum(count for channel, count in pairs if channel in channels), 2**63 - 1)


def _summary_bytes(file: IO[bytes], size: int) -> tuple[bytes, int]:
    """The summary section, whose checksum is right, and where it begins."""
    if size < len(MAGIC) + _TAIL_BYTES:
        raise DamageError("too short for a summary")
    end = size - _TAIL_BYTES
    file.seek(end)
    tail = file.read(_TAIL_BYTES)
    opcode, length, start, _, crc = _FOOTER.unpack_from(tail)
    if tail[_FOOTER.size :] != MAGIC or opcode != Opcode.FOOTER or length != 20:
        raise DamageError("no footer: the file was not finished")
    if not len(MAGIC) <= start < end or end - start > _MAX_SUMMARY_BYTES:
        raise DamageError("no summary")
    file.seek(start)
    summary = file.read(end - start)
    if crc != 0 and crc != zlib.crc32(tail[: _FOOTER.size - 4], zlib.crc32(summary)):
        raise DamageError("the summary's checksum is wrong")
    return summary, start


def _runs(summary: bytes) -> Iterator[tuple[int, Bytes]]:
    """Opcode and ``(N, length)`` bodies of records that follow each other and are alike.

    An hour has ten thousand chunk indexes, nearly all of one length: one by one they would take
    most of the time of opening a file.
    """
    data = np.frombuffer(summary, np.uint8)
    at, size = 0, len(data)
    while at < size:
        if at + RECORD_HEAD.size > size:
            raise DamageError("a record is cut off")
        opcode, length = RECORD_HEAD.unpack_from(summary, at)
        stride = RECORD_HEAD.size + length
        if stride > size - at:
            raise DamageError("a record is cut off")
        head, count, block = data[at : at + RECORD_HEAD.size], 1, 8
        # In blocks that grow, so that what is looked at is never much more than what is found.
        while (most := min(block, (size - at) // stride - count)) > 0:
            first = at + count * stride
            rows = data[first : first + most * stride].reshape(most, stride)
            alike = (rows[:, : RECORD_HEAD.size] == head).all(axis=1)
            same = most if alike.all() else int(alike.argmin())
            count, block = count + same, 2 * block
            if same < most:
                break
        bodies = data[at : at + count * stride].reshape(count, stride)[:, RECORD_HEAD.size :]
        yield opcode, bodies
        at += count * stride


def _take_chunks(bodies: Bytes, limit: int, found: Found) -> None:
    """Takes in chunk indexes of one length; ``limit`` is where the data section ends."""
    if bodies.shape[1] < _FIXED_BYTES + 28:
        raise DamageError("a chunk index is cut off")
    fixed = np.ascontiguousarray(bodies[:, :32]).view("<u8")
    channel_bytes = np.ascontiguousarray(bodies[:, 32:36]).view("<u4")[:, 0]
    unpacked = np.ascontiguousarray(bodies[:, -8:]).view("<u8")[:, 0]
    start, end, offset, length = fixed.T
    if (
        (end >= 2**63).any()
        or (start > end).any()
        or (offset >= limit).any()
        or (length > limit - offset).any()
        or (unpacked > _MAX_UNPACKED).any()
    ):
        raise DamageError("a chunk index points out of the file")
    for size in sorted(set(channel_bytes.tolist())):
        if size % _CHANNEL_BYTES or _FIXED_BYTES + size > bodies.shape[1]:
            raise DamageError("a chunk index is cut off")
        those = channel_bytes == size
        kinds = _kinds(bodies[those, _FIXED_BYTES : _FIXED_BYTES + size], found)
        columns = (start[those], offset[those], end[those], unpacked[those], kinds)
        rows = np.stack([column.astype(np.int64) for column in columns], axis=1)
        found.rows.append(rows[kinds != 0])


def _kinds(offsets: Bytes, found: Found) -> NDArray[np.int64]:
    """``(N,)`` what chunks hold, from their channel offsets; without any it may be anything."""
    if offsets.shape[1] == 0:
        return np.full(len(offsets), POSES | SHAPES)
    ids = np.ascontiguousarray(offsets.reshape(len(offsets), -1, _CHANNEL_BYTES)[:, :, :2])
    return found.kinds(ids.view("<u2")[:, :, 0])


def _take_metadata(file: IO[bytes], index: bytes, found: Found, wanted: set[str]) -> None:
    """Reads the metadata that an index points to, if it is a recording's and not read yet."""
    try:
        offset, length, name_bytes = struct.unpack_from("<QQI", index)
    except struct.error:
        raise DamageError("a metadata index is cut off") from None
    name = index[20 : 20 + name_bytes].decode(errors="replace")
    if name not in wanted:
        return
    wanted.discard(name)
    if length > MAX_RECORD_BYTES or offset >= 2**63:
        raise DamageError("a metadata index points out of the file")
    file.seek(offset)
    record = file.read(length)
    for opcode, begin, end in records_in(record):
        if opcode == Opcode.METADATA:
            found.take_metadata(record[begin:end])
