"""Forward kinematics, against a joint-by-joint walk with scipy's rotations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from bridge.errors import InputError
from bridge.protocol.joints import (
    FINGERTIPS,
    JOINT_PARENTS,
    KEYPOINT_OF_JOINT,
    KEYPOINT_PARENT_JOINT,
    N_JOINTS,
)
from bridge.protocol.kinematics import global_rotations, keypoints_from_pose, matrix_from_quat

IDENTITY = np.tile([0.0, 0.0, 0.0, 1.0], (16, 1))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def rest_of(rng: np.random.Generator) -> np.ndarray:
    rest = rng.normal(0, 0.1, (21, 3))
    rest[0] = 0
    return rest


def walk(rest: np.ndarray, quat: np.ndarray, wrist: np.ndarray) -> np.ndarray:
    """Every keypoint by the definition: fixed in its parent joint's frame."""
    turns, places = [Rotation.from_quat(quat[0])], [wrist]
    for joint in range(1, N_JOINTS):
        parent = JOINT_PARENTS[joint]
        bone = rest[KEYPOINT_OF_JOINT[joint]] - rest[KEYPOINT_OF_JOINT[parent]]
        places.append(places[parent] + turns[parent].apply(bone))
        turns.append(turns[parent] * Rotation.from_quat(quat[joint]))
    keypoints = np.empty((21, 3))
    for k, carrier in enumerate(KEYPOINT_PARENT_JOINT):
        arm = rest[k] - rest[KEYPOINT_OF_JOINT[carrier]]
        keypoints[k] = places[carrier] + turns[carrier].apply(arm)
    return keypoints


def test_matrices_are_scipys(rng):
    quat = rng.normal(size=(3, 5, 4))
    expected = Rotation.from_quat(quat.reshape(-1, 4)).as_matrix().reshape(3, 5, 3, 3)
    np.testing.assert_allclose(matrix_from_quat(quat), expected, atol=1e-14)
    np.testing.assert_allclose(matrix_from_quat(-7 * quat), expected, atol=1e-14)


def test_the_rest_pose_gives_the_rest_keypoints(rng):
    rest, wrist = rest_of(rng), np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(keypoints_from_pose(rest, IDENTITY, wrist), rest + wrist, atol=1e-15)


def test_every_keypoint_is_fixed_in_its_parent_joint(rng):
    rest, wrist = rest_of(rng), rng.normal(size=3)
    quat = Rotation.random(16, random_state=rng).as_quat()
    expected = walk(rest, quat, wrist)
    np.testing.assert_allclose(keypoints_from_pose(rest, quat, wrist), expected, atol=1e-14)


def test_bending_one_joint_moves_only_what_lies_beyond(rng):
    rest = rest_of(rng)
    for joint in range(1, N_JOINTS):
        quat = IDENTITY.copy()
        quat[joint] = Rotation.from_rotvec([0.3, 0.4, -0.5]).as_quat()
        moved = np.abs(keypoints_from_pose(rest, quat, np.zeros(3)) - rest).max(1) > 1e-9
        first = KEYPOINT_OF_JOINT[joint] + 1
        tip = next(tip for tip in FINGERTIPS if tip >= first)
        np.testing.assert_array_equal(np.flatnonzero(moved), np.arange(first, tip + 1))


def test_a_recording_is_one_call(rng):
    rest = np.stack([rest_of(rng), rest_of(rng)])
    quat = Rotation.random(7 * 2 * 16, random_state=rng).as_quat().reshape(7, 2, 16, 4)
    wrist = rng.normal(size=(7, 2, 3))
    quat[3, 1] = np.nan
    keypoints = keypoints_from_pose(rest, quat, wrist)
    assert keypoints.shape == (7, 2, 21, 3)
    assert np.isnan(keypoints[3, 1, 1:]).any()
    expected = walk(rest[1], quat[5, 1], wrist[5, 1])
    np.testing.assert_allclose(keypoints[5, 1], expected, atol=1e-14)
    assert np.isfinite(np.delete(keypoints.reshape(14, -1), 7, axis=0)).all()


def test_global_rotations_chain_from_the_wrist(rng):
    quat = Rotation.random(16, random_state=rng).as_quat()
    turns = [Rotation.from_quat(q) for q in quat]
    chained = global_rotations(quat)
    expected = (turns[0] * turns[13] * turns[14] * turns[15]).as_matrix()
    np.testing.assert_allclose(chained[15], expected, atol=1e-14)
    np.testing.assert_allclose(chained[0], turns[0].as_matrix(), atol=1e-14)


def test_wrong_shapes_are_refused():
    rest = np.zeros((21, 3))
    with pytest.raises(InputError, match="rest keypoints"):
        keypoints_from_pose(np.zeros((16, 3)), IDENTITY, np.zeros(3))
    with pytest.raises(InputError, match="wrist"):
        keypoints_from_pose(rest, IDENTITY, np.zeros(2))
    with pytest.raises(InputError, match="16, 4"):
        keypoints_from_pose(rest, IDENTITY[:15], np.zeros(3))
    with pytest.raises(InputError, match="quaternions"):
        matrix_from_quat(np.zeros(3))
