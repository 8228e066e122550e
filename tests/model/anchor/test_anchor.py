from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bridge.errors import InputError
from bridge.model.anchor import Instrument, find_anchor, rectangle
from bridge.model.anchor.geometry import angle_between
from bridge.model.anchor.simulated import look_at, random_device, taps_of
from bridge.model.lens import FOCAL_PRIOR

KINDS = ("0.8x0.3", "a4", "piano-49", "piano-88:C3-B4")
EXACT_PX = 1e-4
"""Taps that are trusted so much leave the priors nothing to say."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_exact_taps_give_the_exact_camera(kind, seed):
    instrument = Instrument.parse(kind)
    pose, size = random_device(np.random.default_rng(seed), instrument)
    view = find_anchor(instrument, [taps_of(instrument, pose, size)], tap_px=EXACT_PX).views[0]
    assert angle_between(view.pose.rotation, pose.rotation) < 1e-6
    np.testing.assert_allclose(view.pose.centre_m, pose.centre_m, atol=1e-6)
    assert view.pose.focal == pytest.approx(pose.focal, rel=1e-6)
    assert view.reprojection_px < 1e-6
    assert view.warnings == ()


def test_errors_are_as_large_as_said():
    """Errors over their reported standard deviations: 1 on average, hardly ever above 3.

    Instruments differ from their nominal sizes, too, as their kinds do.
    """
    rng = np.random.default_rng(11)
    ratios = []
    for trial in range(60):
        instrument = Instrument.parse(KINDS[trial % len(KINDS)])
        pose, size_px = random_device(rng, instrument)
        spread = (instrument.width_spread, instrument.depth_spread)
        size = np.exp(rng.normal(0, 1, 2) * spread)
        taps = taps_of(instrument, pose, size_px, noise_px=2.0, rng=rng, size=tuple(size))
        view = find_anchor(instrument, [taps]).views[0]
        ratios.append(
            [
                angle_between(view.pose.rotation, pose.rotation) / view.rotation_std_rad,
                np.linalg.norm(view.pose.centre_m - pose.centre_m) / view.position_std_m,
                abs(view.pose.focal - pose.focal) / view.focal_std,
            ]
        )
    mean_square = np.sqrt(np.mean(np.square(ratios), axis=0))
    assert (mean_square > 0.75).all(), mean_square
    assert (mean_square < 1.25).all(), mean_square
    assert np.mean(np.array(ratios) < 3.0) > 0.985


def test_straight_down_the_focal_length_stays_the_priors_and_says_so():
    sheet = Instrument.parse("a4")
    pose = look_at(sheet, azimuth=90, elevation=90, distance_m=0.5, focal=0.95)
    view = find_anchor(sheet, [taps_of(sheet, pose)]).views[0]
    assert view.focal_std > 0.2 * view.pose.focal
    assert abs(view.pose.focal - FOCAL_PRIOR) < 0.1
    assert abs(view.pose.focal - pose.focal) < 3 * view.focal_std
    assert np.linalg.norm(view.pose.centre_m - pose.centre_m) < 3 * view.position_std_m
    assert any("focal length is uncertain" in text for text in view.warnings)


def test_a_known_lens_settles_what_straight_down_cannot():
    sheet = Instrument.parse("a4")
    pose = look_at(sheet, azimuth=90, elevation=90, distance_m=0.5, focal=0.95)
    taps = replace(taps_of(sheet, pose), focal=0.95)
    view = find_anchor(sheet, [taps]).views[0]
    assert view.focal_std < 0.011
    np.testing.assert_allclose(view.pose.centre_m, pose.centre_m, atol=1e-4)
    assert view.warnings == ()


def test_a_mirror_pose_that_fits_as_well_is_reported():
    sheet = Instrument.parse("a4")
    pose = look_at(sheet, azimuth=75, elevation=50, distance_m=9.0, focal=5.0)
    view = find_anchor(sheet, [replace(taps_of(sheet, pose), focal=5.0)]).views[0]
    assert view.rival is not None
    assert angle_between(view.rival.rotation, pose.rotation) > 0.1
    assert any("two camera positions" in text for text in view.warnings)


def test_several_views_know_the_instrument_better_than_one():
    """The depth of this keyboard, and with it each camera, over many sets of taps."""
    rng = np.random.default_rng(5)
    kind = Instrument.parse("piano-88:C3-B4")
    alone, together = [], []
    for _ in range(10):
        devices = [random_device(rng, kind) for _ in range(4)]
        size = (1.0, 1.0 + rng.choice([-0.03, 0.03]))
        taps = [
            taps_of(kind, pose, size_px, view=f"v{i}", noise_px=1.0, rng=rng, size=size)
            for i, (pose, size_px) in enumerate(devices)
        ]
        for views, errors in ((taps[:1], alone), (taps, together)):
            found = find_anchor(kind, views, tap_px=1.0)
            errors.append(
                [
                    found.size[1] / found.size[0] - size[1],
                    np.linalg.norm(found.views[0].pose.centre_m - devices[0][0].centre_m),
                ]
            )
            assert found.size_std[1] < 0.021
    alone, together = (np.sqrt(np.mean(np.square(e), axis=0)) for e in (alone, together))
    assert together[0] < 0.7 * alone[0]
    assert together[1] < 0.95 * alone[1]


@pytest.mark.parametrize("kind", ["0.8x0.3", "piano-49", "piano-88:C3-B4"])
@pytest.mark.parametrize("shift", [1, 3])
def test_beginning_at_another_corner_is_named(kind, shift):
    instrument = Instrument.parse(kind)
    pose = look_at(instrument, azimuth=60, elevation=50, distance_m=1.0)
    taps = taps_of(instrument, pose, noise_px=2.0, rng=np.random.default_rng(shift))
    wrong = replace(taps, corners_px=np.roll(taps.corners_px, shift, axis=0))
    with pytest.raises(InputError, match="from the wrong one onwards"):
        find_anchor(instrument, [wrong])


def test_a_square_may_begin_anywhere_and_says_so():
    square = rectangle(0.4, 0.4)
    taps = taps_of(square, look_at(square, azimuth=70, elevation=50, distance_m=0.8))
    found = find_anchor(square, [taps])
    assert "phone: the corners fit as well if the first" in found.warnings[0]


def test_corners_of_something_else_are_refused():
    shown = rectangle(0.5, 0.5)
    taps = taps_of(shown, look_at(shown, azimuth=70, elevation=60, distance_m=1.1))
    with pytest.raises(InputError, match=r"no camera sees a keyboard of 1\.222 x 0\.150 m"):
        find_anchor(Instrument.parse("piano-88"), [taps])


def test_a_corner_that_is_somewhat_off_is_reported():
    board = rectangle(0.8, 0.3)
    taps = taps_of(board, look_at(board, azimuth=70, elevation=50, distance_m=0.8))
    corners = taps.corners_px + np.array([[0, 0], [0, 0], [0, 20], [0, 0]])
    found = find_anchor(board, [replace(taps, corners_px=corners, focal=0.75)])
    assert any("fit poorly" in text for text in found.warnings)


@pytest.mark.parametrize("tap_px", [0.0, -1.0, 1e-5, 101.0, np.nan, np.inf])
def test_tap_errors_must_be_possible(tap_px):
    board = rectangle(0.8, 0.3)
    taps = taps_of(board, look_at(board, azimuth=70, elevation=50, distance_m=0.8))
    with pytest.raises(InputError, match=r"between 0\.0001 and 100 px"):
        find_anchor(board, [taps], tap_px=tap_px)


def test_each_view_is_tapped_once():
    board = rectangle(0.8, 0.3)
    taps = taps_of(board, look_at(board, azimuth=70, elevation=50, distance_m=0.8))
    for views in ([], [taps, taps]):
        with pytest.raises(InputError, match="once for each view"):
            find_anchor(board, views)
