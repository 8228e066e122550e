"""Recordings of what other programs measured: completed where it can be, refused where not."""

from __future__ import annotations

import numpy as np
import pytest

import sdk_python as sdk
from bridge.protocol.joints import BONES
from tests.sdk.made_hands import PHALANGES, moving, person

TIMES = np.arange(60) / 60


@pytest.fixture(scope="module")
def hands() -> dict[str, np.ndarray]:
    return moving()


def test_rotations_are_found_from_keypoints(hands):
    found = sdk.Recording.from_arrays(TIMES, hands["joints"])
    np.testing.assert_allclose(found.rest_joints_m, hands["rest"], atol=1e-6)
    np.testing.assert_allclose(found.pose_quat, hands["pose"], atol=2e-5)
    np.testing.assert_allclose(found.wrist_m, hands["wrist"], atol=1e-6)
    np.testing.assert_allclose(found.joints_m, hands["joints"], atol=1e-6)
    np.testing.assert_array_equal(found.confidence, np.ones((60, 2)))


def test_bones_point_as_the_keypoints_do_whatever_the_hand(hands):
    """Keypoints of no rigid hand: noise of a centimetre; and no joint turns about its bone."""
    noisy = hands["joints"] + np.random.default_rng(0).normal(0, 0.01, hands["joints"].shape)
    found = sdk.Recording.from_arrays(TIMES, noisy)
    posed = sdk.Recording.from_arrays(
        TIMES,
        pose_quat=found.pose_quat,
        wrist_m=found.wrist_m,
        rest_joints_m=found.rest_joints_m,
    )
    for start, end, joint in PHALANGES:
        seen, shown = (
            (j[:, :, end] - j[:, :, start]).astype(float) for j in (noisy, posed.joints_m)
        )
        cosine = (seen * shown).sum(-1)
        cosine /= np.linalg.norm(seen, axis=-1) * np.linalg.norm(shown, axis=-1)
        assert cosine.min() > 1 - 1e-8
        bone = found.rest_joints_m[:, end] - found.rest_joints_m[:, start]
        along = (found.pose_quat[:, :, joint, :3] * bone).sum(-1) / np.linalg.norm(bone, axis=-1)
        assert np.abs(along).max() < 1e-6
    np.testing.assert_array_equal(found.joints_m, noisy.astype(np.float32))


def test_bones_have_their_median_lengths(hands):
    joints = hands["joints"].copy()
    joints[:20, 1] *= 1.5  # a tracker that was wrong for a third of the time
    found = sdk.Recording.from_arrays(TIMES, joints)
    for start, end in BONES:
        length = np.linalg.norm(hands["rest"][1, end] - hands["rest"][1, start])
        bone = found.rest_joints_m[1, end] - found.rest_joints_m[1, start]
        assert np.linalg.norm(bone) == pytest.approx(length, rel=1e-4)


def test_opposite_bones_and_bones_without_length(hands):
    joints = hands["joints"][:2].copy()
    joints[0, 1, 8] = 2 * joints[0, 1, 7] - joints[0, 1, 8]  # the last phalanx folded back
    joints[1, 1, 12] = joints[1, 1, 11]
    found = sdk.Recording.from_arrays([0, 1], joints, rest_joints_m=hands["rest"])
    assert np.isfinite(found.pose_quat).all()
    np.testing.assert_array_equal(found.pose_quat[1, 1, 6], [0, 0, 0, 1])


def test_keypoints_follow_from_rotations_of_any_length(hands):
    found = sdk.Recording.from_arrays(
        TIMES,
        pose_quat=-3 * hands["pose"],
        wrist_m=hands["wrist"],
        rest_joints_m=hands["rest"],
        confidence=np.full((60, 2), 0.25),
    )
    np.testing.assert_allclose(found.joints_m, hands["joints"], atol=1e-6)
    np.testing.assert_allclose(found.pose_quat, hands["pose"], atol=1e-6)
    np.testing.assert_array_equal(found.finger_confidence, np.full((60, 2, 5), 0.25, np.float32))


def test_without_bones_a_hand_is_the_average_one(hands):
    found = sdk.Recording.from_arrays(TIMES, pose_quat=hands["pose"], wrist_m=hands["wrist"])
    np.testing.assert_allclose(found.rest_joints_m, person(), atol=1e-6)


def test_absent_hands_are_nan_everywhere(hands):
    joints = hands["joints"].copy()
    joints[10:20, 0] = np.nan
    joints[:, 1] = np.nan
    found = sdk.Recording.from_arrays(TIMES, joints)
    for name in ("joints_m", "wrist_m", "pose_quat", "finger_confidence", "confidence"):
        array = getattr(found, name)
        assert np.isnan(array[10:20]).all()
        assert np.isnan(array[:, 1]).all()
        assert np.isfinite(array[:10, 0]).all()
    assert np.isnan(found.rest_joints_m[1]).all()
    assert np.isnan(found.betas[1]).all()
    np.testing.assert_array_equal(found.betas[0], np.zeros(10))


def test_missing_keypoints_are_put_where_the_hand_has_them(hands):
    joints = hands["joints"].copy()
    joints[5, 1, 0] = np.nan  # no wrist: the palm says where it is
    joints[6, 0, 7] = np.nan
    joints[7, 0, :9] = np.nan  # three knuckles in line: not enough for a palm
    found = sdk.Recording.from_arrays(TIMES, joints)
    np.testing.assert_allclose(found.wrist_m[5, 1], hands["wrist"][5, 1], atol=1e-4)
    np.testing.assert_allclose(found.joints_m[5, 1, 0], hands["wrist"][5, 1], atol=1e-4)
    assert found.finger_confidence[6, 0].tolist() == [1, 0, 1, 1, 1]
    assert np.isfinite(found.joints_m[6, 0]).all()
    assert found.finger_confidence[5, 1].tolist() == [1, 1, 1, 1, 1]
    assert np.isnan(found.joints_m[7, 0]).all()


def test_a_source_without_wrists(hands):
    joints = hands["joints"].copy()
    joints[:, :, 0] = np.nan
    found = sdk.Recording.from_arrays(TIMES, joints)
    np.testing.assert_allclose(found.wrist_m, hands["wrist"], atol=1e-5)
    np.testing.assert_allclose(found.pose_quat, hands["pose"], atol=1e-4)


@pytest.mark.shared
def test_real_hands_of_an_optical_tracker(shared_dir):
    """No wrists in them, and bones that are not quite rigid: within 3 mm of a rigid hand."""
    with np.load(shared_dir / "data" / "leap" / "leap_three-claps.npz") as file:
        times, joints = file["time_s"], file["joints_m"]
    found = sdk.Recording.from_arrays(times, joints)
    np.testing.assert_allclose(found.time_s, times, atol=1e-9)
    posed = sdk.Recording.from_arrays(
        times, pose_quat=found.pose_quat, wrist_m=found.wrist_m, rest_joints_m=found.rest_joints_m
    )
    error = np.linalg.norm(posed.joints_m - joints, axis=-1)[:, :, 1:]
    assert np.nanmax(error) < 0.003


def test_metadata_and_times(hands):
    found = sdk.Recording.from_arrays(
        TIMES - 0.5, hands["joints"], room="attic", views=["phone"], recorded_by="Clara"
    )
    about = found.metadata
    assert (about.room, about.views, about.source) == ("attic", ("phone",), "arrays")
    assert about.recorded_by == "Clara"
    assert about.origin_ns == 500_000_000
    assert about.software.startswith("ghosthands ")
    assert found.time_ns[0] == 0
    np.testing.assert_allclose(found.time_s, TIMES - 0.5, atol=1e-9)
    given = {"origin_ns": 7, "created": "2020-02-02T00:00:00+00:00", "software": "x 1"}
    about = sdk.Recording.from_arrays(TIMES, hands["joints"], **given).metadata
    assert (about.origin_ns, about.created, about.software) == tuple(given.values())
    with pytest.raises(TypeError, match="colour"):
        sdk.Recording.from_arrays(TIMES, hands["joints"], colour="red")


def test_its_own_arrays_give_it_again(hands):
    joints = hands["joints"].copy()
    joints[3, 0] = np.nan
    first = sdk.Recording.from_arrays(TIMES, joints)
    again = sdk.Recording.from_arrays(**first.to_arrays())
    for name, array in first.to_arrays().items():
        np.testing.assert_allclose(again.to_arrays()[name], array, atol=1e-6)


JOINTS = np.broadcast_to(np.random.default_rng(1).normal(0, 0.05, (21, 3)), (3, 2, 21, 3))
QUAT = np.broadcast_to([0.0, 0, 0, 1], (3, 2, 16, 4))
WRIST = np.zeros((3, 2, 3))


def holding(value: float, array: np.ndarray = JOINTS) -> np.ndarray:
    copy = array.copy()
    copy[1, 0, 2] = value
    return copy


@pytest.mark.parametrize(
    ("times", "given", "words"),
    [
        ([], {"joints_m": np.empty((0, 2, 21, 3))}, "time_s is empty"),
        ([0, 1, 1], {"joints_m": JOINTS}, r"time_s must rise: time_s\[2\] is 1 s"),
        ([0, 2, 1], {"joints_m": JOINTS}, "time_s must rise"),
        ([0, np.nan, 2], {"joints_m": JOINTS}, r"time_s\[1\] is not finite"),
        ([0, 1, np.inf], {"joints_m": JOINTS}, r"time_s\[2\] is not finite"),
        ([[0], [1], [2]], {"joints_m": JOINTS}, r"shape \(T,\)"),
        (["a", "b", "c"], {"joints_m": JOINTS}, "time_s must be numbers"),
        ([0, 1, 1e12], {"joints_m": JOINTS}, "out of range"),
        ([-1, 0, 1], {"joints_m": JOINTS, "origin_ns": 0}, "out of range"),
        ([0, 1e-10, 1], {"joints_m": JOINTS}, "a nanosecond"),
        ([0, 1, 2], {}, "needs joints_m, or pose_quat and wrist_m"),
        ([0, 1, 2], {"pose_quat": QUAT}, "belong together"),
        ([0, 1, 2], {"joints_m": JOINTS[:2]}, r"shape \(3, 2, 21, 3\)"),
        ([0, 1, 2], {"joints_m": [[1], [2, 3]]}, "joints_m must be numbers"),
        ([0, 1, 2], {"joints_m": JOINTS.astype(str)}, "joints_m must be"),
        ([0, 1, 2], {"joints_m": JOINTS + 1j}, "must be real numbers"),
        ([0, 1, 2], {"joints_m": holding(np.inf)}, "joints_m holds infinite values"),
        ([0, 1, 2], {"joints_m": JOINTS * 1000}, "must be metres"),
        ([0, 1, 2], {"joints_m": holding(1e5)}, "within 1000 of the origin"),
        ([0, 1, 2], {"joints_m": np.zeros((3, 2, 21, 3))}, r"joints_m\[0, 0\] has all keypoints"),
        ([0, 1, 2], {"pose_quat": QUAT * 0, "wrist_m": WRIST}, "length zero"),
        ([0, 1, 2], {"pose_quat": QUAT, "wrist_m": WRIST[:, :1]}, "wrist_m must have shape"),
        ([0, 1, 2], {"joints_m": JOINTS, "confidence": np.full((3, 2), 1.5)}, "from 0 to 1"),
        ([0, 1, 2], {"joints_m": JOINTS, "confidence": np.full((3, 2), np.nan)}, "from 0 to 1"),
        ([0, 1, 2], {"joints_m": JOINTS, "confidence": np.ones(3)}, "confidence must have shape"),
        ([0, 1, 2], {"joints_m": JOINTS, "rest_joints_m": np.full((2, 21, 3), np.nan)}, "is NaN"),
        ([0, 1, 2], {"joints_m": JOINTS, "betas": np.full((2, 10), 1e3)}, "betas must be"),
    ],
)
def test_what_cannot_be_a_recording_is_one_clear_error(times, given, words):
    with pytest.raises(sdk.InputError, match=words):
        sdk.Recording.from_arrays(times, **given)
