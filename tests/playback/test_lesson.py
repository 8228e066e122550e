"""Random access: the right pose and shapes at any position, few chunks read."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcap.writer import CompressionType, Writer

from bridge.playback import Lesson
from bridge.protocol import Side, encode
from bridge.protocol.recording import METADATA_NAME, POSE_TOPIC
from bridge.recorder import Recorder
from tests.playback.conftest import COUNT
from tests.playback.lessons import (
    ORIGIN_NS,
    OURS,
    STEP_NS,
    both,
    chunks_of,
    number,
    numbers,
    pose,
    shape,
    write,
)

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
