"""Boxes, cylinders and what they are made of: the furniture of the demo's room."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Solid", "box", "cylinder", "from_corners", "merge"]

Array = NDArray[np.float64]
Colour = tuple[float, float, float]
Span = tuple[float, float]

# Corners of a box are numbered x + 2 y + 4 z, 0 low and 1 high; quads are seen from outside.
_QUADS = np.array(
    [[2, 6, 7, 3], [0, 1, 5, 4], [0, 2, 3, 1], [4, 5, 7, 6], [0, 4, 6, 2], [1, 3, 7, 5]]
)


class Solid(NamedTuple):
    """A surface with flat or rounded shading.

    Attributes:
        vertices: ``(V, 3)`` metres.
        faces: ``(F, 3)`` indices, counterclockwise seen from outside.
        normals: ``(V, 3)`` unit.
        albedo: ``(V, 3)`` linear RGB.
    """

    vertices: Array
    faces: NDArray[np.int32]
    normals: Array
    albedo: Array


def from_corners(corners: Array, albedo: Colour) -> Solid:
    """A flat-shaded solid with the topology of a box, corners ``(8, 3)`` as ``x + 2 y + 4 z``."""
    vertices = corners[_QUADS].reshape(-1, 3)
    quads = np.arange(len(vertices)).reshape(-1, 4)
    faces = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)
    a, b, c = (vertices[quads[:, k]] for k in range(3))
    normals = np.cross(b - a, c - a)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    colours = np.tile(np.asarray(albedo, np.float64), (len(vertices), 1))
    return Solid(vertices, faces, np.repeat(normals, 4, axis=0), colours)


def box(x_m: Span, y_m: Span, z_m: Span, albedo: Colour, *, turn_rad: float = 0.0) -> Solid:
    """A box, turned about the vertical through its middle."""
    corners = np.array([(x, y, z) for z in z_m for y in y_m for x in x_m])
    middle = np.array([sum(x_m) / 2, 0.0, sum(z_m) / 2])
    c, s = np.cos(turn_rad), np.sin(turn_rad)
    turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    return from_corners((corners - middle) @ turn.T + middle, albedo)


def cylinder(
    foot_m: tuple[float, float, float],
    height_m: float,
    radius_m: float,
    albedo: Colour,
    *,
    top_albedo: Colour | None = None,
    sides: int = 28,
) -> Solid:
    """An upright cylinder with a lid."""
    angle = 2 * np.pi * np.arange(sides) / sides
    around = np.stack([np.cos(angle), np.zeros(sides), -np.sin(angle)], -1)
    low = np.asarray(foot_m) + radius_m * around
    rise = np.array([0.0, height_m, 0.0])
    high = low + rise
    centre = (np.asarray(foot_m) + rise)[None]
    vertices = np.concatenate([low, high, high, centre])
    up = np.array([0.0, 1.0, 0.0])
    normals = np.concatenate([around, around, np.tile(up, (sides + 1, 1))])
    i = np.arange(sides)
    j = (i + 1) % sides
    lid = 2 * sides
    faces = np.concatenate(
        [
            np.stack([i, j, sides + j], -1),
            np.stack([i, sides + j, sides + i], -1),
            np.stack([lid + i, lid + j, np.full(sides, 3 * sides)], -1),
        ]
    ).astype(np.int32)
    colours = np.tile(np.asarray(albedo, np.float64), (len(vertices), 1))
    if top_albedo is not None:
        colours[lid:] = top_albedo
    return Solid(vertices, faces, normals, colours)


def merge(*solids: Solid) -> Solid:
    """Several solids as one."""
    starts = np.cumsum([0, *(len(solid.vertices) for solid in solids[:-1])])
    return Solid(
        np.concatenate([solid.vertices for solid in solids]),
        np.concatenate(
            [solid.faces + start for solid, start in zip(solids, starts, strict=True)]
        ).astype(np.int32),
        np.concatenate([solid.normals for solid in solids]),
        np.concatenate([solid.albedo for solid in solids]),
    )
