"""The fit: known hands in, the same hands out; then noise, gaps and nonsense."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from bridge.errors import InputError
from bridge.model.hand import HandFitter, open_hand
from bridge.model.hand.articulation import ANGLE_NAMES, LIMITS_RAD, N_ANGLES
from bridge.model.pose import HandPose
from bridge.protocol.joints import Side

EXACT_M = 0.0002
"""Keypoints without noise: trust them."""


def clip(maker, rng, *, frames: int, betas: np.ndarray):
    """A hand in smooth motion: sines of other phases and speeds in every angle, 30 a second."""
    time = np.arange(frames)[:, None] / 30
    middle = LIMITS_RAD.mean(1)
    reach = 0.4 * (LIMITS_RAD[:, 1] - LIMITS_RAD[:, 0])
    reach.reshape(6, 5)[[2, 4]] = 0
    speed, phase = rng.uniform(2, 6, N_ANGLES), rng.uniform(0, 2 * np.pi, N_ANGLES)
    angles = middle + reach * np.sin(speed * time + phase)
    wrists = 0.2 * np.sin([2.0, 3.0, 4.0] * time)
    turns = Rotation.from_rotvec(np.sin([3.0, 2.0, 4.0] * time)).as_matrix()
    keypoints, _ = maker.articulation.keypoints(wrists, turns, angles, np.tile(betas, (frames, 1)))
    return keypoints, angles


def error_mm(pose: HandPose | None, keypoints_m: np.ndarray) -> np.ndarray:
    assert pose is not None
    return 1e3 * np.linalg.norm(pose.joints_m - keypoints_m, axis=1)


def turn_error_deg(pose: HandPose, pose_quat: np.ndarray) -> np.ndarray:
    """(16,) angle between each fitted and true rotation."""
    error = Rotation.from_quat(pose.pose_quat).inv() * Rotation.from_quat(pose_quat)
    return np.degrees(error.magnitude())


def test_a_known_pose_comes_back_from_its_keypoints_alone(maker, rng):
    for _ in range(40):
        truth = maker.hand(rng)
        pose = HandFitter(maker.model, noise_m=EXACT_M).fit(truth.keypoints_m)
        assert error_mm(pose, truth.keypoints_m).max() < 0.1
        assert turn_error_deg(pose, truth.pose_quat).max() < 1
        assert np.linalg.norm(pose.wrist_m - truth.wrist_m) < 1e-4
        np.testing.assert_allclose(pose.betas, truth.betas, atol=0.25)


def test_what_comes_out_is_consistent(maker, rng):
    truth = maker.hand(rng)
    pose = HandFitter(maker.model).fit(truth.keypoints_m)
    assert pose.side is maker.model.side
    np.testing.assert_allclose(np.linalg.norm(pose.pose_quat, axis=1), 1, atol=1e-12)
    assert (pose.pose_quat[:, 3] >= 0).all()
    again = maker.model.keypoints(pose.betas, pose.pose_quat, pose.wrist_m)
    np.testing.assert_allclose(pose.joints_m, again, atol=1e-12)
    assert pose.finger_confidence.shape == (5,)
    assert (pose.finger_confidence > 0.9).all()


def test_the_fit_moves_with_the_frame_it_is_given(maker, rng):
    truth = maker.hand(rng)
    keypoints = truth.keypoints_m + rng.normal(0, 0.003, (21, 3))
    turn, shift = Rotation.random(random_state=rng), rng.normal(size=3)
    here = HandFitter(maker.model).fit(keypoints)
    there = HandFitter(maker.model).fit(turn.apply(keypoints) + shift)
    np.testing.assert_allclose(there.joints_m, turn.apply(here.joints_m) + shift, atol=2e-4)
    np.testing.assert_allclose(there.pose_quat[1:], here.pose_quat[1:], atol=5e-3)


def test_the_other_hand_does_not_fit(maker, rng):
    other = open_hand(Side(1 - maker.model.side))
    for _ in range(5):
        truth = maker.hand(rng)
        pose = HandFitter(other).fit(truth.keypoints_m)
        assert error_mm(pose, truth.keypoints_m).mean() > 5


def test_a_sequence_is_followed_and_its_shape_learned(maker, rng):
    betas = rng.normal(size=10)
    keypoints, _ = clip(maker, rng, frames=60, betas=betas)
    fitter = HandFitter(maker.model, noise_m=EXACT_M, bias_m=EXACT_M, freeze_after=40)
    for k, frame in enumerate(keypoints):
        pose = fitter.fit(frame)
        assert error_mm(pose, frame).max() < (0.2 if k else 0.1)
        assert fitter.shape_frozen == (k >= 39)
        if k > 39:
            np.testing.assert_array_equal(pose.betas, fitter.betas)
    np.testing.assert_allclose(fitter.betas, betas, atol=0.1)


def test_shape_is_learned_through_noise(maker, rng):
    """Rest keypoints, which is what the shape is for; a single frame tells half as much."""
    betas = rng.normal(size=10)
    keypoints, _ = clip(maker, rng, frames=150, betas=betas)
    noisy = keypoints + rng.normal(0, 0.003, keypoints.shape)
    fitter = HandFitter(maker.model, noise_m=0.003, bias_m=0.001)
    first = None
    for frame in noisy:
        pose = fitter.fit(frame)
        first = pose.betas if first is None else first
    true = maker.model.rest_keypoints(betas)

    def error(estimate: np.ndarray) -> float:
        return 1e3 * np.linalg.norm(maker.model.rest_keypoints(estimate) - true, axis=1).mean()

    assert fitter.shape_frozen
    assert error(fitter.betas) < 1.2
    assert error(fitter.betas) < 0.6 * error(first)


def test_noise_is_reduced_not_followed(maker, rng):
    keypoints, _ = clip(maker, rng, frames=60, betas=np.zeros(10))
    noise = rng.normal(0, 0.005, keypoints.shape)
    fitter = HandFitter(maker.model)
    fitted = np.array([fitter.fit(frame).joints_m for frame in keypoints + noise])
    error = np.linalg.norm(fitted - keypoints, axis=2).mean()
    assert error < 0.85 * np.linalg.norm(noise, axis=2).mean()


def test_an_outlier_is_not_followed(maker, rng):
    keypoints, _ = clip(maker, rng, frames=20, betas=np.zeros(10))
    fitter = HandFitter(maker.model)
    for frame in keypoints[:-1]:
        fitter.fit(frame)
    broken = keypoints[-1].copy()
    broken[7] += 0.1
    pose = fitter.fit(broken)
    error = error_mm(pose, keypoints[-1])
    assert error.max() < 15
    assert np.delete(error, [6, 7, 8]).max() < 4
    assert pose.finger_confidence[1] < 0.85
    assert np.delete(pose.finger_confidence, 1).min() > 0.9


def test_missing_keypoints_are_filled_from_the_frame_before(maker, rng):
    keypoints, angles = clip(maker, rng, frames=12, betas=np.zeros(10))
    fitter = HandFitter(maker.model, noise_m=EXACT_M)
    for frame in keypoints[:-1]:
        fitter.fit(frame)
    ring = slice(13, 17)
    confidence = np.ones(21)
    confidence[ring] = 0
    hidden = keypoints[-1].copy()
    hidden[14] = np.nan
    hidden[15] = 1e300
    pose = fitter.fit(hidden, confidence)
    error = error_mm(pose, keypoints[-1])
    assert np.delete(error, range(13, 17)).max() < 0.2
    assert error[ring].max() < 20, "one frame old, not elsewhere"
    assert pose.finger_confidence[3] == 0
    before = maker.articulation.rotations(np.eye(3), angles[-2])[10:13]
    held = Rotation.from_quat(pose.pose_quat[10:13]) * Rotation.from_matrix(before).inv()
    assert np.degrees(held.magnitude()).max() < 1


def test_missing_from_the_start_is_at_ease(maker, rng):
    truth = maker.hand(rng)
    confidence = np.ones(21)
    confidence[[6, 7, 8]] = 0
    pose = HandFitter(maker.model, noise_m=EXACT_M).fit(truth.keypoints_m, confidence)
    assert np.delete(error_mm(pose, truth.keypoints_m), [6, 7, 8]).max() < 0.5
    bent = np.degrees(Rotation.from_quat(pose.pose_quat[1:4]).magnitude())
    np.testing.assert_allclose(bent, [20, 25, 15], atol=3)


@pytest.mark.parametrize("angle", ["index flexion2", "little flexion1", "thumb flexion3"])
def test_limits_hold_against_keypoints_no_hand_can_make(maker, rng, angle):
    k = ANGLE_NAMES.index(angle)
    angles = np.zeros(N_ANGLES)
    angles[k] = LIMITS_RAD[k, 0] - np.radians(50)
    truth = maker.hand(rng, angles=angles, betas=np.zeros(10))
    pose = HandFitter(maker.model).fit(truth.keypoints_m)
    joint = {"index flexion2": 2, "little flexion1": 7, "thumb flexion3": 15}[angle]
    bent = Rotation.from_quat(pose.pose_quat[joint]).as_rotvec() @ maker.model.flexion_axes[joint]
    assert bent > LIMITS_RAD[k, 0] - np.radians(20)


def test_a_hand_that_jumps_is_found_again(maker, rng):
    """Another pose at another place, as after a cut: near at once, nearer a frame later."""
    fitter = HandFitter(maker.model, noise_m=EXACT_M)
    for _ in range(10):
        truth = maker.hand(rng, betas=np.zeros(10))
        assert error_mm(fitter.fit(truth.keypoints_m), truth.keypoints_m).mean() < 3
        pose = fitter.fit(truth.keypoints_m)
        assert error_mm(pose, truth.keypoints_m).max() < 2
        # A straight thumb hardly shows its twist, which then takes a few frames more.
        assert turn_error_deg(pose, truth.pose_quat)[:13].max() < 2


def test_a_fixed_shape_is_kept(maker, rng):
    betas = rng.normal(size=10)
    fitter = HandFitter(maker.model, noise_m=EXACT_M)
    fitter.freeze_shape(betas)
    for _ in range(3):
        truth = maker.hand(rng, betas=betas)
        fitter.reset()
        pose = fitter.fit(truth.keypoints_m)
        np.testing.assert_array_equal(pose.betas, betas)
        assert error_mm(pose, truth.keypoints_m).max() < 0.1


def test_reset_forgets_the_pose_and_keeps_the_shape(maker, rng):
    keypoints, _ = clip(maker, rng, frames=20, betas=rng.normal(size=10))
    fitter = HandFitter(maker.model, noise_m=EXACT_M)
    for frame in keypoints:
        fitter.fit(frame)
    betas = fitter.betas
    fitter.reset()
    np.testing.assert_array_equal(fitter.betas, betas)
    line = np.outer(np.arange(21), [0.01, 0, 0])
    assert fitter.fit(line) is None, "no frame before, no rotation"


@pytest.mark.parametrize(
    ("keypoints", "confidence"),
    [
        (np.full((21, 3), np.nan), np.ones(21)),
        (np.full((21, 3), np.inf), np.ones(21)),
        (np.full((21, 3), 1e200), np.ones(21)),
        (np.random.default_rng(0).normal(size=(21, 3)), np.zeros(21)),
        (np.random.default_rng(0).normal(size=(21, 3)), np.full(21, np.nan)),
        (np.random.default_rng(0).normal(size=(21, 3)), np.r_[np.ones(3), np.zeros(18)]),
        (np.zeros((21, 3)), np.ones(21)),
        (np.outer(np.arange(21), [0.01, 0.02, 0]), np.ones(21)),
    ],
    ids=["nan", "inf", "huge", "untrusted", "trust unknown", "three", "one point", "a line"],
)
def test_nothing_comes_of_nothing(maker, rng, keypoints, confidence):
    fitter = HandFitter(maker.model)
    assert fitter.fit(keypoints, confidence) is None
    truth = maker.hand(rng)
    assert error_mm(fitter.fit(truth.keypoints_m), truth.keypoints_m).mean() < 3


def test_nonsense_in_the_middle_does_no_lasting_harm(maker, rng):
    keypoints, _ = clip(maker, rng, frames=40, betas=np.zeros(10))
    fitter = HandFitter(maker.model, noise_m=0.001)
    nonsense = [
        np.zeros((21, 3)),
        np.outer(np.arange(21), [0.01, 0.02, 0]),
        rng.normal(0, 100, (21, 3)),
        np.where(np.arange(21)[:, None] < 4, keypoints[0], np.nan),
    ]
    for k, frame in enumerate(keypoints):
        if k % 10 == 5:
            pose = fitter.fit(nonsense[k // 10])
            assert pose is None or np.isfinite(pose.joints_m).all()
        pose = fitter.fit(frame)
        if k % 10 not in (5, 6):
            assert error_mm(pose, frame).max() < 2


def test_random_points_never_break_it(maker, rng):
    fitter = HandFitter(maker.model)
    for _ in range(60):
        confidence = rng.uniform(size=21) * (rng.uniform(size=21) > rng.uniform())
        pose = fitter.fit(rng.normal(0, 10 ** rng.uniform(-6, 3), (21, 3)), confidence)
        if pose is not None:
            for value in (pose.wrist_m, pose.pose_quat, pose.betas, pose.joints_m):
                assert np.isfinite(value).all()


def test_wrong_arguments_are_refused(maker):
    fitter = HandFitter(maker.model)
    with pytest.raises(InputError, match="21"):
        fitter.fit(np.zeros((20, 3)))
    with pytest.raises(InputError, match="21"):
        fitter.fit(np.zeros((21, 3)), np.ones(5))
    with pytest.raises(InputError, match="positive"):
        HandFitter(maker.model, noise_m=0)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["HandSplay-110fps", "pinch", "three-claps", "wave"])
def test_real_motion_is_followed(shared_dir, name):
    """An optical tracker's skeleton, whose joints lie elsewhere: 2.8 mm away here."""
    with np.load(shared_dir / "data" / "leap" / f"leap_{name}.npz") as file:
        frames = file["joints_m"][:, Side.RIGHT]
    fitter = HandFitter(open_hand(Side.RIGHT))
    errors = [error_mm(fitter.fit(frame), frame)[1:].mean() for frame in frames]
    assert len(errors) > 100
    assert np.mean(errors) < 3.5
    assert np.max(errors) < 6
