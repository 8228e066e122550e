"""The demo's score against errors put in by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bridge.demo.score import capture_clock, score_poses
from bridge.demo.truth import joints_in_stage
from bridge.errors import InputError

START_NS = 5_000_000_000
CLOCK = capture_clock(START_NS)


@pytest.fixture(scope="module")
def poses() -> tuple[np.ndarray, np.ndarray]:
    seconds = np.arange(20) / 15
    return START_NS + (seconds * 1e9).astype(np.int64), joints_in_stage(seconds)


def test_the_truth_scores_zero(poses) -> None:
    score = score_poses(*poses, clock=CLOCK)
    assert score["poses"] == 20
    assert score["mpjpe_mm"] == pytest.approx(0.0, abs=1e-6)
    assert score["pa_mpjpe_mm"] == pytest.approx(0.0, abs=1e-6)
    assert score["position_error_mm"] == pytest.approx(0.0, abs=1e-6)
    assert score["coverage"] == {"left": 1.0, "right": 1.0}


def test_a_shift_is_a_position_error_only(poses) -> None:
    times, joints = poses
    score = score_poses(times, joints + np.array([0.0, 0.012, 0.016]), clock=CLOCK)
    assert score["position_error_mm"] == pytest.approx(20.0)
    assert score["mpjpe_mm"] == pytest.approx(0.0, abs=1e-6)


def test_a_wrong_size_is_no_shape_error_but_a_pose_error(poses) -> None:
    times, joints = poses
    wrists = joints[:, :, :1]
    score = score_poses(times, wrists + 1.1 * (joints - wrists), clock=CLOCK)
    expected = 0.1 * np.linalg.norm(joints - wrists, axis=-1).mean() * 1000
    assert score["mpjpe_mm"] == pytest.approx(expected)
    assert score["pa_mpjpe_mm"] == pytest.approx(0.0, abs=1e-6)
    assert score["position_error_mm"] == pytest.approx(0.0, abs=1e-6)


def test_absent_hands_lower_the_coverage_and_no_error(poses) -> None:
    times, joints = poses
    gaps = joints.copy()
    gaps[5:, 0] = np.nan
    score = score_poses(times, gaps, clock=CLOCK)
    assert score["coverage"] == {"left": 0.25, "right": 1.0}
    assert score["mpjpe_mm"] == pytest.approx(0.0, abs=1e-6)


def test_wrong_capture_times_are_errors(poses) -> None:
    times, joints = poses
    late = score_poses(times + 50_000_000, joints, clock=CLOCK)
    assert late["position_error_mm"] > 1.0
    truth = joints_in_stage((times - START_NS) / 1e9 + 0.05)
    moved = np.linalg.norm(joints - truth, axis=-1)[:, :, 0].mean() * 1000
    assert late["position_error_mm"] == pytest.approx(moved)


def test_the_clips_loop(poses) -> None:
    times, joints = poses
    score = score_poses(times + 30_000_000_000, joints, clock=CLOCK)
    assert score["position_error_mm"] == pytest.approx(0.0, abs=1e-6)


def test_nothing_received_is_no_number_and_json(poses) -> None:
    empty = score_poses(np.zeros(0, np.int64), np.zeros((0, 2, 21, 3)), clock=CLOCK)
    assert empty["poses"] == 0
    assert empty["mpjpe_mm"] is None
    assert empty["coverage"] == {"left": None, "right": None}
    assert json.loads(json.dumps(empty, allow_nan=False)) == empty
    json.dumps(score_poses(*poses, clock=CLOCK), allow_nan=False)


def test_shapes_that_do_not_fit_are_refused(poses) -> None:
    times, joints = poses
    with pytest.raises(InputError, match=r"\(P, 2, 21, 3\)"):
        score_poses(times[:-1], joints, clock=CLOCK)
    with pytest.raises(InputError, match=r"\(P, 2, 21, 3\)"):
        score_poses(times, joints[:, :, :20], clock=CLOCK)
