"""A random place to play at: a table of wood, cloth, paint or with keys on it, in a plain room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bridge.demo.surfaces import Colour, Noise, Plane, Surface, mix
from bridge.model.render import Light, to_linear

__all__ = ["Room", "random_light", "random_room"]

Paint = Callable[[Plane, Plane], Plane]

_KEY_M, _KEYS_DEEP_M, _BLACK_DEEP_M = 0.0235, 0.15, 0.095
_BLACK_AFTER = (0, 1, 3, 4, 5)
"""White keys of an octave with a black one at their right edge."""

# Wood of the colour of skin hides hands from the palm net: tables here are of other trees.
_DARK_WOOD: tuple[Colour, Colour] = ((0.045, 0.028, 0.018), (0.13, 0.085, 0.055))
_PALE_WOOD: tuple[Colour, Colour] = ((0.38, 0.33, 0.27), (0.60, 0.55, 0.47))


def random_light(rng: np.random.Generator) -> Light:
    """A lamp or window from above, warm to cool, and what the room throws back."""
    aside, towards = rng.uniform(-0.8, 0.8, 2)
    tint = 1 + 0.08 * rng.uniform(-1, 1) * np.array([1.0, 0.0, -1.0])
    lamp = rng.uniform(0.45, 0.85) * tint
    sky = rng.uniform(0.25, 0.45) * np.ones(3)
    return Light(
        direction=(float(aside), 1.0, float(towards)),
        lamp=_colour(lamp),
        sky=_colour(sky),
        ground=_colour(rng.uniform(0.3, 0.5) * sky),
    )


@dataclass(frozen=True, slots=True)
class Room:
    """A table in a room.

    Attributes:
        surfaces: Table, floor and walls.
        table_m: Height of the table's top.
        edge_m: Where the table ends towards the player (z).
    """

    surfaces: tuple[Surface, ...]
    table_m: float
    edge_m: float


def random_room(rng: np.random.Generator, table_m: float) -> Room:
    """Table, floor and walls.

    Args:
        rng: Makes them.
        table_m: Height of the table's top; the keyboard's axes lie over it (y up, player at +z).
    """
    noise = Noise(int(rng.integers(2**31)))
    half, deep = rng.uniform(0.55, 1.1), rng.uniform(0.25, 0.6)
    edge = rng.uniform(0.14, 0.35)
    floor = _grained(noise, *_two_colours(rng, 0.15, 0.7), period_m=0.5)
    walls = [_grained(noise, *_two_colours(rng, 0.35, 0.9), period_m=2.5) for _ in range(4)]
    surfaces = (
        Surface(1, table_m, 1.0, ((-half, half), (-deep, edge)), _table(rng, noise)),
        Surface(1, table_m - 0.74, 1.0, None, floor),
        Surface(0, rng.uniform(1.2, 2.5), -1.0, None, walls[0]),
        Surface(0, -rng.uniform(1.2, 2.5), 1.0, None, walls[1]),
        Surface(2, -rng.uniform(0.8, 2.0), 1.0, None, walls[2]),
        Surface(2, rng.uniform(1.5, 2.5), -1.0, None, walls[3]),
    )
    return Room(surfaces, table_m, float(edge))


def _table(rng: np.random.Generator, noise: Noise) -> Paint:
    kind = rng.choice(["wood", "paint", "cloth", "keys"], p=[0.3, 0.25, 0.15, 0.3])
    dark, light = _two_colours(rng, 0.15, 0.85)
    if kind == "paint":
        return _grained(noise, dark, light, period_m=1.5)
    if kind == "cloth":
        return _woven(noise, dark, light, rng.uniform(0.01, 0.05))
    tree = _DARK_WOOD if rng.random() < 0.5 else _PALE_WOOD
    wood = _wood(noise, tree, rng.uniform(0.8, 1.25))
    return wood if kind == "wood" else _keys(wood)


def _wood(noise: Noise, tree: tuple[Colour, Colour], brightness: float) -> Paint:
    def paint(x: Plane, z: Plane) -> Plane:
        grain = noise(x, z, 0.9, stretch=14.0)
        rings = 0.5 + 0.5 * np.sin(2 * np.pi * (9.0 * z + 2.2 * noise(x, z, 1.6, stretch=4.0)))
        return brightness * mix(*tree, 0.42 + 0.25 * grain + 0.16 * rings)

    return paint


def _woven(noise: Noise, dark: Colour, light: Colour, period_m: float) -> Paint:
    def paint(x: Plane, z: Plane) -> Plane:
        weave = np.sin(2 * np.pi * x / period_m) * np.sin(2 * np.pi * z / period_m)
        return mix(dark, light, 0.5 + 0.4 * weave + 0.1 * noise(x, z, 0.4))

    return paint


def _grained(noise: Noise, dark: Colour, light: Colour, *, period_m: float) -> Paint:
    def paint(u: Plane, v: Plane) -> Plane:
        return mix(dark, light, 0.5 + 0.25 * noise(u, v, period_m))

    return paint


def _keys(around: Paint) -> Paint:
    """Piano keys, flat: the black ones are the farther part."""

    def paint(x: Plane, z: Plane) -> Plane:
        white = np.floor(x / _KEY_M)
        within = x / _KEY_M - white
        nearest = np.where(within > 0.5, white, white - 1)
        beside = np.abs(x / _KEY_M - nearest - 1) < 0.29
        black = beside & np.isin(np.mod(nearest, 7), _BLACK_AFTER)
        black &= z < _BLACK_DEEP_M - _KEYS_DEEP_M
        gap = np.abs(within - 0.5) > 0.46
        keys = mix((0.62, 0.61, 0.58), (0.03, 0.03, 0.03), np.where(black, 1.0, 0.75 * gap))
        inside = (z > -_KEYS_DEEP_M) & (z < 0.0) & (np.abs(x) < 0.5)
        return np.where(inside[..., None], keys, around(x, z))

    return paint


def _two_colours(rng: np.random.Generator, low: float, high: float) -> tuple[Colour, Colour]:
    """Two near colours, mostly greyish, as rooms are."""
    display = rng.uniform(low, high) * (1 + 0.12 * rng.uniform(-1, 1, 3))
    return _colour(to_linear(0.82 * display)), _colour(to_linear(np.minimum(display, 1.0)))


def _colour(rgb: np.ndarray) -> Colour:
    red, green, blue = (float(c) for c in rgb)
    return red, green, blue
