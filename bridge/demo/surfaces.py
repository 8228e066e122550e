"""Walls, floors and table tops: planes painted ray by ray, with textures made of noise."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from bridge.model.render import FAR_M, NEAR_M, Camera, Canvas, Light, shade

__all__ = ["Colour", "Noise", "Plane", "Surface", "mix", "paint_surfaces"]

Plane = NDArray[np.float32]
Colour = tuple[float, float, float]

_TILE = 1024
_BLUR_PX = 0.8


class Surface(NamedTuple):
    """A wall, floor or table top: an axis-aligned plane and its paint.

    Attributes:
        axis: The coordinate that is constant.
        offset_m: Its value.
        sign: Side that is seen: the normal's sign along the axis.
        spans_m: Limits of the two other coordinates, in order, or None for endless.
        paint: Linear albedo ``(..., 3)`` of those two coordinates.
    """

    axis: int
    offset_m: float
    sign: float
    spans_m: tuple[tuple[float, float], tuple[float, float]] | None
    paint: Callable[[Plane, Plane], Plane]


def paint_surfaces(
    camera: Camera, surfaces: Iterable[Surface], *, samples: int, light: Light
) -> Canvas:
    """What a camera sees of planes, colour and depth.

    Painted at one sample a pixel and enlarged: a room behind the subject may be a little soft.

    Args:
        camera: The camera.
        surfaces: The planes, in any order.
        samples: Samples a pixel along each axis.
        light: The light.
    """
    columns, rows = camera.size_px
    rays = camera.rays(np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1))
    rays = rays.astype(np.float32)
    colour = np.zeros((rows, columns, 3), np.float32)
    nearest = np.full((rows, columns), FAR_M, np.float32)
    for surface in surfaces:
        others = [k for k in range(3) if k != surface.axis]
        with np.errstate(divide="ignore", invalid="ignore"):
            depth = (surface.offset_m - camera.position_m[surface.axis]) / rays[..., surface.axis]
        u, v = (np.float32(camera.position_m[k]) + depth * rays[..., k] for k in others)
        seen = (depth > NEAR_M) & (depth < nearest)
        if surface.spans_m is not None:
            (u0, u1), (v0, v1) = surface.spans_m
            seen &= (u > u0) & (u < u1) & (v > v0) & (v < v1)
        if not seen.any():
            continue
        normal = np.zeros(3)
        normal[surface.axis] = surface.sign
        albedo = surface.paint(u, v)[seen]
        colour[seen] = shade(albedo, np.broadcast_to(normal, albedo.shape), -rays[seen], light)
        nearest[seen] = depth[seen]
    inverse = np.asarray((1 / nearest - 1 / NEAR_M) / (1 / FAR_M - 1 / NEAR_M), np.float32)
    canvas = Canvas(camera.size_px, samples=samples)
    size = (columns * samples, rows * samples)
    # The blur also smooths the edges of the planes, which rays cut sharply.
    soft = cv2.GaussianBlur(colour, (0, 0), _BLUR_PX)
    canvas.colour[:] = cv2.resize(soft, size, interpolation=cv2.INTER_LINEAR)
    canvas.inverse_depth[:] = cv2.resize(inverse, size, interpolation=cv2.INTER_NEAREST)
    return canvas


def mix(first: Colour, second: Colour, share: NDArray[np.floating]) -> Plane:
    """From one colour to another, ``(..., 3)``, as the share goes from 0 to 1."""
    t = np.clip(share, 0, 1)[..., None]
    return np.asarray((1 - t) * np.array(first) + t * np.array(second), np.float32)


class Noise:
    """Fractal noise of zero mean and unit variance that repeats seamlessly."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        total = np.zeros((_TILE, _TILE), np.float32)
        for octave in range(7):
            side = 8 << octave
            coarse = rng.normal(size=(side, side)).astype(np.float32)
            # Two more cells each way, cut off again, make the tile's edges meet.
            padded = cv2.copyMakeBorder(coarse, 2, 2, 2, 2, cv2.BORDER_WRAP)
            scale = _TILE // side
            fine = cv2.resize(padded, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
            cut = slice(2 * scale, -2 * scale)
            total += fine[cut, cut] * 0.6**octave
        self._tile = (total - total.mean()) / total.std()

    def __call__(self, u: Plane, v: Plane, period_m: float, *, stretch: float = 1.0) -> Plane:
        """Noise at coordinates ``(H, W)``; ``stretch`` draws it out along u."""
        x = np.mod(u / (period_m * stretch) * _TILE, _TILE).astype(np.float32)
        y = np.mod(v / period_m * _TILE, _TILE).astype(np.float32)
        return np.asarray(
            cv2.remap(self._tile, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP), np.float32
        )
