"""One chunk of a recording file: read, checked, unpacked and taken apart (MCAP, "Chunk").

Recordings come from strangers. Every size is compared with what is there, and with a limit,
before anything is read or unpacked by it.
"""

from __future__ import annotations

import struct
import zlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

import zstandard
from mcap.opcode import Opcode

__all__ = [
    "MAX_HEAD_BYTES",
    "MAX_UNPACKED_BYTES",
    "RECORD_HEAD",
    "ChunkHead",
    "DamageError",
    "Messages",
    "head_of",
    "records_in",
    "take_apart",
]

MAX_UNPACKED_BYTES = 16 << 20
"""Largest chunk that is unpacked: ours have 16 KiB, other writers' some MiB."""

RECORD_HEAD = struct.Struct("<BQ")
"""Opcode and length that begin every record."""

_CHUNK_HEAD = struct.Struct("<QQQII")  # start, end, size and CRC unpacked, length of compression
_MESSAGE_HEAD = struct.Struct("<HIQQ")  # channel, sequence, log time, publish time
_LENGTH = struct.Struct("<Q")
_MAX_COMPRESSION_BYTES = 16
_MAX_TIME_NS = 2**63 - 1
_MAX_RECORDS = 65_536


class DamageError(Exception):
    """Bytes that are not what a writer wrote; whoever meets it skips them or gives up the file."""


@dataclass(frozen=True, slots=True)
class ChunkHead:
    """What a chunk says about itself.

    Attributes:
        start_ns: Earliest log time in it.
        end_ns: Latest log time in it.
        unpacked_bytes: Size of its records once unpacked.
        crc: CRC-32 of those, 0 for none.
        compression: ``""`` or ``"zstd"``.
        data_at: Where its packed records begin in the body of the chunk record.
        data_bytes: How many bytes they are.
    """

    start_ns: int
    end_ns: int
    unpacked_bytes: int
    crc: int
    compression: str
    data_at: int
    data_bytes: int

    @property
    def body_bytes(self) -> int:
        """Length of the chunk record's body."""
        return self.data_at + self.data_bytes


MAX_HEAD_BYTES = _CHUNK_HEAD.size + _MAX_COMPRESSION_BYTES + _LENGTH.size


def head_of(body: bytes) -> ChunkHead:
    """Reads the head of a chunk from the first ``MAX_HEAD_BYTES`` of its record's body.

    Raises:
        DamageError: It is cut off, or says what no chunk here may say.
    """
    try:
        start, end, unpacked, crc, length = _CHUNK_HEAD.unpack_from(body)
        if length > _MAX_COMPRESSION_BYTES:
            raise DamageError(f"a compression with a name of {length} bytes")
        at = _CHUNK_HEAD.size + length
        compression = body[_CHUNK_HEAD.size : at].decode(errors="replace")
        (data_bytes,) = _LENGTH.unpack_from(body, at)
    except struct.error:
        raise DamageError("a chunk is cut off") from None
    if compression not in ("", "zstd"):
        raise DamageError(f"a chunk compressed with {compression!r}, not zstd")
    if unpacked > MAX_UNPACKED_BYTES or data_bytes > MAX_UNPACKED_BYTES:
        raise DamageError(f"a chunk of {max(unpacked, data_bytes)} bytes")
    if not start <= end <= _MAX_TIME_NS:
        raise DamageError("a chunk that ends before it starts")
    return ChunkHead(start, end, unpacked, crc, compression, at + _LENGTH.size, data_bytes)


@dataclass(slots=True)
class Messages:
    """The messages of a chunk, as places in its bytes: a message costs 24 bytes, whatever it is.

    Attributes:
        data: The chunk, unpacked.
        channels: ``(N,)`` channel of each message, in the order of the file.
        log_ns: ``(N,)`` log times.
        begins: ``(N,)`` where each message's bytes begin.
        ends: ``(N,)`` where they end.
        channel_records: Bodies of its channel records.
    """

    data: bytes
    channels: array[int] = field(default_factory=lambda: array("H"))
    log_ns: array[int] = field(default_factory=lambda: array("q"))
    begins: array[int] = field(default_factory=lambda: array("i"))
    ends: array[int] = field(default_factory=lambda: array("i"))
    channel_records: list[bytes] = field(default_factory=list)


def take_apart(file: IO[bytes], offset: int) -> Messages:
    """Reads the chunk whose record begins at ``offset`` of the file.

    Raises:
        DamageError: It is not whole, not what was written, or too large.
        OSError: The file cannot be read.
    """
    data = _unpacked(file, offset)
    messages = Messages(data)
    for count, (opcode, begin, end) in enumerate(records_in(data)):
        if count >= _MAX_RECORDS:
            raise DamageError(f"a chunk of more than {_MAX_RECORDS} records")
        if opcode == Opcode.MESSAGE:
            if end - begin < _MESSAGE_HEAD.size:
                raise DamageError("a message is cut off")
            channel, _, log_ns, _ = _MESSAGE_HEAD.unpack_from(data, begin)
            if log_ns > _MAX_TIME_NS:
                raise DamageError("a message with a time out of range")
            messages.channels.append(channel)
            messages.log_ns.append(log_ns)
            messages.begins.append(begin + _MESSAGE_HEAD.size)
            messages.ends.append(end)
        elif opcode == Opcode.CHANNEL:
            messages.channel_records.append(data[begin:end])
    return messages


def records_in(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Opcode, begin and end of the body of each record in bytes that are nothing but records.

    Raises:
        DamageError: The last one is cut off.
    """
    at, size = 0, len(data)
    while at < size:
        if at + RECORD_HEAD.size > size:
            raise DamageError("a record is cut off")
        opcode, length = RECORD_HEAD.unpack_from(data, at)
        at += RECORD_HEAD.size
        if length > size - at:
            raise DamageError("a record is cut off")
        yield opcode, at, at + length
        at += length


def _unpacked(file: IO[bytes], offset: int) -> bytes:
    file.seek(offset)
    first = file.read(RECORD_HEAD.size + MAX_HEAD_BYTES)
    if len(first) < RECORD_HEAD.size:
        raise DamageError("a chunk is cut off")
    opcode, length = RECORD_HEAD.unpack_from(first)
    if opcode != Opcode.CHUNK:
        raise DamageError("there is no chunk where the index says")
    head = head_of(first[RECORD_HEAD.size :])
    if head.body_bytes != length:
        raise DamageError("a chunk's length is not that of what it holds")
    file.seek(offset + RECORD_HEAD.size + head.data_at)
    packed = file.read(head.data_bytes)
    if len(packed) != head.data_bytes:
        raise DamageError("a chunk is cut off")
    data = packed if head.compression == "" else _decompressed(packed, head.unpacked_bytes)
    if len(data) != head.unpacked_bytes:
        raise DamageError("a chunk does not unpack to what it says")
    if head.crc not in (0, zlib.crc32(data)):
        raise DamageError("a chunk's checksum is wrong")
    return data


def _decompressed(packed: bytes, size: int) -> bytes:
    try:
        # The decompressor makes room for what the frame says, whatever limit it is given.
        if zstandard.frame_content_size(packed) > size:
            raise DamageError("a chunk unpacks to more than it says")
        return zstandard.ZstdDecompressor().decompress(packed, max_output_size=size)
    except zstandard.ZstdError as error:
        raise DamageError(f"a chunk cannot be unpacked: {error}") from None
