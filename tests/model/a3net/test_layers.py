"""The geometry of views and maps, against cases worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from bridge.model.a3net.single_view import PixelwiseHead, lift
from bridge.model.layers.basic import (
    PointNorm,
    masked_mean,
    mlp,
    project,
    sample_map,
    start_near_zero,
)
from bridge.model.layers.maps import cell_centres, gaussian_maps, splat_to_map


def test_projection_is_that_of_a_pinhole_camera() -> None:
    # A root 0.6 m ahead, 5 cm right, 2 cm up; lengths in 0.1 m.
    root, focal = torch.tensor([0.5, -0.2, 6.0]), torch.tensor(4.0)
    around = torch.tensor([[0.0, 0, 0], [0.3, 0.4, -1.0], [-0.2, 0.1, 0.8]])
    camera = torch.tensor([4.0 / 6.0, 4 * 0.5 / 6, -4 * 0.2 / 6])
    absolute = around + root
    torch.testing.assert_close(
        project(around, camera, focal), 4 * absolute[:, :2] / absolute[:, 2:]
    )


def test_points_behind_the_camera_project_to_finite_places() -> None:
    behind = project(
        torch.tensor([[1.0, 1.0, -50.0]]), torch.tensor([1.0, 0, 0]), torch.tensor(4.0)
    )
    torch.testing.assert_close(behind, torch.tensor([[5.0, 5.0]]))


def test_lifting_undoes_projection() -> None:
    generator = torch.Generator().manual_seed(1)
    points = torch.rand(3, 21, 3, generator=generator) * 2 - 1
    camera = torch.tensor([[0.6, 0.1, -0.2], [0.9, 0, 0], [0.4, -0.3, 0.3]])
    focal = torch.tensor([3.0, 4.0, 8.0])
    place = torch.cat((project(points, camera, focal), points[..., 2:]), dim=-1)
    torch.testing.assert_close(lift(place, camera, focal), points)


def test_cells_span_the_crop() -> None:
    assert cell_centres(4, torch.zeros(1)).tolist() == [-0.75, -0.25, 0.25, 0.75]


def test_a_gaussian_stands_on_its_point() -> None:
    # Cell (row 3, column 1) of 8: x = -0.625, y = -0.125.
    bell = gaussian_maps(torch.tensor([-0.625, -0.125]), 8, 2.0)
    assert bell.shape == (8, 8)
    assert divmod(int(bell.argmax()), 8) == (3, 1)
    assert bell[3, 1] == pytest.approx(1.0)
    assert bell[3, 3] == pytest.approx(math.exp(-0.5))
    assert bell[5, 3] == pytest.approx(math.exp(-1.0))


def test_sampling_reproduces_what_is_linear_in_the_picture() -> None:
    centres = cell_centres(8, torch.zeros(1))
    x, y = centres.expand(8, 8), centres[:, None].expand(8, 8)
    maps = torch.stack((x, y, 2 * x - y + 1))[None]
    points = torch.tensor([[[0.3, -0.6], [0.0, 0.0], [-0.85, 0.85]]])
    u, v = points[..., 0], points[..., 1]
    torch.testing.assert_close(sample_map(maps, points), torch.stack((u, v, 2 * u - v + 1), -1))


def test_sampling_far_outside_gives_the_border() -> None:
    maps = torch.arange(16.0).view(1, 1, 4, 4)
    found = sample_map(maps, torch.tensor([[[-9.0, -9.0], [9.0, -9.0], [1e6, 1e6]]]))
    assert found.flatten().tolist() == [0, 3, 15]


def test_splatting_is_the_transpose_of_sampling() -> None:
    generator = torch.Generator().manual_seed(2)
    points = torch.rand(1, 6, 2, generator=generator) * 1.6 - 0.8  # where no border matters
    features = torch.rand(1, 6, 5, generator=generator)
    weights = sample_map(torch.eye(64).view(1, 64, 8, 8), points)[0]  # points x cells
    total = weights.sum(0)
    means = (weights.T @ features[0]) / total.clamp(min=0.05)[:, None]
    torch.testing.assert_close(splat_to_map(features, points, 8)[0].flatten(1), means.T)


def test_splatted_features_are_means_and_empty_cells_are_zero() -> None:
    # Two points in one cell's centre, one half way between two cells.
    points = torch.tensor([[[-0.75, -0.75], [-0.75, -0.75], [0.5, 0.75]]])
    found = splat_to_map(torch.tensor([[[1.0], [3.0], [7.0]]]), points, 4)[0, 0]
    expected = torch.zeros(4, 4)
    expected[0, 0], expected[3, 2], expected[3, 3] = 2, 7, 7
    torch.testing.assert_close(found, expected)


def test_the_mean_over_views_leaves_absent_ones_out() -> None:
    x = torch.tensor([[[1.0, 2.0], [3.0, 6.0], [100.0, 100.0]]])
    present = torch.tensor([[True, True, False]])
    assert masked_mean(x, present).tolist() == [[2.0, 4.0]]


def test_point_norm_normalises_over_all_leading_axes() -> None:
    x = torch.rand(2, 3, 50, 4) * torch.tensor([1.0, 5, 9, 0.1]) + 3
    y = PointNorm(4)(x)
    assert y.shape == x.shape
    torch.testing.assert_close(y.mean(dim=(0, 1, 2)), torch.zeros(4), atol=1e-4, rtol=0)
    deviation = y[..., :3].std(dim=(0, 1, 2), correction=0)
    torch.testing.assert_close(deviation, torch.ones(3), atol=1e-3, rtol=0)


def test_an_mlp_ends_without_activation_and_can_start_near_zero() -> None:
    head = mlp(4, 8, 3)
    assert [type(m) for m in head] == [nn.Linear, nn.ReLU, nn.Linear]
    start_near_zero(head)
    assert head(torch.rand(9, 4)).abs().max() < 0.2
    with pytest.raises(TypeError, match="ReLU"):
        start_near_zero(nn.Sequential(nn.ReLU()))


def test_the_pixelwise_head_puts_a_joint_where_its_heat_is() -> None:
    # One channel that is hot in cell (row 6, column 2) of 8; offsets are constants.
    head = PixelwiseHead(1)
    with torch.no_grad():
        head.maps.weight.zero_()
        head.maps.weight[:21] = 1.0
        head.maps.bias.zero_()
        head.maps.bias[21:24] = torch.tensor([0.1, -0.2, 0.3])  # of joint 0
    f_vis = torch.zeros(1, 1, 8, 8)
    f_vis[0, 0, 6, 2] = 50
    heat, place = head(f_vis)
    assert heat.shape == (1, 21, 64)
    torch.testing.assert_close(place[0, 1], torch.tensor([-0.375, 0.625, 0.0]))
    torch.testing.assert_close(place[0, 0], torch.tensor([-0.275, 0.425, 0.3]))
