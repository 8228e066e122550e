"""Pictures of coloured, lit meshes that gradients pass through.

Which face a pixel shows is found by the z-buffer; what colour it has there is a smooth function of
the vertices' places, their colours and the light. The face is constant almost everywhere, so
derivatives within faces are exact; outlines, where it jumps, have none (Loper and Black, "OpenDR",
2014, tell of both). Light is that of nine spherical harmonics a colour (Ramamoorthi and Hanrahan,
"An efficient representation for irradiance environment maps", SIGGRAPH 2001, eq. 13, whose
constants are part of the coefficients here).
"""

from __future__ import annotations

import torch
from torch import Tensor

from bridge.model.synthetic.rasteriser import Raster, rasterise

__all__ = ["N_LIGHT", "corner_shares", "harmonics", "light_up", "paint"]

N_LIGHT = 27
"""Light of one place: nine harmonics for each of red, green and blue."""


def harmonics(normals: Tensor) -> Tensor:
    """The first nine real spherical harmonics ``(..., 9)`` in unit directions ``(..., 3)``.

    Without their constants: 1, y, z, x, xy, yz, 3 z^2 - 1, xz, x^2 - y^2.
    """
    x, y, z = normals.unbind(-1)
    return torch.stack(
        [torch.ones_like(x), y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y], -1
    )


def light_up(albedo: Tensor, normals: Tensor, light: Tensor) -> Tensor:
    """Colours ``(..., V, 3)`` of lit vertices.

    Args:
        albedo: ``(..., V, 3)``.
        normals: ``(..., V, 3)`` unit, outward.
        light: ``(..., 27)`` harmonics of red, then green, then blue.
    """
    arriving = harmonics(normals) @ light.unflatten(-1, (3, 9)).transpose(-1, -2)
    return albedo * arriving


def corner_shares(raster: Raster, points_px: Tensor, depth_m: Tensor, faces: Tensor) -> Tensor:
    """Barycentric shares ``(K, 3)`` of the corners of the face that each covered pixel shows.

    Smooth in the points and depths, with perspective; in the order of ``raster.face >= 0``.

    Args:
        raster: Of the same points, depths and faces.
        points_px: ``(P, V, 2)``.
        depth_m: ``(P, V)``.
        faces: ``(F, 3)``.
    """
    picture, row, column = (raster.face >= 0).nonzero(as_tuple=True)
    corners = faces[raster.face[picture, row, column]]
    at = torch.stack([column, row], -1).to(points_px)
    a, b, c = (points_px[picture, corners[:, i]] - at for i in range(3))
    areas = torch.stack([_cross(b, c), _cross(c, a), _cross(a, b)], -1)
    # A pixel centre may lie a snapped vertex' 1/512 pixel outside its face, and a face seen edge-on
    # has next to no area: shares are kept within the face.
    total = areas.sum(-1, keepdim=True)
    total = torch.where(total.abs() < 1e-6, torch.full_like(total, 1e-6), total)
    shares = (areas / total).clamp(0, 1) / depth_m[picture[:, None], corners].clamp(min=1e-3)
    return shares / shares.sum(-1, keepdim=True).clamp(min=1e-9)


def paint(
    points_px: Tensor, depth_m: Tensor, faces: Tensor, colours: Tensor, size: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """Draws coloured meshes.

    Args:
        points_px: ``(P, V, 2)`` pixels.
        depth_m: ``(P, V)``; infinite or NaN hides a vertex' faces.
        faces: ``(F, 3)``.
        colours: ``(P, V, 3)``.
        size: Height and width, pixels.

    Returns:
        Pictures ``(P, 3, H, W)``, black where there is nothing, and silhouettes ``(P, H, W)`` bool.
    """
    with torch.no_grad():
        raster = rasterise(points_px.detach(), depth_m.detach(), faces, size)
    seen = raster.face >= 0
    shares = corner_shares(raster, points_px, depth_m, faces)
    picture = seen.nonzero(as_tuple=True)[0]
    corners = faces[raster.face[seen]]
    found = (colours[picture[:, None], corners] * shares[..., None]).sum(1)
    canvas = torch.zeros(*seen.shape, 3, dtype=found.dtype, device=found.device)
    return canvas.masked_scatter(seen[..., None], found).permute(0, 3, 1, 2), seen


def _cross(a: Tensor, b: Tensor) -> Tensor:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
