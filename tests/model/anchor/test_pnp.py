from __future__ import annotations

import numpy as np
import pytest

from bridge.model.anchor import Instrument, rectangle
from bridge.model.anchor.geometry import angle_between
from bridge.model.anchor.pnp import candidates, closed_form_focal, homography, planar_poses
from bridge.model.anchor.simulated import look_at, random_device, taps_of

PLANE = np.array([[-0.4, 0.0], [0.4, 0.0], [0.4, 0.3], [-0.4, 0.3]])
BOARD = rectangle(0.8, 0.3)


def test_the_homography_maps_its_four_points():
    image = np.array([[-0.3, 0.2], [0.35, 0.15], [0.2, -0.2], [-0.25, -0.1]])
    mapped = np.concatenate([PLANE, np.ones((4, 1))], axis=1) @ homography(PLANE, image).T
    np.testing.assert_allclose(mapped[:, :2] / mapped[:, 2:], image, atol=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_the_focal_length_has_a_closed_form(seed):
    pose, size = random_device(np.random.default_rng(seed), BOARD)
    found = closed_form_focal(homography(PLANE, taps_of(BOARD, pose, size).image))
    assert found == pytest.approx(pose.focal, rel=1e-8)


def test_straight_down_the_focal_length_is_undetermined():
    pose = look_at(BOARD, azimuth=90, elevation=90, distance_m=0.8)
    assert closed_form_focal(homography(PLANE, taps_of(BOARD, pose).image)) is None


@pytest.mark.parametrize("seed", range(10))
def test_one_of_the_two_planar_poses_is_the_camera(seed):
    pose, size = random_device(np.random.default_rng(seed), BOARD)
    both = planar_poses(BOARD, taps_of(BOARD, pose, size).image, pose.focal)
    assert len(both) == 2
    assert min(angle_between(c.rotation[0], pose.rotation) for c in both) < 1e-4


@pytest.mark.parametrize("seed", range(6))
def test_both_poses_are_scored(seed):
    # Far away with a long, known lens: nearly a parallel projection, whose two poses fit alike.
    rng = np.random.default_rng(seed)
    sheet = Instrument.parse("a4")
    pose = look_at(sheet, azimuth=rng.uniform(60, 120), elevation=50, distance_m=9.0, focal=5.0)
    taps = taps_of(sheet, pose)
    taps = type(taps)(taps.view, taps.size_px, taps.corners_px, focal=5.0)
    fits = candidates(sheet, taps, tap_px=2.0)
    assert len(fits) == 2
    turns = [angle_between(fit.cameras.rotation[0], pose.rotation) for fit in fits]
    assert turns[0] < 1e-4
    assert turns[1] > 0.1
    assert fits[0].chi2 < 1e-6 < fits[1].chi2 < 9.0


def test_near_views_have_one_pose_that_fits():
    pose = look_at(BOARD, azimuth=60, elevation=45, distance_m=0.7)
    fits = candidates(BOARD, taps_of(BOARD, pose), tap_px=2.0)
    assert len(fits) == 1 or fits[1].chi2 - fits[0].chi2 > 40
