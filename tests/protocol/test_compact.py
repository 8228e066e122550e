"""Compact poses: small enough, near enough to what they stand for, full where they cannot be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from bridge.model.hand import HandFitter, open_hand
from bridge.protocol import HandPacket, PosePacket, Side, decode, encode, keypoints_from_pose
from bridge.protocol.compact import HAND_BYTES, MAX_WRIST_M

LARGEST_SEQ, LARGEST_NS = 2**32 - 1, 2**63 - 1


def hand(numbers: np.random.Generator, side: Side, spread_rad: float | None) -> HandPacket:
    """A hand turned anyhow; its fingers too, or about their rest."""
    quaternions = Rotation.random(16, random_state=numbers).as_quat(canonical=True)
    if spread_rad is not None:
        turns = numbers.normal(0, spread_rad, (15, 3))
        quaternions[1:] = Rotation.from_rotvec(turns).as_quat(canonical=True)
    return HandPacket(side, numbers.uniform(-3, 3, 3), quaternions, numbers.random(5))


def error_mm(meant: HandPacket, got: HandPacket, betas: np.ndarray) -> np.ndarray:
    """``(21,)`` distances of keypoints, for a hand of some shape."""
    rest = open_hand(meant.side).rest_keypoints(betas)
    there, here = (keypoints_from_pose(rest, h.pose_quat, h.wrist_m) for h in (meant, got))
    return 1000 * np.linalg.norm(there - here, axis=-1)


@pytest.mark.parametrize("spread_rad", [None, 0.1, 0.6], ids=["anyhow", "nearly flat", "playing"])
def test_fingertips_stay_within_a_third_of_a_millimetre(spread_rad):
    numbers, worst = np.random.default_rng(5), 0.0
    for _ in range(300):
        pose = PosePacket(1, 2, tuple(hand(numbers, side, spread_rad) for side in Side))
        for meant, got in zip(pose.hands, decode(encode(pose)).hands, strict=True):
            worst = max(worst, error_mm(meant, got, numbers.normal(0, 1.5, 10)).max())
    assert 0.01 < worst <= 0.3


@pytest.mark.shared
@pytest.mark.parametrize("name", ["HandSplay-110fps", "pinch", "three-claps", "wave"])
def test_fingertips_of_real_hands_stay_so_too(shared_dir, name):
    with np.load(shared_dir / "data" / "leap" / f"leap_{name}.npz") as file:
        frames = file["joints_m"][::7, Side.RIGHT]
    fitter, worst, count = HandFitter(open_hand(Side.RIGHT)), 0.0, 0
    for pose in filter(None, map(fitter.fit, frames)):
        meant = HandPacket(Side.RIGHT, pose.wrist_m, pose.pose_quat, np.ones(5))
        got = decode(encode(PosePacket(1, 2, (meant,)))).hands[0]
        worst = max(worst, error_mm(meant, got, pose.betas).max())
        count += 1
    assert count > 10
    assert 0.01 < worst <= 0.3


def test_two_hands_need_at_most_160_bytes():
    numbers = np.random.default_rng(1)
    two = tuple(hand(numbers, side, None) for side in Side)
    assert len(encode(PosePacket(LARGEST_SEQ, LARGEST_NS, two))) <= 160
    assert len(encode(PosePacket(0, 0, ()))) < 10
    assert len(encode(PosePacket(0, 0, two[:1]))) == HAND_BYTES + 5


@pytest.mark.parametrize("hands", [(), (Side.LEFT,), (Side.RIGHT,), tuple(Side)])
def test_number_time_and_sides_are_exact(hands):
    numbers = np.random.default_rng(2)
    pose = PosePacket(
        LARGEST_SEQ + 5, LARGEST_NS, tuple(hand(numbers, side, 0.5) for side in hands)
    )
    got = decode(encode(pose))
    assert (got.seq, got.time_ns) == (pose.seq, pose.time_ns)
    assert tuple(h.side for h in got.hands) == hands
    for meant, read in zip(pose.hands, got.hands, strict=True):
        assert np.abs(meant.wrist_m - read.wrist_m).max() <= 2.6e-5
        assert np.abs(meant.finger_confidence - read.finger_confidence).max() <= 0.5 / 7 + 1e-6


def test_a_hand_at_rest_stays_exactly_at_rest():
    rest = np.tile([0.0, 0.0, 0.0, 1.0], (16, 1))
    pose = PosePacket(1, 2, (HandPacket(Side.RIGHT, np.zeros(3), rest, np.ones(5)),))
    assert decode(encode(pose)) == pose


def test_a_wrist_beyond_the_range_is_sent_in_full():
    far = hand(np.random.default_rng(3), Side.LEFT, 0.5)
    at_edge = HandPacket(far.side, [MAX_WRIST_M, 0, 0], far.pose_quat, far.finger_confidence)
    beyond = HandPacket(far.side, [0, -26.3, 0], far.pose_quat, far.finger_confidence)
    assert len(encode(PosePacket(1, 2, (at_edge,)))) < 100
    assert decode(encode(PosePacket(1, 2, (beyond,)))) == PosePacket(1, 2, (beyond,))


def test_what_was_read_reads_the_same_when_it_is_sent_on():
    numbers = np.random.default_rng(4)
    for _ in range(100):
        once = decode(encode(PosePacket(1, 2, (hand(numbers, Side.RIGHT, None),)))).hands[0]
        twice = decode(encode(PosePacket(1, 2, (once,)))).hands[0]
        # Where two components are all but equal, the other one may now be the largest.
        assert error_mm(once, twice, np.zeros(10)).max() < 0.1


axis_angles = st.lists(st.floats(-np.pi, np.pi), min_size=48, max_size=48)


@given(axis_angles, st.sampled_from(Side))
@settings(max_examples=200)
def test_any_pose_is_near_what_it_stands_for(values, side):
    turns = Rotation.from_rotvec(np.reshape(values, (16, 3)))
    meant = HandPacket(side, np.zeros(3), turns.as_quat(canonical=True), np.zeros(5))
    got = decode(encode(PosePacket(1, 2, (meant,)))).hands[0]
    assert error_mm(meant, got, np.zeros(10)).max() <= 0.3
