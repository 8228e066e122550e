"""The open hand's mesh as viewers fetch it (``GET /hands/{side}.msgpack``)."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError
from bridge.model.hand.open_hand import open_hand
from bridge.protocol.joints import N_BETAS, Side

__all__ = ["mesh_document"]


def mesh_document(side: Side, colours: NDArray[np.uint8] | None = None) -> dict[str, Any]:
    """What a viewer needs to skin one hand by itself; arrays are little-endian bytes.

    Args:
        side: Which hand.
        colours: ``(V, 3)`` of a player's skin, sRGB (``bridge.model.ensemble.read_colours``).

    Returns:
        ``side`` int; ``vertices_m`` f32 ``(V, 3)`` at rest with betas 0; ``faces`` u16 ``(F, 3)``;
        ``weights`` f32 ``(V, 16)``; ``shape_dirs_m`` f32 ``(V, 3, 10)``: rest vertices change by
        ``shape_dirs_m @ betas``; ``rest_joints_m`` f32 ``(21, 3)`` at betas 0;
        ``colours`` u8 ``(V, 3)``, where they were given.

    Raises:
        InputError: There are not as many colours as vertices.
    """
    document = _uncoloured(side)
    if colours is None:
        return document
    vertices = len(open_hand(side).weights)
    if colours.shape != (vertices, 3):
        raise InputError(
            f"the hand's mesh has {vertices} vertices, and there are colours {colours.shape}: they"
            " are of another hand model"
        )
    return document | {"colours": colours.astype(np.uint8).tobytes()}


@cache
def _uncoloured(side: Side) -> dict[str, Any]:
    hand = open_hand(side)
    average = np.zeros(N_BETAS)
    return {
        "side": int(side),
        "vertices_m": hand.rest_vertices(average).astype("<f4").tobytes(),
        "faces": hand.faces.astype("<u2").tobytes(),
        "weights": hand.weights.astype("<f4").tobytes(),
        "shape_dirs_m": hand.shape_dirs.astype("<f4").tobytes(),
        "rest_joints_m": hand.rest_keypoints(average).astype("<f4").tobytes(),
    }
