"""Joint angles and fingertips: known postures, other sizes, and the bridge's own kinematics."""

from __future__ import annotations

import numpy as np
import pytest

import sdk_python as sdk
from bridge.model.hand.articulation import ANGLE_NAMES as BRIDGE_NAMES
from bridge.model.hand.articulation import Articulation
from bridge.model.hand.open_hand import open_hand
from bridge.protocol.kinematics import keypoints_from_pose
from sdk_python.features import ANGLE_FINGERS, ANGLE_NAMES, curl, fingertips, joint_angles
from sdk_python.features.reference import reference_hand
from tests.sdk.motion import Piece, pose_of_angles

PIECE = Piece(3, 3)
TIMES = np.arange(0, 6, 0.05)
ANGLES = PIECE.angles(TIMES)


def test_there_are_21_named_angles():
    assert len(ANGLE_NAMES) == len(set(ANGLE_NAMES)) == 21
    assert sum(name.endswith("abduction") for name in ANGLE_NAMES) == 6
    assert [ANGLE_NAMES[k].split("_")[0] for k in (0, 5, 9, 13, 17)] == list(sdk.FINGERS)
    assert ANGLE_FINGERS.count(0) == 5


def test_known_angles_are_read_back():
    np.testing.assert_allclose(joint_angles(pose_of_angles(ANGLES)), ANGLES, atol=1e-12)


@pytest.mark.parametrize("side", sdk.Side)
@pytest.mark.parametrize("finger", sdk.FINGERS)
def test_angles_mean_what_the_bridges_kinematics_mean(side, finger):
    """Flexing by 0.4 there is flexing by 0.4 here; abduction goes to the thumb's side in both."""
    articulation = Articulation(open_hand(side))
    rest = joint_angles(_posed(articulation, side, {}))[side]
    for kind, joint in (("flexion1", 0), ("abduction1", 0), ("flexion2", 1), ("flexion3", 2)):
        moved = joint_angles(_posed(articulation, side, {f"{finger} {kind}": 0.4}))[side] - rest
        joints = ("cmc", "mcp", "ip") if finger == "thumb" else ("mcp", "pip", "dip")
        motion = kind[:-1]
        index = ANGLE_NAMES.index(f"{finger}_{joints[joint]}_{motion}")
        assert moved[index] == pytest.approx(0.4, abs=0.06), (kind, ANGLE_NAMES[index])
        others = np.abs(np.delete(moved, index))
        assert others.max() < 0.12  # what an axis that is not quite square lets through


def _posed(articulation: Articulation, side: sdk.Side, angles: dict[str, float]) -> np.ndarray:
    from scipy.spatial.transform import Rotation

    values = np.zeros(len(BRIDGE_NAMES))
    for name, value in angles.items():
        values[BRIDGE_NAMES.index(name)] = value
    quat = np.full((2, 16, 4), np.nan)
    quat[side] = Rotation.from_matrix(articulation.rotations(np.eye(3), values)).as_quat()
    return quat


def test_the_absent_hand_is_nan():
    quat = pose_of_angles(ANGLES)
    quat[:, sdk.Side.LEFT] = np.nan
    found = joint_angles(quat)
    assert np.isnan(found[:, sdk.Side.LEFT]).all()
    np.testing.assert_allclose(found[:, sdk.Side.RIGHT], ANGLES[:, sdk.Side.RIGHT], atol=1e-12)


def test_single_precision_stays_and_is_good_to_a_thousandth_of_a_degree():
    found = joint_angles(pose_of_angles(ANGLES).astype(np.float32))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, ANGLES, atol=2e-5)


def test_fingertips_are_those_of_the_average_hand():
    quat = pose_of_angles(ANGLES)
    tips = fingertips(quat)
    for side in sdk.Side:
        rest = reference_hand(side).rest_m
        posed = keypoints_from_pose(rest, quat[:, side], np.zeros(3))
        np.testing.assert_allclose(tips[:, side], posed[:, [4, 8, 12, 16, 20]], atol=1e-12)


def test_curl_adds_the_flexions_of_a_finger():
    angles = np.zeros((2, 21))
    for name in ("index_mcp_flexion", "index_pip_flexion", "index_dip_flexion"):
        angles[0, ANGLE_NAMES.index(name)] = 0.5
    angles[1, ANGLE_NAMES.index("ring_mcp_abduction")] = 0.5
    np.testing.assert_allclose(curl(angles), [[0, 1.5, 0, 0, 0], [0, 0, 0, 0, 0]])


@pytest.mark.parametrize("function", [joint_angles, fingertips])
def test_another_shape_is_refused(function):
    with pytest.raises(sdk.InputError, match=r"\(\.\.\., 2, 16, 4\)"):
        function(np.zeros((3, 16, 4)))
    with pytest.raises(sdk.InputError, match="21"):
        curl(np.zeros(5))
