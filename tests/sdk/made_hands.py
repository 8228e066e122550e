"""Hands whose pose is known, with kinematics of their own: scipy rotations, one bone at a time."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from bridge.model.hand.open_hand import open_hand
from bridge.protocol.joints import JOINT_PARENTS, KEYPOINT_OF_JOINT, Side

# Wrist to knuckle, and each phalanx: end keypoint, start keypoint, and the joint that turns it.
PHALANGES = [
    (KEYPOINT_OF_JOINT[joint], KEYPOINT_OF_JOINT[joint] + 1, joint) for joint in range(1, 16)
]


def person(size: float = 1.0) -> np.ndarray:
    """``(2, 21, 3)`` rest keypoints: the average hand in another size."""
    rest = np.stack([open_hand(side).rest_keypoints(np.zeros(10)) for side in Side])
    return (rest - rest[:, :1]) * size


def swings(rest: np.ndarray, count: int, seed: int, most_rad: float = 1.2) -> np.ndarray:
    """``(count, 2, 16, 4)`` poses whose joints never turn about their own bone."""
    numbers = np.random.default_rng(seed)
    pose = np.empty((count, 2, 16, 4))
    for side in range(2):
        pose[:, side, 0] = Rotation.random(count, rng=numbers).as_quat()
        for start, end, joint in PHALANGES:
            bone = rest[side, end] - rest[side, start]
            axis = np.cross(numbers.normal(size=(count, 3)), bone)
            axis /= np.linalg.norm(axis, axis=1, keepdims=True)
            turns = axis * numbers.uniform(0, most_rad, (count, 1))
            pose[:, side, joint] = Rotation.from_rotvec(turns).as_quat()
    return np.where(pose[..., 3:] < 0, -pose, pose)


def keypoints(rest: np.ndarray, pose: np.ndarray, wrist: np.ndarray) -> np.ndarray:
    """``(T, 2, 21, 3)`` where the keypoints are."""
    joints = np.empty((*pose.shape[:2], 21, 3))
    for side in range(2):
        turned = {0: Rotation.from_quat(pose[:, side, 0])}
        joints[:, side, 0] = wrist[:, side]
        for joint in range(1, 16):
            parent, here = JOINT_PARENTS[joint], KEYPOINT_OF_JOINT[joint]
            if parent == 0:
                joints[:, side, here] = wrist[:, side] + turned[0].apply(rest[side, here])
            turned[joint] = turned[parent] * Rotation.from_quat(pose[:, side, joint])
            bone = rest[side, here + 1] - rest[side, here]
            joints[:, side, here + 1] = joints[:, side, here] + turned[joint].apply(bone)
    return joints


def moving(count: int = 60, size: float = 1.1, seed: int = 3) -> dict[str, np.ndarray]:
    """Rest, poses, wrists and keypoints of both hands, ``count`` of them."""
    rest = person(size)
    pose = swings(rest, count, seed)
    wrist = np.random.default_rng(seed).normal(0, 0.3, (count, 2, 3))
    return {"rest": rest, "pose": pose, "wrist": wrist, "joints": keypoints(rest, pose, wrist)}
