"""Spirals on a triangle mesh: the order in which SpiralConv hears a vertex's neighbourhood.

Lim et al., "A simple approach to intrinsic correspondence learning on unstructured 3D meshes",
ECCVW 2018: the vertex, its one-ring in order, then ring after ring outward, cut at a fixed length.
They begin at a random neighbour; here it is the nearest one, and all turn counterclockwise as seen
from outside, so that a spiral is a function of the shape and not of how its vertices are numbered.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.errors import InputError

__all__ = ["ordered_rings", "spirals"]

IntArray = NDArray[np.int64]


def spirals(faces: ArrayLike, points: ArrayLike, length: int) -> IntArray:
    """The spiral of every vertex.

    Args:
        faces: ``(F, 3)`` vertex indices, outward by the right-hand rule.
        points: ``(V, 3)`` places of the vertices, which choose where a spiral begins.
        length: How many vertices a spiral has, itself included.

    Returns:
        ``(V, length)`` vertex indices. Each begins with its own vertex; where a mesh ends before
        the length is reached, the rest is that vertex again.

    Raises:
        InputError: The arrays have other shapes, or name vertices that are not there.
    """
    rings = ordered_rings(faces, points)
    if length < 1:
        raise InputError(f"a spiral has at least one vertex, not {length}")
    found = np.empty((len(rings), length), np.int64)
    for vertex, ring in enumerate(rings):
        spiral = [vertex, *ring]
        last, placed = ring, {vertex: 0} | {v: k + 1 for k, v in enumerate(ring)}
        while last and len(spiral) < length:
            last = _next_ring(rings, last, placed)
            spiral += last
        spiral = spiral[:length]
        found[vertex] = spiral + [vertex] * (length - len(spiral))
    return found


def ordered_rings(faces: ArrayLike, points: ArrayLike) -> list[list[int]]:
    """The neighbours of every vertex, counterclockwise as seen from outside.

    An inner vertex's ring begins at the nearest neighbour. At a border the ring is open and begins
    where the border does; a vertex where several fans of faces meet has one piece after another,
    the one with the nearest beginning first.

    Args:
        faces: ``(F, 3)``.
        points: ``(V, 3)``.

    Raises:
        InputError: See `spirals`.
    """
    triangles, places = np.asarray(faces), np.asarray(points, np.float64)
    if triangles.ndim != 2 or triangles.shape[1] != 3 or places.ndim != 2 or places.shape[1] != 3:
        raise InputError(
            f"a mesh needs faces (F, 3) and points (V, 3), not {triangles.shape}, {places.shape}"
        )
    if triangles.size and not 0 <= triangles.min() <= triangles.max() < len(places):
        raise InputError(f"faces name vertices that are not among the {len(places)} points")
    following: list[dict[int, int]] = [{} for _ in range(len(places))]
    for a, b, c in triangles.tolist():
        for vertex, start, end in ((a, b, c), (b, c, a), (c, a, b)):
            following[vertex][start] = end
    return [_ring(places, vertex, links) for vertex, links in enumerate(following)]


def _ring(places: NDArray[np.float64], vertex: int, links: dict[int, int]) -> list[int]:
    """One vertex's ring from ``neighbour -> next neighbour`` of each of its faces."""

    def distance(other: int) -> float:
        return float(np.square(places[other] - places[vertex]).sum())

    remaining = dict(links)
    pieces = []
    # Open fans first: their beginnings follow nothing. What remains is closed.
    beginnings = set(links) - set(links.values())
    while remaining:
        open_ends = [v for v in remaining if v in beginnings]
        at = min(open_ends or remaining, key=distance)
        piece = [at]
        while at in remaining:
            at = remaining.pop(at)
            if at not in piece:
                piece.append(at)
        pieces.append(piece)
    pieces.sort(key=lambda piece: distance(piece[0]))
    seen: dict[int, None] = {}
    for piece in pieces:
        seen |= dict.fromkeys(piece)
    return list(seen)


def _next_ring(rings: list[list[int]], last: list[int], placed: dict[int, int]) -> list[int]:
    """The new neighbours of the last ring, vertex by vertex; they are placed in the spiral."""
    found = []
    for vertex in last:
        ring = rings[vertex]
        # From the neighbour that came first, round to the outside and back again.
        known = [k for k, other in enumerate(ring) if other in placed]
        start = min(known, key=lambda k: placed[ring[k]]) if known else 0
        for other in ring[start:] + ring[:start]:
            if other not in placed:
                placed[other] = len(placed)
                found.append(other)
    return found
