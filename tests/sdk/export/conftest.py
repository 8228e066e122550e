"""Recordings whose every number is known, and those that other programs measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import sdk_python as sdk
from bridge.model.hand.open_hand import open_hand
from bridge.protocol.kinematics import keypoints_from_pose

RATE_HZ = 60
BETAS = np.array([0.8, -1.2, 0.5, 0.3, 0.0, 0.4, -0.6, 0.2, 0.1, 0.0])
"""A person's hand, of the open hand's own shapes."""


def moving(poses: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, rotations about all axes and wrists of two hands that turn in all joints."""
    rng = np.random.default_rng(3)
    time_s = np.arange(poses) / RATE_HZ
    phase, rate = rng.uniform(0, 6, (2, 16, 3)), rng.uniform(0.2, 1.5, (2, 16, 3))
    turn = 0.45 * np.sin(2 * np.pi * rate * time_s[:, None, None, None] + phase)
    turn[:, :, 0] *= 4.0  # wrists turn all around
    angle = np.linalg.norm(turn, axis=-1, keepdims=True)
    quat = np.concatenate([turn / angle * np.sin(angle / 2), np.cos(angle / 2)], axis=-1)
    side = np.array([-0.15, 0.15])[:, None] * [1, 0, 0]
    swing = np.sin(time_s[:, None, None] * [1.1, 0.7, 1.9] + [[0], [2]])
    return time_s, quat, side + 0.1 * swing + [0.0, 0.2, -0.3]


@pytest.fixture(scope="session")
def lesson() -> sdk.Recording:
    """Five seconds; the left hand goes for 20 poses, the right one comes late, both go for two."""
    time_s, quat, wrist = moving(300)
    quat[20:40, 0] = np.nan
    quat[:10, 1] = np.nan
    quat[50:52] = np.nan
    rest = np.stack([open_hand(side).rest_keypoints(BETAS) for side in sdk.Side])
    return sdk.Recording.from_arrays(
        time_s,
        pose_quat=quat,
        wrist_m=wrist,
        rest_joints_m=rest,
        confidence=np.full((300, 2), 0.75),
        room="lesson",
        recorded_by="Ms Müller",
    )


@pytest.fixture(scope="session")
def stretching() -> sdk.Recording:
    """Two seconds of hands that grow by a tenth, as while a person's shape is being learned."""
    time_s, quat, wrist = moving(120)
    rest = np.stack([open_hand(side).rest_keypoints(BETAS) for side in sdk.Side])
    growth = np.linspace(0.9, 1.0, 120)[:, None, None, None]
    joints = keypoints_from_pose(growth * rest, quat, wrist)
    return sdk.Recording.from_arrays(
        time_s, joints, pose_quat=quat, wrist_m=wrist, rest_joints_m=rest
    )


@pytest.fixture(scope="session")
def measured(shared_dir: Path) -> sdk.Recording:
    """A right hand as a Leap Motion controller saw it: keypoints alone."""
    arrays = np.load(shared_dir / "data" / "leap" / "leap_HandSplay-110fps.npz")
    return sdk.Recording.from_arrays(arrays["time_s"], arrays["joints_m"])


@pytest.fixture(scope="session")
def empty(lesson: sdk.Recording) -> sdk.Recording:
    return lesson.slice(100.0)


@pytest.fixture(scope="session")
def handless(lesson: sdk.Recording) -> sdk.Recording:
    """Two poses without any hand."""
    return lesson.slice(49.5 / RATE_HZ, 51.5 / RATE_HZ)
