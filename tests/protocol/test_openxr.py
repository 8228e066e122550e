"""The 26 joints of OpenXR from poses: conventions of their axes, and where metacarpals lie."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.model.hand import open_hand
from bridge.protocol import Side, keypoints_from_pose, openxr_joints
from bridge.protocol.joints import OPENXR_OF_KEYPOINT
from bridge.protocol.kinematics import matrix_from_quat

FLAT = np.tile([0.0, 0.0, 0.0, 1.0], (16, 1))
WRIST = np.array([0.1, 0.2, -0.3])
ALONG_A_BONE = [j for j in range(26) if j not in (0, 1, 5, 10, 15, 20, 25)]
"""Joints with a bone before them: not the palm, the wrist, nor tips."""


def bent(side: Side, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed + side)
    quat = rng.normal(size=(16, 4)) * 0.25 + [0, 0, 0, 1]
    return quat / np.linalg.norm(quat, axis=1, keepdims=True)


@pytest.mark.parametrize("side", Side)
def test_keypoints_are_where_kinematics_put_them(side: Side) -> None:
    rest = open_hand(side).rest_keypoints(np.zeros(10))
    joints, quat = openxr_joints(side, rest, bent(side), WRIST)
    expected = keypoints_from_pose(rest, bent(side), WRIST)
    np.testing.assert_allclose(joints[list(OPENXR_OF_KEYPOINT)], expected, atol=1e-12)
    assert (quat[:, 3] >= 0).all()
    np.testing.assert_allclose(np.linalg.norm(quat, axis=1), 1, atol=1e-12)


@pytest.mark.parametrize("side", Side)
def test_bones_run_along_minus_z_whatever_the_pose(side: Side) -> None:
    rest = open_hand(side).rest_keypoints(np.zeros(10))
    joints, quat = openxr_joints(side, rest, bent(side), WRIST)
    for joint in ALONG_A_BONE:
        bone = joints[joint + 1] - joints[joint]
        axes = matrix_from_quat(quat[joint])
        np.testing.assert_allclose(-axes[:, 2], bone / np.linalg.norm(bone), atol=1e-9)
    for tip in (5, 10, 15, 20, 25):
        np.testing.assert_array_equal(quat[tip], quat[tip - 1])
    np.testing.assert_allclose(joints[0], (joints[11] + joints[12]) / 2)


@pytest.mark.parametrize("side", Side)
def test_up_is_out_of_the_back_of_the_hand(side: Side) -> None:
    rest = open_hand(side).rest_keypoints(np.zeros(10))
    _, quat = openxr_joints(side, rest, FLAT, WRIST)
    up = matrix_from_quat(quat)[:, :, 1]
    assert (up[[0, 1, *range(6, 26)], 1] > 0.98).all()
    outward = 1.0 if side is Side.RIGHT else -1.0
    # A thumb's nail looks up, back to the wrist, and away from the fingers.
    assert (up[2:6] @ np.array([outward, 1, 1]) / np.sqrt(3) > 0.9).all()


HEADSET_MM = {
    6: (19.8, -9.5, -36.5), 7: (23.6, -7.3, -96.0), 11: (3.6, -7.7, -34.3), 12: (1.7, -2.5, -95.6),
    16: (-15.0, -6.0, -34.8), 17: (-17.5, -6.5, -88.7), 21: (-23.0, -9.4, -34.1),
    22: (-35.1, -13.7, -77.9),
}  # fmt: skip
"""Metacarpals and knuckles of the relaxed left hand of IWER 2.5, from a headset, in its wrist's
frame: -z to the fingers, y out of the back."""


def test_metacarpals_are_where_a_headset_has_them() -> None:
    rest = open_hand(Side.LEFT).rest_keypoints(np.zeros(10)).copy()
    for joint, keypoint in ((7, 5), (12, 9), (17, 13), (22, 17)):
        x, y, z = HEADSET_MM[joint]
        rest[keypoint] = np.array([-z, y, x]) / 1000  # a left hand's rest frame: fingers along +x
    joints, _ = openxr_joints(Side.LEFT, rest, FLAT, np.zeros(3))
    for joint in (6, 11, 16, 21):
        x, y, z = HEADSET_MM[joint]
        assert np.linalg.norm(joints[joint] - np.array([-z, y, x]) / 1000) < 0.003


def test_left_and_right_mirror_each_other() -> None:
    rest = open_hand(Side.RIGHT).rest_keypoints(np.zeros(10))
    mirror, mirrored = np.array([-1.0, 1, 1]), np.array([1.0, -1, -1, 1])
    right = openxr_joints(Side.RIGHT, rest, bent(Side.RIGHT), WRIST)
    left = openxr_joints(Side.LEFT, rest * mirror, bent(Side.RIGHT) * mirrored, WRIST * mirror)
    np.testing.assert_allclose(left[0], right[0] * mirror, atol=1e-12)
    np.testing.assert_allclose(left[1], right[1] * mirrored, atol=1e-9)
