"""The open hand's mesh as viewers fetch it (``GET /hands/{side}.msgpack``)."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from bridge.model.hand.open_hand import open_hand
from bridge.protocol.joints import N_BETAS, Side

__all__ = ["mesh_document"]


@cache
def mesh_document(side: Side) -> dict[str, Any]:
    """What a viewer needs to skin one hand by itself; arrays are little-endian bytes.

    Returns:
        ``side`` int; ``vertices_m`` f32 ``(V, 3)`` at rest with betas 0; ``faces`` u16 ``(F, 3)``;
        ``weights`` f32 ``(V, 16)``; ``shape_dirs_m`` f32 ``(V, 3, 10)``: rest vertices change by
        ``shape_dirs_m @ betas``; ``rest_joints_m`` f32 ``(21, 3)`` at betas 0.
    """
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
