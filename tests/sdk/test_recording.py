"""Recordings as arrays: what was written, what is absent, what was cut off, what is none."""

from __future__ import annotations

import logging
import random
import struct
from pathlib import Path

import numpy as np
import pytest
from mcap.writer import CompressionType, Writer

import sdk_python as sdk
from bridge.protocol import Ack, PosePacket, Side, encode, keypoints_from_pose
from bridge.protocol.recording import METADATA_NAME, RecordingMetadata
from bridge.recorder import Recorder


def record(kit, path: Path, messages, **options) -> Path:
    settings = {"room": "lesson", "views": ["phone"], "origin_ns": kit.ORIGIN_NS} | options
    with Recorder(path, **settings) as rec:
        for message in messages:
            assert rec.write(message)
    return path


def test_the_arrays_hold_what_was_written(lesson_file, kit):
    lesson = sdk.Recording.open(lesson_file)
    assert len(lesson) == 50
    assert not lesson.recovered
    np.testing.assert_allclose(lesson.time_s, np.arange(50) * 0.02, atol=1e-12)
    assert lesson.duration_s == pytest.approx(0.98)
    for t in (0, 19, 20, 39, 40, 49):
        packet = kit.pose(t, *([0, 1] if t < 20 else [1] if t < 40 else []))
        assert lesson.time_ns[t] == packet.time_ns
        seen = {Side(hand.side): hand for hand in packet.hands}
        for side in Side:
            if side not in seen:
                for array in (lesson.joints_m, lesson.wrist_m, lesson.pose_quat):
                    assert np.isnan(array[t, side]).all()
                assert np.isnan(lesson.confidence[t, side])
                assert np.isnan(lesson.finger_confidence[t, side]).all()
                continue
            hand = seen[side]
            np.testing.assert_array_equal(lesson.wrist_m[t, side], hand.wrist_m)
            np.testing.assert_array_equal(lesson.pose_quat[t, side], hand.pose_quat)
            np.testing.assert_array_equal(lesson.finger_confidence[t, side], hand.finger_confidence)
            assert lesson.confidence[t, side] == pytest.approx(hand.finger_confidence.mean())
            expected = keypoints_from_pose(
                kit.shape(side).rest_joints_m, hand.pose_quat, hand.wrist_m
            )
            np.testing.assert_allclose(lesson.joints_m[t, side], expected, atol=1e-6)


def test_shapes_and_dimensions(lesson_file, kit):
    lesson = sdk.Recording.open(lesson_file)
    assert lesson.joints_m.shape == (50, 2, 21, 3)
    assert lesson.wrist_m.shape == (50, 2, 3)
    assert lesson.pose_quat.shape == (50, 2, 16, 4)
    assert lesson.finger_confidence.shape == (50, 2, 5)
    assert lesson.confidence.shape == (50, 2)
    np.testing.assert_array_equal(lesson.betas, [kit.shape(side).betas for side in Side])
    np.testing.assert_array_equal(
        lesson.rest_joints_m, [kit.shape(side).rest_joints_m for side in Side]
    )
    with pytest.raises(ValueError, match="read-only"):
        lesson.joints_m[0] = 0
    assert repr(lesson) == "<Recording of 'lesson': 50 poses in 0.98 s>"


def test_metadata(lesson_file, kit):
    metadata = sdk.Recording.open(lesson_file).metadata
    assert metadata.room == "lesson"
    assert metadata.views == ("phone", "tablet")
    assert metadata.origin_ns == kit.ORIGIN_NS
    assert metadata.software.startswith("ghosthands ")
    assert metadata.source == "live"
    assert metadata.created.endswith("+00:00")


def test_time_zero_is_the_origin_and_poses_may_precede_it(tmp_path, kit):
    path = record(
        kit,
        tmp_path / "a.mcap",
        [kit.pose(0, time_ns=kit.ORIGIN_NS - 500_000_000), kit.pose(1, time_ns=kit.ORIGIN_NS)],
    )
    np.testing.assert_allclose(sdk.Recording.open(path).time_s, [-0.5, 0.0])


def test_a_hand_never_seen_has_no_shape(tmp_path, kit):
    path = record(kit, tmp_path / "a.mcap", [kit.shape(Side.RIGHT), kit.pose(0, Side.RIGHT)])
    lesson = sdk.Recording.open(path)
    assert np.isnan(lesson.betas[0]).all()
    assert np.isnan(lesson.rest_joints_m[0]).all()
    assert np.isfinite(lesson.betas[1]).all()


def test_a_pose_has_the_shape_of_its_time(tmp_path, kit):
    small, large = kit.shape(Side.RIGHT, -1.0), kit.shape(Side.RIGHT, 2.0)
    packets = [kit.pose(k, Side.RIGHT) for k in range(4)]
    path = record(kit, tmp_path / "a.mcap", [small, *packets[:2], large, *packets[2:]])
    lesson = sdk.Recording.open(path)
    for t, held in enumerate([small, small, large, large]):
        hand = packets[t].hands[0]
        expected = keypoints_from_pose(held.rest_joints_m, hand.pose_quat, hand.wrist_m)
        np.testing.assert_allclose(lesson.joints_m[t, 1], expected, atol=1e-6)
    np.testing.assert_array_equal(lesson.betas[1], large.betas)


def test_poses_are_in_the_order_of_time(tmp_path, kit):
    late, early = kit.pose(1, Side.RIGHT), kit.pose(0, Side.RIGHT)
    path = record(kit, tmp_path / "a.mcap", [kit.shape(Side.RIGHT), late, early])
    lesson = sdk.Recording.open(path)
    np.testing.assert_array_equal(lesson.time_ns, [early.time_ns, late.time_ns])
    np.testing.assert_array_equal(lesson.wrist_m[0, 1], early.hands[0].wrist_m)


def test_a_recording_without_poses(tmp_path, kit):
    lesson = sdk.Recording.open(record(kit, tmp_path / "a.mcap", []))
    assert len(lesson) == 0
    assert lesson.joints_m.shape == (0, 2, 21, 3)
    assert lesson.duration_s == 0.0


# Cut off and damaged files


@pytest.fixture(scope="module")
def long_file(tmp_path_factory, kit) -> Path:
    """600 poses in several chunks."""
    messages = [kit.shape(Side.LEFT), kit.shape(Side.RIGHT)]
    messages += [kit.pose(k, Side.LEFT, Side.RIGHT) for k in range(600)]
    return record(kit, tmp_path_factory.mktemp("long") / "long.mcap", messages)


def test_a_file_cut_off_anywhere_is_read_up_to_there(long_file, tmp_path, caplog):
    whole = long_file.read_bytes()
    full = sdk.Recording.open(long_file)
    cut = tmp_path / "cut.mcap"
    numbers = random.Random(4)
    lengths = []
    for _ in range(60):
        size = numbers.randrange(2000, len(whole))
        cut.write_bytes(whole[:size])
        lesson = sdk.Recording.open(cut)
        assert lesson.recovered
        np.testing.assert_array_equal(lesson.time_ns, full.time_ns[: len(lesson)])
        np.testing.assert_array_equal(lesson.joints_m, full.joints_m[: len(lesson)])
        lengths.append((size, len(lesson)))
    lengths.sort()
    counts = [count for _, count in lengths]
    assert counts == sorted(counts)
    assert counts[-1] > 500
    # A chunk of 16 KiB holds 23 poses: never is more than that and the cut one lost.
    poses_size = len(whole) / 600
    assert all(count > size / poses_size - 60 for size, count in lengths)


def test_recovery_is_logged(long_file, tmp_path, caplog):
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(long_file.read_bytes()[:100_000])
    with caplog.at_level(logging.WARNING):
        lesson = sdk.Recording.open(cut)
    assert f"{len(lesson)} poses recovered" in caplog.text
    assert "cut.mcap was cut off" in caplog.text
    assert repr(lesson).endswith("recovered>")


def test_a_damaged_chunk_is_skipped_and_the_rest_is_read(long_file, tmp_path, caplog):
    damaged = bytearray(long_file.read_bytes())
    middle = len(damaged) // 2
    damaged[middle : middle + 8] = b"\xff" * 8
    path = tmp_path / "damaged.mcap"
    path.write_bytes(damaged)
    with caplog.at_level(logging.WARNING):
        lesson = sdk.Recording.open(path)
    assert lesson.recovered
    assert "1 damaged chunks" in caplog.text
    assert 540 <= len(lesson) < 600
    assert lesson.time_s[-1] == pytest.approx(599 * 0.02)


def test_damage_anywhere_gives_poses_or_one_clear_error(long_file, tmp_path):
    whole = long_file.read_bytes()
    full = set(sdk.Recording.open(long_file).time_ns.tolist())
    path = tmp_path / "damaged.mcap"
    numbers = random.Random(5)
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(numbers.randint(1, 4)):
            at = numbers.randrange(len(data))
            data[at : at + numbers.randint(1, 12)] = numbers.randbytes(numbers.randint(1, 12))
        path.write_bytes(data)
        try:
            lesson = sdk.Recording.open(path)
        except sdk.RecordingError:
            continue
        assert set(lesson.time_ns.tolist()) <= full


# What is no recording


def holding(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def foreign(path: Path, *, topic="/camera", metadata=None, data=b"x", count=1) -> Path:
    """An MCAP file that a bridge did not write."""
    with path.open("wb") as file:
        writer = Writer(file, compression=CompressionType.ZSTD)
        writer.start(profile="other", library="other")
        if metadata is not None:
            writer.add_metadata(METADATA_NAME, metadata)
        channel = writer.register_channel(topic, "msgpack", 0)
        for k in range(count):
            writer.add_message(channel, log_time=k, data=data, publish_time=k)
        writer.finish()
    return path


OURS = RecordingMetadata("lesson", ("phone",), 0, "2026-01-01T00:00:00+00:00", "x").to_record()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path / "missing.mcap", "does not exist"),
        (lambda path: path, "cannot read"),
        (lambda path: holding(path / "a", b""), "is empty"),
        (lambda path: holding(path / "a", b"a lesson"), "is not an MCAP file"),
        (lambda path: holding(path / "a", b"\x89"), "is not an MCAP file"),
        (lambda path: foreign(path / "a"), "holds no recording of hands"),
        (lambda path: foreign(path / "a", metadata=OURS | {"format": "2"}), "format '2'"),
        (lambda path: foreign(path / "a", metadata=OURS | {"views": "no"}), "metadata is damaged"),
        (lambda path: foreign(path / "a", metadata=OURS | {"views": "1"}), "metadata is damaged"),
        (
            lambda path: foreign(path / "a", metadata=OURS | {"views": "[" * 99999}),
            "metadata is damaged",
        ),
        (lambda path: foreign(path / "a", metadata=OURS | {"origin_ns": "-1"}), "out of range"),
        (
            lambda path: foreign(path / "a", metadata=OURS | {"origin_ns": str(2**63)}),
            "out of range",
        ),
        (lambda path: foreign(path / "a", metadata={"format": "1"}), "metadata is damaged"),
        (
            lambda path: foreign(path / "a", metadata=OURS, topic="/hands/pose"),
            "damaged message",
        ),
        (
            lambda path: foreign(
                path / "a", metadata=OURS, topic="/hands/pose", data=encode(Ack(1))
            ),
            "expected a pose, not ack",
        ),
        (
            lambda path: foreign(
                path / "a", metadata=OURS, topic="/hands/shape", data=encode(Ack(1))
            ),
            "expected a shape, not ack",
        ),
    ],
)
def test_what_is_no_recording_is_one_clear_error(tmp_path, make, words):
    path = make(tmp_path)
    with pytest.raises(sdk.RecordingError) as caught:
        sdk.Recording.open(path)
    assert words in str(caught.value)
    assert isinstance(caught.value, sdk.InputError)


def test_a_file_cut_off_before_its_metadata(long_file, tmp_path):
    path = tmp_path / "head.mcap"
    path.write_bytes(long_file.read_bytes()[:60])
    with pytest.raises(sdk.RecordingError, match="cut off or damaged before"):
        sdk.Recording.open(path)


def test_other_topics_beside_the_poses_are_skipped(tmp_path, kit):
    path = foreign(tmp_path / "a.mcap", metadata=OURS, topic="/markers", count=3)
    assert len(sdk.Recording.open(path)) == 0


def test_poses_that_another_program_recorded(tmp_path, kit):
    """The specification is enough: metadata, topics, encoding; any chunk size, no schema."""
    packet = PosePacket(0, 30_000_000, ())
    path = foreign(tmp_path / "a.mcap", metadata=OURS, topic="/hands/pose", data=encode(packet))
    np.testing.assert_allclose(sdk.Recording.open(path).time_s, [0.03])


def test_a_chunk_that_would_unpack_to_gigabytes_is_not_unpacked(tmp_path, monkeypatch):
    """A zip bomb: refused by what it declares, so it never costs its memory."""
    path = tmp_path / "bomb.mcap"
    foreign(path, metadata=OURS, topic="/hands/pose", data=bytes(20 << 20))
    unpacked = []
    monkeypatch.setattr("sdk_python._mcap.breakup_chunk", lambda *a, **k: unpacked.append(a))
    assert path.stat().st_size < 20_000
    lesson = sdk.Recording.open(path)
    assert lesson.recovered
    assert len(lesson) == 0
    assert unpacked == []


def test_a_record_that_says_it_is_huge(long_file, tmp_path):
    path = tmp_path / "huge.mcap"
    path.write_bytes(long_file.read_bytes()[:50_000] + b"\x06" + struct.pack("<Q", 2**62))
    assert sdk.Recording.open(path).recovered
