"""What is behind the hands: walls, cloth, wood, keyboards, clutter, all of it random."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from bridge.model.synthetic.appearance import skin_tone, to_linear
from bridge.model.synthetic.draws import Draws

__all__ = ["random_backgrounds"]

_SHAPES = 14
_BLACK_KEYS = (0.65, 1.75, 3.6, 4.7, 5.8)
"""Middles of the black keys of an octave, in white keys: behind C-D, D-E, F-G, G-A, A-B."""


def random_backgrounds(draws: Draws, size: int) -> Tensor:
    """One background for each row of the draws.

    Args:
        draws: Random numbers, a row for each picture.
        size: Height and width, pixels.

    Returns:
        ``(P, 3, S, S)`` linear light.
    """
    draws = draws.fork("background")
    kinds = (_gradient, _clouds, _stripes, _keyboard, _clutter)
    chosen = draws.choice("kind", torch.tensor([1.0, 2.0, 1.0, 2.0, 3.0]))
    pictures = torch.empty(len(draws), 3, size, size, device=draws.device)
    for kind, make in enumerate(kinds):
        rows = (chosen == kind).nonzero()[:, 0]
        if len(rows):
            pictures[rows] = make(draws.pick(rows), size)
    # Light falls off somewhere, as rooms do.
    slope = draws.normal("slope", 2, 1, 1) * 0.25
    x, y = _grid(size, draws.device)
    return pictures * torch.exp(slope[:, 0] * x + slope[:, 1] * y)[:, None]


def _grid(size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Coordinates x and y ``(S, S)`` of pixels, -1 to 1."""
    steps = torch.linspace(-1, 1, size, device=device)
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    return x, y


def _colours(draws: Draws, name: str, count: int) -> Tensor:
    """Linear colours ``(P, count, 3, 1, 1)``, many of them near grey as rooms are."""
    colour = draws.uniform(name, count, 3, low=0.03, high=0.97)
    grey = colour.mean(-1, keepdim=True)
    pull = draws.uniform(name + " grey", count, 1) ** 0.4
    return to_linear(torch.lerp(colour, grey.expand_as(colour), pull))[..., None, None]


def _plane(draws: Draws, size: int) -> tuple[Tensor, Tensor]:
    """Coordinates ``(P, S, S)`` on a plane seen at random: turned, tilted, scaled."""
    x, y = _grid(size, draws.device)
    angle = draws.uniform("plane angle", 1, 1, high=2 * math.pi)
    scale = torch.exp(draws.uniform("plane scale", 1, 1, low=-0.7, high=0.7))
    tilt = draws.uniform("plane tilt", 2, 1, 1, low=-0.35, high=0.35)
    depth = (1 + tilt[:, 0] * x + tilt[:, 1] * y).clamp(min=0.2)
    u = scale * (angle.cos() * x - angle.sin() * y) / depth
    v = scale * (angle.sin() * x + angle.cos() * y) / depth
    move = draws.uniform("plane move", 2, 1, 1, low=-3.0, high=3.0)
    return u + move[:, 0], v + move[:, 1]


def _octaves(draws: Draws, name: str, size: int, cells: tuple[int, ...]) -> Tensor:
    """Smooth noise ``(P, 1, S, S)`` of about unit variance: random grids, enlarged and added."""
    total = torch.zeros(len(draws), 1, size, size, device=draws.device)
    for octave, n in enumerate(cells):
        values = draws.normal(f"{name} {n}", 1, n, n)
        grown = torch.nn.functional.interpolate(
            values, size=(size, size), mode="bicubic", align_corners=True
        )
        total = total + grown * 0.6**octave
    return total


def _gradient(draws: Draws, size: int) -> Tensor:
    colours = _colours(draws, "colours", 2)
    u, _ = _plane(draws, size)
    soft = torch.sigmoid(2 * (u - u.mean((1, 2), keepdim=True)))[:, None]
    return torch.lerp(colours[:, 0], colours[:, 1], soft)


def _clouds(draws: Draws, size: int) -> Tensor:
    """Three colours after smooth noise, with a fine grain: cloth, walls, what is out of focus."""
    colours = _colours(draws, "colours", 3)
    first = torch.sigmoid(3 * _octaves(draws, "one", size, (4, 8, 16)))
    second = torch.sigmoid(2 * _octaves(draws, "two", size, (3, 7)))
    mixed = torch.lerp(torch.lerp(colours[:, 0], colours[:, 1], first), colours[:, 2], second)
    grain = _octaves(draws, "grain", size, (48, 96))
    return mixed * torch.exp(draws.uniform("grainy", 1, 1, 1, high=0.15) * grain)


def _stripes(draws: Draws, size: int) -> Tensor:
    """Stripes, checks, or planks of wood."""
    colours = _colours(draws, "colours", 2)
    u, v = _plane(draws, size)
    bend = 0.15 * _octaves(draws, "bend", size, (4, 9))[:, 0]
    rate = draws.uniform("rate", 2, 1, 1, low=2.0, high=14.0)
    wave = torch.sin(rate[:, 0] * u + 3 * bend * draws.below("wavy", 0.6, 1, 1))
    across = torch.sin(rate[:, 1] * v)
    wave = torch.where(draws.below("checked", 0.4, 1, 1), wave * across, wave)
    sharp = draws.uniform("sharp", 1, 1, low=1.0, high=20.0)
    return torch.lerp(colours[:, 0], colours[:, 1], torch.sigmoid(sharp * wave)[:, None])


def _keyboard(draws: Draws, size: int) -> Tensor:
    """Piano keys in perspective; one white key is one unit wide, its black ones 60 % as long."""
    u, v = _plane(draws, size)
    u, v = 5.0 * u, 1.2 * v
    octave = torch.remainder(u, 7.0)
    gap = (torch.remainder(u, 1.0) - 0.5).abs() > 0.47
    black = torch.zeros_like(u, dtype=torch.bool)
    for middle in _BLACK_KEYS:
        black |= (octave - middle - 0.5).abs() < 0.3
    white = draws.uniform("white", 1, 1, low=0.5, high=0.95)
    shade = torch.where(gap, 0.25 * white, white)
    dark = draws.uniform("dark", 1, 1, low=0.004, high=0.05)
    shade = torch.where(black & (v > 0) & (v < 1.3), dark, shade)
    # Before the keys the edge and what is below, behind them the fallboard.
    front, board = _colours(draws, "front", 2).unbind(1)
    keys = shade[:, None].expand(-1, 3, -1, -1)
    keys = torch.where((v < -1.0)[:, None], front, keys)
    return torch.where((v > 1.3)[:, None], 0.4 * board, keys)


def _clutter(draws: Draws, size: int) -> Tensor:
    """Boxes and discs on a smooth ground; some have a skin's colour, which must not be a hand."""
    picture = _clouds(draws.fork("ground"), size)
    x, y = _grid(size, draws.device)
    colours = _colours(draws, "shapes", _SHAPES)
    skin = skin_tone(draws)[:, None, :, None, None]
    colours = torch.where(draws.below("skin", 0.2, _SHAPES, 1, 1, 1), skin, colours)
    place = draws.uniform("place", _SHAPES, 2, 1, 1, low=-1.1, high=1.1)
    angle = draws.uniform("angle", _SHAPES, 1, 1, high=math.pi)
    half = 0.05 * 14 ** draws.uniform("half", _SHAPES, 2, 1, 1)
    power = torch.where(draws.below("disc", 0.4, _SHAPES, 1, 1), 2.0, 8.0)
    for i in range(_SHAPES):
        dx, dy = x - place[:, i, 0], y - place[:, i, 1]
        c, s = angle[:, i].cos(), angle[:, i].sin()
        u, v = (c * dx + s * dy) / half[:, i, 0], (c * dy - s * dx) / half[:, i, 1]
        far = u.abs() ** power[:, i] + v.abs() ** power[:, i]
        inside = torch.sigmoid(30 * (1 - far))[:, None]
        picture = torch.lerp(picture, colours[:, i] * (1 + 0.2 * u[:, None].clamp(-1, 1)), inside)
    return picture
