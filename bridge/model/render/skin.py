"""Skin colours of a hand mesh, vertex by vertex.

What a hand detector has learnt of skin, and what makes a hand look like one: redder knuckles and
fingertips, lighter palms and nails, creases over the joints, and a mottling of its own.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.errors import InputError
from bridge.model.render.shading import to_linear, vertex_normals
from bridge.protocol.joints import FINGERTIPS, N_KEYPOINTS

__all__ = ["SKIN_FACTORS", "SkinMarks", "SkinTone", "skin_albedo", "skin_marks"]

Array = NDArray[np.float64]

_KNUCKLES = tuple(k for k in range(1, N_KEYPOINTS) if k not in FINGERTIPS)
_PALM = np.array([1.10, 1.02, 0.98])
_FLUSH = np.array([1.06, 0.80, 0.78])
_CREASE = np.array([0.86, 0.76, 0.74])
_NAIL = np.array([1.12, 1.10, 1.12])


class SkinMarks(NamedTuple):
    """How far each vertex has the colour of a part of the hand, ``(V,)`` each, about 0 to 1."""

    palm: Array
    flush: Array
    crease: Array
    nail: Array


SKIN_FACTORS = SkinMarks(_PALM, _FLUSH, _CREASE, _NAIL)
"""What a full mark multiplies the albedo by, RGB."""


class SkinTone(Enum):
    """Typical skin, display RGB (sRGB)."""

    LIGHT = (0.89, 0.71, 0.61)
    MEDIUM = (0.79, 0.58, 0.46)
    BROWN = (0.62, 0.42, 0.31)
    DARK = (0.40, 0.26, 0.19)


def skin_albedo(
    rest_vertices: ArrayLike,
    rest_keypoints: ArrayLike,
    faces: ArrayLike,
    *,
    tone: SkinTone | tuple[float, float, float] = SkinTone.LIGHT,
    mottling: float = 0.05,
    rng: np.random.Generator,
) -> Array:
    """Linear albedo ``(V, 3)`` of a hand's skin.

    Args:
        rest_vertices: ``(V, 3)`` metres, the rest hand, its back towards +y.
        rest_keypoints: ``(21, 3)`` metres, its keypoints.
        faces: ``(F, 3)`` indices.
        tone: A `SkinTone`, or display RGB.
        mottling: Standard deviation of the relative unevenness.
        rng: Makes the mottling; the same generator state gives the same skin.

    Raises:
        InputError: A shape does not fit.
    """
    v, k = np.asarray(rest_vertices, np.float64), np.asarray(rest_keypoints, np.float64)
    if v.ndim != 2 or v.shape[1] != 3 or k.shape != (N_KEYPOINTS, 3):
        raise InputError(f"vertices (V, 3) and keypoints (21, 3) needed, got {v.shape}, {k.shape}")
    marks = skin_marks(v, k, faces)
    colour = np.broadcast_to(to_linear(tone.value if isinstance(tone, SkinTone) else tone), v.shape)
    for amount, factor in zip(marks, SKIN_FACTORS, strict=True):
        colour = _towards(colour, factor, amount)
    uneven = 0.75 * _noise(v, 0.016, rng) + 0.65 * _noise(v, 0.006, rng)
    return np.clip(colour * np.exp(mottling * uneven)[:, None], 0.0, 1.0)


def skin_marks(rest_vertices: ArrayLike, rest_keypoints: ArrayLike, faces: ArrayLike) -> SkinMarks:
    """Where skin differs from its tone, for arguments as `skin_albedo` takes them."""
    v, k = np.asarray(rest_vertices, np.float64), np.asarray(rest_keypoints, np.float64)
    back = np.clip(vertex_normals(v, faces)[:, 1], -1.0, 1.0)
    knuckle = np.max([_blob(v, k[i], 0.011) for i in _KNUCKLES], axis=0)
    tip = np.max([_blob(v, k[i], 0.009) for i in FINGERTIPS], axis=0)
    crease = np.max([_crease(v, k, i) for i in _KNUCKLES if i % 4 != 1], axis=0)
    nail = np.max([_nail(v, k, i) for i in FINGERTIPS], axis=0) * np.clip(2 * back, 0.0, 1.0)
    return SkinMarks(
        palm=0.9 * np.clip(0.2 - back, 0.0, 1.0),
        flush=np.maximum(0.55 * knuckle * (0.6 + 0.4 * back), 0.7 * tip),
        crease=0.7 * crease,
        nail=nail,
    )


def _towards(colour: Array, factor: Array, amount: Array) -> Array:
    return np.asarray(colour * (1.0 + amount[:, None] * (factor - 1.0)))


def _blob(points: Array, centre: Array, radius_m: float) -> Array:
    return np.asarray(np.exp(-0.5 * np.sum((points - centre) ** 2, -1) / radius_m**2))


def _crease(points: Array, keypoints: Array, joint: int) -> Array:
    """A thin band around a finger joint, 1 at its middle."""
    along = keypoints[joint + 1] - keypoints[joint - 1]
    offset = points - keypoints[joint]
    near = np.sum(offset**2, -1) < 0.016**2
    distance = offset @ (along / np.linalg.norm(along))
    return np.asarray(near * np.exp(-0.5 * (distance / 0.0018) ** 2))


def _nail(points: Array, keypoints: Array, tip: int) -> Array:
    """An ellipse on the last phalanx, 11 mm across its end."""
    along = keypoints[tip] - keypoints[tip - 1]
    along = along / np.linalg.norm(along)
    offset = points - (keypoints[tip] - 0.004 * along)
    across = np.cross(along, [0.0, 1.0, 0.0])
    across /= np.linalg.norm(across)
    radius = np.hypot((offset @ along) / 0.0075, (offset @ across) / 0.0058)
    return np.asarray(np.clip(2.2 - 2.0 * radius, 0.0, 1.0) * (np.sum(offset**2, -1) < 0.014**2))


def _noise(points: Array, scale_m: float, rng: np.random.Generator, waves: int = 24) -> Array:
    """Smooth noise of zero mean and unit variance: random plane waves about one wavelength."""
    directions = rng.normal(size=(waves, 3))
    directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
    lengths = scale_m * rng.uniform(0.7, 1.4, waves)
    phases = rng.uniform(0, 2 * np.pi, waves)
    angles = points @ (2 * np.pi * directions / lengths[:, None]).T + phases
    return np.asarray(np.sqrt(2 / waves) * np.sum(np.cos(angles), axis=-1))
