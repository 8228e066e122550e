"""Recordings with little in them: a right file, or one clear error and none."""

from __future__ import annotations

import numpy as np
import pytest

import sdk_python as sdk
from sdk_python.export import to_bvh, to_csv, to_foxglove, to_glb, to_npz, to_parquet
from tests.sdk.export.gltf_reader import Viewer

DRAWN = (to_glb, to_bvh, to_foxglove)
TABLES = (to_npz, to_csv, to_parquet)


@pytest.mark.parametrize("write", DRAWN + TABLES)
def test_an_empty_recording_is_refused(write, empty, tmp_path):
    with pytest.raises(sdk.InputError, match="has no poses"):
        write(empty, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write", DRAWN)
def test_without_hands_there_is_nothing_to_draw(write, handless, tmp_path):
    with pytest.raises(sdk.InputError, match="has no hand at any time"):
        write(handless, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write", TABLES)
def test_tables_say_that_there_are_no_hands(write, handless, tmp_path):
    write(handless, tmp_path / "out")
    assert (tmp_path / "out").stat().st_size > 0


@pytest.mark.parametrize("poses", [1, 2])
@pytest.mark.parametrize("write", DRAWN + TABLES)
def test_one_and_two_poses(write, poses, lesson, tmp_path):
    few = lesson.slice(99.5 / 60, (99.5 + poses) / 60)
    assert len(few) == poses
    write(few, tmp_path / "out")
    if write is to_glb:
        viewer = Viewer(tmp_path / "out")
        at = viewer.world("left_index4", 0)[:3, 3]
        np.testing.assert_allclose(at, few.joints_m[0, 0, 8], atol=1e-4)
    if write is to_bvh:
        assert f"Frames: {poses}\n" in (tmp_path / "out").read_text()


def test_poses_at_the_same_time_count_once(lesson, tmp_path):
    """Bridges do not write them, but files may hold them."""
    twice = sdk.concatenate([lesson.slice(1, 1.5), lesson.slice(1, 1.5)], gap_s=1e-12)
    times = np.sort(np.concatenate([lesson.slice(1, 1.5).time_ns] * 2))
    doubled = sdk.recording.made_of(
        twice.metadata,
        time_ns=times,
        **{
            name: getattr(twice, name)
            for name in (
                "joints_m",
                "wrist_m",
                "pose_quat",
                "finger_confidence",
                "betas",
                "rest_joints_m",
            )
        },
    )
    for write in DRAWN + TABLES:
        write(doubled, tmp_path / write.__name__)
    rows = (tmp_path / "to_csv").read_text().splitlines()
    assert len(rows) == 1 + 2 * len(lesson.slice(1, 1.5))
    assert len(np.load(tmp_path / "to_npz")["time_ns"]) == len(lesson.slice(1, 1.5))
    assert f"Frames: {len(lesson.slice(1, 1.5))}\n" in (tmp_path / "to_bvh").read_text()


def test_hours_into_a_recording_times_still_rise(lesson, tmp_path):
    """float32 has steps of a quarter of a millisecond after an hour, of 4 ms after half a day."""
    late = sdk.Recording.from_arrays(
        np.concatenate([[0.0], 50_000 + np.arange(200) / 1000]),
        pose_quat=lesson.pose_quat[60:261],
        wrist_m=lesson.wrist_m[60:261],
    )
    to_glb(late, tmp_path / "a.glb")
    viewer = Viewer(tmp_path / "a.glb")
    times = viewer.array(viewer.channels["left_wrist", "rotation"].input)[:, 0]
    assert (np.diff(times) > 0).all()
    assert times[-1] == pytest.approx(50_000.2, abs=0.005)
    assert len(times) == len(np.unique(np.float32(late.time_s)))


def test_a_hand_without_size(lesson, tmp_path):
    """Rest joints that are all one point: useless, but no reason to fail."""
    point = sdk.Recording.from_arrays(
        lesson.time_s[:3],
        pose_quat=lesson.pose_quat[60:63],
        wrist_m=lesson.wrist_m[60:63],
        rest_joints_m=np.zeros((2, 21, 3)),
    )
    for write in DRAWN + TABLES:
        write(point, tmp_path / write.__name__)
    viewer = Viewer(tmp_path / "to_glb")
    np.testing.assert_allclose(
        viewer.skinned("left_mesh", 0), np.tile(point.wrist_m[0, 0], (1609, 1)), atol=1e-6
    )
