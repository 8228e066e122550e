"""BVH files as bvhio reads them."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sdk_python as sdk

SIDES = ("left", "right")


@pytest.fixture(scope="module")
def bvhio() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports PyGLM by its old name
        import bvhio
    return bvhio


class Skeleton:
    """A file's joints and end sites at any frame."""

    def __init__(self, bvhio: Any, path: Path) -> None:
        self.container = bvhio.readAsBvh(str(path))
        self._root = bvhio.readAsHierarchy(str(path))
        self._root.loadRestPose(recursive=True)
        ends = {joint.Name: joint.EndSite for joint, _, _ in self.container.Root.layout()}
        # At rest all frames of a BVH file are the world's; bvhio gives joints their own.
        self._ends = {
            joint.Name: joint.pointToLocal(joint.PositionWorld + ends[joint.Name])
            for joint, _, _ in self._root.layout()
            if not joint.Children
        }

    def keypoints(self, frame: int) -> dict[str, np.ndarray]:
        self._root.loadPose(frame)
        found = {}
        for joint, _, _ in self._root.layout():
            found[joint.Name] = np.array(joint.PositionWorld)
            if joint.Name.endswith("3") and joint.Name in self._ends:
                end = joint.pointToWorld(self._ends[joint.Name])
                found[joint.Name[:-1] + "4"] = np.array(end)
        return found


def worst_mm(skeleton: Skeleton, expected: np.ndarray, frames) -> float:
    """The farthest that a joint or fingertip is from its keypoint, ``(T, 2, 21, 3)``."""
    worst = 0.0
    for frame in frames:
        found = skeleton.keypoints(frame)
        for side, name in enumerate(SIDES):
            for k, keypoint in enumerate(sdk.KEYPOINT_NAMES):
                if f"{name}_wrist" in found and np.isfinite(expected[frame, side, k, 0]):
                    off = found[f"{name}_{keypoint}"] - expected[frame, side, k]
                    worst = max(worst, float(np.linalg.norm(off)) * 1000)
    return worst


def test_joints_and_fingertips_are_where_the_keypoints_are(bvhio, lesson, tmp_path):
    sdk.export.to_bvh(lesson, tmp_path / "a.bvh")
    skeleton = Skeleton(bvhio, tmp_path / "a.bvh")
    assert skeleton.container.FrameCount == 300
    assert skeleton.container.FrameTime == pytest.approx(1 / 60, abs=1e-8)
    assert skeleton.container.Root.Name == "hands"
    assert worst_mm(skeleton, lesson.joints_m, (0, 9, 19, 40, 49, 60, 177, 299)) < 0.01


def test_an_absent_hand_keeps_its_pose(bvhio, lesson, tmp_path):
    sdk.export.to_bvh(lesson, tmp_path / "a.bvh")
    skeleton = Skeleton(bvhio, tmp_path / "a.bvh")
    held = lesson.joints_m.copy()
    held[20:40, 0] = held[19, 0]
    held[:10, 1] = held[10, 1]
    held[50:52] = held[49]
    assert worst_mm(skeleton, held, (0, 5, 20, 30, 39, 50, 51, 52)) < 0.01


def test_bones_that_change_their_length(bvhio, stretching, tmp_path):
    sdk.export.to_bvh(stretching, tmp_path / "a.bvh")
    assert worst_mm(Skeleton(bvhio, tmp_path / "a.bvh"), stretching.joints_m, (0, 60, 119)) < 0.01


def test_keypoints_that_a_tracker_measured(bvhio, measured, tmp_path):
    """At uneven times: frames lie between poses."""
    sdk.export.to_bvh(measured, tmp_path / "a.bvh", rate_hz=50)
    skeleton = Skeleton(bvhio, tmp_path / "a.bvh")
    count = skeleton.container.FrameCount
    assert count == int(measured.duration_s * 50) + 1
    at_s = measured.time_s[0] + np.arange(count) / 50
    flat = measured.joints_m[:, 1].reshape(len(measured), -1)
    straight = np.stack([np.interp(at_s, measured.time_s, column) for column in flat.T], axis=1)
    expected = np.full((count, 2, 21, 3), np.nan)
    expected[:, 1] = straight.reshape(count, 21, 3)
    # Keypoints go straight from pose to pose; turning bones bow a little.
    assert worst_mm(skeleton, expected, range(0, count, 10)) < 0.5


def test_angles_never_jump(bvhio, lesson, tmp_path):
    """A full turn of the wrist is 360 degrees, not a jump back: programs interpolate angles."""
    turns = np.radians(np.linspace(0, 1080, 300))
    pose = np.zeros((300, 2, 16, 4))
    pose[..., 3] = 1
    pose[:, :, 0, 2], pose[:, :, 0, 3] = np.sin(turns / 2)[:, None], np.cos(turns / 2)[:, None]
    spinning = sdk.Recording.from_arrays(
        lesson.time_s, pose_quat=pose, wrist_m=np.zeros((300, 2, 3))
    )
    sdk.export.to_bvh(spinning, tmp_path / "a.bvh")
    rows = (tmp_path / "a.bvh").read_text().split("Frame Time:")[1].splitlines()[1:]
    numbers = np.array([row.split() for row in rows], float)
    assert np.abs(np.diff(numbers, axis=0)).max() < 4
    assert numbers[-1].max() == pytest.approx(1080, abs=1e-3)


def test_a_right_angle_about_the_middle_axis(bvhio, lesson, tmp_path):
    """Where two of the three angles turn about the same axis."""
    pose = np.zeros((4, 2, 16, 4))
    pose[..., 3] = 1
    pose[:, :, 0] = [0.5, 0.5, 0.5, 0.5]  # x by a right angle, then others
    pose[1, :, 0] = [0.5**0.5, 0, 0, 0.5**0.5]
    pose[2, :, 4] = [-(0.5**0.5), 0, 0, 0.5**0.5]
    still = sdk.Recording.from_arrays(np.arange(4) / 4, pose_quat=pose, wrist_m=np.zeros((4, 2, 3)))
    sdk.export.to_bvh(still, tmp_path / "a.bvh")
    assert worst_mm(Skeleton(bvhio, tmp_path / "a.bvh"), still.joints_m, range(4)) < 0.01


@pytest.mark.parametrize("rate_hz", [0, -1, float("nan"), float("inf"), 1e9])
def test_rates_that_are_none(rate_hz, lesson, tmp_path):
    with pytest.raises(sdk.InputError, match="rate_hz must be"):
        sdk.export.to_bvh(lesson, tmp_path / "a.bvh", rate_hz=rate_hz)


def test_a_pause_of_weeks_is_not_filled(lesson, tmp_path):
    weeks = sdk.concatenate([lesson, lesson], gap_s=5e5)
    with pytest.raises(sdk.InputError, match="more than 5000000 frames"):
        sdk.export.to_bvh(weeks, tmp_path / "a.bvh")
    sdk.export.to_bvh(weeks, tmp_path / "a.bvh", rate_hz=0.01)
    assert "Frames: 5001\n" in (tmp_path / "a.bvh").read_text()
