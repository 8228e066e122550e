"""Recordings from recordings, against scipy's rotations and a mirror of our own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp

import sdk_python as sdk
from bridge.protocol import Anchor, keypoints_from_pose
from sdk_python.recording import made_of
from tests.sdk.made_hands import moving

RATE = 50
OVER_TIME = ("time_ns", "joints_m", "wrist_m", "pose_quat", "finger_confidence", "confidence")


@pytest.fixture(scope="module")
def lesson() -> sdk.Recording:
    """Two seconds; the left hand is away from 0.6 s to 0.9 s, the right one for a moment."""
    hands = moving(100)
    confidence = np.random.default_rng(0).random((100, 2, 5))
    pose = hands["pose"].copy()
    pose[30:45, 0] = np.nan
    pose[60:62, 1] = np.nan
    return sdk.Recording.from_arrays(
        np.arange(100) / RATE,
        pose_quat=pose,
        wrist_m=hands["wrist"],
        rest_joints_m=hands["rest"],
        confidence=confidence,
        origin_ns=5_000_000_000,
    )


def same(one: sdk.Recording, other: sdk.Recording, *, atol: float = 0) -> None:
    for name in (*OVER_TIME, "betas", "rest_joints_m"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=0, atol=atol)


def test_a_part_is_half_open_and_keeps_its_times(lesson):
    part = lesson.slice(0.5, 1.0)
    np.testing.assert_allclose(part.time_s, np.arange(25, 50) / RATE, atol=1e-9)
    np.testing.assert_array_equal(part.joints_m, lesson.joints_m[25:50])
    assert part.metadata == lesson.metadata
    same(lesson.slice(), lesson)
    assert len(lesson.slice(end_s=0.5)) + len(lesson.slice(0.5)) == 100
    assert len(lesson.slice(7, 8)) == 0
    assert len(lesson.slice(1, 1)) == 0
    with pytest.raises(ValueError, match="read-only"):
        part.joints_m[0] = 0
    with pytest.raises(sdk.InputError, match="ends before it begins"):
        lesson.slice(1.0, 0.5)
    with pytest.raises(sdk.InputError, match="start_s is NaN"):
        lesson.slice(np.nan)


def test_resampling_agrees_with_scipy(lesson):
    found = lesson.slice(0, 0.6).resample(120)
    assert len(found) == 70  # from 0 s to 0.58 s
    times = np.arange(70) / 120
    np.testing.assert_allclose(found.time_s, times, atol=1e-9)
    given_s = lesson.time_s[:30]
    for side in range(2):
        for joint in range(16):
            expected = Slerp(given_s, Rotation.from_quat(lesson.pose_quat[:30, side, joint]))(times)
            turned = (
                expected.inv() * Rotation.from_quat(found.pose_quat[:, side, joint])
            ).magnitude()
            assert turned.max() < 1e-3  # radians, of steps of up to half a turn
        for axis in range(3):
            expected = np.interp(times, given_s, lesson.wrist_m[:30, side, axis])
            np.testing.assert_allclose(found.wrist_m[:, side, axis], expected, atol=1e-6)
        for finger in range(5):
            expected = np.interp(times, given_s, lesson.finger_confidence[:30, side, finger])
            np.testing.assert_allclose(
                found.finger_confidence[:, side, finger], expected, atol=1e-6
            )
    assert found.pose_quat[..., 3].min() >= 0
    bones = np.linalg.norm(np.diff(found.joints_m[:, :, 5:9], axis=2), axis=-1)
    np.testing.assert_allclose(bones, np.broadcast_to(bones[:1], bones.shape), rtol=1e-4)


def test_resampling_at_its_own_rate_changes_nothing(lesson):
    same(lesson.resample(RATE, max_gap_s=0), lesson, atol=1e-6)


def test_resampling_makes_nothing_up(lesson):
    found = lesson.resample(200)
    away = np.isnan(found.wrist_m[..., 0])
    assert away[:, 0].sum() == 63  # after 0.58 s, before 0.90 s: longer than 0.1 s
    assert away[118:179, 0].all()
    assert not away[:, 1].any()  # 0.06 s are bridged
    assert np.isnan(lesson.resample(200, max_gap_s=0.03).wrist_m[238:246, 1]).any()
    slow = lesson.slice(0, 0.6).resample(2)
    assert np.isfinite(slow.resample(10).joints_m).all()  # its own pace is no gap


def test_measured_keypoints_are_resampled_straight():
    hands = moving(10)
    joints = hands["joints"] * np.linspace(1, 1.5, 10)[:, None, None, None]
    found = sdk.Recording.from_arrays(np.arange(10) / 10, joints).resample(20)
    np.testing.assert_allclose(found.joints_m[1], (joints[0] + joints[1]) / 2, atol=1e-6)


@pytest.mark.parametrize("rate", [0, -1, np.nan, 1e9])
def test_a_rate_that_is_none(lesson, rate):
    with pytest.raises(sdk.InputError, match="rate_hz"):
        lesson.resample(rate)


def test_a_rate_that_would_fill_the_memory():
    hands = moving(2)
    long = sdk.Recording.from_arrays([0, 1e6], hands["joints"][:2])
    with pytest.raises(sdk.InputError, match="more than 20000000 poses"):
        long.resample(1000)


def test_trimming_cuts_ends_without_hands():
    hands = moving(10)
    joints = hands["joints"].copy()
    joints[:3] = joints[8:] = np.nan
    joints[5] = np.nan
    found = sdk.Recording.from_arrays(np.arange(10.0), joints).trim()
    assert found.time_s.tolist() == [3, 4, 5, 6, 7]
    joints[:] = np.nan
    assert len(sdk.Recording.from_arrays(np.arange(10.0), joints).trim()) == 0


def test_a_mirror_image(lesson):
    found = lesson.mirror()
    mirror = np.array([-1, 1, 1])
    np.testing.assert_allclose(found.joints_m, lesson.joints_m[:, ::-1] * mirror, atol=1e-6)
    np.testing.assert_array_equal(found.finger_confidence, lesson.finger_confidence[:, ::-1])
    posed = keypoints_from_pose(found.rest_joints_m, found.pose_quat, found.wrist_m)
    np.testing.assert_allclose(posed, found.joints_m, atol=1e-6)
    same(found.mirror(), lesson, atol=1e-6)


def test_the_mirror_stands_in_the_middle_of_the_instrument(lesson):
    turned = Rotation.from_euler("yx", [0.4, 0.1])
    quat = turned.as_quat()
    anchor = Anchor("piano-88", [1.2, 0.15], [0.3, 0.7, -0.4], quat)
    anchored = made_of(
        replace(lesson.metadata, anchor=anchor),
        **{
            name: getattr(lesson, name).copy()
            for name in (*OVER_TIME, "betas", "rest_joints_m")
            if name != "confidence"
        },
    )
    found = anchored.mirror()

    def on_keys(points: np.ndarray) -> np.ndarray:
        return turned.inv().apply((points - anchor.position_m).reshape(-1, 3))

    before = on_keys(anchored.joints_m[0, 1])
    np.testing.assert_allclose(
        on_keys(found.joints_m[0, 0]), np.array([1.2, 0, 0]) + before * [-1, 1, 1], atol=1e-5
    )
    posed = keypoints_from_pose(found.rest_joints_m, found.pose_quat, found.wrist_m)
    np.testing.assert_allclose(posed, found.joints_m, atol=1e-5)


def test_parts_put_together_are_the_whole(lesson):
    parts = [lesson.slice(k / 4, (k + 1) / 4) for k in range(8)]
    same(sdk.concatenate(parts), lesson)


def test_others_follow_each_other(lesson):
    joined = sdk.concatenate([lesson, lesson])
    np.testing.assert_allclose(joined.time_s, np.arange(200) / RATE, atol=1e-9)
    np.testing.assert_array_equal(joined.joints_m[100:], lesson.joints_m)
    spaced = sdk.concatenate([lesson, lesson.slice(1.0)], gap_s=3.0)
    assert spaced.time_s[100] == pytest.approx(1.98 + 3.0)
    assert len(spaced) == 150
    with pytest.raises(sdk.InputError, match="at least one"):
        sdk.concatenate([])
    with pytest.raises(sdk.InputError, match="gap_s"):
        sdk.concatenate([lesson, lesson], gap_s=0)


def test_other_times(lesson):
    slower = lesson.retimed(lesson.time_s * 1.5)
    assert slower.duration_s == pytest.approx(1.5 * lesson.duration_s)
    np.testing.assert_array_equal(slower.pose_quat, lesson.pose_quat)
    with pytest.raises(sdk.InputError, match="need as many times"):
        lesson.retimed([0, 1])
    with pytest.raises(sdk.InputError, match="must rise"):
        lesson.retimed(lesson.time_s[::-1])
