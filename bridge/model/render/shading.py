"""Light on surfaces: normals, diffuse and specular reflection, display colours.

Albedos and light are linear; `shade` gives display values (sRGB), which is what a canvas holds:
colours are then interpolated and averaged as displayed, a difference nobody sees at this size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.errors import InputError

__all__ = ["Light", "from_linear", "shade", "to_linear", "vertex_normals"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Light:
    """One far lamp and the light from all around.

    Attributes:
        direction: ``(3,)`` from the surface towards the lamp; any length.
        lamp: Linear RGB that a white surface facing the lamp reflects.
        sky: Linear RGB that a white surface facing up gets from around it.
        ground: The same for one facing down.
    """

    direction: tuple[float, float, float] = (0.3, 1.0, 0.4)
    lamp: tuple[float, float, float] = (0.75, 0.72, 0.66)
    sky: tuple[float, float, float] = (0.36, 0.37, 0.40)
    ground: tuple[float, float, float] = (0.16, 0.14, 0.12)

    @property
    def towards(self) -> Array:
        """``(3,)`` unit direction towards the lamp."""
        direction = np.asarray(self.direction, np.float64)
        return direction / np.linalg.norm(direction)


def to_linear(display: ArrayLike) -> Array:
    """Linear light of display values, 0 to 1 (sRGB, IEC 61966-2-1)."""
    c = np.asarray(display, np.float64)
    return np.where(c <= 0.04045, c / 12.92, ((np.maximum(c, 0) + 0.055) / 1.055) ** 2.4)


def from_linear(linear: ArrayLike) -> Array:
    """Display values of linear light, clipped to 0 to 1 (sRGB, IEC 61966-2-1)."""
    c = np.clip(np.asarray(linear, np.float64), 0.0, 1.0)
    return np.where(c <= 0.0031308, c * 12.92, 1.055 * c ** (1 / 2.4) - 0.055)


def vertex_normals(vertices: ArrayLike, faces: ArrayLike) -> Array:
    """Unit normals ``(V, 3)``: the mean of the faces around, weighted by area.

    Args:
        vertices: ``(V, 3)`` positions.
        faces: ``(F, 3)`` indices, counterclockwise seen from outside.

    Raises:
        InputError: A shape does not fit.
    """
    v, f = np.asarray(vertices, np.float64), np.asarray(faces)
    if v.ndim != 2 or v.shape[1] != 3 or f.ndim != 2 or f.shape[1] != 3:
        raise InputError(f"vertices (V, 3) and faces (F, 3) are needed, got {v.shape}, {f.shape}")
    a, b, c = v[f[:, 0]], v[f[:, 1]], v[f[:, 2]]
    face = np.cross(b - a, c - a)
    corners = f.ravel()
    total = np.stack(
        [np.bincount(corners, np.repeat(face[:, k], 3), minlength=len(v)) for k in range(3)], -1
    )
    length = np.linalg.norm(total, axis=-1, keepdims=True)
    return total / np.where(length > 0, length, 1.0)


def shade(
    albedo: ArrayLike,
    normals: ArrayLike,
    towards_camera: ArrayLike,
    light: Light,
    *,
    wrap: float = 0.0,
    gloss: float = 0.0,
    shininess: float = 20.0,
) -> Array:
    """Display colours ``(V, 3)`` of lit surface points.

    Lambert's law, wrapped around the terminator as skin needs (light that enters it leaves it
    elsewhere), light from sky and ground mixed by the normal's height (hemisphere lighting),
    and Blinn-Phong highlights with Schlick's Fresnel term.

    Args:
        albedo: ``(V, 3)`` linear RGB.
        normals: ``(V, 3)`` unit, y up.
        towards_camera: ``(V, 3)`` directions to the camera, any length.
        light: The light.
        wrap: 0 for Lambert's law; w lights surfaces up to ``cos(angle) = -w``.
        gloss: Strength of the highlight, 0 for none.
        shininess: Blinn-Phong exponent.
    """
    base, n = np.asarray(albedo, np.float64), np.asarray(normals, np.float64)
    cosine = n @ light.towards
    diffuse = np.maximum((cosine + wrap) / (1 + wrap) ** 2, 0.0)[:, None]
    up = 0.5 + 0.5 * n[:, 1:2]
    around = up * np.asarray(light.sky) + (1 - up) * np.asarray(light.ground)
    out = base * (diffuse * np.asarray(light.lamp) + around)
    if gloss > 0:
        view = np.asarray(towards_camera, np.float64)
        view = view / np.linalg.norm(view, axis=-1, keepdims=True)
        half = view + light.towards
        half /= np.maximum(np.linalg.norm(half, axis=-1, keepdims=True), 1e-9)
        facing = np.clip(np.sum(view * n, -1, keepdims=True), 0.0, 1.0)
        fresnel = 0.3 + 0.7 * (1 - facing) ** 5
        peak = np.maximum(np.sum(half * n, -1, keepdims=True), 0.0) ** shininess
        out = out + gloss * fresnel * peak * (cosine > 0)[:, None] * np.asarray(light.lamp)
    return from_linear(out)
