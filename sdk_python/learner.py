"""Learners in a room: their hands and their scores, as they come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.errors import InputError
from bridge.protocol.joints import FINGERS, N_JOINTS, N_KEYPOINTS, OPENXR_OF_KEYPOINT
from bridge.protocol.kinematics import keypoints_from_pose
from bridge.protocol.lesson import N_OPENXR_JOINTS, LearnerHands, Score
from sdk_python.pose import Shapes

__all__ = [
    "LearnerPose",
    "LiveScore",
    "learner_pose",
    "live_score",
    "openxr_keypoints",
]

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class LearnerPose:
    """A learner's hands at one instant; hands are left 0, right 1, what is absent is NaN.

    Attributes:
        learner: Who, as the bridge calls them.
        seq: Rises with each of one learner's messages.
        time_ns: Capture time on the bridge's clock.
        local_time_ns: Capture time on this program's ``time.monotonic_ns``.
        age_s: Seconds from capture until the message came.
        joints_m: ``(2, 21, 3)`` keypoints in the stage, metres: the headset's own, or, for hands
            that were sent as poses, those of the room's hands in these poses.
        wrist_m: ``(2, 3)`` wrist positions in the stage, metres.
        pose_quat: ``(2, 16, 4)`` xyzw, MANO joint order, as in ``Pose``; NaN where a headset sent
            joints.
        finger_confidence: ``(2, 5)`` thumb to little, 0 to 1; NaN where a headset sent joints.
        openxr_m: ``(2, 26, 3)`` joints of XR_EXT_hand_tracking in the stage, metres; NaN where
            poses were sent.
        openxr_quat: ``(2, 26, 4)`` their orientations in the stage, xyzw.
    """

    learner: str
    seq: int
    time_ns: int
    local_time_ns: int
    age_s: float
    joints_m: Floats
    wrist_m: Floats
    pose_quat: Floats
    finger_confidence: Floats
    openxr_m: Floats
    openxr_quat: Floats


@dataclass(frozen=True, slots=True, eq=False)
class LiveScore:
    """How far a learner is from the teacher at a moment; hands are left 0, right 1.

    Attributes:
        learner: Who, as the bridge calls them.
        time_ns: The moment scored, on the bridge's clock.
        local_time_ns: The same on this program's ``time.monotonic_ns``.
        score: 0 to 100; None where nothing gives a number a meaning.
        finger_error_m: ``(2, 5)`` distance of the fingertips, thumb to little, metres; NaN for a
            hand that was not scored.
        finger_error_rad: ``(2, 5)`` difference of the joint angles, root mean square, radians.
        finger_confidence: ``(2, 5)`` 0 to 1; 0 where there is nothing to compare.
        position_s: Where in the room's recording they are, seconds since its first pose; None while
            that is not known.
    """

    learner: str
    time_ns: int
    local_time_ns: int
    score: float | None
    finger_error_m: Floats
    finger_error_rad: Floats
    finger_confidence: Floats
    position_s: float | None


def learner_pose(
    message: LearnerHands, shapes: Shapes, *, local_time_ns: int, now_ns: int
) -> LearnerPose:
    """Places a learner's hands in arrays.

    Args:
        message: What the bridge sent.
        shapes: Shapes of the room's left and right hand, for hands that are sent as poses.
        local_time_ns: Its capture time on this side's clock.
        now_ns: This side's clock now.
    """
    joints, wrist = _absent(N_KEYPOINTS, 3), _absent(3)
    pose, fingers = _absent(N_JOINTS, 4), _absent(len(FINGERS))
    openxr, turns = _absent(N_OPENXR_JOINTS, 3), _absent(N_OPENXR_JOINTS, 4)
    for hand in message.hands:
        wrist[hand.side], pose[hand.side] = hand.wrist_m, hand.pose_quat
        fingers[hand.side] = hand.finger_confidence
        shape = shapes[hand.side]
        if shape is not None:
            joints[hand.side] = keypoints_from_pose(
                shape.rest_joints_m, hand.pose_quat, hand.wrist_m
            )
    for tracked in message.openxr:
        openxr[tracked.side], turns[tracked.side] = tracked.joints_m, tracked.joint_quat
        joints[tracked.side] = openxr_keypoints(tracked.joints_m)
        wrist[tracked.side] = joints[tracked.side, 0]
    return LearnerPose(
        learner=message.learner,
        seq=message.seq,
        time_ns=message.time_ns,
        local_time_ns=local_time_ns,
        age_s=(now_ns - local_time_ns) * 1e-9,
        joints_m=joints,
        wrist_m=wrist,
        pose_quat=pose,
        finger_confidence=fingers,
        openxr_m=openxr,
        openxr_quat=turns,
    )


def live_score(message: Score, *, local_time_ns: int) -> LiveScore:
    """Places a score's hands in arrays."""
    metres, radians, trust = (_absent(len(FINGERS)) for _ in range(3))
    for hand in message.hands:
        metres[hand.side], radians[hand.side] = hand.error_m, hand.error_rad
        trust[hand.side] = hand.confidence
    return LiveScore(
        learner=message.learner,
        time_ns=message.time_ns,
        local_time_ns=local_time_ns,
        score=message.score,
        finger_error_m=metres,
        finger_error_rad=radians,
        finger_confidence=trust,
        position_s=message.position_s,
    )


def openxr_keypoints(joints_m: ArrayLike) -> Floats:
    """The 21 keypoints of hands as a headset tracks them.

    >>> joints = np.arange(26.0)[:, None] * np.ones(3)
    >>> openxr_keypoints(joints)[[0, 4, 5, 8], 0]  # wrist, thumb's tip, index knuckle and tip
    array([ 1.,  5.,  7., 10.])

    Args:
        joints_m: ``(..., 26, 3)`` joints of XR_EXT_hand_tracking (OpenXR 1.0, XrHandJointEXT).

    Returns:
        ``(..., 21, 3)`` in the order of ``KEYPOINT_NAMES``.

    Raises:
        InputError: Another shape.
    """
    joints = np.asarray(joints_m)
    if joints.shape[-2:] != (N_OPENXR_JOINTS, 3):
        raise InputError(f"joints of a headset need shape (..., 26, 3), not {joints.shape}")
    keypoints: Floats = joints[..., OPENXR_OF_KEYPOINT, :]
    return keypoints


def _absent(*shape: int) -> Floats:
    return np.full((2, *shape), np.nan, np.float32)
