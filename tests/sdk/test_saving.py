"""Saved recordings: read again to the same values, whole or not there at all."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from mcap.reader import make_reader

import sdk_python as sdk
from bridge.protocol import Anchor, Side
from bridge.protocol.provenance import CameraUncertainty, Device
from bridge.recorder import Recorder
from tests.sdk.made_hands import moving

ROOT = Path(__file__).resolve().parents[2]
ARRAYS = (
    *("time_s", "time_ns", "joints_m", "wrist_m", "pose_quat", "finger_confidence"),
    *("confidence", "betas", "rest_joints_m"),
)


def same(one: sdk.Recording, other: sdk.Recording) -> None:
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    assert one.metadata == other.metadata


def imported(**about) -> sdk.Recording:
    """Measured keypoints that no rigid hand has, with gaps."""
    joints = moving(200)["joints"] + np.random.default_rng(2).normal(0, 0.003, (200, 2, 21, 3))
    joints[50:70, 0] = np.nan
    joints[60:65] = np.nan
    return sdk.Recording.from_arrays(np.arange(200) / 60 - 0.3, joints, **about)


def test_measured_keypoints_are_read_again_as_they_were(tmp_path):
    recording = imported(
        room="attic",
        views=["phone", "tablet"],
        recorded_by="Clara 🎹",
        anchor=Anchor("piano-88", [1.2, 0.15], [0.1, 0, 0], [0, 0, 0, 1]),
        devices=(Device("phone", 1280, 720, 29.97, 0.81, "a phone"), Device("tablet")),
        versions={"ghosthands": "1", "hand_landmarks": "b7"},
        calibration=(CameraUncertainty("phone", 0.01, 0.004, 0.02, 55),),
        created="2026-01-02T03:04:05+00:00",
        software="headset 3",
    )
    path = recording.save(tmp_path / "a.mcap")
    assert path == tmp_path / "a.mcap"
    again = sdk.Recording.open(path)
    assert not again.recovered
    assert again.lost is None
    same(again, recording)
    assert [p.name for p in tmp_path.iterdir()] == ["a.mcap"]


def test_poses_are_read_again_as_they_were(lesson_file, tmp_path):
    recording = sdk.Recording.open(lesson_file)
    same(sdk.Recording.open(recording.save(tmp_path / "b.mcap")), recording)


def test_a_hand_whose_shape_changes_is_read_again(tmp_path, kit):
    with Recorder(tmp_path / "a.mcap", room="x", views=[], origin_ns=0) as recorder:
        for k in range(20):
            if k % 10 == 0:
                recorder.write(kit.shape(Side.RIGHT, k / 10))
            recorder.write(kit.pose(k, Side.RIGHT))
    recording = sdk.Recording.open(tmp_path / "a.mcap")
    same(sdk.Recording.open(recording.save(tmp_path / "b.mcap")), recording)


def test_an_empty_recording_is_saved(tmp_path):
    empty = imported().slice(100, 101)
    same(sdk.Recording.open(empty.save(tmp_path / "a.mcap")), empty)


def test_the_file_is_plain_mcap_with_keypoints_only_where_they_were_measured(tmp_path, lesson_file):
    def topics(path: Path) -> dict[str, int]:
        with path.open("rb") as file:
            summary = make_reader(file).get_summary()
        counts = summary.statistics.channel_message_counts
        return {channel.topic: counts.get(k, 0) for k, channel in summary.channels.items()}

    path = imported().save(tmp_path / "a.mcap")
    assert topics(path) == {"/hands/pose": 200, "/hands/shape": 2, "/hands/keypoints": 200}
    path = sdk.Recording.open(lesson_file).save(tmp_path / "b.mcap")
    assert topics(path) == {"/hands/pose": 50, "/hands/shape": 2}


def test_a_cut_off_file_keeps_the_keypoints_it_has(tmp_path):
    recording = imported()
    data = recording.save(tmp_path / "a.mcap").read_bytes()
    (tmp_path / "cut.mcap").write_bytes(data[: len(data) // 2])
    cut = sdk.Recording.open(tmp_path / "cut.mcap")
    assert cut.lost is not None
    assert cut.lost.cut_off
    assert 50 < len(cut) < 150
    count = len(cut) - 1  # the keypoints of the last pose may be in the next chunk
    np.testing.assert_array_equal(cut.joints_m[:count], recording.joints_m[:count])


def test_a_file_that_exists_is_kept_unless_told(tmp_path):
    path = tmp_path / "a.mcap"
    path.write_bytes(b"mine")
    with pytest.raises(sdk.InputError, match="exists already"):
        imported().save(path)
    assert path.read_bytes() == b"mine"
    imported().save(path, overwrite=True)
    assert len(sdk.Recording.open(path)) == 200


def test_a_disk_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a.mcap"
    path.write_bytes(b"mine")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Recorder, "_sync", full)
    with pytest.raises(sdk.InputError, match="No space left on device"):
        imported().save(path, overwrite=True)
    assert path.read_bytes() == b"mine"
    assert [p.name for p in tmp_path.iterdir()] == ["a.mcap"]


def test_a_folder_that_is_none(tmp_path):
    with pytest.raises(sdk.InputError, match="there is no folder"):
        imported().save(tmp_path / "none" / "a.mcap")


_SAVES = """
import sys, numpy as np, sdk_python as sdk
from pathlib import Path
quat = np.zeros((30_000, 2, 16, 4)); quat[..., 3] = 1
long = sdk.Recording.from_arrays(np.arange(30_000) / 60, pose_quat=quat, wrist_m=quat[..., 0, :3])
print("saving", flush=True)
long.save(sys.argv[1])
"""


def test_a_kill_in_mid_write_leaves_no_half_file(tmp_path):
    path = tmp_path / "a.mcap"
    writer = subprocess.Popen(
        [sys.executable, "-c", _SAVES, str(path)], cwd=ROOT, stdout=subprocess.PIPE
    )
    with writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"saving\n"
        deadline = time.monotonic() + 60
        while not any(p.stat().st_size > 100_000 for p in tmp_path.iterdir()):
            assert time.monotonic() < deadline
            time.sleep(0.002)
        writer.send_signal(signal.SIGKILL)
    assert writer.returncode == -signal.SIGKILL
    assert not path.exists()
    (half,) = tmp_path.iterdir()
    assert half.name.startswith(".a.mcap.")


# What was lost


@pytest.fixture(scope="module")
def long_file(tmp_path_factory) -> bytes:
    """Ten seconds at 60 Hz."""
    hands = moving(600)
    whole = sdk.Recording.from_arrays(
        np.arange(600) / 60, pose_quat=hands["pose"], wrist_m=hands["wrist"]
    )
    return whole.save(tmp_path_factory.mktemp("long") / "long.mcap").read_bytes()


def test_it_says_how_much_is_lost_in_the_middle(long_file, tmp_path, caplog):
    data = bytearray(long_file)
    middle = len(data) // 2
    data[middle : middle + 8] = b"\xff" * 8
    path = tmp_path / "damaged.mcap"
    path.write_bytes(data)
    with caplog.at_level(logging.WARNING):
        found = sdk.Recording.open(path)
    assert found.lost is not None
    assert found.lost.damaged_chunks == 1
    assert not found.lost.cut_off
    assert found.lost.seconds == pytest.approx((600 - len(found)) / 60, abs=1e-6)
    assert 0.1 < found.lost.seconds < 0.6
    assert f"1 damaged chunks ({found.lost.seconds:.2f} s) skipped" in caplog.text
    assert found.slice(0, 1).lost == found.lost


def test_it_says_how_much_is_lost_at_the_end(long_file, tmp_path):
    path = tmp_path / "cut.mcap"
    path.write_bytes(long_file[:100_000])
    found = sdk.Recording.open(path)
    assert found.lost is not None
    assert found.lost.cut_off
    assert 0 < found.lost.unread_bytes < 17_000
    assert found.lost.seconds == 0
    assert str(found.lost) == f"cut off, {found.lost.unread_bytes} bytes at the end not readable"
