"""The room around the keyboard: a wooden table, a floor, walls, and what lies about.

Planes are painted ray by ray with textures made of noise, things are solids. All of it stands
still, so a view's room is painted once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from bridge.demo.keyboard import KEYBOARD_WIDTH_M
from bridge.demo.solids import Solid, box, cylinder, merge
from bridge.model.render import FAR_M, NEAR_M, Camera, Canvas, Light, shade

__all__ = ["furniture", "paint_room"]

Plane = NDArray[np.float32]
Colour = tuple[float, float, float]

_TABLE_Y_M, _FLOOR_Y_M = -0.066, -0.80
_TABLE_X_M, _TABLE_Z_M = (-0.42, 1.16), (-0.56, 0.10)
_TILE = 1024
_BLUR_PX = 0.8
_BODY = (0.030, 0.031, 0.034)


class _Surface(NamedTuple):
    """A wall, floor or table top: an axis-aligned plane and its paint.

    Attributes:
        axis: The coordinate that is constant.
        offset_m: Its value.
        sign: Side that is seen: the normal's sign along the axis.
        spans_m: Limits of the two other coordinates, in order, or None for endless.
        paint: Linear albedo ``(H, W, 3)`` of those two coordinates ``(H, W)``.
    """

    axis: int
    offset_m: float
    sign: float
    spans_m: tuple[tuple[float, float], tuple[float, float]] | None
    paint: Callable[[Plane, Plane], Plane]


def paint_room(camera: Camera, *, samples: int, light: Light, seed: int) -> Canvas:
    """The empty room and table as a camera sees them, colour and depth.

    Painted at one sample a pixel and enlarged: a room behind the subject may be a little soft.

    Args:
        camera: The camera.
        samples: Samples a pixel along each axis.
        light: The light.
        seed: Of the textures.
    """
    columns, rows = camera.size_px
    rays = camera.rays(np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1))
    rays = rays.astype(np.float32)
    colour = np.zeros((rows, columns, 3), np.float32)
    nearest = np.full((rows, columns), FAR_M, np.float32)
    for surface in _surfaces(_Noise(seed)):
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


def furniture(seed: int) -> Solid:
    """The piano's body and the things around, without the keys."""
    rng = np.random.default_rng(seed)
    return merge(*_piano(), *_on_table(rng), *_on_walls(rng))


def _piano() -> list[Solid]:
    width = KEYBOARD_WIDTH_M
    parts = [
        box((-0.030, width + 0.030), (-0.062, -0.0215), (-0.300, 0.004), _BODY),
        box((-0.030, -0.0025), (-0.0215, 0.010), (-0.300, 0.004), _BODY),
        box((width + 0.0025, width + 0.030), (-0.0215, 0.010), (-0.300, 0.004), _BODY),
        box((-0.0025, width + 0.0025), (-0.0215, 0.026), (-0.300, -0.1545), _BODY),
        box((-0.0025, width + 0.0025), (-0.010, 0.0045), (-0.1545, -0.1510), (0.30, 0.02, 0.03)),
        # A little screen and its light, and a row of buttons.
        box((0.275, 0.405), (0.026, 0.0275), (-0.275, -0.205), (0.008, 0.010, 0.014)),
        box((0.283, 0.397), (0.0275, 0.0283), (-0.268, -0.212), (0.10, 0.34, 0.42)),
    ]
    for k in range(5):
        x = 0.060 + 0.038 * k
        parts.append(cylinder((x, 0.026, -0.24), 0.014, 0.011, (0.06, 0.06, 0.065)))
        parts.append(box((x - 0.001, x + 0.001), (0.04, 0.0405), (-0.25, -0.24), (0.7, 0.7, 0.7)))
    for k in range(8):
        x = 0.440 + 0.024 * k
        shade_of_key = (0.35, 0.05, 0.04) if k == 0 else (0.16, 0.16, 0.17)
        parts.append(box((x, x + 0.018), (0.026, 0.030), (-0.246, -0.232), shade_of_key))
    return parts


def _on_table(rng: np.random.Generator) -> list[Solid]:
    top = _TABLE_Y_M
    parts = [
        cylinder(
            (0.98, top, -0.36), 0.095, 0.041, (0.05, 0.20, 0.24), top_albedo=(0.03, 0.015, 0.008)
        ),
        cylinder(
            (1.02, top, -0.14), 0.10, 0.048, (0.45, 0.17, 0.09), top_albedo=(0.07, 0.04, 0.02)
        ),
        box((-0.34, -0.12), (top, top + 0.018), (-0.52, -0.28), (0.42, 0.10, 0.08), turn_rad=0.25),
        box(
            (-0.33, -0.13),
            (top + 0.018, top + 0.032),
            (-0.50, -0.30),
            (0.62, 0.56, 0.42),
            turn_rad=-0.1,
        ),
        box((-0.36, -0.12), (top, top + 0.004), (-0.20, 0.06), (0.80, 0.78, 0.72), turn_rad=-0.2),
    ]
    # A plant in the pot: leaves as thin turned boxes.
    for _ in range(26):
        angle, reach = rng.uniform(0, np.pi), rng.uniform(0.03, 0.09)
        y = top + 0.12 + rng.uniform(0.0, 0.15)
        x, z = 1.02 + rng.uniform(-0.05, 0.05), -0.14 + rng.uniform(-0.05, 0.05)
        green = (0.04 * rng.uniform(0.6, 1.6), 0.16 * rng.uniform(0.6, 1.5), 0.05)
        parts.append(
            box(
                (x - reach, x + reach),
                (y, y + 0.002),
                (z - 0.011, z + 0.011),
                green,
                turn_rad=angle,
            )
        )
    # Staves on the sheet of music.
    for stave in range(6):
        for line in range(5):
            z = -0.175 + 0.036 * stave + 0.0035 * line
            parts.append(
                box(
                    (-0.345, -0.135), (top + 0.004, top + 0.0042), (z, z + 0.0006),
                    (0.1, 0.1, 0.1), turn_rad=-0.2,
                )
            )  # fmt: skip
    return parts


def _on_walls(rng: np.random.Generator) -> list[Solid]:
    parts: list[Solid] = []
    # Framed pictures on the wall that the phone sees, a shelf of books on the other one.
    for z, y, half in ((-0.55, 0.55, 0.28), (0.25, 0.35, 0.22), (0.9, 0.6, 0.3)):
        frame = (1.86, 1.90), (y - half, y + half), (z - 0.8 * half, z + 0.8 * half)
        parts.append(box(*frame, (0.10, 0.06, 0.035)))
        tint = tuple(rng.uniform(0.1, 0.6, 3))
        inner = (1.855, 1.86), (y - 0.8 * half, y + 0.8 * half), (z - 0.6 * half, z + 0.6 * half)
        parts.append(box(*inner, (tint[0], tint[1], tint[2])))
    for row in range(4):
        y = -0.75 + 0.36 * row
        parts.append(box((-1.45, -1.15), (y, y + 0.025), (-1.3, 1.2), (0.30, 0.20, 0.11)))
        z = -1.28
        while z < 1.12:
            thick, high = rng.uniform(0.018, 0.055), rng.uniform(0.18, 0.30)
            hue = rng.uniform(0.03, 0.5, 3)
            span = (-1.43, -1.2 + rng.uniform(-0.02, 0.02)), (y + 0.025, y + 0.025 + high)
            parts.append(box(*span, (z, z + thick), (hue[0], hue[1], hue[2])))
            z += thick + (rng.uniform(0.05, 0.2) if rng.random() < 0.08 else 0.001)
    return parts


def _surfaces(noise: _Noise) -> list[_Surface]:
    def table(x: Plane, z: Plane) -> Plane:
        grain = noise(x, z, 0.9, stretch=14.0)
        rings = 0.5 + 0.5 * np.sin(2 * np.pi * (9.0 * z + 2.2 * noise(x, z, 1.6, stretch=4.0)))
        wood = _mix((0.20, 0.092, 0.038), (0.47, 0.27, 0.135), 0.42 + 0.30 * grain + 0.22 * rings)
        return wood * _near_piano(x, z)[..., None]

    def floor(x: Plane, z: Plane) -> Plane:
        weave = 0.5 + 0.5 * np.sin(2 * np.pi * x / 0.012) * np.sin(2 * np.pi * z / 0.012)
        stripes = 8 * np.sin(2 * np.pi * z / 0.31) - 5
        rug = _mix((0.11, 0.14, 0.20), (0.38, 0.33, 0.25), stripes)
        return rug * np.maximum(0.75 + 0.3 * weave + 0.10 * noise(x, z, 0.5), 0.1)[..., None]

    def wall(colour: Colour) -> Callable[[Plane, Plane], Plane]:
        def paint(u: Plane, v: Plane) -> Plane:
            return _mix((0.0, 0.0, 0.0), colour, 0.9 + 0.07 * noise(u, v, 1.5))

        return paint

    return [
        _Surface(1, _TABLE_Y_M, 1.0, (_TABLE_X_M, _TABLE_Z_M), table),
        _Surface(1, _FLOOR_Y_M, 1.0, None, floor),
        _Surface(0, 1.9, -1.0, None, wall((0.20, 0.30, 0.30))),
        _Surface(0, -1.5, 1.0, None, wall((0.52, 0.46, 0.38))),
        _Surface(2, -1.9, 1.0, None, wall((0.55, 0.50, 0.43))),
        _Surface(2, 2.4, -1.0, None, wall((0.45, 0.40, 0.36))),
    ]


def _mix(first: Colour, second: Colour, share: NDArray[np.floating]) -> Plane:
    """From one colour to another, ``(..., 3)``, as the share goes from 0 to 1."""
    t = np.clip(share, 0, 1)[..., None]
    return np.asarray((1 - t) * np.array(first) + t * np.array(second), np.float32)


def _near_piano(x: Plane, z: Plane) -> Plane:
    """What light the piano leaves the table near it."""
    dx = np.maximum(np.maximum(-0.03 - x, x - (KEYBOARD_WIDTH_M + 0.03)), 0)
    dz = np.maximum(np.maximum(-0.30 - z, z - 0.004), 0)
    return np.asarray(1 - 0.6 * np.exp(-np.hypot(dx, dz) / 0.035), np.float32)


class _Noise:
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
