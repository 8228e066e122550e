"""Recordings that are cut off or damaged: what is whole plays."""

from __future__ import annotations

import contextlib
import logging
import random
import threading
from pathlib import Path

import pytest
from mcap.reader import make_reader

import sdk_python as sdk
from bridge.errors import RecordingError
from bridge.playback import Lesson
from bridge.protocol import Side
from tests.playback.conftest import COUNT
from tests.playback.lessons import (
    STEP_NS,
    both,
    number,
    numbers,
    pose,
    shape,
    write,
)


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
