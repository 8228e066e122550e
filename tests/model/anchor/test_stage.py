from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from bridge.errors import InputError
from bridge.model.anchor import Instrument, find_anchor, place_stage
from bridge.model.anchor.geometry import angle_between
from bridge.model.anchor.simulated import look_at, taps_of
from bridge.model.selfcal.cameras import Cameras

BOARD = Instrument.parse("0.8x0.3")
SCALE = 1.13
"""The hands' idea of a metre is too small by this factor."""


def scene(azimuths=(40, 100, 160)):
    """Cameras as hands would give them: the first one is the stage, of another size; and truth."""
    poses = [
        look_at(BOARD, azimuth=a, elevation=40 + 5 * i, distance_m=1.35, focal=0.7 + 0.1 * i)
        for i, a in enumerate(azimuths)
    ]
    first = poses[0]
    rotation = np.stack([p.rotation @ first.rotation.T for p in poses])
    offset = np.stack([p.offset_m for p in poses]) - rotation @ first.offset_m
    cameras = Cameras(rotation, offset / SCALE, np.array([p.focal for p in poses]))
    return poses, cameras


def anchored(poses, which, **options):
    taps = [taps_of(BOARD, poses[i], view=f"v{i}", **options) for i in which]
    return find_anchor(BOARD, taps, tap_px=1e-4)


@pytest.mark.parametrize("which", [(0, 1), (2, 1), (0, 1, 2)])
def test_two_anchored_views_give_scale_place_and_lenses(which):
    poses, cameras = scene()
    placed = place_stage(cameras, anchored(poses, which), which)
    assert placed.scale_known
    assert placed.similarity.scale == pytest.approx(SCALE, rel=1e-6)
    moved = placed.similarity.cameras(cameras)
    for i, pose in enumerate(poses):
        assert angle_between(moved.rotation[i], pose.rotation) < 1e-6
        np.testing.assert_allclose(moved.offset_m[i], pose.offset_m, atol=1e-6)
    points = np.array([[[0.1, 0.0, -0.1], [-0.2, 0.05, 0.0]]])
    in_stage = (points @ poses[0].rotation.T + poses[0].offset_m) / SCALE
    np.testing.assert_allclose(placed.similarity.points(in_stage), points, atol=1e-6)
    for i, pose in enumerate(poses):
        assert (placed.focal[i] == pytest.approx(pose.focal)) == (i in which)
        assert np.isnan(placed.focal_std[i]) == (i not in which)
    assert placed.turn_rad < 1e-6
    assert placed.shift_m < 1e-6


def test_one_anchored_view_gives_the_place_and_leaves_the_scale():
    poses, cameras = scene()
    placed = place_stage(cameras, anchored(poses, (1,)), (1,))
    assert not placed.scale_known
    assert placed.similarity.scale == 1.0
    moved = placed.similarity.cameras(cameras)
    assert angle_between(moved.rotation[1], poses[1].rotation) < 1e-6
    np.testing.assert_allclose(moved.offset_m[1], poses[1].offset_m, atol=1e-6)
    centre = -moved.rotation[0].T @ moved.offset_m[0]
    # The others are about it in the right directions, at the hands' distances.
    np.testing.assert_allclose(
        centre - poses[1].centre_m, (poses[0].centre_m - poses[1].centre_m) / SCALE, atol=1e-6
    )


def test_views_from_one_place_leave_the_scale():
    poses, cameras = scene(azimuths=(60, 60.5, 61))
    taps = [taps_of(BOARD, poses[i], view=f"v{i}") for i in (0, 1)]
    placed = place_stage(cameras, find_anchor(BOARD, taps), (0, 1))
    assert not placed.scale_known
    assert placed.similarity.scale == 1.0


def test_noisy_taps_give_the_scale_within_percents():
    rng = np.random.default_rng(2)
    errors, ratios = [], []
    for _ in range(15):
        poses, cameras = scene()
        taps = [taps_of(BOARD, poses[i], view=f"v{i}", noise_px=2.0, rng=rng) for i in (0, 1)]
        placed = place_stage(cameras, find_anchor(BOARD, taps), (0, 1))
        errors.append(placed.similarity.scale / SCALE - 1)
        ratios.append(errors[-1] / placed.scale_std)
        assert placed.scale_known
        assert placed.turn_rad < np.radians(5)
    assert np.sqrt(np.mean(np.square(errors))) < 0.05
    assert 0.5 < np.sqrt(np.mean(np.square(ratios))) < 1.6


def test_cameras_that_disagree_with_the_anchor_are_measured():
    poses, cameras = scene()
    bent = cameras.rotation.copy()
    bent[1] = Rotation.from_euler("y", 10, degrees=True).as_matrix() @ bent[1]
    placed = place_stage(replace(cameras, rotation=bent), anchored(poses, (0, 1)), (0, 1))
    assert np.radians(4) < placed.turn_rad < np.radians(11)


def test_the_cameras_choose_between_mirror_poses():
    poses, cameras = scene()
    found = anchored(poses, (0, 1))
    wrong = replace(
        found.views[1].pose,
        rotation=Rotation.from_euler("x", 40, degrees=True).as_matrix() @ poses[1].rotation,
    )
    mixed = replace(found.views[1], pose=wrong, rival=found.views[1].pose)
    placed = place_stage(cameras, replace(found, views=(found.views[0], mixed)), (0, 1))
    assert placed.turn_rad < 1e-6
    assert placed.similarity.scale == pytest.approx(SCALE, rel=1e-6)


@pytest.mark.parametrize("which", [(0,), (0, 3), (0, -1), (1, 1)])
def test_views_must_be_cameras(which):
    poses, cameras = scene()
    with pytest.raises(InputError):
        place_stage(cameras, anchored(poses, (0, 1)), which)
