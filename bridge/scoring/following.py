"""The score of a learner who is followed through a lesson."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bridge.protocol import HandScore, LearnerHands, Score, Side
from bridge.protocol.joints import FINGERS, N_JOINTS
from bridge.scoring.headset import finger_rotations

if TYPE_CHECKING:
    from sdk_python.follower import Followed
    from sdk_python.recording import Recording

__all__ = ["FollowingScorer"]

Floats = NDArray[np.floating[Any]]

_SURE = 0.5
"""Below it, where the learner is in the lesson is not said."""

_MOST_M, _MOST_RAD = 1000.0, 7.0


class FollowingScorer:
    """Scores one learner with a ``Follower``; for one thread at a time.

    It gives no number from 0 to 100: with one take of a lesson nothing says what such a number
    means (SPEC.md, section 4). It gives each finger's errors, and where the learner is.

    Args:
        lesson: The teacher's recording.

    Raises:
        InputError: The lesson is too short, or has no hands.
    """

    def __init__(self, lesson: Recording) -> None:
        from sdk_python.follower import Follower  # scipy, which a bridge without learners needs not

        self._follower = Follower(lesson)
        self._first_s = float(lesson.time_s[0])
        self._last: tuple[LearnerHands, Followed] | None = None

    def another(self) -> FollowingScorer:
        """One for another learner of the same lesson, whose memory they share."""
        other = copy.copy(self)
        other._follower, other._last = self._follower.another(), None
        return other

    def seek(self, position_s: float) -> None:
        """The lesson goes on from another position, seconds since its first pose."""
        self._follower.seek(self._first_s + min(position_s, self._follower.duration_s))

    def follow(self, hands: LearnerHands) -> None:
        """Takes a frame; one that comes too late is passed over."""
        if self._last is not None and hands.time_ns <= self._last[0].time_ns:
            return
        pose, trust = _arrays(hands)
        found = self._follower.follow(hands.time_ns * 1e-9, pose, finger_confidence=trust)
        self._last = hands, found

    def score(self) -> Score | None:
        """The score at the last frame; None before the first."""
        if self._last is None:
            return None
        hands, found = self._last
        seen = [hand.side for hand in hands.hands] + [hand.side for hand in hands.openxr]
        return Score(
            time_ns=hands.time_ns,
            learner=hands.learner,
            score=None,
            hands=tuple(_hand_score(side, found) for side in seen),
            position_s=self._position_s(found),
        )

    def _position_s(self, found: Followed) -> float | None:
        if found.confidence < _SURE:
            return None
        return max(0.0, found.position_s - self._first_s)


def _hand_score(side: Side, found: Followed) -> HandScore:
    """One hand's; a finger that cannot be compared has no error and no confidence."""
    metres, radians = found.error_m[side], found.error_rad[side]
    known = np.isfinite(metres) & np.isfinite(radians)
    return HandScore(
        side,
        np.where(known, np.minimum(metres, _MOST_M), 0),
        np.where(known, np.minimum(radians, _MOST_RAD), 0),
        np.where(known, np.clip(found.finger_confidence[side], 0, 1), 0),
    )


def _arrays(hands: LearnerHands) -> tuple[Floats, Floats]:
    """``(2, 16, 4)`` joint rotations, NaN where absent, and ``(2, 5)`` trust in the fingers."""
    pose = np.full((2, N_JOINTS, 4), np.nan, np.float32)
    trust = np.zeros((2, len(FINGERS)), np.float32)
    for hand in hands.hands:
        pose[hand.side], trust[hand.side] = hand.pose_quat, hand.finger_confidence
    if hands.openxr:
        sides = [hand.side for hand in hands.openxr]
        pose[sides], trust[sides] = finger_rotations(hands.openxr), 1
    return pose, trust
