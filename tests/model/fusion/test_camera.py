from __future__ import annotations

import numpy as np

from bridge.model.fusion.camera import normalised, place_hand
from bridge.model.lens import FOCAL_PRIOR


def test_a_hand_is_placed_where_it_was_projected_from() -> None:
    rng = np.random.default_rng(1)
    local = rng.normal(0, 0.04, (21, 3))
    true = np.array([0.1, -0.05, 0.6])
    image = (local + true)[:, :2] / (local + true)[:, 2:]
    np.testing.assert_allclose(place_hand(local, image, np.ones(21)), true, atol=1e-12)


def test_keypoints_without_confidence_do_not_pull() -> None:
    rng = np.random.default_rng(2)
    local = rng.normal(0, 0.04, (21, 3))
    true = np.array([-0.1, 0.02, 0.4])
    image = (local + true)[:, :2] / (local + true)[:, 2:]
    image[:5] += 0.3
    weight = np.r_[np.zeros(5), np.ones(16)]
    np.testing.assert_allclose(place_hand(local, image, weight), true, atol=1e-12)


def test_normalised_coordinates_are_about_the_centre_in_focal_lengths() -> None:
    size = (1280, 720)
    focal = FOCAL_PRIOR * 1280
    points = np.array([[640.0, 360.0], [640 + focal, 360.0], [640.0, 360 - focal]])
    np.testing.assert_allclose(normalised(points, size), [[0, 0], [1, 0], [0, -1]])
    upright = normalised(np.array([[360.0, 640 + focal]]), (720, 1280))
    np.testing.assert_allclose(upright, [[0, 1]])
