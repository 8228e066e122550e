"""Learners whose hands are known, scored against a lesson that is known."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.protocol import HandPacket, LearnerHands, OpenXRHand, Score, Side
from bridge.protocol.joints import FINGERS, OPENXR_OF_KEYPOINT
from bridge.scoring import FollowingScorer
from bridge.scoring.headset import finger_rotations
from sdk_python import Recording
from sdk_python.features.angles import ANGLE_NAMES
from tests.sdk.comparison.takes import lesson_times, take
from tests.sdk.made_hands import keypoints, person, swings

END_S = 12.0
BENT = ANGLE_NAMES.index("index_pip_flexion")


@pytest.fixture(scope="module")
def lesson() -> Recording:
    return take(lesson_times(END_S))


def bent(times_s: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """The right index finger's middle joint by 30 degrees more."""
    angles[:, Side.RIGHT, BENT] += np.radians(30)
    return angles


def posed(learner: Recording, k: int) -> LearnerHands:
    hands = tuple(
        HandPacket(side, learner.wrist_m[k, side], learner.pose_quat[k, side], np.full(5, 0.9))
        for side in Side
    )
    return LearnerHands(k, learner.time_ns[k].item() + 5 * 10**9, "learner-1", hands)


def tracked(learner: Recording, k: int) -> LearnerHands:
    """As a headset tracks the same hands; its joints that are no keypoints are anywhere."""
    hands = []
    for side in Side:
        joints = np.full((26, 3), 0.5, np.float32)
        joints[list(OPENXR_OF_KEYPOINT)] = learner.joints_m[k, side]
        hands.append(OpenXRHand(side, joints, np.tile([0, 0, 0, 1.0], (26, 1))))
    return LearnerHands(k, learner.time_ns[k].item() + 5 * 10**9, "learner-1", openxr=tuple(hands))


def scores(lesson: Recording, learner: Recording, make, begin: int = 0) -> list[Score]:
    scorer = FollowingScorer(lesson)
    return [at(scorer, make(learner, k)) for k in range(begin, len(learner))]


def at(scorer: FollowingScorer, hands: LearnerHands) -> Score:
    scorer.follow(hands)
    return scorer.score()


@pytest.mark.parametrize("make", [posed, tracked])
def test_a_bent_finger_is_found_there_and_nowhere_else(lesson: Recording, make) -> None:
    found = scores(lesson, take(lesson_times(END_S), edit=bent), make)[300:]
    places = [k / 60 for k in range(300, 300 + len(found))]
    known = [(s.position_s, at) for s, at in zip(found, places, strict=True) if s.position_s]
    assert len(known) > 0.8 * len(found)
    assert np.median([abs(a - b) for a, b in known]) < 0.1
    radians = np.median([[hand.error_rad for hand in score.hands] for score in found], axis=0)
    index = FINGERS.index("index")
    # One of the finger's angles, of four, is off by 30 degrees.
    assert np.degrees(radians[Side.RIGHT, index]) == pytest.approx(30 / 2, abs=3)
    radians[Side.RIGHT, index] = 0
    assert np.degrees(radians.max()) < 4
    metres = np.median([[hand.error_m for hand in score.hands] for score in found], axis=0)
    assert np.unravel_index(metres.argmax(), metres.shape) == (Side.RIGHT, index)
    assert all(score.score is None and score.learner == "learner-1" for score in found)


def test_one_hand_is_scored_alone_and_none_is_no_score_of_it(lesson: Recording) -> None:
    scorer = FollowingScorer(lesson)
    for k in range(200):
        both = posed(lesson, k)
        right = LearnerHands(k, both.time_ns, "learner-1", both.hands[1:])
        score = at(scorer, right)
    assert [hand.side for hand in score.hands] == [Side.RIGHT]
    assert at(scorer, LearnerHands(200, both.time_ns + 1, "learner-1")).hands == ()
    assert at(scorer, right).time_ns == both.time_ns + 1  # those came too late
    assert at(scorer, LearnerHands(202, 2**63 - 1, "learner-1")) is not None


def test_a_seek_is_followed_at_once(lesson: Recording) -> None:
    scorer = FollowingScorer(lesson)
    for k in range(180):
        at(scorer, posed(lesson, k))
    scorer.seek(8.0)
    for k in range(480, 540):
        score = at(scorer, posed(lesson, k))
    assert score.position_s == pytest.approx(539 / 60, abs=0.15)
    scorer.seek(10**6)  # the end


def test_rotations_of_a_headset_are_those_that_were_made() -> None:
    """Made with scipy's rotations, one bone at a time, none turned about itself."""
    rest = person()
    poses = swings(rest, 50, seed=3)
    joints = keypoints(rest, poses, np.zeros((50, 2, 3)))
    for k in range(50):
        hands = []
        for side in Side:
            tracked_m = np.zeros((26, 3))
            tracked_m[list(OPENXR_OF_KEYPOINT)] = joints[k, side]
            hands.append(OpenXRHand(side, tracked_m, np.tile([0, 0, 0, 1.0], (26, 1))))
        found = finger_rotations(hands)
        for side in Side:
            np.testing.assert_allclose(found[side, 1:], poses[k, side, 1:], atol=2e-5)
        np.testing.assert_allclose(finger_rotations(hands[:1])[0], found[0])
        np.testing.assert_allclose(finger_rotations(hands[1:])[0], found[1])


@pytest.mark.parametrize("joints", [np.zeros((26, 3)), np.full((26, 3), 1000.0)])
def test_joints_that_are_no_hand_are_no_fault(lesson: Recording, joints: np.ndarray) -> None:
    hand = OpenXRHand(Side.RIGHT, joints, np.tile([0, 0, 0, 1.0], (26, 1)))
    assert np.isfinite(finger_rotations([hand])).all()
    score = at(FollowingScorer(lesson), LearnerHands(0, 1, "learner-1", openxr=(hand,)))
    assert [hand.side for hand in score.hands] == [Side.RIGHT]
