"""The open hand's mesh (CC0) in the shape of a recorded person's hand."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.protocol.joints import KEYPOINT_OF_JOINT, N_BETAS, N_JOINTS, Side
from sdk_python._quaternions import between, turn, unit
from sdk_python.export._blocks import Floats
from sdk_python.export._skeleton import PARENTS

__all__ = ["HandMesh", "person_mesh"]

_INFLUENCES = 4  # what glTF's JOINTS_0 and every GPU's vertex shader hold
_KEYPOINT_SIGMA_M = 5e-3  # what trackers and hand models differ by in their idea of a joint
_SAME_M = 1e-4
_MEAN = np.zeros(N_BETAS)
_KNUCKLES = (1, 5, 9, 13, 17)


class HandMesh(NamedTuple):
    """A hand at rest, to be skinned.

    Attributes:
        vertices_m: ``(V, 3)`` metres, wrist at the origin.
        normals: ``(V, 3)`` unit.
        faces: ``(F, 3)`` outward by the right-hand rule.
        joints: ``(V, 4)`` uint8: which of the 16 joints move a vertex, 0 where fewer do.
        weights: ``(V, 4)`` uint16: how much, of 65535 in all.
    """

    vertices_m: Floats
    normals: Floats
    faces: NDArray[np.integer[Any]]
    joints: NDArray[np.uint8]
    weights: NDArray[np.uint16]


def person_mesh(side: Side, rest_m: Floats, betas: Floats) -> HandMesh:
    """The mesh whose joints at rest are a person's.

    Where the betas are the open hand's own, it is that hand. Otherwise, whatever hand model or
    tracker the keypoints are from, the mean hand is scaled to the person's bone lengths and given
    the likeliest shape for the keypoints; then each joint takes its part of the mesh along to
    where the person has that joint, and stretches it to the bone's length.

    Args:
        side: Which hand.
        rest_m: ``(21, 3)`` rest keypoints, metres.
        betas: ``(10,)`` shape values of the model that the keypoints are from.
    """
    from bridge.model.hand.open_hand import open_hand  # imports scipy

    hand = open_hand(side)
    rest = np.asarray(rest_m, np.float64)
    rest = rest - rest[0]
    if np.abs(hand.rest_keypoints(betas) - rest).max() < _SAME_M:
        vertices: Floats = hand.rest_vertices(betas)
    else:
        scale = _bone_lengths(rest).sum() / _bone_lengths(hand.rest_keypoints(_MEAN)).sum()
        likeliest = _likeliest_betas(hand, rest, scale)
        keypoints = scale * hand.rest_keypoints(likeliest)
        vertices = scale * hand.rest_vertices(likeliest)
        vertices = _moved(vertices, keypoints, rest, hand.weights)
    joints, weights = _strongest(hand.weights)
    return HandMesh(vertices, _normals(vertices, hand.faces), hand.faces, joints, weights)


def _bone_lengths(keypoints: Floats) -> Floats:
    lengths: Floats = np.linalg.norm(keypoints[1:] - keypoints[list(PARENTS[1:])], axis=-1)
    return lengths


def _likeliest_betas(hand: Any, rest: Floats, scale: float) -> Floats:
    """Maximum a posteriori under the model's standard normal prior."""
    mean = hand.rest_keypoints(_MEAN)
    directions = np.stack([hand.rest_keypoints(row) - mean for row in np.eye(N_BETAS)], axis=-1)
    a = scale * directions.reshape(-1, N_BETAS) / _KEYPOINT_SIGMA_M
    b = (rest - scale * mean).ravel() / _KEYPOINT_SIGMA_M
    betas: Floats = np.linalg.solve(a.T @ a + np.eye(N_BETAS), a.T @ b)
    return betas


def _moved(vertices: Floats, start: Floats, end: Floats, weights: Floats) -> Floats:
    """Vertices skinned by what takes each joint, and the bone after it, from start to end."""
    moved: Floats = np.zeros(vertices.shape)
    for joint in range(N_JOINTS):
        at = KEYPOINT_OF_JOINT[joint]
        if joint == 0:
            carried: Floats = vertices @ _palm(start, end).T
        else:
            carried = _along_bone(vertices - start[at], start[at + 1] - start[at], end, at)
        moved += weights[:, joint, None] * (carried + end[at])
    return moved


def _palm(start: Floats, end: Floats) -> Floats:
    """The rotation of the palm (Kabsch 1976), from its five knuckles."""
    knuckles = list(_KNUCKLES)
    u, _, vt = np.linalg.svd(end[knuckles].T @ start[knuckles])
    rotation: Floats = u @ np.diag([1.0, 1.0, np.linalg.det(u @ vt)]) @ vt
    return rotation


def _along_bone(points: Floats, bone: Floats, end: Floats, at: int) -> Floats:
    """Points about a joint, stretched along its bone and turned to where that lies in the end."""
    target = end[at + 1] - end[at]
    length = float(np.linalg.norm(bone))
    direction = unit(bone)
    stretch = float(np.linalg.norm(target)) / length - 1 if length else 0.0
    stretched = points + stretch * (points @ direction)[:, None] * direction
    turned: Floats = turn(between(bone, target), stretched)
    return turned


def _strongest(weights: Floats) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """Each vertex's four strongest joints; weights add up to exactly 65535."""
    joints = np.argsort(-weights, axis=1, kind="stable")[:, :_INFLUENCES]
    kept = np.take_along_axis(weights, joints, axis=1)
    levels = np.rint(kept / kept.sum(axis=1, keepdims=True) * 65535).astype(np.int64)
    levels[:, 0] += 65535 - levels.sum(axis=1)
    joints[levels == 0] = 0
    return joints.astype(np.uint8), levels.astype(np.uint16)


def _normals(vertices: Floats, faces: NDArray[np.integer[Any]]) -> Floats:
    """``(V, 3)`` unit normals: the faces' around each vertex, by their areas."""
    corners = vertices[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    sums = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(sums, faces[:, corner], normals)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.where(lengths > 0, sums / np.where(lengths > 0, lengths, 1), [0.0, 1.0, 0.0])
