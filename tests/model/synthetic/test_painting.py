"""The differentiable renderer: colours, light and places against finite differences."""

from __future__ import annotations

import math

import pytest
import torch

from bridge.model.synthetic.painting import corner_shares, harmonics, light_up, paint
from bridge.model.synthetic.rasteriser import rasterise

FACES = torch.tensor([[0, 1, 2], [1, 3, 2]])
SIZE = (24, 32)


def quad() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    points = torch.tensor([[[4.3, 3.1], [27.6, 5.2], [6.4, 20.7], [25.2, 19.3]]])
    depth = torch.tensor([[0.5, 0.7, 0.9, 0.6]])
    colours = torch.rand(1, 4, 3, generator=torch.Generator().manual_seed(1))
    return points.double(), depth.double(), colours.double()


def test_a_corner_has_its_colour_and_an_edge_goes_with_perspective() -> None:
    points = torch.tensor([[[2.0, 2.0], [22.0, 2.0], [2.0, 22.0]]])
    depth = torch.tensor([[1.0, 2.0, 1.0]])
    colours = torch.eye(3)[None]
    picture, seen = paint(points, depth, FACES[:1], colours, SIZE)
    assert seen[0, 2, 2]
    torch.testing.assert_close(picture[0, :, 2, 2], torch.tensor([1.0, 0.0, 0.0]))
    # Half way to a corner twice as far, its share is one third: (1/2)/2 of (1/2)/1 + (1/2)/2.
    torch.testing.assert_close(picture[0, :, 2, 12], torch.tensor([2 / 3, 1 / 3, 0.0]))
    assert not seen[0, 23, 31]
    assert picture[0, :, 23, 31].eq(0).all()


def test_shares_sum_to_one_and_reproduce_depth() -> None:
    points, depth, _ = quad()
    raster = rasterise(points.float(), depth.float(), FACES, SIZE)
    shares = corner_shares(raster, points, depth, FACES)
    torch.testing.assert_close(shares.sum(-1), torch.ones(len(shares)).double())
    corners = FACES[raster.face[raster.face >= 0]]
    found = (shares * depth[0, corners]).sum(-1)
    torch.testing.assert_close(found, raster.depth_m[raster.face >= 0].double(), atol=1e-3, rtol=0)


@pytest.mark.parametrize("name", ["points", "depth", "colours"])
def test_gradients_are_the_finite_differences(name: str) -> None:
    given = dict(zip(("points", "depth", "colours"), quad(), strict=True))
    # Pixels whose face does not change in the small step: those well within the two faces.
    weight = torch.rand(1, 3, *SIZE, generator=torch.Generator().manual_seed(2)).double()
    base = rasterise(given["points"].float(), given["depth"].float(), FACES, SIZE).face

    def value(tensor: torch.Tensor) -> torch.Tensor:
        now = given | {name: tensor}
        picture, _ = paint(now["points"], now["depth"], FACES, now["colours"], SIZE)
        return (picture * weight * (base >= 0)).sum()

    leaf = given[name].clone().requires_grad_()
    (gradient,) = torch.autograd.grad(value(leaf), leaf)
    step = 1e-5
    for index in torch.cartesian_prod(*(torch.arange(n) for n in leaf.shape)).tolist():
        moved = [given[name].clone() for _ in range(2)]
        moved[0][tuple(index)] += step
        moved[1][tuple(index)] -= step
        found = (value(moved[0]) - value(moved[1])) / (2 * step)
        assert gradient[tuple(index)].item() == pytest.approx(found.item(), rel=1e-3, abs=1e-4)
    assert gradient.abs().max() > 0.1


def test_harmonics_are_orthogonal_over_the_sphere() -> None:
    count = 20_000
    k = torch.arange(count).double() + 0.5
    z = 1 - 2 * k / count
    around = k * math.pi * (1 + 5**0.5)
    radius = (1 - z * z).sqrt()
    directions = torch.stack([radius * around.cos(), radius * around.sin(), z], -1)
    basis = harmonics(directions)
    product = basis.T @ basis / count
    assert (product - torch.diag(product.diagonal())).abs().max() < 1e-3
    # Means of 1, y^2, x^2 y^2, (3 z^2 - 1)^2 and (x^2 - y^2)^2 over the sphere.
    wanted = torch.tensor([1, 1 / 3, 1 / 3, 1 / 3, 1 / 15, 1 / 15, 4 / 5, 1 / 15, 4 / 15])
    torch.testing.assert_close(product.diagonal(), wanted.double(), atol=1e-3, rtol=0)


def test_light_from_above_is_on_what_looks_up() -> None:
    normals = torch.tensor([[0.0, -1.0, 0.0], [0.0, 1.0, 0.0]])
    light = torch.zeros(27)
    light[[0, 9, 18]] = 1.0
    light[1] = -0.5  # red falls with y, which points down
    found = light_up(torch.full((2, 3), 0.4), normals, light)
    torch.testing.assert_close(found, torch.tensor([[0.6, 0.4, 0.4], [0.2, 0.4, 0.4]]))
