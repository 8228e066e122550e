from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from bridge.model.fusion.alignment import RunningAlignment, rotation_between


def test_the_rotation_between_two_clouds_is_found() -> None:
    rng = np.random.default_rng(1)
    for true in Rotation.random(20, random_state=2).as_matrix():
        a = rng.normal(size=(21, 3))
        np.testing.assert_allclose(rotation_between(a.T @ (a @ true.T)), true, atol=1e-9)


def test_a_flat_cloud_gives_a_rotation_and_no_reflection() -> None:
    rng = np.random.default_rng(3)
    true = Rotation.from_rotvec([0.3, -1.2, 0.5]).as_matrix()
    flat = rng.normal(size=(21, 3)) * [1, 1, 0]
    found = rotation_between(flat.T @ (flat @ true.T))
    np.testing.assert_allclose(found, true, atol=1e-9)
    assert np.isclose(np.linalg.det(found), 1)


def test_pooling_beats_any_single_frame() -> None:
    rng = np.random.default_rng(4)
    true = Rotation.from_rotvec([0, 1.0, 0.2])
    alignment, single = RunningAlignment(), []
    for _ in range(100):
        hand = rng.normal(0, 0.05, (21, 3))
        noisy = hand + rng.normal(0, 0.02, (21, 3))
        covariance = noisy.T @ (hand @ true.as_matrix().T)
        alignment.add(covariance)
        single.append(Rotation.from_matrix(rotation_between(covariance)))
    error = (Rotation.from_matrix(alignment.rotation) * true.inv()).magnitude()
    assert error < 0.3 * np.median([(r * true.inv()).magnitude() for r in single])


def test_the_camera_centre_is_the_mean_of_what_hands_say_and_outliers_pull_little() -> None:
    alignment = RunningAlignment()
    alignment.add(np.eye(3))
    centre = np.array([0.4, 0.1, 0.3])
    rng = np.random.default_rng(5)
    for k in range(200):
        if k:
            alignment.add(np.eye(3))
        place = rng.normal(0, 0.1, 3)
        wrong = np.array([3.0, 0, 0]) if k % 20 == 19 else 0
        alignment.add_place(place + centre + wrong, place)
    assert np.linalg.norm(alignment.offset_m - centre) < 0.01


def test_the_stage_camera_stays_at_the_origin_whatever_it_is_told() -> None:
    stage = RunningAlignment.of_stage()
    stage.add(Rotation.from_rotvec([1, 0, 0]).as_matrix())
    stage.add_place(np.ones(3), np.zeros(3))
    np.testing.assert_array_equal(stage.rotation, np.eye(3))
    np.testing.assert_array_equal(stage.offset_m, np.zeros(3))
