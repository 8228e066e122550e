"""The motion that simulated and drawn recordings share."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.model.synthetic.clips import simulate_clip
from bridge.model.synthetic.performance import Performance, random_performance
from bridge.protocol.joints import FINGERTIPS, Side

CROSSING = 1000
"""A piece whose hands would pass through each other."""


def played(seed: int = CROSSING, **options) -> Performance:
    return random_performance(seed, np.random.default_rng(seed), seconds=4.0, **options)


def gap_m(performance: Performance) -> np.ndarray:
    """``(T,)`` from the left hand to the right one, along the keyboard."""
    points = performance.keypoints_m[..., 0]
    return points[:, Side.RIGHT].min(-1) - points[:, Side.LEFT].max(-1)


def test_a_simulated_clip_shows_a_performance() -> None:
    clip, performance = simulate_clip(CROSSING, seconds=4.0), played()
    first = performance.rotation[0]
    there = performance.keypoints_m @ first.T + performance.offset_m[0]
    np.testing.assert_array_equal(clip.keypoints_m, there)
    np.testing.assert_array_equal(clip.focal, performance.focal)


@pytest.mark.parametrize("side", list(Side))
def test_the_mesh_is_of_the_hand_whose_keypoints_are_given(side: Side) -> None:
    performance = played(apart_m=0.03)
    for frame in (0, 77):
        mesh, points = performance.vertices(side, frame), performance.keypoints_m[frame, side]
        distance = np.linalg.norm(mesh[:, None] - points[list(FINGERTIPS)], axis=-1)
        # A fingertip's keypoint is within the finger: its skin is all around, some millimetres off.
        assert np.all(distance.min(0) < 0.010)
        assert np.linalg.norm(mesh - points[0], axis=-1).min() < 0.04


def test_hands_give_way_smoothly_where_they_would_run_into_each_other() -> None:
    free, apart = played(), played(apart_m=0.03)
    assert gap_m(free).min() < 0
    assert gap_m(apart).min() > 0.03 - 1e-9
    # Along the keyboard only, and no jerk of it: less than a centimetre a frame, evenly.
    moved = apart.wrist_m - free.wrist_m
    np.testing.assert_array_equal(moved[..., 1:], 0)
    np.testing.assert_allclose(moved[0], -moved[1], atol=1e-12)
    assert np.abs(np.diff(moved, axis=1)).max() < 0.01
    assert np.abs(np.diff(moved, n=2, axis=1)).max() < 0.002


def test_hands_with_room_stay_where_they_are() -> None:
    free = played()
    room = float(gap_m(free).min()) - 0.01
    np.testing.assert_array_equal(played(apart_m=room).keypoints_m, free.keypoints_m)
