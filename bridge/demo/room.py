"""The room around the keyboard: a wooden table, a floor, walls, and what lies about.

All of it stands still, so a view's room is painted once.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bridge.demo.keyboard import KEYBOARD_WIDTH_M
from bridge.demo.solids import Solid, box, cylinder, merge
from bridge.demo.surfaces import Colour, Noise, Plane, Surface, mix, paint_surfaces
from bridge.model.render import Camera, Canvas, Light

__all__ = ["furniture", "paint_room"]

_TABLE_Y_M, _FLOOR_Y_M = -0.066, -0.80
_TABLE_X_M, _TABLE_Z_M = (-0.42, 1.16), (-0.56, 0.10)
_BODY = (0.030, 0.031, 0.034)


def paint_room(camera: Camera, *, samples: int, light: Light, seed: int) -> Canvas:
    """The empty room and table as a camera sees them, colour and depth.

    Args:
        camera: The camera.
        samples: Samples a pixel along each axis.
        light: The light.
        seed: Of the textures.
    """
    return paint_surfaces(camera, _surfaces(Noise(seed)), samples=samples, light=light)


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


def _surfaces(noise: Noise) -> list[Surface]:
    def table(x: Plane, z: Plane) -> Plane:
        grain = noise(x, z, 0.9, stretch=14.0)
        rings = 0.5 + 0.5 * np.sin(2 * np.pi * (9.0 * z + 2.2 * noise(x, z, 1.6, stretch=4.0)))
        wood = mix((0.20, 0.092, 0.038), (0.47, 0.27, 0.135), 0.42 + 0.30 * grain + 0.22 * rings)
        return wood * _near_piano(x, z)[..., None]

    def floor(x: Plane, z: Plane) -> Plane:
        weave = 0.5 + 0.5 * np.sin(2 * np.pi * x / 0.012) * np.sin(2 * np.pi * z / 0.012)
        stripes = 8 * np.sin(2 * np.pi * z / 0.31) - 5
        rug = mix((0.11, 0.14, 0.20), (0.38, 0.33, 0.25), stripes)
        return rug * np.maximum(0.75 + 0.3 * weave + 0.10 * noise(x, z, 0.5), 0.1)[..., None]

    def wall(colour: Colour) -> Callable[[Plane, Plane], Plane]:
        def paint(u: Plane, v: Plane) -> Plane:
            return mix((0.0, 0.0, 0.0), colour, 0.9 + 0.07 * noise(u, v, 1.5))

        return paint

    return [
        Surface(1, _TABLE_Y_M, 1.0, (_TABLE_X_M, _TABLE_Z_M), table),
        Surface(1, _FLOOR_Y_M, 1.0, None, floor),
        Surface(0, 1.9, -1.0, None, wall((0.20, 0.30, 0.30))),
        Surface(0, -1.5, 1.0, None, wall((0.52, 0.46, 0.38))),
        Surface(2, -1.9, 1.0, None, wall((0.55, 0.50, 0.43))),
        Surface(2, 2.4, -1.0, None, wall((0.45, 0.40, 0.36))),
    ]


def _near_piano(x: Plane, z: Plane) -> Plane:
    """What light the piano leaves the table near it."""
    dx = np.maximum(np.maximum(-0.03 - x, x - (KEYBOARD_WIDTH_M + 0.03)), 0)
    dz = np.maximum(np.maximum(-0.30 - z, z - 0.004), 0)
    return np.asarray(1 - 0.6 * np.exp(-np.hypot(dx, dz) / 0.035), np.float32)
