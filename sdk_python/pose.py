"""A pose as it comes from a live room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.protocol.joints import FINGERS, N_BETAS, N_JOINTS, N_KEYPOINTS
from bridge.protocol.kinematics import keypoints_from_pose
from bridge.protocol.packets import PosePacket, ShapePacket

__all__ = ["Pose", "Shapes", "pose_from_packet"]

Floats = NDArray[np.floating[Any]]
Shapes = tuple[ShapePacket | None, ShapePacket | None]


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """Both hands at one instant; hands are left 0, right 1, an absent hand is NaN.

    Attributes:
        seq: Rises by one per pose the bridge made: a gap is poses that were not sent.
        time_ns: Capture time on the bridge's clock.
        local_time_ns: Capture time on this program's ``time.monotonic_ns``.
        age_s: Seconds from capture until this program got the pose from the stream.
        joints_m: ``(2, 21, 3)`` keypoints in the stage, metres.
        wrist_m: ``(2, 3)`` wrist positions in the stage, metres.
        pose_quat: ``(2, 16, 4)`` xyzw, w >= 0, MANO joint order: 0 turns the hand's rest frame
            into the stage, 1 to 15 are local joint rotations.
        betas: ``(2, 10)`` shape of each hand.
        finger_confidence: ``(2, 5)`` thumb to little, 0 to 1.
    """

    seq: int
    time_ns: int
    local_time_ns: int
    age_s: float
    joints_m: Floats
    wrist_m: Floats
    pose_quat: Floats
    betas: Floats
    finger_confidence: Floats

    @property
    def confidence(self) -> Floats:
        """``(2,)`` trust in each hand, 0 to 1: the mean over its fingers; NaN where absent."""
        mean: Floats = self.finger_confidence.mean(axis=-1)
        return mean


def pose_from_packet(
    packet: PosePacket, shapes: Shapes, *, local_time_ns: int, now_ns: int
) -> Pose:
    """Places a packet's hands in arrays and puts their keypoints.

    Args:
        packet: What the bridge sent.
        shapes: Shape of the left and right hand when it was sent.
        local_time_ns: Its capture time on this side's clock.
        now_ns: This side's clock now.
    """
    joints = np.full((2, N_KEYPOINTS, 3), np.nan, np.float32)
    wrist = np.full((2, 3), np.nan, np.float32)
    pose = np.full((2, N_JOINTS, 4), np.nan, np.float32)
    betas = np.full((2, N_BETAS), np.nan, np.float32)
    fingers = np.full((2, len(FINGERS)), np.nan, np.float32)
    for hand in packet.hands:
        wrist[hand.side] = hand.wrist_m
        pose[hand.side] = hand.pose_quat
        fingers[hand.side] = hand.finger_confidence
        shape = shapes[hand.side]
        if shape is not None:
            betas[hand.side] = shape.betas
            joints[hand.side] = keypoints_from_pose(
                shape.rest_joints_m, hand.pose_quat, hand.wrist_m
            )
    return Pose(
        seq=packet.seq,
        time_ns=packet.time_ns,
        local_time_ns=local_time_ns,
        age_s=(now_ns - local_time_ns) * 1e-9,
        joints_m=joints,
        wrist_m=wrist,
        pose_quat=pose,
        betas=betas,
        finger_confidence=fingers,
    )
