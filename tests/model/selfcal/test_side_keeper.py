from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from bridge.model.fusion import SelfCalFuser
from bridge.model.pose import ViewHands
from bridge.model.selfcal.calibrate import Calibration, CameraReport
from bridge.model.selfcal.clip import reconstruct_clip
from bridge.model.selfcal.identity import SideKeeper, curl, with_sides_kept
from bridge.model.selfcal.skeleton import N_SHAPE
from bridge.model.selfcal.worker import in_this_thread
from bridge.model.synthetic.clips import SimulatedClip, simulate_clip
from bridge.protocol.joints import Side
from tests.model.selfcal.conftest import VIEWS, cameras_of, with_exchanged

_CAMERA_FROM_STAGE = np.array([1.0, -1.0, -1.0])


def known(clip: SimulatedClip, believed: int | None = None) -> Calibration:
    report = CameraReport(0.01, 0.01, 0.02, 100, 0.02, 0.9)
    usable = np.array([True, True])
    shape = np.zeros(N_SHAPE)
    return Calibration(cameras_of(clip), shape, (report, report), np.inf, usable, believed=believed)


def wrong_sides(
    clip: SimulatedClip, kept: Sequence[tuple[float, Sequence[ViewHands]]], view: int
) -> np.ndarray:
    """Whether a view's hands are under the other name at each instant, compared with the clip."""
    wrong = []
    for row, (_, views) in enumerate(kept):
        exact = clip.frame_sets[row][view]
        wrong.append(
            any(
                hand is not None
                and (
                    exact.hands[side] is None
                    or hand.landmarks_px is not exact.hands[side].landmarks_px
                )
                for side, hand in enumerate(views[view].hands)
            )
        )
    return np.array(wrong)


def kept(clip: SimulatedClip, believed: int | None = None) -> list[tuple[float, list[ViewHands]]]:
    sets = list(zip(clip.time_s, clip.frame_sets, strict=True))
    return with_sides_kept(sets, VIEWS, known(clip, believed))


def rows(clip: SimulatedClip, when: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    return np.asarray(when(clip.time_s))


def test_fingers_curl_to_their_own_palm(noisy_clip) -> None:
    left, right = (curl(noisy_clip.keypoints_m[:, side]) for side in Side)
    assert (left < 0).all()
    assert (right > 0).all()
    mirrored = noisy_clip.keypoints_m[:, Side.LEFT] * [-1, 1, 1]
    np.testing.assert_allclose(curl(mirrored), -left)


def test_curl_of_nothing_is_a_number() -> None:
    assert curl(np.zeros((21, 3))) == 0


def test_views_that_are_right_are_left_alone(noisy_clip) -> None:
    done = kept(noisy_clip)
    assert not wrong_sides(noisy_clip, done, 0).any()
    assert not wrong_sides(noisy_clip, done, 1).any()


@pytest.mark.parametrize("view", [0, 1])
def test_a_view_that_changes_its_mind_is_put_right_at_once(noisy_clip, view: int) -> None:
    wrong = with_exchanged(noisy_clip, view, rows(noisy_clip, lambda t: (t > 1) & (t < 2.5)))
    done = kept(wrong)
    for v in (0, 1):
        assert not wrong_sides(noisy_clip, done, v).any()


@pytest.mark.parametrize("view", [0, 1])
def test_a_view_that_begins_wrong_is_told_by_how_fingers_curl(noisy_clip, view: int) -> None:
    wrong = with_exchanged(noisy_clip, view, rows(noisy_clip, lambda t: t < 2))
    done = kept(wrong, believed=view)
    for v in (0, 1):
        assert wrong_sides(noisy_clip, done, v).mean() < 0.05


def test_both_views_wrong_are_told_by_how_fingers_curl(noisy_clip) -> None:
    early = rows(noisy_clip, lambda t: t < 2)
    wrong = with_exchanged(with_exchanged(noisy_clip, 0, early), 1, early)
    done = kept(wrong)
    for v in (0, 1):
        assert wrong_sides(noisy_clip, done, v).mean() < 0.05


def test_a_lone_view_that_changes_its_mind_for_good_is_believed_in_the_end(noisy_clip) -> None:
    late = rows(noisy_clip, lambda t: t > 1)
    lone = replace(
        noisy_clip,
        frame_sets=tuple(
            (first, replace(second, hands=(None, None))) for first, second in noisy_clip.frame_sets
        ),
    )
    changed = wrong_sides(lone, kept(with_exchanged(lone, 0, late)), 0)
    assert not changed[late][:10].any()
    assert changed[late][-10:].all()


def test_hands_that_are_gone_for_long_are_not_remembered(noisy_clip) -> None:
    keeper = SideKeeper(VIEWS, known(noisy_clip))
    first = noisy_clip.frame_sets[0]
    for side in Side:
        keeper.was(side, 0.0, noisy_clip.keypoints_m[0, 1 - side], np.array([True, True]))
    assert keeper.sorted(5.0, first) == list(first)


def test_views_of_unknown_cameras_stay_as_they_are(noisy_clip) -> None:
    unknown = replace(known(noisy_clip), usable=np.array([True, False]))
    keeper = SideKeeper(VIEWS, unknown)
    stranger = replace(noisy_clip.frame_sets[0][1], view="other")
    views = [*noisy_clip.frame_sets[0], stranger]
    assert keeper.sorted(0.0, views)[1:] == views[1:]
    assert keeper.sorted(0.0, []) == []


def swapped_clip() -> tuple[SimulatedClip, SimulatedClip]:
    clip = simulate_clip(4, seconds=8.0, noise=0.5)
    return clip, with_exchanged(clip, 1, (clip.time_s * 1.1).astype(int) % 2 == 0)


def test_live_hands_do_not_swap_where_a_view_swaps_them() -> None:
    clip, wrong = swapped_clip()
    fuser = SelfCalFuser(in_this_thread)
    off = []
    for row, (time_s, views) in enumerate(zip(wrong.time_s, wrong.frame_sets, strict=True)):
        hands = fuser.fuse(round(time_s * 1e9), views)
        if time_s < 5:
            continue
        for side, pose in zip(Side, hands.hands, strict=True):
            points = pose.joints_m * _CAMERA_FROM_STAGE
            apart = [np.linalg.norm(points - clip.keypoints_m[row, s], axis=1).mean() for s in Side]
            off.append(apart[side] < apart[1 - side])
    assert fuser.calibration is not None
    assert all(off)


def test_a_recording_in_which_a_view_swaps_hands_is_as_good_as_one_without() -> None:
    clip, wrong = swapped_clip()
    error = []
    for seen in (clip, wrong):
        sets = [(round(t * 1e9), v) for t, v in zip(seen.time_s, seen.frame_sets, strict=True)]
        motion = reconstruct_clip(sets, VIEWS)
        points = np.array(
            [[pose.joints_m * _CAMERA_FROM_STAGE for pose in both.hands] for both in motion.hands]
        )
        local, exact = points - points[:, :, :1], clip.keypoints_m - clip.keypoints_m[:, :, :1]
        error.append(np.linalg.norm(local - exact, axis=-1).mean())
    assert error[1] < error[0] + 0.002
