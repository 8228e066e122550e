"""Coarse meshes, the way back up, keypoints of a mesh, and the spiral convolution on them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from bridge.errors import InputError
from bridge.model.hand.layer import mano_layer
from bridge.model.hand.rotation_torch import rotation_from_axis_angle
from bridge.model.simahand import SimaHand
from bridge.model.simahand.joint_regressor import joint_regressor
from bridge.model.simahand.mesh_decoder import MeshDecoder, SpiralConv
from bridge.model.simahand.mesh_levels import _nearest_in_triangles, mesh_levels
from bridge.protocol.joints import Side
from tests.model.hand.mano_file import mano_bytes
from tests.model.simahand.tiny import close, hand, said, samples, tiny


@pytest.fixture(scope="module")
def levels():
    return mesh_levels(hand(), coarse=49, count=4, length=9)


def test_sizes_grow_by_one_factor_up_to_the_whole_mesh(levels) -> None:
    coarse, steps = levels
    sizes = [len(coarse), *(len(step.vertices) for step in steps)]
    assert sizes == [49, 117, 281, 672, 1609]
    np.testing.assert_array_equal(steps[-1].vertices, np.arange(1609))
    assert set(coarse) <= set(steps[0].vertices) <= set(steps[1].vertices)


def test_the_levels_are_closed_where_the_hand_is(levels) -> None:
    """Every edge of a coarse mesh has a face on either side, as every edge of a closed mesh."""
    for step in levels[1][:-1]:
        edges = np.concatenate([step.faces[:, [a, (a + 1) % 3]] for a in range(3)])
        there, counts = np.unique(edges, axis=0, return_counts=True)
        back = {tuple(edge) for edge in there[:, ::-1].tolist()}
        both = sum(tuple(edge) in back for edge in there.tolist()) / len(there)
        assert (counts > 1).mean() < 0.03  # where three cells meet in a ring
        assert both > 0.9
        assert len(np.unique(step.faces)) == len(step.vertices)


def test_coarse_faces_look_outward_as_the_fine_ones_do(levels) -> None:
    points = hand().template.numpy()

    def volume(vertices: np.ndarray, faces: np.ndarray) -> float:
        a, b, c = (points[vertices][faces[:, k]] for k in range(3))
        return float(np.einsum("fi,fi->f", a, np.cross(b, c)).sum() / 6)

    whole = volume(np.arange(1609), hand().faces.numpy())
    for step in levels[1][1:]:
        assert volume(step.vertices, step.faces) == pytest.approx(whole, rel=0.35)


def test_going_up_keeps_what_is_there_and_puts_the_rest_between(levels) -> None:
    points = hand().template.double().numpy()
    below = levels[0]
    for step in levels[1]:
        assert (step.from_weights >= -1e-12).all()
        np.testing.assert_allclose(step.from_weights.sum(1), 1)
        raised = np.einsum("kc,kci->ki", step.from_weights, points[below][step.from_corners])
        kept = np.isin(step.vertices, below)
        np.testing.assert_allclose(raised[kept], points[step.vertices[kept]], atol=1e-9)
        apart = np.linalg.norm(raised - points[step.vertices], axis=1)
        assert apart.mean() < 0.006
        below = step.vertices


def test_the_nearest_point_of_a_triangle() -> None:
    corners = np.array([[0, 0, 0], [2, 0, 0], [0, 2, 0.0]])
    for point, weights in (
        ([0.5, 0.5, 1], [0.5, 0.25, 0.25]),
        ([1, -3, 0], [0.5, 0.5, 0]),
        ([-1, -1, 0], [1, 0, 0]),
        ([3, 3, 0], [0, 0.5, 0.5]),
    ):
        found = _nearest_in_triangles(np.array([point], float), corners[None])[0]
        np.testing.assert_allclose(found, weights, atol=1e-12)
    line = np.array([[0, 0, 0], [1, 0, 0], [3, 0, 0.0]])
    found = _nearest_in_triangles(np.array([[2.0, 5, 0]]), line[None])[0]
    np.testing.assert_allclose(found @ line, [2, 0, 0])


def test_a_hand_with_too_few_vertices_is_an_error() -> None:
    with pytest.raises(InputError, match="1609 vertices has no coarse level of 1609"):
        mesh_levels(hand(), coarse=1609, count=4, length=9)


def test_keypoints_are_means_of_vertices() -> None:
    weights = joint_regressor(hand())
    close(weights.sum(1), torch.ones(21), 1e-4)
    torch.manual_seed(3)
    posed = hand()(torch.randn(40, 10), rotation_from_axis_angle(0.5 * torch.randn(40, 16, 3)))
    wrong_mm = 1000 * (weights @ posed.vertices - posed.keypoints).norm(dim=-1)
    assert wrong_mm.mean() < 0.6
    assert wrong_mm.mean(0).max() < 2


def test_a_spiral_convolution_is_one_layer_on_the_spiral_in_a_row() -> None:
    torch.manual_seed(0)
    spirals = torch.tensor([[0, 2, 1], [1, 0, 2], [2, 2, 0], [3, 1, 1]])
    mix = SpiralConv(2, 5, spirals)
    x = torch.randn(4, 3, 2)
    row = x[spirals].transpose(1, 2).flatten(2)
    close(mix(x), row @ mix.weight.flatten(0, 1) + mix.bias)


def test_the_decoder_begins_at_the_resting_hand_and_hears_every_coarse_vertex(levels) -> None:
    torch.manual_seed(0)
    decoder = MeshDecoder(hand(), levels[1], 6, (8, 8, 4, 4))
    decoder.start()
    f_v = torch.randn(2, 49, 6, requires_grad=True)
    vertices, last = decoder(f_v, 0.1)
    assert vertices.shape == (2, 1609, 3)
    assert last.shape == (2, 1609, 4)
    assert (0.1 * vertices - hand().template).abs().max() < 0.02
    vertices[0].square().sum().backward()
    assert (f_v.grad[0].abs().sum(1) > 0).all()
    assert not f_v.grad[1].any()
    assert not [name for name in decoder.state_dict() if "spirals" in name or "template" in name]


def test_a_hand_from_a_mano_file_has_levels_and_a_network(tmp_path: Path) -> None:
    for side in Side:
        (tmp_path / f"MANO_{side.name}.pkl").write_bytes(mano_bytes(side))
    layer = mano_layer(tmp_path)
    assert layer.n_vertices == 778
    coarse, steps = mesh_levels(layer, coarse=49, count=4, length=9)
    assert [len(coarse), *(len(step.vertices) for step in steps)] == [49, 98, 195, 390, 778]
    assert (steps[-1].spirals[:, 0] == np.arange(778)).all()
    config = replace(tiny(), decoder_channels=(4, 4))
    out = said(SimaHand(config, layer).eval(), samples(2, 1))
    assert out.vertices_m.shape == (2, 778, 3)
