"""A forearm with a sleeve, grown from the open wrist of the hand mesh.

The hand mesh ends in a loop of vertices; hand detectors were taught on hands that have arms.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.model.hand.open_hand import open_hand
from bridge.protocol.joints import N_BETAS, Side

__all__ = ["SLEEVE_RING", "ArmShape", "arm_shape", "grow_arm"]

Array = NDArray[np.float64]

_LENGTH_M = 0.90
_SKIN_RINGS, _SLEEVE_RINGS = 8, 34
_CUFF = 0.085
SLEEVE_RING = _SKIN_RINGS - 1
"""Rings before this one are skin, from it on cloth: the last of the forearm is in the sleeve."""


class ArmShape(NamedTuple):
    """What of an arm does not depend on the pose.

    Attributes:
        loop: ``(L,)`` hand vertices around the wrist, in order.
        across: ``(L, 2)`` their rest coordinates about the loop's middle: along the wrist's width
            and towards the back of the hand, metres.
        faces: ``(F, 3)`` over the hand's loop (0 to L - 1) and the rings behind it.
        rings: ``(R * L,)`` ring of each vertex of the arm.
    """

    loop: NDArray[np.int64]
    across: Array
    faces: NDArray[np.int32]
    rings: NDArray[np.int64]


@cache
def arm_shape(side: Side) -> ArmShape:
    """The arm of the open hand of one side."""
    hand = open_hand(side)
    loop = _boundary(np.asarray(hand.faces))
    rest = np.asarray(hand.rest_vertices(np.zeros(N_BETAS)), np.float64)[loop]
    across = (rest - rest.mean(0))[:, [2, 1]]
    n, rings = len(loop), _SKIN_RINGS + _SLEEVE_RINGS
    here = np.arange(n)[None] + n * np.arange(rings)[:, None]
    a, b, c, d = here[:-1], np.roll(here, -1, 1)[:-1], np.roll(here, -1, 1)[1:], here[1:]
    quads = np.stack([a, b, c, d], -1).reshape(-1, 4)
    faces = np.concatenate([quads[:, [0, 2, 1]], quads[:, [0, 3, 2]]]).astype(np.int32)
    return ArmShape(loop, across, faces, np.repeat(np.arange(rings), n))


def grow_arm(side: Side, vertices: Array, wrist_rotation: Array) -> Array:
    """The arm behind a posed hand, ``(R * L, 3)`` metres; the first ring is the hand's own loop.

    Args:
        side: Which hand.
        vertices: ``(V, 3)`` the posed hand in the keyboard's frame.
        wrist_rotation: ``(3, 3)`` the hand's rest frame to the keyboard's.
    """
    shape = arm_shape(side)
    outwards = 1.0 if side is Side.RIGHT else -1.0
    loop = vertices[shape.loop]
    start = loop.mean(0)
    back = wrist_rotation @ [outwards, 0.0, 0.0]
    elbow = start + _LENGTH_M * _unit(np.array([0.12 * outwards, -0.06, 1.0]))
    # A quadratic Bezier curve leaves the wrist along the hand and arrives at the elbow.
    bend = start + 0.17 * _LENGTH_M * back
    along = _stations()[:, None]
    centres = (1 - along) ** 2 * start + 2 * along * (1 - along) * bend + along**2 * elbow
    tangents = 2 * (1 - along) * (bend - start) + 2 * along * (elbow - bend)
    tangents /= np.linalg.norm(tangents, axis=-1, keepdims=True)
    width = wrist_rotation @ [0.0, 0.0, 1.0]
    width = width - (tangents @ width)[:, None] * tangents
    width /= np.linalg.norm(width, axis=-1, keepdims=True)
    dorsal = np.cross(width, tangents) * outwards
    across = shape.across * _girth(along, len(shape.loop))[..., None]
    rings = centres[:, None] + across[..., :1] * width[:, None] + across[..., 1:] * dorsal[:, None]
    rings[0] = loop
    return np.asarray(rings.reshape(-1, 3))


def _stations() -> Array:
    """Where along the arm the rings are, 0 wrist to 1 elbow; forearm and sleeve overlap."""
    skin = np.linspace(0.0, _CUFF + 0.02, _SKIN_RINGS)
    sleeve = np.linspace(_CUFF, 1.0, _SLEEVE_RINGS)
    return np.concatenate([skin, sleeve])


def _girth(along: Array, points: int) -> Array:
    """Size ``(R, L)`` of each ring's points against the wrist's: muscle, then cloth with folds."""
    skin = 1.0 + 0.25 * along[:_SKIN_RINGS] ** 1.5 / _CUFF
    cloth = 1.35 + 1.1 * along[_SKIN_RINGS:]
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    folds = 0.035 * np.sin(74 * along[_SKIN_RINGS:] + 1.5 * np.sin(angle + 1.0))
    folds = folds + 0.02 * np.sin(138 * along[_SKIN_RINGS:] + 2.0 * np.cos(2 * angle))
    return np.concatenate([np.broadcast_to(skin, (len(skin), len(angle))), cloth + folds])


def _boundary(faces: NDArray[np.integer]) -> NDArray[np.int64]:
    """Vertices of the only open edge loop, in order."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).tolist()
    inner = {(b, a) for a, b in edges}
    following = {a: b for a, b in edges if (a, b) not in inner}
    loop = [min(following)]
    while (after := following[loop[-1]]) != loop[0]:
        loop.append(after)
    return np.array(loop)


def _unit(vector: Array) -> Array:
    return np.asarray(vector / np.linalg.norm(vector))
