"""Rotations, against scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from bridge.model.hand.rotation import align_points, matrix_from_rotvec, skew


def test_skew_multiplies_as_the_cross_product(rng):
    a, b = rng.normal(size=(2, 5, 3))
    product = (skew(a) @ b[..., None])[..., 0]
    np.testing.assert_allclose(product, np.cross(a, b), atol=1e-15)


@pytest.mark.parametrize("scale", [0.0, 1e-12, 1e-4, 1.0, np.pi, 10.0])
def test_rotation_vectors_turn_as_in_scipy(rng, scale):
    rotvec = rng.normal(size=(6, 3)) * scale
    expected = Rotation.from_rotvec(rotvec).as_matrix()
    np.testing.assert_allclose(matrix_from_rotvec(rotvec), expected, atol=1e-14)
    one_by_one = [matrix_from_rotvec(vector) for vector in rotvec]
    np.testing.assert_allclose(one_by_one, expected, atol=1e-14)


def test_alignment_undoes_a_rigid_motion_and_ignores_weightless_points(rng):
    source, turn = rng.normal(size=(8, 3)), Rotation.random(random_state=rng)
    target = turn.apply(source) + np.array([1, 2, 3])
    target[7] = 100
    weights = np.array([1, 2, 0.5, 1, 1, 3, 1, 0])
    rotation, shift, determined = align_points(source, target, weights)
    np.testing.assert_allclose(rotation, turn.as_matrix(), atol=1e-12)
    np.testing.assert_allclose(shift, [1, 2, 3], atol=1e-12)
    assert determined > 0.1


def test_alignment_of_a_mirror_image_is_still_a_rotation(rng):
    source = rng.normal(size=(8, 3))
    rotation, _, _ = align_points(source, source * [-1, 1, 1], np.ones(8))
    assert np.linalg.det(rotation) == pytest.approx(1)


def test_alignment_tells_when_the_points_leave_the_rotation_open():
    line = np.outer(np.arange(5.0), [1, 2, 3])
    assert align_points(line, line, np.ones(5))[2] < 1e-9
    assert align_points(np.zeros((5, 3)), line, np.ones(5))[2] == 0
