"""A z-buffer of triangles in plain torch, for batches of pictures, on a CPU or a GPU.

Each triangle becomes the rows of pixels within its three edges; these go into the z-buffer by
``scatter_reduce`` with the minimum of depth and face number packed in one integer, so the result
does not depend on any order. Vertices are snapped to 1/256 pixel and edges are evaluated in whole
numbers with the top-left rule (Pineda 1988, "A parallel algorithm for polygon rasterization"):
faces that share an edge neither overlap nor leave a gap. Whole pixel coordinates are pixel centres.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from bridge.errors import InputError

__all__ = ["NEAR_M", "Raster", "interpolate", "rasterise"]

NEAR_M = 0.01
"""A triangle with a corner nearer to the camera plane is not drawn."""

_SUBPIXELS = 256
_FARTHEST_PX = 1 << 20
_CHUNK = 1 << 19
"""Most pixels at once, unless one row has more: what fits a processor's cache."""
_EMPTY = (1 << 63) - 1
_LOW = (1 << 32) - 1


class Raster(NamedTuple):
    """What is nearest at each pixel of P pictures.

    Attributes:
        face: ``(P, H, W)`` int64 number of the face, -1 where there is none.
        depth_m: ``(P, H, W)`` float32, infinite where there is no face.
    """

    face: Tensor
    depth_m: Tensor


def rasterise(
    points_px: Tensor, depth_m: Tensor, faces: Tensor, size: tuple[int, int], *, cull: bool = False
) -> Raster:
    """Finds the nearest face at each pixel.

    Args:
        points_px: ``(P, V, 2)`` vertices, pixels.
        depth_m: ``(P, V)`` their depths; not finite or below ``NEAR_M`` hides their faces.
        faces: ``(F, 3)`` vertex indices, the same in all pictures.
        size: Height and width, pixels.
        cull: Leave out faces whose corners run clockwise in the picture (y down): the insides of
            closed meshes.

    Raises:
        InputError: A shape does not fit.
    """
    _check(points_px, depth_m, faces)
    pictures, (height, width) = len(points_px), size
    buffer = torch.full(
        (pictures * height * width,), _EMPTY, dtype=torch.int64, device=points_px.device
    )
    rows = _rows(points_px, depth_m, faces, size, cull=cull)
    ends = rows.length.cumsum(0)
    start, done = 0, 0
    while start < len(ends):
        stop = int(torch.searchsorted(ends, done + _CHUNK, right=True))
        stop = max(stop, start + 1)
        _scatter(rows, slice(start, stop), buffer)
        start, done = stop, int(ends[stop - 1])
    buffer = buffer.reshape(pictures, height, width)
    hit = buffer != _EMPTY
    bits = (buffer >> 32).to(torch.int32)
    depth = torch.where(hit, bits.view(torch.float32), torch.inf)
    return Raster(torch.where(hit, buffer & _LOW, -1), depth)


def interpolate(
    raster: Raster, points_px: Tensor, depth_m: Tensor, faces: Tensor, values: Tensor
) -> Tensor:
    """Values of the vertices at the pixels that show a face, with perspective.

    Args:
        raster: From `rasterise`, with the same points, depths and faces.
        points_px: ``(P, V, 2)``.
        depth_m: ``(P, V)``.
        faces: ``(F, 3)``.
        values: ``(P, V, C)`` one picture's own, or ``(1, V, C)`` the same for all.

    Returns:
        ``(K, C)`` for the K covered pixels, in the order of ``raster.face >= 0``.
    """
    picture, row, column = (raster.face >= 0).nonzero(as_tuple=True)
    seen, which = torch.unique(
        picture * len(faces) + raster.face[picture, row, column], return_inverse=True
    )
    owner, vertex = seen // len(faces), faces[seen % len(faces)]
    flat = owner[:, None] * points_px.shape[1] + vertex
    corner = _snapped(points_px).reshape(-1, 2)[flat].double() / _SUBPIXELS
    inverse = depth_m.reshape(-1)[flat].double().reciprocal()
    # Values over depth, and 1 / depth, are planes in the picture: through the first corner.
    table = values.reshape(-1, values.shape[-1])[vertex if len(values) == 1 else flat]
    over = torch.cat([table * inverse[..., None], inverse[..., None]], -1)
    arms, rises = corner[:, 1:] - corner[:, :1], over[:, 1:] - over[:, :1]
    area = _cross(arms[:, 0], arms[:, 1])[:, None]
    along_x = (rises[:, 0] * arms[:, 1, 1:] - rises[:, 1] * arms[:, 0, 1:]) / area
    along_y = (rises[:, 1] * arms[:, 0, :1] - rises[:, 0] * arms[:, 1, :1]) / area
    origin = corner[:, 0].floor()
    away = corner[:, 0] - origin
    at_origin = over[:, 0] - along_x * away[:, :1] - along_y * away[:, 1:]
    planes = torch.stack([at_origin, along_x, along_y], 1).to(values.dtype)[which]
    offset = (torch.stack([column, row], -1) - origin.long()[which]).to(values.dtype)
    at = planes[:, 0] + planes[:, 1] * offset[:, :1] + planes[:, 2] * offset[:, 1:]
    return at[:, :-1] / at[:, -1:]


class _Rows(NamedTuple):
    """The R rows of pixels that the triangles cover."""

    start: Tensor
    """``(R, 2)`` int64: first pixel in the flat buffer, face."""
    length: Tensor
    """``(R,)`` pixels."""
    inverse: Tensor
    """``(R, 2)`` float64: 1 / depth at the first pixel, its step from pixel to pixel."""


def _rows(
    points_px: Tensor, depth_m: Tensor, faces: Tensor, size: tuple[int, int], *, cull: bool
) -> _Rows:
    height, width = size
    near = (points_px.abs() < _FARTHEST_PX).all(-1) & (depth_m >= NEAR_M) & depth_m.isfinite()
    fixed = _snapped(torch.where(near[..., None], points_px, 0.0))
    # Corners are gathered once for all pictures: (F, 3) of (P, V).
    corners = [fixed[:, faces[:, i]] for i in range(3)]
    area = _cross(corners[1] - corners[0], corners[2] - corners[0])
    low = torch.minimum(torch.minimum(corners[0], corners[1]), corners[2])
    high = torch.maximum(torch.maximum(corners[0], corners[1]), corners[2])
    first = (-((-low) // _SUBPIXELS)).clamp(min=0)
    last = torch.minimum(high // _SUBPIXELS, torch.tensor([width - 1, height - 1]).to(high))
    # Outward faces run counterclockwise as seen, which with y down makes the area negative.
    shown = (area < 0) if cull else (area != 0)
    shown &= (first <= last).all(-1) & near[:, faces].all(-1)
    picture, face = shown.nonzero(as_tuple=True)
    a, b, c = (corner[picture, face] for corner in corners)
    area, first, last = (v[picture, face] for v in (area, first, last))
    z = depth_m[picture[:, None], faces[face]].to(torch.float64).reciprocal()
    # Corners in the order that makes the inside of all edges positive.
    flip = area < 0
    b, c = torch.where(flip[:, None], c, b), torch.where(flip[:, None], b, c)
    z = torch.where(flip[:, None], z[:, [0, 2, 1]], z)
    edge = torch.cat([_edge(b, c), _edge(c, a), _edge(a, b)], 1)[:, [0, 3, 6, 1, 4, 7, 2, 5, 8]]
    weights = edge.to(torch.float64) / area.abs().to(torch.float64)[:, None]
    inverse = (weights.reshape(-1, 3, 3) * z[:, None]).sum(-1)
    inverse[:, :2] *= _SUBPIXELS
    # Pixels on an edge belong to the face on its top or left side only.
    dx, dy = edge[:, 3:6], -edge[:, 0:3]
    top_left = (dy < 0) | ((dy == 0) & (dx > 0))
    edge[:, 6:9] -= (~top_left).long()

    spans = last[:, 1] - first[:, 1] + 1
    which = torch.repeat_interleave(spans)
    y = torch.arange(len(which), device=spans.device) - (spans.cumsum(0) - spans)[which]
    y = y + first[which, 1]
    # Along a row, an edge bounds x from the left, from the right, or lets all or none pass.
    edge = edge[which]
    slope = edge[:, 0:3] * _SUBPIXELS
    here = edge[:, 3:6] * (_SUBPIXELS * y)[:, None] + edge[:, 6:9]
    safe = torch.where(slope == 0, 1, slope)
    left = torch.where(slope > 0, -(here // safe), 0).amax(1)
    right = torch.where(slope < 0, here // -torch.where(slope < 0, safe, -1), width - 1).amin(1)
    passes = ((slope != 0) | (here >= 0)).all(1)
    left, right = left.clamp(min=0), right.clamp(max=width - 1)
    kept = (passes & (left <= right)).nonzero()[:, 0]
    which, y, left, right = which[kept], y[kept], left[kept], right[kept]
    pixel = (picture[which] * height + y) * width + left
    step = inverse[which]
    at_left = step[:, 0] * left + step[:, 1] * y + step[:, 2]
    return _Rows(
        torch.stack([pixel, face[which]], 1),
        right - left + 1,
        torch.stack([at_left, step[:, 0]], 1),
    )


def _scatter(rows: _Rows, part: slice, buffer: Tensor) -> None:
    """Enters the pixels of some spans into the z-buffer."""
    count = rows.length[part]
    which = torch.repeat_interleave(count)
    local = torch.arange(len(which), device=count.device) - (count.cumsum(0) - count)[which]
    step = rows.inverse[part][which]
    depth = 1.0 / (step[:, 0] + step[:, 1] * local)
    bits = depth.to(torch.float32).view(torch.int32).long()
    start, face = rows.start[part][which].unbind(1)
    buffer.scatter_reduce_(0, start + local, (bits << 32) | face, "amin")


def _snapped(points_px: Tensor) -> Tensor:
    limit = float(_FARTHEST_PX)
    finite = points_px.nan_to_num(nan=0.0, posinf=limit, neginf=-limit).clamp(-limit, limit)
    return torch.round(finite.to(torch.float64) * _SUBPIXELS).long()


def _edge(start: Tensor, end: Tensor) -> Tensor:
    """Coefficients ``(T, 3)`` of what is positive right of an edge as seen with y down."""
    dx, dy = (end - start).unbind(-1)
    return torch.stack([-dy, dx, dy * start[:, 0] - dx * start[:, 1]], -1)


def _cross(a: Tensor, b: Tensor) -> Tensor:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def _check(points: Tensor, depth: Tensor, faces: Tensor) -> None:
    if points.ndim != 3 or points.shape[2] != 2 or depth.shape != points.shape[:2]:
        raise InputError(
            "pictures need points (P, V, 2) and depths (P, V), got "
            f"{tuple(points.shape)} and {tuple(depth.shape)}"
        )
    if faces.ndim != 2 or faces.shape[1] != 3 or faces.is_floating_point():
        raise InputError(f"faces (F, 3) of indices are needed, got {tuple(faces.shape)}")
    if faces.numel() and not 0 <= int(faces.min()) <= int(faces.max()) < points.shape[1]:
        raise InputError(f"a face names vertex {int(faces.max())} of {points.shape[1]}")
