"""An anchor in use: with it, hands are where they are on the instrument, and as large."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from bridge.errors import InputError
from bridge.model.anchor import Anchor, Instrument, ViewPose, find_anchor
from bridge.model.anchor.hold import anchored_calibration, lenses_of, stage_of_view
from bridge.model.anchor.simulated import taps_of
from bridge.model.fusion import SelfCalFuser, make_fuser
from bridge.model.selfcal.calibrate import Calibration, calibrate
from bridge.model.selfcal.clip import reconstruct_clip
from bridge.model.selfcal.lenses import lens_priors
from bridge.model.selfcal.skeleton import rest_keypoints, scaled_shape
from bridge.model.selfcal.tracks import tracks_of
from bridge.model.selfcal.worker import in_this_thread
from bridge.model.synthetic.clips import SimulatedClip, simulate_clip
from bridge.protocol.joints import Side

SHEET = Instrument.parse("0.4x0.25")
NAMES = ("cam0", "cam1")


@pytest.fixture(scope="module")
def clip() -> SimulatedClip:
    return simulate_clip(8, seconds=5.0, noise=0.5)


@pytest.fixture(scope="module")
def sheet(clip: SimulatedClip) -> ViewPose:
    """The first camera in the frame of a sheet that lies under the hands."""
    left, right = clip.keypoints_m[:, :, 0].mean(0)
    across = (right - left) / np.linalg.norm(right - left)
    middle = clip.keypoints_m.mean((0, 1, 2))
    centres = -np.einsum("vji,vj->vi", clip.rotation, clip.offset_m)
    up = (centres - middle).mean(0)
    up -= up @ across * across
    up /= np.linalg.norm(up)
    axes = np.stack([across, up, np.cross(across, up)], axis=1)
    corner = middle - axes @ SHEET.corners_m.mean(0)
    return ViewPose(axes, corner, clip.focal[0])


def poses(clip: SimulatedClip, sheet: ViewPose) -> list[ViewPose]:
    return [
        ViewPose(turn @ sheet.rotation, turn @ sheet.offset_m + offset, focal)
        for turn, offset, focal in zip(clip.rotation, clip.offset_m, clip.focal, strict=True)
    ]


@pytest.fixture(scope="module")
def anchor(clip: SimulatedClip, sheet: ViewPose) -> Anchor:
    rng = np.random.default_rng(0)
    taps = [
        taps_of(SHEET, pose, seen.size_px, view=seen.view, noise_px=1.0, rng=rng)
        for pose, seen in zip(poses(clip, sheet), clip.frame_sets[0], strict=True)
    ]
    return find_anchor(SHEET, taps, tap_px=1.0)


@pytest.fixture(scope="module")
def calibration(clip: SimulatedClip, anchor: Anchor) -> Calibration:
    sets = [(float(t), v) for t, v in zip(clip.time_s[::5], clip.frame_sets[::5], strict=True)]
    found = calibrate(tracks_of(sets, NAMES), lenses=lens_priors(NAMES, lenses_of(anchor)))
    assert found is not None
    return found


def on_sheet(clip: SimulatedClip, sheet: ViewPose) -> np.ndarray:
    """True keypoints in the sheet's frame."""
    return (clip.keypoints_m - sheet.offset_m) @ sheet.rotation


def test_hands_of_a_recording_lie_on_the_instrument(clip, sheet, anchor) -> None:
    sets = [(round(t * 1e9), v) for t, v in zip(clip.time_s, clip.frame_sets, strict=True)]
    motion = reconstruct_clip(sets, NAMES, anchor=anchor)
    truth = on_sheet(clip, sheet)
    off = [
        np.linalg.norm(pose.joints_m - truth[k, pose.side], axis=-1).mean()
        for k, hands in enumerate(motion.hands)
        for pose in hands.hands
        if pose is not None
    ]
    assert len(off) > len(sets)
    assert np.median(off) < 0.025
    assert motion.calibration is not None
    assert not any("moved" in warning for warning in motion.calibration.warnings)


def test_live_hands_lie_on_the_instrument_from_the_first_frame_on(clip, sheet, anchor) -> None:
    fuser = SelfCalFuser(in_this_thread, anchor=anchor)
    truth = on_sheet(clip, sheet)
    off = []
    for k, (t, views) in enumerate(zip(clip.time_s, clip.frame_sets, strict=True)):
        for pose in fuser.fuse(round(t * 1e9), views).hands:
            if pose is not None:
                error = np.linalg.norm(pose.joints_m - truth[k, pose.side], axis=-1).mean()
                off.append((k, error))
    at_first = np.median([error for k, error in off if k < 5])
    at_last = np.median([error for k, error in off if k > 120])
    assert at_first < 0.03
    assert at_last < 0.04


@pytest.mark.parametrize("factor", [0.9, 1.15])
def test_cameras_of_a_wrong_size_get_the_true_one(calibration, anchor, factor) -> None:
    wrong = replace(
        calibration,
        cameras=replace(calibration.cameras, offset_m=factor * calibration.cameras.offset_m),
        shape=scaled_shape(calibration.shape, factor),
    )
    one, stage = anchored_calibration(calibration, NAMES, anchor)
    other, other_stage = anchored_calibration(wrong, NAMES, anchor)
    # The hands' own size is evidence too: an exact anchor leaves it little.
    np.testing.assert_allclose(other.cameras.offset_m, one.cameras.offset_m, rtol=0.08)
    assert stage is not None
    assert other_stage is not None
    np.testing.assert_allclose(stage.rotation, other_stage.rotation, atol=1e-9)


def test_a_device_moved_since_is_told(clip, sheet, anchor, calibration) -> None:
    nudge = Rotation.from_euler("y", 25, degrees=True).as_matrix()
    cameras = calibration.cameras
    turned = replace(
        cameras,
        rotation=np.stack([cameras.rotation[0], nudge @ cameras.rotation[1]]),
        offset_m=np.stack([cameras.offset_m[0], nudge @ cameras.offset_m[1]]),
    )
    found, stage = anchored_calibration(replace(calibration, cameras=turned), NAMES, anchor)
    assert any("has moved since the anchor" in warning for warning in found.warnings)
    np.testing.assert_array_equal(found.shape, calibration.shape)
    own = stage_of_view(anchor, "cam0")
    assert stage is not None
    assert own is not None
    np.testing.assert_allclose(stage.rotation, own.rotation, atol=1e-9)
    np.testing.assert_allclose(stage.offset_m, own.offset_m, atol=1e-9)


def test_an_anchor_of_other_views_changes_nothing(calibration, anchor) -> None:
    others = replace(
        anchor, views=tuple(replace(v, taps=replace(v.taps, view="else")) for v in anchor.views)
    )
    found, stage = anchored_calibration(calibration, NAMES, others)
    assert found is calibration
    assert stage is None
    assert stage_of_view(others, "cam0") is None


def test_a_scaled_shape_is_a_scaled_hand() -> None:
    shape = np.random.default_rng(1).normal(0, 0.003, 30)
    for side in Side:
        np.testing.assert_allclose(
            rest_keypoints(side, scaled_shape(shape, 1.1)), 1.1 * rest_keypoints(side, shape)
        )


def test_only_a_fuser_that_knows_cameras_takes_an_anchor(anchor) -> None:
    assert isinstance(make_fuser("selfcal", anchor=anchor), SelfCalFuser)
    with pytest.raises(InputError, match="hand-space takes no anchor; choose: selfcal"):
        make_fuser("hand-space", anchor=anchor)
