"""A hand with its forearm and sleeve: what every drawn scene shows of a person."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.demo.arm import SLEEVE_RING, arm_shape, grow_arm
from bridge.demo.solids import Solid
from bridge.model.hand.open_hand import open_hand
from bridge.model.render import SkinTone, skin_albedo, to_linear, vertex_normals
from bridge.protocol.joints import N_BETAS, Side

__all__ = ["SKIN_SURFACE", "body", "body_albedo"]

Array = NDArray[np.float64]
Colour = tuple[float, float, float]

SKIN_SURFACE = {"wrap": 0.25, "gloss": 0.10, "shininess": 14.0}
"""How `bridge.model.render.shade` treats a body."""


def body(side: Side, vertices: Array, wrist_rotation: Array, albedo: Array) -> Solid:
    """Hand and arm of a person who sits at +z, y up.

    Args:
        side: Which hand.
        vertices: ``(V, 3)`` the posed open hand, metres.
        wrist_rotation: ``(3, 3)`` the hand's rest frame to the world.
        albedo: Of `body_albedo`.
    """
    both = np.concatenate([vertices, grow_arm(side, vertices, wrist_rotation)])
    faces = np.concatenate([open_hand(side).faces, arm_shape(side).faces + len(vertices)])
    return Solid(both, faces.astype(np.int32), vertex_normals(both, faces), albedo)


def body_albedo(
    side: Side,
    *,
    tone: SkinTone | Colour,
    cloth: Colour,
    rng: np.random.Generator,
    betas: ArrayLike | None = None,
) -> Array:
    """Linear albedo ``(N, 3)`` of the vertices of `body`.

    Args:
        side: Which hand.
        tone: Skin, a `SkinTone` or display RGB.
        cloth: Linear RGB of the sleeve.
        rng: Makes skin and cloth uneven.
        betas: ``(10,)`` shape; the average hand's where not given.
    """
    hand = open_hand(side)
    shape = np.zeros(N_BETAS) if betas is None else np.asarray(betas)
    skin = skin_albedo(
        hand.rest_vertices(shape), hand.rest_keypoints(shape), hand.faces, tone=tone, rng=rng
    )
    rings = arm_shape(side).rings
    display = tone.value if isinstance(tone, SkinTone) else tone
    forearm = np.broadcast_to(to_linear(display), (len(rings), 3))
    forearm = forearm * np.exp(0.04 * rng.normal(size=(len(rings), 1)))
    sleeve = np.asarray(cloth) * np.exp(0.10 * rng.normal(size=(len(rings), 1)))
    return np.concatenate([skin, np.where((rings < SLEEVE_RING)[:, None], forearm, sleeve)])
