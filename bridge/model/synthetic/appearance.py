"""Colours and light, vertex by vertex: skin of any tone, cloth, things, lamps and their shadows.

Everything is linear light; `to_display` makes what a screen shows.
"""

from __future__ import annotations

import math
from functools import cache

import torch
from torch import Tensor

from bridge.model.hand.layer import HandLayer
from bridge.model.render.skin import SKIN_FACTORS, skin_marks
from bridge.model.synthetic.draws import Draws
from bridge.model.synthetic.rasteriser import rasterise
from bridge.protocol.joints import N_BETAS

__all__ = [
    "Lamps",
    "cloth_colour",
    "glints",
    "plain_colour",
    "random_lamps",
    "skin_colour",
    "skin_tone",
    "to_display",
    "to_linear",
]

# Display RGB from very light to very dark, evenly spaced.
_TONES = (
    (0.95, 0.80, 0.73),
    (0.88, 0.70, 0.60),
    (0.79, 0.59, 0.47),
    (0.66, 0.46, 0.34),
    (0.50, 0.33, 0.24),
    (0.34, 0.22, 0.16),
    (0.24, 0.155, 0.12),
)
_WAVES = 12
_MAP_PX = 160
_BIAS_M = 0.006


def to_linear(display: Tensor) -> Tensor:
    """Linear light of display values, 0 to 1 (sRGB, IEC 61966-2-1)."""
    c = display.clamp(min=0)
    return torch.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def to_display(linear: Tensor) -> Tensor:
    """Display values of linear light, clipped to 0 to 1 (sRGB, IEC 61966-2-1)."""
    c = linear.clamp(0, 1)
    return torch.where(c <= 0.0031308, c * 12.92, 1.055 * c ** (1 / 2.4) - 0.055)


def skin_tone(draws: Draws) -> Tensor:
    """Linear RGB ``(B, 3)`` of people's skin, all tones alike."""
    tones = torch.tensor(_TONES)
    place = draws.uniform("tone", 1, high=len(_TONES) - 1.001).cpu()
    low = place.floor().long()[:, 0]
    display = torch.lerp(tones[low], tones[low + 1], place - place.floor())
    hue = 1 + 0.035 * draws.normal("hue", 3).cpu()
    return to_linear((display * hue).clamp(0.02, 1)).to(draws.device)


def skin_colour(draws: Draws, hand: HandLayer, tone: Tensor) -> Tensor:
    """Linear albedo ``(B, V, 3)`` of hands of a tone ``(B, 3)``: knuckles, nails, creases, mottle.

    How strongly each part differs is random, so that nets find no one person's hand.
    """
    draws = draws.fork("skin")
    rest, marks, factors = _marks_of(hand)
    colour = tone[:, None].expand(-1, len(rest), 3)
    # Palms are lighter, on dark hands far more so.
    light = tone[:, None] ** 0.55 * 0.75
    palm = marks[0][:, None] * draws.uniform("palm", 1, 1, low=0.3, high=0.7)
    colour = torch.lerp(colour, torch.maximum(colour, light), palm)
    strength = draws.uniform("marks", len(marks), 1, 1, low=0.3, high=1.5)
    for i, (amount, factor) in enumerate(zip(marks, factors, strict=True)):
        colour = colour * (1 + strength[:, i] * amount[:, None] * (factor - 1))
    varnish = to_linear(draws.uniform("varnish", 1, 3))
    painted = draws.below("painted", 0.12, 1, 1) * marks[3].clamp(0, 1)[:, None]
    colour = torch.lerp(colour, varnish, painted)
    uneven = _mottle(draws.fork("coarse"), rest, 0.02) + _mottle(draws.fork("fine"), rest, 0.007)
    strength = draws.uniform("mottling", 1, low=0.02, high=0.10)
    return (colour * torch.exp(strength * uneven)[..., None]).clamp(0, 1)


def cloth_colour(draws: Draws, along_m: Tensor) -> Tensor:
    """Linear albedo ``(B, A, 3)`` of sleeves, plain or in rings, given the distance along."""
    draws = draws.fork("cloth")
    plain, other = (to_linear(draws.uniform(name, 1, 3, low=0.05, high=0.95)) for name in "ab")
    period = draws.uniform("period", 1, low=0.012, high=0.06)
    ring = torch.sin(2 * math.pi * along_m / period) > 0
    return torch.where((draws.below("striped", 0.3, 1) & ring)[..., None], other, plain)


def plain_colour(draws: Draws, count: int) -> Tensor:
    """Linear albedo ``(B, count, 3)`` of things of one colour each, a little uneven."""
    draws = draws.fork("plain")
    colour = to_linear(draws.uniform("colour", 1, 3, low=0.03, high=0.97))
    grey = colour.mean(-1, keepdim=True)
    colour = torch.lerp(colour, grey.expand_as(colour), draws.uniform("grey", 1, 1))
    return (colour * (1 + 0.06 * draws.normal("uneven", count, 1))).clamp(0, 1)


class Lamps:
    """A lamp, a weaker one, and light from all around; its shadow falls vertex by vertex.

    Attributes:
        towards: ``(B, 2, 3)`` unit directions to the lamps.
        colour: ``(B, 2, 3)`` linear RGB.
        sky: ``(B, 2, 3)`` light from one side and from the other.
        up: ``(B, 3)`` that side.
    """

    def __init__(self, towards: Tensor, colour: Tensor, sky: Tensor, up: Tensor) -> None:
        self.towards, self.colour, self.sky, self.up = towards, colour, sky, up

    def diffuse(self, vertices_m: Tensor, normals: Tensor, faces: Tensor) -> Tensor:
        """Light ``(B, V, 3)`` that reaches vertices ``(B, V, 3)``: shadowed lamps and the rest."""
        # Light that enters skin leaves it elsewhere: lit a little past the terminator.
        cosine = normals @ self.towards.transpose(-1, -2)
        lit = ((cosine + 0.15) / 1.15).clamp(min=0)
        shadow = self._shadow(vertices_m + 0.002 * normals, faces)
        lit = torch.stack([lit[..., 0] * shadow, lit[..., 1]], -1)
        side = 0.5 + 0.5 * (normals @ self.up[..., None])
        around = side * self.sky[:, None, 0] + (1 - side) * self.sky[:, None, 1]
        return lit @ self.colour + around

    def _shadow(self, vertices_m: Tensor, faces: Tensor) -> Tensor:
        """How much ``(B, V)`` of the first lamp arrives, by a depth map from where it is."""
        forward = -self.towards[:, 0]
        helper = torch.zeros_like(forward)
        helper.scatter_(1, forward.abs().argmin(1, keepdim=True), 1.0)
        right = torch.nn.functional.normalize(torch.linalg.cross(helper, forward), dim=-1)
        axes = torch.stack([right, torch.linalg.cross(forward, right), forward], 1)
        seen = vertices_m @ axes.transpose(-1, -2)
        low, high = seen.amin(1, keepdim=True), seen.amax(1, keepdim=True)
        scale = (_MAP_PX - 3) / (high - low)[..., :2].amax(-1, keepdim=True).clamp(max=0.7)
        px = (seen - low)[..., :2] * scale + 1
        depth = seen[..., 2] - low[..., 2] + 1.0
        near = rasterise(px, depth, faces, (_MAP_PX, _MAP_PX)).depth_m.flatten(1)
        total = torch.zeros_like(depth)
        at = px.round().long()
        for dx, dy in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)):
            x = (at[..., 0] + dx).clamp(0, _MAP_PX - 1)
            y = (at[..., 1] + dy).clamp(0, _MAP_PX - 1)
            total += near.gather(1, y * _MAP_PX + x) > depth - _BIAS_M
        return total / 5


def random_lamps(draws: Draws) -> Lamps:
    """Lamps anywhere, so bright together that skin is neither black nor burnt."""
    draws = draws.fork("lamps")
    towards = torch.nn.functional.normalize(draws.normal("towards", 2, 3), dim=-1)
    tint = 1 + 0.12 * draws.normal("tint", 2, 3)
    strength = torch.stack(
        [draws.uniform("first", low=0.3, high=1.3), draws.uniform("second", high=0.5)], 1
    )
    sky = draws.uniform("sky", 2, 1, low=0.12, high=0.6) * (
        1 + 0.08 * draws.normal("sky tint", 2, 3)
    )
    up = torch.nn.functional.normalize(draws.normal("up", 3), dim=-1)
    return Lamps(towards, strength[..., None] * tint, sky, up)


def glints(lamps: Lamps, normals: Tensor, towards_eye: Tensor, gloss: Tensor) -> Tensor:
    """Highlights ``(B, N, V, 3)`` of the first lamp (Blinn and Phong, with Schlick's Fresnel term).

    Args:
        lamps: The lamps.
        normals: ``(B, V, 3)``.
        towards_eye: ``(B, N, V, 3)`` unit directions to the cameras.
        gloss: ``(B, 1, 1, 1)`` strength.
    """
    n = normals[:, None]
    lamp = lamps.towards[:, None, None, 0]
    half = torch.nn.functional.normalize(towards_eye + lamp, dim=-1)
    facing = (towards_eye * n).sum(-1, keepdim=True).clamp(0, 1)
    fresnel = 0.3 + 0.7 * (1 - facing) ** 5
    peak = (half * n).sum(-1, keepdim=True).clamp(min=0) ** 18
    lit = (n * lamp).sum(-1, keepdim=True) > 0
    return gloss * fresnel * peak * lit * lamps.colour[:, None, None, 0]


_Marks = tuple[Tensor, tuple[Tensor, ...], tuple[Tensor, ...]]


@cache
def _marks_of(hand: HandLayer) -> _Marks:
    """Rest vertices ``(V, 3)``, marks ``(V,)`` and their colours of one hand model."""
    zero = torch.zeros(N_BETAS, device=hand.faces.device)
    with torch.no_grad():
        rest, keypoints = hand.rest_vertices(zero), hand.rest_keypoints(zero)
    marks = skin_marks(rest.cpu().numpy(), keypoints.cpu().numpy(), hand.faces.cpu().numpy())
    return (
        rest,
        tuple(torch.from_numpy(mark).to(rest) for mark in marks),
        tuple(torch.from_numpy(factor).to(rest) for factor in SKIN_FACTORS),
    )


def _mottle(draws: Draws, points_m: Tensor, length_m: float) -> Tensor:
    """Smooth noise ``(B, V)``, zero mean, unit variance: plane waves about one length."""
    direction = torch.nn.functional.normalize(draws.normal("direction", _WAVES, 3), dim=-1)
    lengths = length_m * draws.uniform("length", _WAVES, 1, low=0.7, high=1.4)
    phase = draws.uniform("phase", 1, _WAVES, high=2 * math.pi)
    waves = torch.cos(points_m @ (2 * math.pi * direction / lengths).transpose(-1, -2) + phase)
    return math.sqrt(2 / _WAVES) * waves.sum(-1)
