"""Unit quaternions over arrays, xyzw: what many rotations at once need, without scipy's import."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["between", "canonical", "conjugate", "dot", "product", "slerp", "turn", "unit"]

Floats = NDArray[np.floating[Any]]

_TINY = 1e-12
_NEARLY_ALIKE = 0.9995  # below this angle, 1.8 degrees apart, a line is as good as an arc


def canonical(quat: Floats) -> Floats:
    """The same rotations of length 1 with w >= 0; NaN where a quaternion is zero."""
    with np.errstate(invalid="ignore", divide="ignore"):
        length = np.sqrt(dot(quat, quat))
        scaled: Floats = quat / np.where(quat[..., 3] < 0, -length, length)[..., None]
    return scaled


def product(first: Floats, second: Floats) -> Floats:
    """Hamilton products ``(..., 4)``: what turns by ``second``, then by ``first``."""
    a, b = first[..., :3], second[..., :3]
    aw, bw = first[..., 3:], second[..., 3:]
    vector = aw * b + bw * a + np.cross(a, b)
    return np.concatenate([vector, aw * bw - dot(a, b)[..., None]], axis=-1)


def conjugate(quat: Floats) -> Floats:
    """The opposite rotations ``(..., 4)``."""
    return quat * np.array([-1, -1, -1, 1], quat.dtype)


def turn(quat: Floats, vectors: Floats) -> Floats:
    """Vectors ``(..., 3)`` turned by unit quaternions ``(..., 4)``."""
    axis, w = quat[..., :3], quat[..., 3:]
    twice = 2 * np.cross(axis, vectors)
    turned: Floats = vectors + w * twice + np.cross(axis, twice)
    return turned


def between(start: Floats, end: Floats) -> Floats:
    """The smallest rotations ``(..., 4)`` from directions to others; none where one has no length.

    Between opposite directions there are many: one of them.
    """
    a, b = unit(start), unit(end)
    rotation = np.empty((*a.shape[:-1], 4))
    rotation[..., :3] = np.cross(a, b)
    rotation[..., 3] = 1 + dot(a, b)
    opposite = rotation[..., 3] < _TINY
    least = np.eye(3)[np.abs(a).argmin(-1)]
    rotation[opposite, :3] = np.cross(a, least)[opposite]
    return canonical(rotation)


def slerp(start: Floats, end: Floats, share: Floats) -> Floats:
    """Rotations between two, at constant speed, the short way (Shoemake 1985).

    Args:
        start: ``(..., 4)``.
        end: ``(..., 4)``.
        share: ``(...,)`` 0 gives the start, 1 the end.
    """
    cosine = dot(start, end)
    near = np.where(cosine < 0, -1.0, 1.0)[..., None] * end
    angle = np.arccos(np.clip(np.abs(cosine), 0, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        sine = np.sin(angle)
        alike = np.abs(cosine) > _NEARLY_ALIKE
        first = np.where(alike, 1 - share, np.sin((1 - share) * angle) / sine)
        second = np.where(alike, share, np.sin(share * angle) / sine)
    return canonical(first[..., None] * start + second[..., None] * near)


def unit(vectors: Floats) -> Floats:
    """Vectors over their lengths; zero stays zero."""
    length = np.sqrt(dot(vectors, vectors))
    directions: Floats = vectors / np.maximum(length, _TINY)[..., None]
    return directions


def dot(first: Floats, second: Floats) -> Floats:
    """Scalar products ``(...,)``; for axes this short much faster than ``sum``."""
    product: Floats = np.einsum("...i,...i->...", first, second)
    return product
