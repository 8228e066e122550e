"""Coarse versions of any hand's mesh, and how features go from one up to the next finer.

The paper (through MobRecon) has MANO's levels from quadric edge collapse, in a file. Here they are
computed for whichever mesh is loaded. The vertices of a level are the first of one order of
farthest points, so each level is part of the next. Edges within the cells of the kept vertices are
collapsed: faces whose corners are of three cells are the coarse faces (Valette and Chassery,
"Approximated centroidal Voronoi diagrams for uniform polygonal mesh coarsening", 2004). A finer
vertex takes its feature from the nearest point of the coarse mesh, by barycentric coordinates
(Ranjan et al., "Generating 3D faces using convolutional mesh autoencoders", ECCV 2018, section 3).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from bridge.errors import InputError
from bridge.model.hand.layer import HandLayer
from bridge.model.simahand.spiral import spirals

__all__ = ["Level", "mesh_levels"]

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]


class Level(NamedTuple):
    """One step from coarse to fine.

    Attributes:
        vertices: ``(K,)`` which of the mesh's vertices this level has.
        faces: ``(F, 3)`` its faces, as places in ``vertices``.
        spirals: ``(K, length)`` their spirals.
        from_corners: ``(K, 3)`` vertices of the next coarser level that each one's feature comes
            from.
        from_weights: ``(K, 3)`` with which weights; rows sum to 1.
    """

    vertices: IntArray
    faces: IntArray
    spirals: IntArray
    from_corners: IntArray
    from_weights: Array


def mesh_levels(
    hand: HandLayer, *, coarse: int, count: int, length: int
) -> tuple[IntArray, list[Level]]:
    """The coarsest vertices, and the levels from there up to the whole mesh.

    Args:
        hand: Its resting mesh is taken.
        coarse: Vertices of the coarsest level.
        count: Levels above it; their sizes grow by one factor. MANO's 778 vertices give 98, 195,
            390 and 778 above 49.
        length: Of the spirals.

    Returns:
        ``(coarse,)`` vertices of the coarsest level, and the levels, the last with all vertices of
        the mesh in their own order.

    Raises:
        InputError: The mesh has no more vertices than the coarsest level is to have.
    """
    total = hand.n_vertices
    if not 3 <= coarse < total:
        raise InputError(f"a hand of {total} vertices has no coarse level of {coarse}")
    points = hand.template.double().cpu().numpy()
    faces = hand.faces.cpu().numpy().astype(np.int64)
    sizes = [round(coarse * (total / coarse) ** (k / count)) for k in range(count + 1)]
    order = hand.point_indices(sizes[-2]).numpy()
    chosen = [order[:size] for size in sizes[:-1]] + [np.arange(total)]
    meshes = [_coarse_mesh(points, faces, kept) for kept in chosen[:-1]] + [
        (faces, np.arange(total))
    ]
    levels = []
    for k in range(1, count + 1):
        kept, (own_faces, _) = chosen[k], meshes[k]
        below, (below_faces, cells) = chosen[k - 1], meshes[k - 1]
        corners, weights = _barycentric(points[kept], points[below], below_faces, cells[kept])
        own_spirals = spirals(own_faces, points[kept], length)
        levels.append(Level(kept, own_faces, own_spirals, corners, weights))
    return chosen[0], levels


def _coarse_mesh(points: Array, faces: IntArray, kept: IntArray) -> tuple[IntArray, IntArray]:
    """Faces between the cells of the kept vertices, and the cell ``(V,)`` of every vertex.

    Cells go by distance along the edges: fingers that touch at rest do not grow together.
    """
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    lengths = np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1)
    graph = coo_array((lengths, (edges[:, 0], edges[:, 1])), shape=(len(points),) * 2).tocsr()
    _, _, sources = dijkstra(
        graph.maximum(graph.T), indices=kept, min_only=True, return_predecessors=True
    )
    place = np.full(len(points), -1)
    place[kept] = np.arange(len(kept))
    reached = sources >= 0
    cells = place[np.where(reached, sources, kept[0])]
    # A part of the mesh without a kept vertex goes to the nearest one there is.
    cells[~reached] = cKDTree(points[kept]).query(points[~reached])[1]
    corners = cells[faces]
    different = (
        (corners[:, 0] != corners[:, 1])
        & (corners[:, 1] != corners[:, 2])
        & (corners[:, 2] != corners[:, 0])
    )
    # The same three cells may meet more than once: one face is enough.
    turned = [np.roll(face, -int(face.argmin())) for face in corners[different]]
    unique = dict.fromkeys(tuple(face.tolist()) for face in turned)
    return np.array(list(unique), np.int64).reshape(-1, 3), cells


def _barycentric(
    fine: Array, coarse: Array, faces: IntArray, cells: IntArray
) -> tuple[IntArray, Array]:
    """Corners ``(K, 3)`` and weights of the nearest coarse point to each of ``fine (K, 3)``.

    Only faces at the vertex's own cell are asked, so that no finger takes from its neighbour.
    """
    # All pairs of a vertex and a face at its cell.
    at: list[list[int]] = [[] for _ in coarse]
    for number, face in enumerate(faces.tolist()):
        for corner in face:
            at[corner].append(number)
    vertex = np.repeat(np.arange(len(fine)), [len(at[cell]) for cell in cells])
    face = np.concatenate([np.asarray(at[cell], np.int64) for cell in cells])
    found = _nearest_in_triangles(fine[vertex], coarse[faces[face]])
    nearest = np.einsum("pc,pci->pi", found, coarse[faces[face]])
    distance = np.square(nearest - fine[vertex]).sum(1)
    # The nearest pair of each vertex; a cell without faces gives its own vertex.
    corners = np.repeat(cells[:, None], 3, axis=1)
    weights = np.tile([1.0, 0.0, 0.0], (len(fine), 1))
    order = np.lexsort((distance, vertex))
    there, first = np.unique(vertex[order], return_index=True)
    best = order[first]
    corners[there], weights[there] = faces[face[best]], found[best]
    return corners, weights


def _nearest_in_triangles(points: Array, corners: Array) -> Array:
    """Barycentric coordinates ``(P, 3)`` of the point of each triangle nearest to another point.

    Args:
        points: ``(P, 3)``.
        corners: ``(P, 3, 3)`` of the triangles, one each.
    """
    a = corners[:, 0]
    sides = corners[:, 1:] - a[:, None]
    gram = sides @ sides.transpose(0, 2, 1)
    target = np.einsum("psi,pi->ps", sides, points - a)
    flat = np.linalg.det(gram) < 1e-20
    gram[flat] = np.eye(2)
    inner = np.linalg.solve(gram, target[..., None])[..., 0]
    weights = np.c_[1 - inner.sum(1), inner]
    outside = flat | (weights < 0).any(1)
    # Outside, or a triangle without a surface: the nearest point of an edge.
    best = np.full(len(points), np.inf)
    for start, end in ((0, 1), (1, 2), (2, 0)):
        along = corners[:, end] - corners[:, start]
        reach = np.einsum("pi,pi->p", points - corners[:, start], along)
        part = np.clip(reach / np.maximum(np.square(along).sum(1), 1e-20), 0, 1)
        apart = corners[:, start] + part[:, None] * along - points
        distance = np.square(apart).sum(1)
        better = outside & (distance < best)
        best[better] = distance[better]
        weights[better] = 0
        weights[better, start], weights[better, end] = 1 - part[better], part[better]
    return weights
