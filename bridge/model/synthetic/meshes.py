"""What stands before the background: arms that hands grow from, and objects in the way."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bridge.model.hand.layer import HandLayer
from bridge.model.synthetic.draws import Draws
from bridge.protocol.joints import N_BETAS

__all__ = ["Arm", "Prism", "random_arm", "random_object", "vertex_normals"]

_LENGTH_M = 0.32
_SKIN_RINGS, _SLEEVE_RINGS = 7, 9
_SIDES = 16


class Arm(NamedTuple):
    """Forearms, some of them in sleeves.

    Attributes:
        vertices_m: ``(B, A, 3)`` the rings; the first repeats the hand's own loop.
        loop: ``(L,)`` the hand's vertices that the first L are.
        faces: ``(F, 3)``.
        sleeve: ``(A,)`` 1 on cloth.
        along_m: ``(B, A)`` distance from the wrist.
    """

    vertices_m: Tensor
    loop: Tensor
    faces: Tensor
    sleeve: Tensor
    along_m: Tensor


class Prism(NamedTuple):
    """Boxes, cards, cylinders and bars: one mesh, ``vertices_m (B, 66, 3)``, ``faces (F, 3)``."""

    vertices_m: Tensor
    faces: Tensor


def random_arm(draws: Draws, hand: HandLayer, vertices_m: Tensor) -> Arm:
    """Grows forearms out of hands ``(B, V, 3)`` in the hand's frame, where arms point along +X.

    Args:
        draws: Random numbers: how the wrist is bent, where the cuff is.
        hand: The right hand's model, whose mesh is open at the wrist.
        vertices_m: The posed hands.
    """
    draws = draws.fork("arm")
    loop = torch.from_numpy(_open_loop(hand.faces.cpu().numpy())).to(vertices_m.device)
    start_ring = vertices_m[:, loop]
    start = start_ring.mean(1)
    rest = hand.rest_vertices(torch.zeros(1, N_BETAS, device=loop.device))[0, loop]
    across = (rest - rest.mean(0))[:, [2, 1]]
    # The wrist bends more up and down than sideways.
    up = math.radians(28.0) * draws.normal("bent", 1)
    aside = math.radians(12.0) * draws.normal("deviated", 1)
    elbow = torch.cat([up.cos() * aside.cos(), up.sin(), aside.sin()], 1)
    cuff = draws.uniform("cuff", 1, low=0.03, high=1.3 * _LENGTH_M)
    skin = torch.linspace(0, 1, _SKIN_RINGS).to(cuff) * (cuff + 0.015).clamp(max=_LENGTH_M)
    sleeve = torch.linspace(0, 1, _SLEEVE_RINGS).to(cuff) * (_LENGTH_M - cuff).clamp(min=0) + cuff
    along = torch.cat([skin, sleeve], 1)
    part = (along / _LENGTH_M)[..., None]
    # A quadratic Bezier curve leaves the wrist along the hand and ends towards the elbow.
    bend = start + torch.tensor([0.06, 0.0, 0.0]).to(start)
    end = start + _LENGTH_M * elbow
    start, bend, end = start[:, None], bend[:, None], end[:, None]
    centre = (1 - part) ** 2 * start + 2 * part * (1 - part) * bend + part**2 * end
    tangent = 2 * (1 - part) * (bend - start) + 2 * part * (end - bend)
    tangent = torch.nn.functional.normalize(tangent, dim=-1)
    width = torch.tensor([0.0, 0.0, 1.0]).to(tangent).expand_as(tangent)
    width = width - (width * tangent).sum(-1, keepdim=True) * tangent
    width = torch.nn.functional.normalize(width, dim=-1)
    dorsal = torch.linalg.cross(width, tangent)
    folds = 0.05 * torch.sin(70 * along + draws.uniform("folds", 1, high=6.0))
    loose = draws.uniform("loose", 1, low=1.12, high=1.7)
    girth = 1 + 1.1 * along / _LENGTH_M * 0.35
    cloth = torch.arange(along.shape[1], device=along.device) >= _SKIN_RINGS
    girth = torch.where(cloth, girth * loose + folds, girth)[..., None, None]
    rings = (
        centre[:, :, None]
        + girth * across[:, :1] * width[:, :, None]
        + girth * across[:, 1:] * dorsal[:, :, None]
    )
    rings[:, 0] = start_ring
    n, count = len(loop), along.shape[1]
    here = torch.arange(n * count, device=loop.device).reshape(count, n)
    a, b = here[:-1], here[:-1].roll(-1, 1)
    c, d = here[1:].roll(-1, 1), here[1:]
    faces = torch.cat([torch.stack([a, c, b], -1), torch.stack([a, d, c], -1)]).reshape(-1, 3)
    return Arm(
        rings.flatten(1, 2),
        loop,
        faces,
        cloth.float().repeat_interleave(n),
        along.repeat_interleave(n, 1),
    )


def random_object(draws: Draws, centre_m: Tensor) -> Prism:
    """One thing for each sample, 3 to 25 cm long, near a point ``(B, 3)``.

    Args:
        draws: Random numbers: kind, size, place, orientation.
        centre_m: What it is near, the hand's middle say; it stays 3 to 11 cm beside it.
    """
    draws = draws.fork("object")
    angle = (torch.arange(_SIDES) + 0.5) * (2 * math.pi / _SIDES)
    circle = torch.stack([angle.cos(), angle.sin()], -1).to(centre_m)
    square = circle / circle.abs().amax(-1, keepdim=True)
    box = draws.below("box", 0.6, 1, 1)
    outline = torch.where(box, square, circle)
    half = 0.5 * 0.03 * (0.25 / 0.03) ** draws.uniform("size", 3)
    card = draws.below("card", 0.3, 1)
    thin = torch.cat([half[:, :2], torch.full_like(half[:, :1], 0.001)], 1)
    half = torch.where(card, thin, half)
    flat = outline * half[:, None, :2]
    height = half[:, None, 2:].expand(-1, _SIDES, 1)
    bottom, top = torch.cat([flat, -height], -1), torch.cat([flat, height], -1)
    ends = torch.cat([-height[:, :1], height[:, :1]], 1)
    ends = torch.cat([torch.zeros_like(ends), torch.zeros_like(ends), ends], -1)
    # Sides and lids have vertices of their own, so that edges stay sharp.
    local = torch.cat([bottom, top, bottom, top, ends], 1)
    turn = draws.rotations("turn")
    away = torch.nn.functional.normalize(draws.normal("towards", 3), dim=-1)
    away = away * draws.uniform("beside", 1, low=0.03, high=0.11)
    # Its near side is there: a large thing does not swallow the hand.
    reach = (turn.transpose(-1, -2) @ away[..., None])[..., 0]
    reach = (torch.nn.functional.normalize(reach, dim=-1).abs() * half).sum(-1, keepdim=True)
    place = centre_m + away * (1 + 0.7 * reach / away.norm(dim=-1, keepdim=True))
    vertices = local @ turn.transpose(-1, -2) + place[:, None]
    a = torch.arange(_SIDES)
    b = (a + 1) % _SIDES
    faces = torch.cat(
        [
            torch.stack([a, b, b + _SIDES], -1),
            torch.stack([a, b + _SIDES, a + _SIDES], -1),
            torch.stack([b + 2 * _SIDES, a + 2 * _SIDES, torch.full_like(a, 4 * _SIDES)], -1),
            torch.stack([a + 3 * _SIDES, b + 3 * _SIDES, torch.full_like(a, 4 * _SIDES + 1)], -1),
        ]
    )
    return Prism(vertices, faces.to(centre_m.device))


def vertex_normals(vertices_m: Tensor, faces: Tensor) -> Tensor:
    """Unit normals ``(B, V, 3)``: the mean of the faces around, weighted by area."""
    a, b, c = (vertices_m[:, faces[:, i]] for i in range(3))
    face = torch.linalg.cross(b - a, c - a)
    total = torch.zeros_like(vertices_m)
    for i in range(3):
        total.index_add_(1, faces[:, i], face)
    return torch.nn.functional.normalize(total, dim=-1)


def _open_loop(faces: NDArray[np.int64]) -> NDArray[np.int64]:
    """Vertices of the only open edge loop, in order."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).tolist()
    inner = {(b, a) for a, b in edges}
    following = {a: b for a, b in edges if (a, b) not in inner}
    loop = [min(following)]
    while (after := following[loop[-1]]) != loop[0]:
        loop.append(after)
    return np.array(loop)
