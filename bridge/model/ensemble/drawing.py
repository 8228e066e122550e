"""Found hands drawn over their picture: textured meshes and skeletons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bridge.model.ensemble.finder import FoundHand
from bridge.model.hand import open_hand
from bridge.model.render import Canvas, vertex_normals
from bridge.protocol.joints import BONES, Side

__all__ = ["draw_hands", "lit_colours"]

_COLOURS = {Side.LEFT: (80, 160, 255), Side.RIGHT: (255, 150, 60)}


def draw_hands(
    picture: NDArray[np.uint8], hands: Sequence[FoundHand], *, mesh: float = 0.85
) -> NDArray[np.uint8]:
    """The picture with each hand's textured mesh, its skeleton, side and score.

    Args:
        picture: ``(H, W, 3)`` RGB.
        hands: What `MultiHand` found in it.
        mesh: How opaque meshes are, 0 to 1.
    """
    height, width = picture.shape[:2]
    canvas = Canvas((width, height), samples=1)
    drawn = picture.copy()
    if hands and mesh > 0:
        faces = open_hand(Side.RIGHT).faces
        for hand in hands:
            middle = np.array([(width - 1) / 2, (height - 1) / 2])
            depth = hand.vertices_m[:, 2]
            ahead = np.maximum(depth, 0.01)[:, None]
            points = hand.focal_px * hand.vertices_m[:, :2] / ahead + middle
            canvas.draw(points, depth, faces, lit_colours(hand, faces))
        covered = canvas.inverse_depth < 1
        blend = mesh * canvas.image() + (1 - mesh) * picture
        drawn[covered] = blend[covered].round().astype(np.uint8)
    thick = max(1, max(height, width) // 400)
    for hand in hands:
        pixels = hand.keypoints_px.round().astype(int).clip(-(10**6), 10**6)
        colour = _COLOURS[hand.side]
        for a, b in BONES:
            cv2.line(drawn, pixels[a].tolist(), pixels[b].tolist(), colour, thick, cv2.LINE_AA)
        label = f"{hand.side.name[0]} {hand.score:.2f}"
        place = (int(pixels[:, 0].min()), int(pixels[:, 1].min()) - 4)
        cv2.putText(
            drawn, label, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4 * thick, colour, thick, cv2.LINE_AA
        )
    return drawn


def lit_colours(hand: FoundHand, faces: NDArray[Any]) -> NDArray[np.float64]:
    """Vertex colours ``(V, 3)``, 0 to 1: the texture in the estimated light.

    The harmonics are those of ``bridge.model.synthetic.painting``.
    """
    normals = vertex_normals(hand.vertices_m, faces)
    # A left hand is a mirrored right one: its faces are inside out.
    x, y, z = (normals if hand.side is Side.RIGHT else -normals).T
    basis = np.stack(
        [np.ones_like(x), y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y], -1
    )
    arriving = basis @ hand.light.reshape(3, 9).T
    return np.clip(hand.albedo * arriving, 0, 1)
