from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from bridge.errors import InputError
from bridge.model.hand.layer import open_hand_layer
from bridge.model.render import Canvas
from bridge.model.synthetic.draws import Draws
from bridge.model.synthetic.rasteriser import NEAR_M, Raster, interpolate, rasterise
from bridge.model.synthetic.scene import random_scene

TRIANGLE = torch.tensor([[0, 1, 2]])


def _draw(points: list[list[float]], depth: list[float], size: int = 16) -> Raster:
    faces = torch.arange(len(points)).reshape(-1, 3)
    return rasterise(torch.tensor([points]), torch.tensor([depth]), faces, (size, size))


def test_a_triangle_covers_the_pixels_whose_centres_it_holds() -> None:
    a, b, c = (2.2, 1.3), (13.7, 4.1), (5.5, 14.6)
    face = _draw([list(a), list(b), list(c)], [1.0] * 3).face[0]
    y, x = np.mgrid[:16, :16]

    def side(p: tuple[float, float], q: tuple[float, float]) -> np.ndarray:
        return np.asarray((q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0]))

    inside = (side(a, b) > 0) & (side(b, c) > 0) & (side(c, a) > 0)
    assert np.array_equal(face.numpy() == 0, inside)


@pytest.mark.parametrize("seed", range(5))
def test_faces_that_share_edges_leave_no_gap_and_do_not_overlap(seed: int) -> None:
    """A fan of triangles around a point, corners on pixel centres: each pixel once."""
    rng = np.random.default_rng(seed)
    ring = [(0, 0), (8, 0), (15, 0), (15, 9), (15, 15), (6, 15), (0, 15), (0, 7)]
    middle = tuple(rng.integers(3, 12, 2)) if seed % 2 else tuple(rng.uniform(3, 12, 2))
    total = torch.zeros(16, 16)
    for i, corner in enumerate(ring):
        points = [list(map(float, p)) for p in (corner, ring[(i + 1) % 8], middle)]
        if rng.random() < 0.5:
            points.reverse()
        total += (_draw(points, [1.0] * 3).face[0] >= 0).float()
    # The square from 0 to 15 has its bottom and right edge left to its neighbours.
    assert (total[:15, :15] == 1).all()
    assert total[15].sum() == total[:, 15].sum() == 0


def test_perspective_of_depth_and_values() -> None:
    """A tilted plane z = 2 + x in a camera of focal length 8 at the middle of 16 pixels."""
    corners = torch.tensor([[-0.9, -0.9], [0.9, -0.9], [0.0, 1.2]])
    depth = 2 + corners[:, 0]
    points = 7.5 + 8 * corners / depth[:, None]
    raster = rasterise(points[None], depth[None], TRIANGLE, (16, 16))
    values = torch.cat([corners, depth[:, None]], 1)
    found = interpolate(raster, points[None], depth[None], TRIANGLE, values[None])
    row, column = (raster.face[0] >= 0).nonzero().T
    assert len(row) > 20
    ray = (column - 7.5) / 8
    expected = 2 / (1 - ray)  # z = 2 + ray z
    assert torch.allclose(found[:, 2], expected, atol=5e-3)  # vertices are snapped to 1/256 px
    assert torch.allclose(raster.depth_m[0][row, column], expected, atol=5e-3)
    assert torch.allclose(found[:, 0], ray * expected, atol=5e-3)


def test_crossing_planes_meet_where_they_are_as_deep() -> None:
    wide = [[-40.0, -40.0], [80.0, -40.0], [20.0, 90.0]]
    left, right = 1.0, 3.0
    # 1 / depth is linear in the picture: equal at the column where both planes meet.
    slopes = [[1 / left, 1 / right], [1 / right, 1 / left]]
    depths = [[1 / float(np.interp(x, [-40, 80], s)) for x, _ in wide] for s in slopes]
    raster = _draw(wide + wide, depths[0] + depths[1], size=40)
    face = raster.face[0]
    assert (face[:, :20] == 0).all()
    assert (face[:, 21:] == 1).all()
    assert raster.depth_m[0, 5, 20] == pytest.approx(1.5, rel=1e-3)


def test_a_sphere_is_round_and_as_deep_as_a_sphere() -> None:
    n, m, size = 60, 30, 64
    theta = torch.linspace(0, np.pi, m + 1)[:, None]
    phi = torch.arange(n) * (2 * np.pi / n)
    ball = torch.stack(
        [theta.sin() * phi.cos(), theta.sin() * phi.sin(), theta.cos() + 0 * phi], -1
    ).reshape(-1, 3)
    i = torch.arange(m)[:, None] * n
    j, k = torch.arange(n), (torch.arange(n) + 1) % n
    a, b, c, d = (v.flatten() for v in (i + j, i + k, i + n + k, i + n + j))
    faces = torch.cat([torch.stack([a, c, b], 1), torch.stack([a, d, c], 1)])
    vertices = ball * 0.5 + torch.tensor([0.0, 0.0, 2.0])
    points = 31.5 + 80 * vertices[:, :2] / vertices[:, 2:]
    culled, whole = (
        rasterise(points[None], vertices[None, :, 2], faces, (size, size), cull=cull)
        for cull in (True, False)
    )
    y, x = np.mgrid[:size, :size]
    ray = np.stack([(x - 31.5) / 80, (y - 31.5) / 80, np.ones_like(x, float)], -1)
    length2 = (ray**2).sum(-1)
    under = 4 - length2 * (4 - 0.25)
    hit = under > 0
    depth = (2 - np.sqrt(np.maximum(under, 0))) / length2
    seen = (whole.face[0] >= 0).numpy()
    assert (hit != seen).sum() < 0.03 * hit.sum()
    both = hit & seen & (under > 0.1)
    assert np.abs(whole.depth_m[0].numpy() - depth)[both].max() < 0.004
    # From outside, the back of a closed mesh never shows.
    assert torch.equal(culled.depth_m, whole.depth_m)
    inside_out = rasterise(
        points[None], vertices[None, :, 2], faces.flip(1), (size, size), cull=True
    )
    middle = inside_out.depth_m[0, 32, 32]
    assert middle == pytest.approx(2.5, abs=0.01)


def test_pictures_of_a_batch_are_apart_and_hidden_vertices_hide_their_faces() -> None:
    points = torch.tensor([[[1.0, 1.0], [14.0, 1.0], [1.0, 14.0]]]).repeat(5, 1, 1)
    depth = torch.ones(5, 3)
    depth[1, 0] = -1.0
    depth[2, 1] = torch.nan
    depth[3, 2] = NEAR_M / 2
    points[4] += 100.0
    shown = (rasterise(points, depth, TRIANGLE, (16, 16)).face >= 0).sum((1, 2))
    assert shown[0] > 50
    assert (shown[1:] == 0).all()


def test_a_triangle_far_larger_than_the_picture_fills_it() -> None:
    raster = _draw([[-9e5, -9e5], [9e5, -9e5], [0.0, 9e5]], [1.0, 1.0, 1.0])
    assert (raster.face == 0).all()
    assert torch.allclose(raster.depth_m, torch.ones(()))


def test_hands_look_as_in_the_other_rasteriser() -> None:
    """Masks and depths against OpenCV's triangle rasteriser."""
    hand, size = open_hand_layer(), 160
    scene = random_scene(Draws(3, [0, 1, 2]), hand, views=2, augment=True, mesh=True)
    assert scene.vertices_m is not None
    seen = scene.cameras.to_camera(scene.vertices_m).flatten(0, 1)
    focal = scene.cameras.focal.flatten()[:, None, None]
    points = (focal * seen[..., :2] / seen[..., 2:] + 1) * size / 2 - 0.5
    raster = rasterise(points, seen[..., 2], hand.faces, (size, size))
    for i in range(len(seen)):
        canvas = Canvas((size, size), samples=1)
        canvas.draw(
            points[i].numpy(), seen[i, :, 2].numpy(), hand.faces.numpy(), np.ones((len(seen[i]), 3))
        )
        theirs, ours = canvas.depth_m < 50, (raster.face[i] >= 0).numpy()
        assert (theirs & ours).sum() / (theirs | ours).sum() > 0.995
        difference = np.abs(canvas.depth_m - raster.depth_m[i].numpy())[theirs & ours]
        assert np.quantile(difference, 0.99) < 1e-3


@pytest.mark.parametrize(
    ("points", "depth", "faces"),
    [
        (torch.zeros(1, 3, 3), torch.ones(1, 3), TRIANGLE),
        (torch.zeros(1, 3, 2), torch.ones(1, 4), TRIANGLE),
        (torch.zeros(1, 3, 2), torch.ones(1, 3), TRIANGLE + 1),
        (torch.zeros(1, 3, 2), torch.ones(1, 3), TRIANGLE.float()),
    ],
)
def test_refuses_what_does_not_fit(points: Tensor, depth: Tensor, faces: Tensor) -> None:
    with pytest.raises(InputError):
        rasterise(points, depth, faces, (8, 8))
