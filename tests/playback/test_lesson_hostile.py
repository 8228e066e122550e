"""What is no recording, and what was made to hurt: one clear error, in bounded time and memory."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcap.reader import make_reader
from mcap.writer import CompressionType, Writer

from bridge.errors import RecordingError
from bridge.playback import Lesson
from bridge.protocol import PosePacket, Side, encode
from bridge.protocol.recording import METADATA_NAME, POSE_TOPIC
from tests.playback.lessons import (
    ORIGIN_NS,
    OURS,
    STEP_NS,
    both,
    numbers,
    pose,
    shape,
    write,
)


def holding(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def with_footer(path: Path, start: int, crc: int = 0) -> Path:
    """A file whose footer says where its summary is."""
    data = path.read_bytes()[:-37]
    footer = struct.pack("<BQQQI", 2, 20, start, 0, crc)
    return holding(path, data + footer + b"\x89MCAP0\r\n")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path / "missing.mcap", "does not exist"),
        (lambda path: path, "cannot read"),
        (lambda path: holding(path / "a", b""), "is empty"),
        (lambda path: holding(path / "a", b"a lesson"), "is not an MCAP file"),
        (lambda path: holding(path / "a", b"\x89MCAP0\r\n"), "no recording of hands"),
        (lambda path: write(path / "a", [], metadata=None), "no recording of hands"),
        (lambda path: write(path / "a", []), "no poses"),
        (lambda path: write(path / "a", [shape(Side.LEFT)]), "no poses"),
        (lambda path: write(path / "a", both(3), metadata=OURS | {"format": "2"}), "format '2'"),
        (lambda path: write(path / "a", both(3), metadata={"format": "1"}), "metadata is damaged"),
        (
            lambda path: write(path / "a", [pose(0), pose(1, time_ns=2 * 10**15)]),
            "says that it lasts 23 days",
        ),
    ],
)
def test_what_cannot_be_played_is_one_clear_error(tmp_path: Path, make, words: str) -> None:
    with pytest.raises(RecordingError, match=words) as caught:
        Lesson.open(make(tmp_path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("start", [0, 1, 7, 2**40, 2**63, 2**64 - 1])
def test_a_footer_that_points_elsewhere(tmp_path: Path, start: int) -> None:
    path = with_footer(write(tmp_path / "a", both(100)), start)
    with Lesson.open(path) as lesson:
        assert not lesson.complete
        assert numbers(lesson.at(0, 100)) == list(range(100))


def summary_of(path: Path) -> int:
    with path.open("rb") as file:
        file.seek(-28, 2)
        return struct.unpack("<Q", file.read(8))[0]


def lying_index(path: Path, offset: int, length: int, start: int, end: int) -> Path:
    """A whole file whose first chunk index says something else; the checksum is left out."""
    data = bytearray(write(path, both(100)).read_bytes())
    at = summary_of(path)
    while data[at] != 8:
        at += 9 + struct.unpack_from("<Q", data, at + 1)[0]
    struct.pack_into("<QQQQ", data, at + 9, start, end, offset, length)
    struct.pack_into("<I", data, len(data) - 12, 0)
    return holding(path, bytes(data))


@pytest.mark.parametrize(
    ("offset", "length", "start", "end"),
    [
        (2**63, 10, 0, 1),
        (0, 2**63, 0, 1),
        (50, 100, 5, 1),
        (50, 100, 0, 2**64 - 1),
        (50, 100, ORIGIN_NS, ORIGIN_NS + 10**9),
        (0, 100, ORIGIN_NS, ORIGIN_NS + 10**9),
        (2000, 100, 0, 0),
    ],
)
def test_an_index_that_lies(tmp_path: Path, offset: int, length: int, start: int, end: int) -> None:
    path = lying_index(tmp_path / "a", offset, length, start, end)
    with Lesson.open(path) as lesson:
        seen = numbers(lesson.at(0, 100))
        assert set(seen) <= set(range(100))
        assert len(seen) > 70  # all but the chunk that is not where it is said to be


def test_a_chunk_that_would_unpack_to_gigabytes_is_not_unpacked(tmp_path: Path, monkeypatch):
    path = tmp_path / "bomb.mcap"
    with path.open("wb") as file:
        writer = Writer(file, chunk_size=1 << 30, compression=CompressionType.ZSTD)
        writer.start()
        writer.add_metadata(METADATA_NAME, OURS)
        poses = writer.register_channel(POSE_TOPIC, "msgpack", 0)
        writer.add_message(poses, ORIGIN_NS, bytes(40 << 20), ORIGIN_NS)
        writer.finish()
    assert path.stat().st_size < 20_000
    unpacked = []
    monkeypatch.setattr("bridge.playback.chunk._decompressed", lambda *a: unpacked.append(a))
    with pytest.raises(RecordingError, match="no poses"):
        Lesson.open(path)
    assert unpacked == []


def test_a_frame_that_says_more_than_its_chunk(tmp_path: Path) -> None:
    """The chunk says 100 bytes, the zstd frame in it 40 MiB."""
    import zstandard

    frame = zstandard.ZstdCompressor().compress(bytes(40 << 20))
    body = struct.pack("<QQQII", 0, 1, 100, 0, 4) + b"zstd" + struct.pack("<Q", len(frame)) + frame
    path = write(tmp_path / "a", [], finish=False)
    path.write_bytes(path.read_bytes() + struct.pack("<BQ", 6, len(body)) + body)
    with pytest.raises(RecordingError, match="no poses"):
        Lesson.open(path)


def test_a_record_that_says_it_is_huge(minute: Path, tmp_path: Path) -> None:
    path = tmp_path / "huge.mcap"
    path.write_bytes(minute.read_bytes()[:50_000] + b"\x06" + struct.pack("<Q", 2**62))
    with Lesson.open(path) as lesson:
        assert not lesson.complete


def test_chunks_that_all_overlap_are_refused(tmp_path: Path) -> None:
    """Finding one place would mean unpacking everything."""
    packets: list = []
    for k in range(2300):
        far = 10**12 if k % 2 else 0
        packets.append(pose(k, Side.LEFT, Side.RIGHT, time_ns=ORIGIN_NS + far + k))
    path = write(
        tmp_path / "a", packets * 11, chunk_bytes=1 << 20, compression=CompressionType.ZSTD
    )
    with pytest.raises(RecordingError, match="not in the order of time"):
        Lesson.open(path)


@given(st.binary(max_size=300), st.binary(max_size=60), st.booleans())
def test_any_bytes_are_one_clear_error(data: bytes, tail: bytes, footer: bool) -> None:
    magic = b"\x89MCAP0\r\n"
    end = struct.pack("<BQ", 2, 20) + tail[:20].ljust(20, b"\0") + magic if footer else tail
    with pytest.raises(RecordingError):
        Lesson(io.BytesIO(magic + data + end), "any bytes")


def test_a_file_of_nothing_but_tiny_records(tmp_path: Path, monkeypatch) -> None:
    """Reading from the front ends after so many, whatever the file's size."""
    monkeypatch.setattr("bridge.playback.chunk_index._MAX_SCANNED_RECORDS", 1000)
    path = holding(tmp_path / "a", b"\x89MCAP0\r\n" + bytes(9) * 100_000)
    with pytest.raises(RecordingError, match="too large to be read from the front"):
        Lesson.open(path)


def test_a_file_of_bombs_without_index(tmp_path: Path, monkeypatch) -> None:
    """Small on the disk, and more than may be unpacked."""
    monkeypatch.setattr("bridge.playback.chunk_index._MAX_SCANNED_BYTES", 50 << 20)
    path = tmp_path / "a"
    with path.open("wb") as file:
        writer = Writer(file, chunk_size=8 << 20, compression=CompressionType.ZSTD)
        writer.start()
        writer.add_metadata(METADATA_NAME, OURS)
        other = writer.register_channel("/other", "raw", 0)
        for k in range(10):
            writer.add_message(other, k, bytes(9 << 20), k)
    assert path.stat().st_size < 100_000
    with pytest.raises(RecordingError, match="too large to be read from the front"):
        Lesson.open(path)


def test_messages_that_are_no_poses(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    with path.open("wb") as file:
        writer = Writer(file, chunk_size=4000)
        writer.start()
        writer.add_metadata(METADATA_NAME, OURS)
        poses = writer.register_channel(POSE_TOPIC, "msgpack", 0)
        for k in range(100):
            at = ORIGIN_NS + k * STEP_NS
            wrong = [b"", b"\xc1" * 50, encode(shape(Side.LEFT)), encode(PosePacket(k, at, ()))]
            writer.add_message(poses, at, wrong[k % 4], at)
        writer.finish()
    with Lesson.open(path) as lesson:
        moments = lesson.at(0, 100)
        assert [m.pose is not None for m in moments] == [k % 4 == 3 for k in range(100)]
        assert lesson.damaged == 50  # a valid message that is no pose is passed over, too


def test_a_chunk_of_very_many_messages_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "many.mcap"
    with path.open("wb") as file:
        writer = Writer(file, chunk_size=1 << 30)
        writer.start()
        writer.add_metadata(METADATA_NAME, OURS)
        poses = writer.register_channel(POSE_TOPIC, "msgpack", 0)
        for k in range(70_000):
            writer.add_message(poses, ORIGIN_NS + k, b"", ORIGIN_NS + k)
        writer.finish()
    with pytest.raises(RecordingError, match="no poses"):
        Lesson.open(path)


def test_very_many_shapes_in_one_chunk(tmp_path: Path) -> None:
    packets = [shape(Side.LEFT, 1)] * 5000 + [pose(0, Side.LEFT), pose(1, Side.LEFT)]
    path = write(tmp_path / "a", packets, chunk_bytes=8 << 20)
    with Lesson.open(path) as lesson:
        assert lesson.damaged == 5000 - 4096
        assert all(moment.shapes for moment in lesson.at(-1, 2))


def test_poses_outside_the_times_of_their_chunk_are_passed_over(tmp_path: Path) -> None:
    """An index that names fewer times than the chunk holds cannot put poses where they are not."""
    path = write(tmp_path / "a", both(100))
    with path.open("rb") as file:
        second = make_reader(file).get_summary().chunk_indexes[1]
    data = bytearray(path.read_bytes())
    at = data.index(struct.pack("<QQ", second.message_start_time, second.message_end_time), 2000)
    while (later := data.find(data[at : at + 16], at + 1)) > 0:
        at = later  # the last one is the index's
    struct.pack_into("<Q", data, at + 8, second.message_start_time)
    struct.pack_into("<I", data, len(data) - 12, 0)
    path.write_bytes(data)
    with Lesson.open(path) as lesson:
        seen = numbers(lesson.at(0, 100))
        assert seen == sorted(set(seen))
        assert 70 < len(seen) < 100
        assert lesson.damaged == 100 - len(seen)
