"""Fusion of simulated views: exact hands seen by cameras whose depth is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from bridge.errors import InputError
from bridge.model.fusion import HandSpaceFuser, make_fuser
from bridge.model.hand import open_hand
from bridge.model.lens import FOCAL_PRIOR
from bridge.model.metrics import mpjpe_mm, pa_mpjpe_mm
from bridge.model.pose import ViewHand, ViewHands
from bridge.protocol.joints import Side

SIZE = (1280, 720)
STAGE = np.array([1.0, -1.0, -1.0])
HANDS = (0.12, -0.12)


class Cameras:
    """Two cameras that look at the same hands from 70 degrees apart."""

    def __init__(self, seed: int = 1) -> None:
        self.rng = np.random.default_rng(seed)
        turn = Rotation.from_rotvec([0, np.radians(-70), 0]).as_matrix()
        centre = np.array([0, 0, 0.6])
        self.poses = {"a": (np.eye(3), np.zeros(3)), "b": (turn, centre - turn @ centre)}

    def hands(self, t: float) -> np.ndarray:
        """``(2, 21, 3)`` in camera a's axes, metres."""
        keypoints = []
        for side in Side:
            quaternions = Rotation.from_rotvec(
                0.3 * np.sin(t + np.arange(48).reshape(16, 3))
            ).as_quat(canonical=True)
            wrist = np.array([HANDS[side], 0.02 * np.sin(2 * t), 0.6])
            keypoints.append(open_hand(side).keypoints(np.zeros(10), quaternions, wrist))
        return np.array(keypoints)

    def see(self, view: str, t: float, *, depth_noise_m: float = 0.02) -> ViewHands:
        rotation, shift = self.poses[view]
        seen = []
        for side, keypoints in zip(Side, self.hands(t) @ rotation.T + shift, strict=True):
            world = keypoints - keypoints.mean(axis=0)
            # What a monocular net gets wrong: the depth of each finger.
            world[:, 2] += self.rng.normal(0, depth_noise_m, 5).repeat([5, 4, 4, 4, 4])
            pixels = keypoints[:, :2] / keypoints[:, 2:] * FOCAL_PRIOR * SIZE[0] + [640, 360]
            seen.append(ViewHand(side, pixels, world, np.full(21, 0.9)))
        return ViewHands(view, SIZE, (seen[0], seen[1]))


def errors(fuser: HandSpaceFuser, cameras: Cameras, views: str, times: np.ndarray) -> np.ndarray:
    """PA-MPJPE of each frame, mm."""
    found, true = [], []
    for t in times:
        hands = fuser.fuse(int(t * 1e9), [cameras.see(view, t) for view in views])
        found.append([pose.joints_m for pose in hands.hands])
        true.append(cameras.hands(t) * STAGE)
    return np.array(
        [pa_mpjpe_mm(f, t).value for f, t in zip(np.array(found), np.array(true), strict=True)]
    )


def test_two_views_beat_one() -> None:
    times = np.arange(60) / 30
    one = errors(HandSpaceFuser(), Cameras(), "a", times)
    two = errors(HandSpaceFuser(), Cameras(), "ab", times)
    assert np.median(two[30:]) < 0.75 * np.median(one[30:])


def test_the_stage_is_the_first_views_camera_turned_to_openxr() -> None:
    cameras, fuser = Cameras(), HandSpaceFuser()
    for t in np.arange(30) / 30:
        hands = fuser.fuse(int(t * 1e9), [cameras.see(v, t, depth_noise_m=0.003) for v in "ab"])
    found = np.array([pose.joints_m for pose in hands.hands])
    assert mpjpe_mm(found, cameras.hands(t) * STAGE, root=0).value < 12
    assert mpjpe_mm(found, cameras.hands(t) * STAGE).value < 60


def test_the_stage_stays_when_its_view_leaves_and_when_it_comes_back() -> None:
    cameras, fuser = Cameras(), HandSpaceFuser()
    for t in np.arange(60) / 30:
        before = fuser.fuse(int(t * 1e9), [cameras.see(v, t, depth_noise_m=0.003) for v in "ab"])
    fuser.forget("a")
    alone = fuser.fuse(int(t * 1e9), [cameras.see("b", t, depth_noise_m=0.003)])
    back = fuser.fuse(int(t * 1e9), [cameras.see(v, t, depth_noise_m=0.003) for v in "ba"])
    for after in (alone, back):
        for x, y in zip(before.hands, after.hands, strict=True):
            assert np.linalg.norm(x.wrist_m - y.wrist_m) < 0.05
            turn = Rotation.from_quat(x.pose_quat[0]).inv() * Rotation.from_quat(y.pose_quat[0])
            assert np.degrees(turn.magnitude()) < 15


def test_a_view_that_shares_no_hand_is_not_used_until_it_does() -> None:
    cameras, fuser = Cameras(), HandSpaceFuser()
    blind = ViewHands("a", SIZE, (None, None))
    for k in range(30):
        assert fuser.fuse(k, [blind, cameras.see("b", 0.0)]).hands == (None, None)
    assert all(fuser.fuse(40, [cameras.see("a", 0.0), cameras.see("b", 0.0)]).hands)


def test_the_stage_moves_to_the_only_view_that_sees_hands_for_long() -> None:
    cameras, fuser = Cameras(), HandSpaceFuser()
    blind = ViewHands("a", SIZE, (None, None))
    hands = [fuser.fuse(k, [blind, cameras.see("b", 0.0)]).hands for k in range(120)]
    assert hands[60] == (None, None)
    assert all(hands[-1])


def test_nothing_seen_gives_no_hands() -> None:
    fuser = HandSpaceFuser()
    assert fuser.fuse(0, []).hands == (None, None)
    assert fuser.fuse(1, [ViewHands("a", SIZE, (None, None))]).hands == (None, None)
    fuser.forget("never there")


def test_an_unknown_fuser_is_named_with_those_there_are() -> None:
    with pytest.raises(InputError, match=r"magic.*hand-space"):
        make_fuser("magic")
