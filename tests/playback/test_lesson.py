"""Random access: the right pose and shapes at any position, few chunks read, wrong files told."""

from __future__ import annotations

import contextlib
import io
import logging
import random
import struct
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcap.reader import make_reader
from mcap.writer import CompressionType, Writer

import sdk_python as sdk
from bridge.errors import RecordingError
from bridge.playback import Lesson
from bridge.protocol import PosePacket, Side, encode
from bridge.protocol.recording import METADATA_NAME, POSE_TOPIC
from bridge.recorder import Recorder
from tests.playback.lessons import (
    ORIGIN_NS,
    OURS,
    STEP_NS,
    both,
    number,
    pose,
    shape,
    write,
)

COUNT = 3000  # a minute, some 140 chunks


@pytest.fixture(scope="module")
def minute(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("lesson") / "minute.mcap", both(COUNT))


def numbers(moments) -> list[int]:
    return [number(moment.pose) for moment in moments]


def chunks_of(path: Path) -> int:
    with path.open("rb") as file:
        return len(make_reader(file).get_summary().chunk_indexes)


# Finding poses


def test_what_a_recorder_wrote(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    with Recorder(path, room="piano", views=["phone"], origin_ns=ORIGIN_NS) as recorder:
        for packet in both(100):
            recorder.write(packet)
    with Lesson.open(path) as lesson:
        assert lesson.metadata.room == "piano"
        assert (lesson.complete, lesson.damaged) == (True, 0)
        assert lesson.duration_s == pytest.approx(99 * 0.02)
        moments = lesson.at(0, 200)
    assert numbers(moments) == list(range(100))
    for k, moment in enumerate(moments):
        assert moment.pose == pose(k, Side.LEFT, Side.RIGHT)
        assert moment.place.position_ns == k * STEP_NS
        assert moment.shapes == {side: shape(side) for side in Side}


def test_any_position_has_the_last_pose_not_after_it(minute: Path) -> None:
    with Lesson.open(minute) as lesson:
        for position in [-5, 0, 1, STEP_NS - 1, STEP_NS, lesson.duration_ns, 10**15]:
            expected = min(max(0, position // STEP_NS), COUNT - 1)
            assert numbers(lesson.at(position)) == [expected], position
        for _ in range(200):
            position = random.Random(4).randrange(lesson.duration_ns)
            assert numbers(lesson.at(position)) == [position // STEP_NS]


def test_all_poses_one_after_the_other(minute: Path) -> None:
    seen = []
    with Lesson.open(minute) as lesson:
        moments = lesson.at(0, 7)
        while moments:
            seen += numbers(moments)
            moments = lesson.after(moments[-1].place, 7)
        # Each once, and the last one first of all, for the duration.
        assert lesson.chunks_read <= chunks_of(minute) + 1
    assert seen == list(range(COUNT))


def test_a_seek_reads_only_the_chunks_it_needs(minute: Path) -> None:
    """The chunk of the position, the next one at its end; the shapes' chunk once."""
    with Lesson.open(minute) as lesson:
        assert lesson.chunks_read == 2  # where it begins and where it ends
        generator = random.Random(5)
        for _ in range(100):
            before = lesson.chunks_read
            lesson.at(generator.randrange(lesson.duration_ns), 9)
            assert lesson.chunks_read - before <= 2
        before = lesson.chunks_read
        lesson.at(30 * 10**9, 2)
        lesson.at(30 * 10**9, 2)
        assert lesson.chunks_read - before <= 2  # kept


def test_few_chunks_are_kept(minute: Path) -> None:
    with Lesson.open(minute) as lesson:
        for position in range(0, lesson.duration_ns, 10**9):
            lesson.at(position)
        assert len(lesson._cache) <= 8


@pytest.mark.parametrize("compression", [CompressionType.NONE, CompressionType.ZSTD])
@pytest.mark.parametrize("chunk_bytes", [1, 4096, 1 << 20])
def test_any_chunk_size(tmp_path: Path, compression: CompressionType, chunk_bytes: int) -> None:
    path = write(tmp_path / "a.mcap", both(120), chunk_bytes=chunk_bytes, compression=compression)
    with Lesson.open(path) as lesson:
        assert numbers(lesson.at(0, 200)) == list(range(120))
        assert numbers(lesson.at(77 * STEP_NS)) == [77]


def test_poses_before_time_zero(tmp_path: Path) -> None:
    """The first shape has the time of the origin, which may be after the first poses."""
    packets = [shape(Side.LEFT)]
    packets += [pose(k, Side.LEFT, time_ns=ORIGIN_NS + (k - 60) * STEP_NS) for k in range(120)]
    path = write(tmp_path / "a.mcap", packets)
    with Lesson.open(path) as lesson:
        assert lesson.duration_s == pytest.approx(119 * 0.02)
        moments = lesson.at(0, 200)
        assert numbers(moments) == list(range(120))
        assert all(moment.shapes for moment in moments)


def test_poses_that_are_not_in_the_order_of_time(tmp_path: Path) -> None:
    order = list(range(100))
    random.Random(6).shuffle(order)
    packets = [shape(Side.LEFT), *(pose(k, Side.LEFT) for k in order)]
    path = write(tmp_path / "a.mcap", packets, chunk_bytes=2000)
    with Lesson.open(path) as lesson:
        assert numbers(lesson.at(0, 200)) == list(range(100))
        assert numbers(lesson.at(50 * STEP_NS)) == [50]


def test_poses_of_one_instant(tmp_path: Path) -> None:
    packets = [shape(Side.LEFT)]
    packets += [pose(k, Side.LEFT, time_ns=ORIGIN_NS + k // 2 * STEP_NS) for k in range(100)]
    path = write(tmp_path / "a.mcap", packets, chunk_bytes=1500)
    with Lesson.open(path) as lesson:
        assert numbers(lesson.at(0, 200))[-1] == 99
        assert numbers(lesson.at(25 * STEP_NS)) == [51]


def test_one_pose(tmp_path: Path) -> None:
    with Lesson.open(write(tmp_path / "a.mcap", [shape(Side.LEFT), pose(3, Side.LEFT)])) as lesson:
        assert lesson.duration_ns == 0
        assert numbers(lesson.at(0, 5)) == [3]


def test_other_topics_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    with path.open("wb") as file:
        writer = Writer(file, chunk_size=500)
        writer.start()
        writer.add_metadata("another", {"a": "b"})
        writer.add_metadata(METADATA_NAME, OURS)
        other = writer.register_channel("/camera", "raw", 0)
        poses = writer.register_channel(POSE_TOPIC, "msgpack", 0)
        for k in range(50):
            at = ORIGIN_NS + k * STEP_NS
            writer.add_message(other, at, b"x" * 700, at)
            writer.add_message(poses, at, encode(pose(k)), at)
        writer.finish()
    with Lesson.open(path) as lesson:
        assert len(lesson.at(0, 99)) == 50


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1, max_size=150),
    st.integers(200, 3000),
    st.data(),
)
def test_it_finds_what_reading_from_the_front_finds(
    tmp_path: Path, script: list[tuple[bool, int]], chunk_bytes: int, data: st.DataObject
) -> None:
    """Any mixture of shapes and poses in the order of time, with gaps and any chunks."""
    packets: list = [shape(Side.LEFT)]
    time_ns, held, expected = ORIGIN_NS, 0.0, []
    for k, (new_shape, gap) in enumerate([(False, 1), *script]):
        if new_shape:
            held += 1
            packets.append(shape(Side.LEFT, held))
        time_ns += gap * STEP_NS
        packets.append(pose(k, Side.LEFT, time_ns=time_ns))
        expected.append((time_ns - ORIGIN_NS - STEP_NS, k, held))
    path = write(tmp_path / "a.mcap", packets, chunk_bytes=chunk_bytes)
    with Lesson.open(path) as lesson:
        found = [
            (m.place.position_ns, number(m.pose), m.shapes[Side.LEFT].betas[0])
            for m in lesson.at(-1, 999)
        ]
        assert found == expected
        for _ in range(10):
            position = data.draw(st.integers(0, lesson.duration_ns))
            (moment,) = lesson.at(position)
            last = max(e for e in expected if e[0] <= position)
            assert number(moment.pose) == last[1]
            assert moment.shapes[Side.LEFT].betas[0] == last[2]


# Shapes in force


def test_the_shapes_in_force_at_a_position(tmp_path: Path) -> None:
    packets: list = []
    for k in range(600):
        if k % 100 == 0:
            packets.append(shape(Side.LEFT, k / 100))
        if k == 250:
            packets.append(shape(Side.RIGHT, 9))
        packets.append(pose(k, *((Side.LEFT, Side.RIGHT) if k >= 250 else (Side.LEFT,))))
    with Lesson.open(write(tmp_path / "a.mcap", packets)) as lesson:
        for k in [599, 0, 99, 100, 249, 250, 299, 300, 550]:
            (moment,) = lesson.at(k * STEP_NS)
            betas = {side: shape.betas[0] for side, shape in moment.shapes.items()}
            expected = {Side.LEFT: k // 100} | ({Side.RIGHT: 9} if k >= 250 else {})
            assert betas == expected, k


def test_a_shape_in_each_chunk_costs_one_chunk(tmp_path: Path) -> None:
    """The right hand's shape is far back, and is looked for once."""
    packets: list = [shape(Side.RIGHT)]
    for k in range(1000):
        packets += [shape(Side.LEFT, k / 100), pose(k, Side.LEFT, Side.RIGHT)]
    path = write(tmp_path / "a.mcap", packets, chunk_bytes=4096)
    with Lesson.open(path) as lesson:
        lesson.at(lesson.duration_ns)
        for position in range(0, lesson.duration_ns, 10**9):
            before = lesson.chunks_read
            (moment,) = lesson.at(position)
            assert len(moment.shapes) == 2
            assert lesson.chunks_read - before <= 2


def test_one_hand_needs_one_shape(tmp_path: Path) -> None:
    packets: list = []
    for k in range(600):
        if k % 3 == 0:
            packets.append(shape(Side.LEFT, k / 100))
        packets.append(pose(k, Side.LEFT))
    with Lesson.open(write(tmp_path / "a.mcap", packets)) as lesson:
        before = lesson.chunks_read
        (moment,) = lesson.at(300 * STEP_NS)
        assert set(moment.shapes) == {Side.LEFT}
        assert lesson.chunks_read - before == 1


def test_a_hand_without_any_shape(tmp_path: Path) -> None:
    packets = [shape(Side.LEFT), *(pose(k, Side.LEFT, Side.RIGHT) for k in range(300))]
    with Lesson.open(write(tmp_path / "a.mcap", packets)) as lesson:
        assert all(set(m.shapes) == {Side.LEFT} for m in lesson.at(0, 300))


# Cut off and damaged files


def test_a_file_without_summary_is_scanned_and_says_so(tmp_path: Path, caplog) -> None:
    path = write(tmp_path / "cut.mcap", both(COUNT), finish=False)
    with caplog.at_level(logging.WARNING), Lesson.open(path) as lesson:
        assert not lesson.complete
        assert "cut.mcap was cut off or damaged" in caplog.text
        seen = numbers(lesson.at(0, COUNT))
        assert seen == list(range(len(seen)))
        assert len(seen) > COUNT - 30  # all but the chunk in the making
        before = lesson.chunks_read
        lesson.at(20 * 10**9, 8)
        assert lesson.chunks_read - before <= 2  # indexed like any other


def test_a_file_cut_off_anywhere(minute: Path, tmp_path: Path) -> None:
    whole = minute.read_bytes()
    cut = tmp_path / "cut.mcap"
    generator = random.Random(7)
    for size in [len(whole) - 1, *(generator.randrange(len(whole)) for _ in range(10))]:
        cut.write_bytes(whole[:size])
        try:
            with Lesson.open(cut) as lesson:
                assert not lesson.complete
                seen = numbers(lesson.at(0, COUNT))
                assert seen == list(range(len(seen)))
                assert seen
                assert len(seen) == len(sdk.Recording.open(cut))
        except RecordingError:
            assert size < 20_000


def test_a_damaged_chunk_is_passed_over(minute: Path, tmp_path: Path) -> None:
    data = bytearray(minute.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 8] = b"\xff" * 8
    path = tmp_path / "damaged.mcap"
    path.write_bytes(data)
    with Lesson.open(path) as lesson:
        seen = numbers(lesson.at(0, COUNT))
        assert lesson.damaged == 1
        missing = sorted(set(range(COUNT)) - set(seen))
        assert 1 <= len(missing) <= 25
        assert missing == list(range(missing[0], missing[-1] + 1))
        # In the gap the pose before it holds.
        assert numbers(lesson.at(missing[3] * STEP_NS)) == [missing[0] - 1]


def test_a_lost_first_shape_is_replaced_by_the_next(tmp_path: Path) -> None:
    packets: list = [shape(Side.LEFT, 1)]
    packets += [pose(k, Side.LEFT) for k in range(100)]
    packets += [shape(Side.LEFT, 2), *(pose(k, Side.LEFT) for k in range(100, 200))]
    path = write(tmp_path / "a.mcap", packets, chunk_bytes=4000)
    with path.open("rb") as file:
        first = make_reader(file).get_summary().chunk_indexes[0]
    data = bytearray(path.read_bytes())
    data[first.chunk_start_offset + 60 : first.chunk_start_offset + 90] = bytes(30)
    path.write_bytes(data)
    with Lesson.open(path) as lesson:
        assert lesson.damaged == 1
        (moment,) = lesson.at(0)
        assert moment.shapes[Side.LEFT].betas[0] == 2


def test_damage_anywhere_gives_poses_or_one_clear_error(minute: Path, tmp_path: Path) -> None:
    whole = minute.read_bytes()
    path = tmp_path / "damaged.mcap"
    generator = random.Random(8)
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(generator.randint(1, 4)):
            # Half of it where the index and the footer are.
            low = len(data) - 15_000 if generator.random() < 0.5 else 0
            at = generator.randrange(low, len(data))
            data[at : at + generator.randint(1, 12)] = generator.randbytes(generator.randint(1, 12))
        path.write_bytes(data)
        try:
            with Lesson.open(path) as lesson:
                for position in range(0, lesson.duration_ns, max(1, lesson.duration_ns // 20)):
                    for moment in lesson.at(position, 3):
                        assert moment.pose is None or 0 <= number(moment.pose) < COUNT
        except RecordingError:
            continue


def test_a_file_that_changes_while_it_is_open(minute: Path, tmp_path: Path) -> None:
    path = tmp_path / "changing.mcap"
    path.write_bytes(minute.read_bytes())
    with Lesson.open(path) as lesson:
        path.write_bytes(bytes(1000))
        # What is gone is passed over; nothing is made up.
        for position in range(0, lesson.duration_ns, 10**9):
            with contextlib.suppress(RecordingError):
                poses = [m.pose for m in lesson.at(position, 30) if m.pose is not None]
                assert all(0 <= number(pose) < COUNT for pose in poses)
        assert lesson.damaged > 0


def test_a_closed_lesson(minute: Path) -> None:
    lesson = Lesson.open(minute)
    lesson.close()
    with pytest.raises(RecordingError, match="closed"):
        lesson.at(30 * 10**9)


def test_reading_can_be_stopped(minute: Path, tmp_path: Path) -> None:
    stop = threading.Event()
    with Lesson.open(minute, stop=stop) as lesson:
        stop.set()
        with pytest.raises(RecordingError, match="being closed"):
            lesson.at(30 * 10**9)
    cut = write(tmp_path / "cut.mcap", both(100), finish=False)
    with pytest.raises(RecordingError, match="being closed"):
        Lesson.open(cut, stop=stop)


# What is no recording, and what was made to hurt


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
