"""Coordinate changes against rotation matrices of SciPy and the numbers of the specification."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from bridge.protocol import coordinates as c

FLIP = np.diag([1.0, -1.0, -1.0])  # OpenCV <-> OpenXR, a half turn about x
UNITY = np.diag([1.0, 1.0, -1.0])  # OpenXR <-> Unity, a reflection
MIRROR = np.diag([-1.0, 1.0, 1.0])  # left <-> right, a reflection

seeds = st.integers(0, 2**32 - 1)


def random_rotations(seed: int, count: int = 8) -> Rotation:
    return Rotation.random(count, rng=np.random.default_rng(seed))


def same_rotation(quaternion, matrix):
    np.testing.assert_allclose(Rotation.from_quat(quaternion).as_matrix(), matrix, atol=1e-12)
    assert (np.asarray(quaternion)[..., 3] >= 0).all()


@given(seeds)
def test_opencv_orientation_keeps_the_local_frame(seed):
    r = random_rotations(seed)
    same_rotation(c.opencv_to_openxr_orientation(r.as_quat()), FLIP @ r.as_matrix())


@given(seeds)
def test_opencv_rotation_changes_all_axes(seed):
    r = random_rotations(seed)
    same_rotation(c.opencv_to_openxr_rotation(r.as_quat()), FLIP @ r.as_matrix() @ FLIP)


@given(seeds)
def test_unity_rotation(seed):
    r = random_rotations(seed)
    same_rotation(c.openxr_to_unity_rotation(r.as_quat()), UNITY @ r.as_matrix() @ UNITY)


@given(seeds)
def test_mirror_rotation(seed):
    r = random_rotations(seed)
    same_rotation(c.mirror_rotation(r.as_quat()), MIRROR @ r.as_matrix() @ MIRROR)


@pytest.mark.parametrize(
    ("change", "matrix"),
    [
        (c.opencv_to_openxr_position, FLIP),
        (c.openxr_to_opencv_position, FLIP),
        (c.openxr_to_unity_position, UNITY),
        (c.unity_to_openxr_position, UNITY),
        (c.mirror_position, MIRROR),
    ],
)
def test_positions(change, matrix):
    p = np.random.default_rng(1).normal(size=(4, 5, 3))
    np.testing.assert_array_equal(change(p), p @ matrix)


@given(seeds)
def test_a_point_of_a_turned_thing_lands_at_the_same_place_either_way(seed):
    """Turn, then change axes = change the orientation, then turn: for a hand in a camera."""
    r, p = random_rotations(seed), np.array([0.1, -0.2, 0.3])
    turned = Rotation.from_quat(c.opencv_to_openxr_orientation(r.as_quat())).apply(p)
    np.testing.assert_allclose(turned, c.opencv_to_openxr_position(r.apply(p)), atol=1e-12)


@given(seeds)
def test_a_chain_of_parent_relative_rotations_changes_link_by_link(seed):
    """To Unity and in a mirror, a product of rotations is the product of the changed ones."""
    a, b = random_rotations(seed, 1), random_rotations(seed ^ 1, 1)
    for change in (c.openxr_to_unity_rotation, c.mirror_rotation, c.opencv_to_openxr_rotation):
        parts = Rotation.from_quat(change(a.as_quat())) * Rotation.from_quat(change(b.as_quat()))
        np.testing.assert_allclose(
            parts.as_matrix(),
            Rotation.from_quat(change((a * b).as_quat())).as_matrix(),
            atol=1e-12,
        )


@given(seeds)
def test_there_and_back(seed):
    q = c.canonical_quaternion(random_rotations(seed).as_quat())
    for there, back in (
        (c.opencv_to_openxr_orientation, c.openxr_to_opencv_orientation),
        (c.opencv_to_openxr_rotation, c.openxr_to_opencv_rotation),
        (c.openxr_to_unity_rotation, c.unity_to_openxr_rotation),
        (c.mirror_rotation, c.mirror_rotation),
    ):
        np.testing.assert_array_equal(back(there(q)), q)


def test_numbers_of_the_specification():
    q = np.array([0.1, 0.2, 0.3, np.sqrt(0.86)])
    x, y, z, w = q
    np.testing.assert_array_equal(c.opencv_to_openxr_position([1.0, 2.0, 3.0]), [1, -2, -3])
    # (w, -z, y, -x), negated since its last number is below 0
    np.testing.assert_array_equal(c.opencv_to_openxr_orientation(q), [-w, z, -y, x])
    np.testing.assert_array_equal(c.opencv_to_openxr_rotation(q), [x, -y, -z, w])
    np.testing.assert_array_equal(c.openxr_to_unity_position([1.0, 2.0, 3.0]), [1, 2, -3])
    np.testing.assert_array_equal(c.openxr_to_unity_rotation(q), [-x, -y, z, w])
    np.testing.assert_array_equal(c.mirror_position([1.0, 2.0, 3.0]), [-1, 2, 3])
    np.testing.assert_array_equal(c.mirror_rotation(q), [x, -y, -z, w])


def test_opencv_to_unity_goes_through_openxr():
    """The direct way, a reflection of the whole, would mirror the hand's own frame."""
    r = random_rotations(3, 1)
    q = c.openxr_to_unity_rotation(c.opencv_to_openxr_orientation(r.as_quat()))
    same_rotation(q, UNITY @ FLIP @ r.as_matrix() @ UNITY)


def test_float32_stays_float32():
    q = np.tile(np.float32([0, 0, 0, 1]), (2, 16, 1))
    p = np.zeros((2, 21, 3), np.float32)
    assert c.opencv_to_openxr_orientation(q).dtype == np.float32
    assert c.mirror_rotation(q).shape == (2, 16, 4)
    assert c.openxr_to_unity_position(p).dtype == np.float32


@pytest.mark.parametrize("bad", [np.zeros(4), np.zeros((3, 2)), 1.0])
def test_refuses_another_shape(bad):
    with pytest.raises(ValueError, match=r"shape \(\.\.\., 3\)"):
        c.mirror_position(bad)
