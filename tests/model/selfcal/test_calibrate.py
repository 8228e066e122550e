from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bridge.model.metrics import pa_mpjpe_mm
from bridge.model.pose import ViewHand, ViewHands
from bridge.model.selfcal.calibrate import calibrate
from bridge.model.selfcal.keyframes import choose_keyframes
from bridge.model.selfcal.skeleton import (
    N_SHAPE,
    betas_of,
    betas_to_shape,
    prior_information,
    rest_keypoints,
)
from bridge.model.selfcal.tracks import tracks_of
from bridge.model.synthetic.clips import simulate_clip
from bridge.protocol.joints import BONES, Side
from tests.model.selfcal.conftest import tracks, turn_deg


def test_exact_keypoints_give_the_cameras(exact_clip) -> None:
    found = calibrate(tracks(exact_clip))
    assert found is not None
    assert turn_deg(found.cameras.rotation[1], exact_clip.rotation[1]) < 0.7
    np.testing.assert_allclose(found.cameras.focal, exact_clip.focal, rtol=0.04)
    direction = found.cameras.offset_m[1] / np.linalg.norm(found.cameras.offset_m[1])
    true = exact_clip.offset_m[1] / np.linalg.norm(exact_clip.offset_m[1])
    assert np.degrees(np.arccos(direction @ true)) < 2
    assert found.usable.all()
    assert not found.warnings


@pytest.mark.parametrize("seed", [1, 2, 5, 9])
def test_what_it_says_of_its_errors_is_true(seed: int) -> None:
    clip = simulate_clip(seed, seconds=3.0, noise=0.5)
    found = calibrate(tracks(clip))
    assert found is not None
    turn = np.radians(turn_deg(found.cameras.rotation[1], clip.rotation[1]))
    assert turn < 3 * found.reports[1].turn_rad
    lens = np.abs(np.log(found.cameras.focal / clip.focal))
    assert (lens < 3 * np.array([report.focal for report in found.reports])).all()
    assert turn < np.radians(4)
    assert lens.max() < 0.25


def test_three_views_place_all_cameras() -> None:
    clip = simulate_clip(12, seconds=3.0, noise=0.3, views=3)
    found = calibrate(tracks(clip))
    assert found is not None
    for v in (1, 2):
        assert turn_deg(found.cameras.rotation[v], clip.rotation[v]) < 3


def test_a_known_lens_stays_as_it_is(noisy_clip) -> None:
    log_focal = np.log(noisy_clip.focal)
    found = calibrate(tracks(noisy_clip), lenses=(log_focal, np.zeros(2)))
    assert found is not None
    np.testing.assert_array_equal(found.cameras.focal, np.exp(log_focal))


def test_hands_that_never_move_leave_the_cameras_uncertain(noisy_clip) -> None:
    still = replace(
        noisy_clip,
        frame_sets=tuple(noisy_clip.frame_sets[40] for _ in noisy_clip.frame_sets),
    )
    moving, frozen = calibrate(tracks(noisy_clip)), calibrate(tracks(still))
    assert moving is not None
    assert frozen is not None
    assert frozen.reports[1].turn_rad > 2 * moving.reports[1].turn_rad
    assert frozen.warnings


def test_views_of_different_scenes_are_told(noisy_clip) -> None:
    other = simulate_clip(77, seconds=4.0, noise=0.5)
    mixed = [
        (t, (mine[0], theirs[1]))
        for t, mine, theirs in zip(
            noisy_clip.time_s, noisy_clip.frame_sets, other.frame_sets, strict=True
        )
    ]
    found = calibrate(tracks_of(mixed, ["cam0", "cam1"]))
    assert found is not None
    assert list(found.usable) == [True, False]
    assert "view 2" in found.warnings[0]


def test_a_mirrored_video_is_told(noisy_clip) -> None:
    """A selfie camera's mirrored picture: left hands look like right ones."""

    def mirrored(view: ViewHands) -> ViewHands:
        hands: list[ViewHand | None] = [None, None]
        for hand in view.hands:
            if hand is not None:
                pixels = hand.landmarks_px * [-1, 1] + [view.size_px[0], 0]
                side = Side(1 - hand.side)
                hands[side] = ViewHand(side, pixels, hand.world_m * [-1, 1, 1], hand.confidence)
        return ViewHands(view.view, view.size_px, (hands[0], hands[1]))

    flipped = [
        (t, (views[0], mirrored(views[1])))
        for t, views in zip(noisy_clip.time_s, noisy_clip.frame_sets, strict=True)
    ]
    found = calibrate(tracks_of(flipped, ["cam0", "cam1"]))
    assert found is not None
    assert not found.usable[1]


def test_nothing_shared_is_no_calibration(noisy_clip) -> None:
    apart = [
        (t, (views[k % 2],))
        for k, (t, views) in enumerate(zip(noisy_clip.time_s, noisy_clip.frame_sets, strict=True))
    ]
    assert calibrate(tracks_of(apart, ["cam0", "cam1"])) is None
    assert calibrate([]) is None


def test_keyframes_differ(noisy_clip) -> None:
    track = tracks(noisy_clip)[0]
    rows = choose_keyframes([track], 10)[0]
    assert len(rows) == 10
    assert (np.diff(rows) > 0).all()
    # Ten that are far apart in time and pose, not ten neighbours.
    assert np.ptp(track.time_s[rows]) > 0.6 * np.ptp(track.time_s)


def test_a_skeleton_says_what_betas_say() -> None:
    rng = np.random.default_rng(0)
    betas = rng.normal(size=10)
    shape = betas_to_shape() @ betas
    left, right = (rest_keypoints(side, shape) for side in Side)
    np.testing.assert_allclose(left * [-1, 1, 1], right, atol=1e-9)
    # Of a rare person's bones the betas say most, what they say least is taken for own bones.
    tall = np.zeros(10)
    tall[0] = 3.0
    assert betas_of(betas_to_shape() @ tall)[0] == pytest.approx(3, rel=0.2)
    np.testing.assert_array_equal(betas_of(np.zeros(N_SHAPE)), 0)
    # Size is what pictures do not tell: the prior holds it far more firmly than the rest.
    parent, child = np.array(BONES).T

    def size(s: np.ndarray) -> float:
        rest = rest_keypoints(Side.RIGHT, s)
        return float(np.linalg.norm(rest[child] - rest[parent], axis=-1).sum())

    spread = np.linalg.cholesky(np.linalg.inv(prior_information()))
    people = [size(spread @ rng.normal(size=N_SHAPE)) for _ in range(200)]
    assert np.std(people) < 0.003
    np.testing.assert_allclose(np.mean(people), size(np.zeros(N_SHAPE)), atol=0.01)


def test_poses_are_better_than_each_view_knows(noisy_clip) -> None:
    from bridge.model.selfcal.clip import reconstruct_clip

    frame_sets = [
        (round(t * 1e9), views)
        for t, views in zip(noisy_clip.time_s, noisy_clip.frame_sets, strict=True)
    ]
    found = reconstruct_clip(frame_sets, ["cam0", "cam1"])
    rows = [k for k, hands in enumerate(found.hands) if hands.hands[1] is not None]
    points = np.array([found.hands[k].hands[1].joints_m for k in rows]) * [1, -1, -1]
    exact = noisy_clip.keypoints_m[rows, 1]
    assert pa_mpjpe_mm(points, exact).value < 4.5
    idea = [noisy_clip.frame_sets[k][0].hands[1] for k in rows]
    alone = [k for k, hand in enumerate(idea) if hand is not None]
    single = np.array([idea[k].world_m for k in alone])
    assert (
        pa_mpjpe_mm(points[alone], exact[alone]).value
        < 0.5 * pa_mpjpe_mm(single, exact[alone]).value
    )
