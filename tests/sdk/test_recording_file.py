"""Recording files read part by part: the same as all at once, in little memory."""

from __future__ import annotations

import random
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from mcap.writer import Writer

import sdk_python as sdk
from bridge.playback.lesson import Lesson
from bridge.protocol import Side
from bridge.protocol.pose_arrays import EncodedPose
from bridge.protocol.recording import METADATA_NAME, RecordingMetadata
from bridge.recorder import Recorder
from tests.sdk.made_hands import moving

ARRAYS = (
    *("time_s", "time_ns", "joints_m", "wrist_m", "pose_quat", "finger_confidence"),
    *("confidence", "rest_joints_m", "betas"),
)
COUNT = 3000


def same(one: sdk.Recording, other: sdk.Recording) -> None:
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    assert one.metadata == other.metadata


@pytest.fixture(scope="module")
def whole() -> sdk.Recording:
    """50 s at 60 Hz, with a pause of a minute after 20 s, and measured keypoints."""
    hands = moving(100)
    joints = np.tile(hands["joints"], (COUNT // 100, 1, 1, 1))
    joints += np.random.default_rng(0).normal(0, 0.002, joints.shape)
    joints[500:700, 0] = np.nan
    times = np.arange(COUNT) / 60
    times[1200:] += 60
    return sdk.Recording.from_arrays(times - 1.0, joints, room="attic", recorded_by="Clara")


@pytest.fixture(scope="module")
def path(whole, tmp_path_factory) -> Path:
    return whole.save(tmp_path_factory.mktemp("file") / "a.mcap")


def test_what_it_says_without_reading_poses(whole, path):
    with sdk.RecordingFile(path) as file:
        assert len(file) == COUNT
        assert file.metadata == whole.metadata
        assert (file.start_s, file.end_s) == pytest.approx((-1.0, whole.time_s[-1]))
        assert file.duration_s == pytest.approx(whole.duration_s)
        assert file.lost is None
        assert not file.recovered
        assert file._lesson.chunks_read < 10  # of 200: those of the first second, and the last
        assert repr(file) == f"<RecordingFile {path}: {whole.duration_s:.2f} s of 'attic'>"


@pytest.mark.parametrize(
    ("start_s", "end_s"),
    [(None, None), (None, 3.0), (17.3, 82.0), (30.0, 40.0), (109.0, None), (5.0, 5.0), (1e6, 2e6)],
)
def test_a_part_is_the_slice_of_the_whole(whole, path, start_s, end_s):
    with sdk.RecordingFile(path) as file:
        found = file.read(start_s, end_s)
        expected = sdk.Recording.open(path).slice(start_s, end_s)
        assert len(found) == len(expected)
        if len(found):
            same(found, expected)
        whole_chunks = 2 + COUNT // 10
        if end_s is not None and end_s - (start_s or 0) < 5:
            assert file._lesson.chunks_read < whole_chunks / 5


@pytest.mark.parametrize("seconds", [0.31, 7.0, 1e9])
def test_the_parts_are_the_whole(path, seconds):
    with sdk.RecordingFile(path) as file:
        parts = list(file.parts(seconds))
    assert all(len(part) and part.duration_s < seconds for part in parts)
    same(sdk.concatenate(parts), sdk.Recording.open(path))


def test_days_without_a_pose_are_passed_quickly(tmp_path):
    joints = moving(2)["joints"][:2]
    far = sdk.Recording.from_arrays([0, 900_000.0], joints)
    with sdk.RecordingFile(far.save(tmp_path / "a.mcap")) as file:
        assert [part.time_s.tolist() for part in file.parts(0.01)] == [[0.0], [900_000.0]]


def test_parts_of_nothing(path):
    with sdk.RecordingFile(path) as file:
        with pytest.raises(sdk.InputError, match="longer than 0 s"):
            next(file.parts(0))
        with pytest.raises(sdk.InputError, match="ends before it begins"):
            file.read(3, 2)
        with pytest.raises(sdk.InputError, match="NaN"):
            file.read(np.nan)


def test_each_part_has_the_shape_of_its_time(tmp_path, kit):
    path = tmp_path / "a.mcap"
    with Recorder(path, room="x", views=[], origin_ns=kit.ORIGIN_NS) as recorder:
        for k in range(300):
            if k % 100 == 0:
                recorder.write(kit.shape(Side.RIGHT, k / 100))
            recorder.write(kit.pose(k, Side.RIGHT))
    whole = sdk.Recording.open(path)
    with sdk.RecordingFile(path) as file:
        for start_s, beta in ((1.5, 0), (3.5, 1), (5.5, 2)):
            part = file.read(start_s, start_s + 0.3)
            np.testing.assert_array_equal(
                part.joints_m, whole.slice(start_s, start_s + 0.3).joints_m
            )
            assert part.betas[1, 0] == beta


def test_a_file_that_was_cut_off(path, whole, tmp_path, caplog):
    data = path.read_bytes()
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(data[: len(data) // 2])
    eager = sdk.Recording.open(cut)
    with sdk.RecordingFile(cut) as file:
        assert file.recovered
        assert file.lost == eager.lost
        assert len(file) == len(eager)
        found = file.read()
        np.testing.assert_array_equal(found.joints_m, eager.joints_m)


def test_a_damaged_chunk_is_told_of_when_it_is_read(path, tmp_path, caplog):
    data = bytearray(path.read_bytes())
    at = len(data) // 4
    data[at : at + 8] = b"\xff" * 8
    damaged = tmp_path / "damaged.mcap"
    damaged.write_bytes(data)
    eager = sdk.Recording.open(damaged)
    assert eager.lost is not None
    with sdk.RecordingFile(damaged) as file:
        assert file.lost is None  # its index is whole
        for _ in range(2):
            found = file.read()
            np.testing.assert_array_equal(found.time_ns, eager.time_ns)
            assert found.recovered
            assert found.lost == eager.lost
        assert not file.read(100, 105).recovered
    # The same without its index: it is read through.
    damaged.write_bytes(data[:-200])
    with sdk.RecordingFile(damaged) as file:
        assert file.lost is not None
        assert file.lost.damaged_chunks == 1
        assert file.lost.seconds == pytest.approx(eager.lost.seconds, abs=0.05)


def test_damage_anywhere_gives_poses_or_one_clear_error(whole, tmp_path, caplog):
    data = whole.slice(0, 3).save(tmp_path / "a.mcap").read_bytes()
    times = set(whole.time_ns.tolist())
    numbers = random.Random(6)
    path = tmp_path / "b.mcap"
    read = 0
    for _ in range(40):
        damaged = bytearray(data)
        for _ in range(numbers.randint(1, 4)):
            at = numbers.randrange(len(data))
            size = numbers.randint(1, 12)
            damaged[at : at + size] = numbers.randbytes(size)
        path.write_bytes(damaged)
        try:
            with sdk.RecordingFile(path) as file:
                assert len(file) >= 0
                parts = list(file.parts(0.5))
        except sdk.RecordingError:
            continue
        read += 1
        assert {t for part in parts for t in part.time_ns.tolist()} <= times
    assert read > 20


def test_a_file_without_statistics_is_counted(tmp_path):
    about = RecordingMetadata("x", (), 0, "2026-01-01T00:00:00+00:00", "x").to_record()
    path = tmp_path / "a.mcap"
    with path.open("wb") as file:
        writer = Writer(file, use_statistics=False)
        writer.start()
        writer.add_metadata(METADATA_NAME, about)
        channel = writer.register_channel("/hands/pose", "msgpack", 0)
        for pose in _bare_poses(40):
            writer.add_message(channel, pose.time_ns, pose.data, pose.time_ns)
        writer.finish()
    with sdk.RecordingFile(path) as file:
        assert len(file) == 40


def _bare_poses(count: int) -> list[EncodedPose]:
    from bridge.protocol import PosePacket, encode

    return [
        EncodedPose(k, k * 10**7, encode(PosePacket(k, k * 10**7, ()), precision="full"))
        for k in range(count)
    ]


@pytest.mark.parametrize(
    ("data", "words"), [(None, "does not exist"), (b"", "is empty"), (b"{}", "is not an MCAP file")]
)
def test_what_is_no_recording(tmp_path, data, words):
    path = tmp_path / "a.mcap"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(sdk.RecordingError, match=words):
        sdk.RecordingFile(path)


def test_the_memory_of_reading_does_not_grow_with_the_file(tmp_path):
    """100 s, in parts of two seconds: what the first parts need is what all need."""
    hands = moving(600)
    quat = np.tile(hands["pose"], (10, 1, 1, 1))
    wrist = np.tile(hands["wrist"], (10, 1, 1))
    long = sdk.Recording.from_arrays(np.arange(6000) / 60, pose_quat=quat, wrist_m=wrist)
    path = long.save(tmp_path / "a.mcap")
    with sdk.RecordingFile(path) as file:
        peaks, seen = [], 0
        tracemalloc.start()
        try:
            for k, part in enumerate(file.parts(2)):
                seen += len(part)
                if k in (9, 49):
                    peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert seen == 6000
    assert peaks[1] < 1.2 * peaks[0]
    assert peaks[1] < sum(array.nbytes for array in long.to_arrays().values()) / 4


def test_lesson_and_file_agree_on_the_first_and_last_pose(path):
    with Lesson.open(path) as lesson, sdk.RecordingFile(path) as file:
        assert lesson.first_ns == file.metadata.origin_ns + round(file.start_s * 1e9)
        assert lesson.duration_s == file.duration_s
