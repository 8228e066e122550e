from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from bridge.model.fusion import HandSpaceFuser, SelfCalFuser
from bridge.model.metrics import pa_mpjpe_mm
from bridge.model.pose import Hands, ViewHand, ViewHands
from bridge.model.selfcal.worker import in_this_thread
from bridge.model.synthetic.clips import SimulatedClip, simulate_clip
from bridge.protocol.kinematics import keypoints_from_pose

FLIP = np.array([1.0, -1.0, -1.0])


def play(fuser, clip: SimulatedClip, change=lambda k, views: views) -> list[Hands]:
    return [
        fuser.fuse(round(t * 1e9), change(k, views))
        for k, (t, views) in enumerate(zip(clip.time_s, clip.frame_sets, strict=True))
    ]


def errors(hands: list[Hands], clip: SimulatedClip, rows: range) -> float:
    found = [
        pa_mpjpe_mm(pose.joints_m[None] * FLIP, clip.keypoints_m[k, side][None]).value
        for k in rows
        for side, pose in enumerate(hands[k].hands)
        if pose is not None
    ]
    return float(np.mean(found))


def wrists(hands: list[Hands], side: int) -> np.ndarray:
    return np.array(
        [np.full(3, np.nan) if (p := h.hands[side]) is None else p.wrist_m for h in hands]
    )


@pytest.fixture(scope="module")
def clip() -> SimulatedClip:
    return simulate_clip(4, seconds=6.0, noise=0.5)


@pytest.fixture(scope="module")
def played(clip) -> list[Hands]:
    return play(SelfCalFuser(in_this_thread), clip)


def test_hands_are_there_at_once_and_become_exact(clip, played) -> None:
    simple = play(HandSpaceFuser(), clip)
    first = [hands.hands[1] for hands in simple[:5]]
    assert any(pose is not None for pose in first)
    late = range(120, len(played))
    assert errors(played, clip, late) < 6
    assert errors(played, clip, late) < 0.8 * errors(simple, clip, late)


def test_a_pose_is_what_its_rest_keypoints_give(played) -> None:
    pose = played[-1].hands[1]
    assert pose is not None
    again = keypoints_from_pose(pose.rest_m, pose.pose_quat, pose.wrist_m)
    np.testing.assert_allclose(again, pose.joints_m, atol=1e-6)


def test_a_view_that_leaves_and_returns_moves_nothing_at_once(clip, played) -> None:
    def lose(k: int, views: tuple[ViewHands, ...]) -> tuple[ViewHands, ...]:
        return views[:1] if 110 <= k < 140 else views

    lost = play(SelfCalFuser(in_this_thread), clip, lose)
    for side in (0, 1):
        a, b = wrists(played, side), wrists(lost, side)
        for k in (110, 140):
            own = np.linalg.norm(a[k] - a[k - 1])
            assert np.linalg.norm(b[k] - b[k - 1]) < own + 0.005


def test_a_nudged_camera_is_noticed_and_found_again(clip) -> None:
    nudge = Rotation.from_rotvec([0.0, 0.12, 0.06]).as_matrix()
    at = 75

    def turned(k: int, views: tuple[ViewHands, ...]) -> tuple[ViewHands, ...]:
        if k < at:
            return views
        view = views[1]
        width, height = view.size_px
        centre, focal = np.array([width, height]) / 2, clip.focal[1] * max(width, height)
        hands: list[ViewHand | None] = [None, None]
        for hand in view.hands:
            if hand is not None:
                flat = (hand.landmarks_px - centre) / focal
                rays = np.column_stack([flat, np.ones(21)]) @ nudge.T
                pixels = centre + focal * rays[:, :2] / rays[:, 2:]
                hands[hand.side] = ViewHand(
                    hand.side, pixels, hand.world_m @ nudge.T, hand.confidence
                )
        return (views[0], ViewHands(view.view, view.size_px, (hands[0], hands[1])))

    fuser = SelfCalFuser(in_this_thread)
    hands = play(fuser, clip, turned)
    assert fuser.calibration is not None
    true = nudge @ clip.rotation[1]
    turn = fuser.calibration.cameras.rotation[1] @ true.T
    assert np.degrees(np.arccos((np.trace(turn) - 1) / 2)) < 5
    assert errors(hands, clip, range(len(hands) - 15, len(hands))) < 8


def test_a_device_that_left_is_forgotten(clip) -> None:
    fuser = SelfCalFuser(in_this_thread)
    play(fuser, clip)
    assert fuser.views == ("cam0", "cam1")
    fuser.forget("cam1")
    assert fuser.calibration is None
    again = fuser.fuse(10_000_000_000, clip.frame_sets[100][:1])
    assert any(pose is not None for pose in again.hands)


def test_one_view_alone_and_no_view_at_all(clip) -> None:
    fuser = SelfCalFuser(in_this_thread)
    hands = play(fuser, clip, lambda _, views: views[:1])
    assert fuser.calibration is None
    assert sum(h.hands[1] is not None for h in hands) > 60
    assert fuser.fuse(10_000_000_000, []).hands == (None, None)


def test_a_lens_that_a_publisher_tells_is_believed(clip) -> None:
    fuser = SelfCalFuser(in_this_thread)
    told = clip.focal * [1.1, 1.0]
    for view, focal in zip(("cam0", "cam1"), told, strict=True):
        fuser.know_lens(view, focal)
    play(fuser, clip)
    assert fuser.calibration is not None
    np.testing.assert_allclose(fuser.calibration.cameras.focal, told, rtol=0.03)
