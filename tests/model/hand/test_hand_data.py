"""The arrays of a hand model: checked, exact, and never changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bridge.errors import InputError, ModelError
from bridge.model.hand import SkinnedHand, open_hand
from bridge.protocol.joints import Side

DATA = open_hand(Side.RIGHT).data


def test_it_is_read_only_and_its_own() -> None:
    mine = np.array(DATA.vertices_m)
    data = replace(DATA, vertices_m=mine)
    mine[:] = 0
    np.testing.assert_array_equal(data.vertices_m, DATA.vertices_m)
    with pytest.raises(ValueError, match="read-only"):
        data.weights[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        data.flexion_axes[1, 0] = 1


def test_weights_and_axes_are_made_exact() -> None:
    data = replace(DATA, weights=3 * DATA.weights, flexion_axes=2 * DATA.flexion_axes)
    np.testing.assert_allclose(data.weights, DATA.weights)
    np.testing.assert_allclose(data.flexion_axes, DATA.flexion_axes)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"weights": DATA.weights[:5]}, r"weights .* must have shape \(1609, 16\), not \(5, 16\)"),
        ({"keypoints_m": np.zeros((20, 3))}, "keypoints_m"),
        ({"shape_dirs_m": np.zeros((1609, 3, 9))}, "shape_dirs_m"),
        ({"pose_dirs_m": np.zeros((1609, 3, 45))}, "pose_dirs_m"),
        ({"vertices_m": np.full((1609, 3), np.nan)}, "vertices_m .* not finite"),
        ({"faces": np.array([[0, 1, 1609]])}, "must name vertices"),
        ({"fingertip_vertices": (1, 2, 3)}, "fingertips must be 5"),
        ({"fingertip_vertices": (1, 2, 3, 4, 1609)}, "fingertips must be 5"),
    ],
)
def test_what_does_not_fit_is_refused(changed, message) -> None:
    with pytest.raises(ModelError, match=message):
        replace(DATA, **changed)


def test_a_shape_and_many_poses_broadcast_like_the_other_way_round(rng) -> None:
    hand = SkinnedHand(DATA)
    betas, poses = rng.normal(size=(3, 1, 10)), np.tile([0.0, 0, 0, 1], (2, 16, 1))
    mesh = hand.vertices(betas, poses, np.zeros(3))
    assert mesh.shape == (3, 2, 1609, 3)
    np.testing.assert_allclose(mesh[1, 1], hand.rest_vertices(betas[1, 0]), atol=1e-12)
    assert hand.origin_m(betas).shape == (3, 1, 3)
    np.testing.assert_array_equal(hand.origin_m(betas), 0)
    with pytest.raises(InputError, match="betas"):
        hand.origin_m(np.zeros(11))
