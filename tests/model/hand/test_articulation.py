"""Anatomical angles: their kinematics, Jacobian and closed form."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from bridge.model.hand import open_hand
from bridge.model.hand.articulation import (
    ANGLE_NAMES,
    LIMITS_RAD,
    N_ANGLES,
    N_PARAMETERS,
    Articulation,
)
from bridge.protocol.joints import Side


def test_keypoints_are_those_of_the_model(maker, rng):
    for _ in range(20):
        truth = maker.hand(rng, angles=rng.uniform(LIMITS_RAD[:, 0], LIMITS_RAD[:, 1]))
        expected = maker.model.keypoints(truth.betas, truth.pose_quat, truth.wrist_m)
        np.testing.assert_allclose(truth.keypoints_m, expected, atol=1e-14)


def test_the_jacobian_is_the_derivative(maker, rng):
    truth = maker.hand(rng, angles=rng.uniform(LIMITS_RAD[:, 0], LIMITS_RAD[:, 1]))
    at = maker.articulation
    _, jacobian = at.keypoints(truth.wrist_m, truth.rotation, truth.angles, truth.betas)

    def keypoints(step: np.ndarray) -> np.ndarray:
        turn = Rotation.from_rotvec(step[3:6]).as_matrix()
        angles, betas = truth.angles + step[6 : 6 + N_ANGLES], truth.betas + step[6 + N_ANGLES :]
        return at.keypoints(truth.wrist_m + step[:3], turn @ truth.rotation, angles, betas)[0]

    h = 1e-6
    steps = h * np.eye(N_PARAMETERS)
    numeric = np.array([(keypoints(step) - keypoints(-step)) / (2 * h) for step in steps])
    np.testing.assert_allclose(jacobian, numeric, atol=1e-9)
    assert (np.abs(jacobian).max((1, 2)) > 1e-4).all(), "every parameter moves something"


def test_leading_axes_broadcast(maker, rng):
    hands = [maker.hand(rng) for _ in range(3)]
    fields = ("wrist_m", "rotation", "angles", "betas")
    stacked = [np.stack([getattr(hand, field) for hand in hands]) for field in fields]
    keypoints, jacobian = maker.articulation.keypoints(*stacked)
    for k, hand in enumerate(hands):
        alone = maker.articulation.keypoints(*(getattr(hand, field) for field in fields))
        np.testing.assert_allclose(keypoints[k], alone[0], atol=1e-14)
        np.testing.assert_allclose(jacobian[k], alone[1], atol=1e-14)
    rotations = maker.articulation.rotations(stacked[1], stacked[2])
    expected = maker.articulation.rotations(hands[2].rotation, hands[2].angles)
    np.testing.assert_allclose(rotations[2], expected, atol=1e-14)


def test_the_closed_form_finds_the_angles(maker, rng):
    """To the asset's single precision: shapes keep the directions of bones only that well."""
    for _ in range(20):
        truth = maker.hand(rng)
        found = maker.articulation.angles_from_keypoints(
            truth.keypoints_m, truth.rotation, np.zeros(N_ANGLES)
        )
        np.testing.assert_allclose(found, truth.angles, atol=1e-5)


def test_the_closed_form_keeps_what_is_missing(maker, rng):
    truth = maker.hand(rng)
    unseen = ANGLE_NAMES.index("index flexion3")
    otherwise = np.zeros(N_ANGLES)
    otherwise[unseen] = 0.05
    keypoints = truth.keypoints_m.copy()
    keypoints[8] = np.nan
    found = maker.articulation.angles_from_keypoints(keypoints, truth.rotation, otherwise)
    assert found[unseen] == 0.05
    expected = np.where(np.arange(N_ANGLES) == unseen, 0.05, truth.angles)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_equal_angles_are_mirror_images(rng):
    left, right = (Articulation(open_hand(side)) for side in Side)
    angles, betas = rng.uniform(LIMITS_RAD[:, 0], LIMITS_RAD[:, 1]), rng.normal(size=10)
    here, _ = left.keypoints(np.zeros(3), np.eye(3), angles, betas)
    there, _ = right.keypoints(np.zeros(3), np.eye(3), angles, betas)
    np.testing.assert_allclose(here, there * [-1, 1, 1], atol=1e-12)


def test_positive_abduction_leads_to_the_thumb(maker):
    for finger, tip in (("index", 8), ("middle", 12), ("ring", 16), ("little", 20)):
        angles = np.zeros(N_ANGLES)
        angles[ANGLE_NAMES.index(f"{finger} abduction1")] = 0.2
        moved, _ = maker.articulation.keypoints(np.zeros(3), np.eye(3), angles, np.zeros(10))
        rest = maker.model.rest_keypoints(np.zeros(10))
        assert moved[tip, 2] > rest[tip, 2] + 0.005
