"""Following a learner through a lesson while they play."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.errors import InputError
from bridge.protocol.joints import FINGERS, N_JOINTS
from sdk_python.alignment.online import Place, PlaceFinder
from sdk_python.alignment.sampling import evenly, sampled
from sdk_python.comparison.take import take_of
from sdk_python.features.angles import ANGLE_FINGERS, joint_angles
from sdk_python.features.tips import fingertips

if TYPE_CHECKING:
    from sdk_python.pose import Pose
    from sdk_python.recording import Recording

__all__ = ["Followed", "Follower"]

Floats = NDArray[np.floating[Any]]

_RATE_HZ = 60.0
_FINGER_OF_ANGLE = np.eye(len(FINGERS))[list(ANGLE_FINGERS)]
"""``(21, 5)``: sums angles by finger."""


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """Where a learner is, and how they hold their fingers there.

    Attributes:
        time_s: The learner's time.
        position_s: Where in the lesson they are, on the lesson's clock.
        confidence: How much better this place explains the last seconds than any other, 0 to 1;
            low at the start, after a leap, and where a lesson repeats itself.
        tempo: How fast they go through the lesson, 1 as the teacher; NaN in the first second.
        error_rad: ``(2, 5)`` root mean square difference of each finger's angles, thumb to little;
            NaN where one of the two hands is not seen.
        error_m: ``(2, 5)`` distance of fingertips from the teacher's, on one average hand, from the
            wrist.
        finger_confidence: ``(2, 5)`` trust in the learner's fingers, 0 to 1.
        within: Share of the angles within the tolerance, over the last seconds; NaN before any.
    """

    time_s: float
    position_s: float
    confidence: float
    tempo: float
    error_rad: Floats
    error_m: Floats
    finger_confidence: Floats
    within: float


class Follower:
    """Follows a learner through a lesson, frame by frame, in a small part of a millisecond each.

    Two hidden Markov models share the work (`sdk_python.alignment.online`): one of the whole lesson
    at 10 Hz, which finds a learner who leaps, and one at 60 Hz around where they are. Nothing
    needs to be known of tempo, place or size of the hands.

    Args:
        lesson: The teacher's recording.
        tolerance_deg: An angle that differs by less is within tolerance.
        min_confidence: Fingers that are trusted less say nothing.

    Raises:
        InputError: The lesson is empty, has no hand, or is shorter than half a second.

    Example:
        >>> import numpy as np, sdk_python as sdk
        >>> time_s = np.arange(0, 6, 1 / 60)
        >>> pose = np.zeros((len(time_s), 2, 16, 4)); pose[..., 3] = 1
        >>> pose[:, 1, 1:16, 0] = 0.2 * np.sin(time_s * time_s)[:, None]
        >>> wrist = np.zeros((len(time_s), 2, 3))
        >>> lesson = sdk.Recording.from_arrays(time_s, pose_quat=pose, wrist_m=wrist)
        >>> follower = sdk.Follower(lesson)
        >>> for now_s, hands in zip(time_s, pose):
        ...     found = follower.follow(now_s, hands)
        >>> print(f"{found.position_s:.1f}")
        6.0
    """

    def __init__(
        self, lesson: Recording, *, tolerance_deg: float = 10.0, min_confidence: float = 0.3
    ) -> None:
        take = take_of(lesson, "the lesson", min_confidence=min_confidence)
        if take.time_s[-1] - take.time_s[0] < 0.5:
            raise InputError("the lesson is shorter than half a second: nothing to follow")
        self._time_s = evenly(take.time_s, _RATE_HZ)
        self._angles = sampled(take.time_s, take.features, self._time_s)
        self._tips = sampled(take.time_s, take.tips_m.reshape(len(take.time_s), -1), self._time_s)
        self._min_confidence = min_confidence
        self._tolerance = np.radians(tolerance_deg)
        self._places = PlaceFinder(self._angles, _RATE_HZ)
        self._begin()

    def another(self) -> Follower:
        """A follower of another learner through the same lesson, from its beginning.

        It shares what is known of the lesson: 2 MB a minute. It takes kilobytes itself.
        """
        other = copy.copy(self)
        other._places = self._places.another()
        other._begin()
        return other

    def _begin(self) -> None:
        self._last_s: float | None = None
        self._within = float("nan")

    @property
    def duration_s(self) -> float:
        """How long the lesson is."""
        return float(self._time_s[-1] - self._time_s[0])

    def seek(self, position_s: float) -> None:
        """Says that the learner goes on from somewhere else, on the lesson's clock.

        Raises:
            InputError: That is outside of the lesson.
        """
        if not self._time_s[0] - 0.5 <= position_s <= self._time_s[-1] + 0.5:
            raise InputError(
                f"the lesson is from {self._time_s[0]:.1f} to {self._time_s[-1]:.1f} s: "
                f"{position_s} is outside of it"
            )
        self._places.seek(round((position_s - float(self._time_s[0])) * _RATE_HZ))

    def follow_pose(self, pose: Pose) -> Followed:
        """`follow` with a pose of a live room."""
        return self.follow(
            pose.time_ns * 1e-9, pose.pose_quat, finger_confidence=pose.finger_confidence
        )

    def follow(
        self,
        time_s: float,
        pose_quat: ArrayLike,
        *,
        finger_confidence: ArrayLike | None = None,
    ) -> Followed:
        """Takes the learner's next frame.

        Args:
            time_s: When it was, on any clock that runs evenly.
            pose_quat: ``(2, 16, 4)`` joint rotations, left hand first, NaN for an absent hand.
            finger_confidence: ``(2, 5)``; None trusts what is there.

        Raises:
            InputError: Another shape, or a time before the last one.
        """
        quat = np.asarray(pose_quat, dtype=np.float32)
        if quat.shape != (2, N_JOINTS, 4):
            raise InputError(f"the pose of both hands has shape (2, 16, 4), not {quat.shape}")
        if self._last_s is not None and time_s < self._last_s:
            raise InputError(f"a frame at {time_s:.3f} s came after one at {self._last_s:.3f} s")
        there = np.isfinite(quat).all((1, 2)).astype(float)[:, None]
        trust = there if finger_confidence is None else np.nan_to_num(finger_confidence) * there
        trust = np.broadcast_to(trust, (2, len(FINGERS)))
        angles, tips = joint_angles(quat), fingertips(quat)
        doubted = trust < self._min_confidence
        angles[doubted[:, list(ANGLE_FINGERS)]] = np.nan
        tips[doubted] = np.nan
        place = self._places.step(time_s, angles.ravel())
        found = self._measured(time_s, place, angles, tips, trust)
        self._last_s = time_s
        return found

    def _measured(
        self, time_s: float, place: Place, angles: Floats, tips: Floats, trust: Floats
    ) -> Followed:
        off = angles - self._angles[place.frame].reshape(angles.shape)
        squares = off * off
        seen = np.isfinite(squares)
        count = seen @ _FINGER_OF_ANGLE
        total = np.where(seen, squares, 0) @ _FINGER_OF_ANGLE
        error = np.where(count > 0, np.sqrt(total / np.maximum(count, 1)), np.nan)
        away = np.linalg.norm(tips - self._tips[place.frame].reshape(tips.shape), axis=-1)
        if seen.any():
            now = float((np.abs(off[seen]) <= self._tolerance).mean())
            share = 1 - np.exp(-(time_s - self._last_s) / 3.0) if self._last_s is not None else 1.0
            old = now if np.isnan(self._within) else self._within
            self._within = old + share * (now - old)
        return Followed(
            time_s,
            float(self._time_s[place.frame]),
            place.confidence,
            place.tempo,
            error,
            away,
            trust,
            self._within,
        )
