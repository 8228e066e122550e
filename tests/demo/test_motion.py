"""The hands' motion: smooth, periodic, on the right keys, posed as hands are."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from bridge.demo.cameras import CAMERAS
from bridge.demo.keyboard import key_at
from bridge.demo.motion import FINGER_RADIUS_M, hands_at, key_depressions
from bridge.demo.piece import PERIOD_S, PIECE
from bridge.demo.reach import finger_of
from bridge.model.hand.open_hand import open_hand
from bridge.protocol.joints import FINGERTIPS, JOINT_NAMES, N_BETAS, Side


@pytest.fixture(scope="module")
def second_by_second():
    return hands_at(np.arange(0, PERIOD_S, 1 / 30))


def test_each_note_is_played_by_its_finger_on_its_key() -> None:
    times = np.array([note.start_s + 0.5 * note.duration_s for note in PIECE])
    joints = hands_at(times).joints_m
    for note, hands in zip(PIECE, joints, strict=True):
        key, tip = key_at(note.key), hands[note.side, FINGERTIPS[note.finger]]
        assert key.z_m[0] < tip[2] < key.z_m[1]
        assert tip[0] == pytest.approx(key.middle_x_m, abs=0.004)
        height = tip[1] - key.surface_m(tip[2], 1.0)
        assert height == pytest.approx(FINGER_RADIUS_M, abs=0.003)


def test_fingers_that_do_not_play_stay_off_the_keys() -> None:
    times = np.arange(0, PERIOD_S, 1 / 60)
    tips = hands_at(times).joints_m[:, :, list(FINGERTIPS)]
    lowest = tips[..., 1].min((0, 1))
    # A tip may be as low as its own key pressed, and no lower.
    assert (lowest > -0.010 + 0.5 * FINGER_RADIUS_M).all()


def test_the_end_is_the_beginning() -> None:
    first, last = hands_at([0.0, 1 / 240]), hands_at([PERIOD_S, PERIOD_S + 1 / 240])
    np.testing.assert_allclose(first.joints_m, last.joints_m, atol=1e-9)


def test_motion_has_no_jump_and_no_kink() -> None:
    # Halving the step halves the change of velocity of a smooth motion, and not that of a kink.
    changes = []
    for rate in (480, 960):
        joints = hands_at(np.arange(0, PERIOD_S, 1 / rate)).joints_m
        velocity = np.diff(joints, axis=0) * rate
        assert np.linalg.norm(velocity, axis=-1).max() < 1.0, "no keypoint is faster than 1 m/s"
        changes.append(np.linalg.norm(np.diff(velocity, axis=0), axis=-1).max())
    assert changes[1] < 0.6 * changes[0]


def test_hands_are_apart_and_travel(second_by_second) -> None:
    wrists = second_by_second.wrist_m
    assert (wrists[:, 1, 0] - wrists[:, 0, 0]).min() > 0.15
    assert (np.ptp(wrists[..., 0], axis=0) > 0.08).all()


def test_poses_are_rotations_that_joints_can_do(second_by_second) -> None:
    pose = second_by_second.pose_quat
    np.testing.assert_allclose(np.linalg.norm(pose, axis=-1), 1.0, atol=1e-6)
    assert (pose[..., 3] >= 0).all()
    # Middle and last finger joints are hinges: they turn about their flexion axis, and forwards.
    for side in Side:
        axes = open_hand(side).flexion_axes
        for joint, name in enumerate(JOINT_NAMES):
            if name[-1] in "23" and not name.startswith("thumb"):
                turn = Rotation.from_quat(pose[:, side, joint]).as_rotvec()
                flexion = turn @ axes[joint]
                np.testing.assert_allclose(turn, flexion[:, None] * axes[joint], atol=1e-5)
                assert flexion.min() > np.deg2rad(-15)
                assert flexion.max() < np.deg2rad(110)


def test_joints_are_those_of_the_pose(second_by_second) -> None:
    some = second_by_second.at(slice(10, 13))
    for side in Side:
        expected = open_hand(side).keypoints(
            np.zeros(N_BETAS), some.pose_quat[:, side], some.wrist_m[:, side]
        )
        np.testing.assert_allclose(some.joints_m[:, side], expected, atol=1e-9)
        index, little = some.joints_m[0, side, 5], some.joints_m[0, side, 17]
        assert (little[0] > index[0]) == (side is Side.RIGHT), "a hand lies palm down"


def test_both_hands_are_well_within_both_pictures(second_by_second) -> None:
    for camera in CAMERAS.values():
        pixels, depth = camera.project(second_by_second.joints_m)
        assert depth.min() > 0.3
        margin = np.minimum(pixels, np.array(camera.size_px) - 1 - pixels)
        assert margin.min() > 25


def test_keys_go_down_with_their_notes() -> None:
    note = PIECE[0]
    assert key_depressions(note.start_s)[note.key] == pytest.approx(1.0)
    assert note.key not in key_depressions(note.start_s + note.duration_s + 0.2)


@pytest.mark.parametrize("finger", range(5))
def test_a_finger_reaches_for_points_near_its_posture(finger: int) -> None:
    chain = finger_of(open_hand(Side.RIGHT), finger)
    ease = chain.tip(chain.posture_rad[None])
    rng = np.random.default_rng(finger)
    nearer = chain.base_m + (ease - chain.base_m) * rng.uniform(0.75, 0.92, (50, 1))
    targets = nearer + 0.004 * rng.uniform(-1, 1, (50, 3))
    error = np.linalg.norm(chain.tip(chain.reach(targets)) - targets, axis=-1)
    assert error.mean() < 0.003
    assert error.max() < 0.006
    # The far side of the room is out of reach: the finger points there, not quite straight.
    far = chain.base_m + 100 * (ease - chain.base_m)
    length = np.linalg.norm(chain.bones_m, axis=-1).sum()
    reached = np.linalg.norm(chain.tip(chain.reach(far)) - chain.base_m)
    assert 0.93 * length < reached < length


@pytest.mark.parametrize("finger", range(5))
def test_a_fingers_quaternions_put_the_hands_fingertip_where_the_chain_says(finger: int) -> None:
    chain = finger_of(open_hand(Side.RIGHT), finger)
    rng = np.random.default_rng(finger)
    angles = chain.posture_rad + 0.3 * rng.normal(size=(20, len(chain.turns)))
    pose = np.tile([0.0, 0.0, 0.0, 1.0], (20, 16, 1))
    pose[:, list(chain.joints)] = chain.rotations(angles)
    tips = open_hand(Side.RIGHT).keypoints(np.zeros(N_BETAS), pose, np.zeros(3))
    np.testing.assert_allclose(tips[:, FINGERTIPS[finger]], chain.tip(angles), atol=1e-6)
