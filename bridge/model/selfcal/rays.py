"""Where the rays of several cameras meet."""

from __future__ import annotations

import numpy as np

from bridge.model.pose import FloatArray
from bridge.model.selfcal.cameras import Cameras
from bridge.model.selfcal.tracks import HandTrack

__all__ = ["triangulated"]


def triangulated(track: HandTrack, cameras: Cameras) -> FloatArray:
    """Keypoints ``(T, 21, 3)`` where the rays of known cameras meet, by linear least squares.

    Hartley and Zisserman, Multiple View Geometry, section 12.2, weighted by trust.
    """
    rows = []
    for v in range(len(cameras)):
        matrix = np.column_stack([cameras.rotation[v], cameras.offset_m[v]])
        matrix[:2] *= cameras.focal[v]
        weight = track.trust[:, v, :, None]
        image = track.image[:, v]
        rows += [weight * (image[..., k : k + 1] * matrix[2] - matrix[k]) for k in (0, 1)]
    _, _, vt = np.linalg.svd(np.stack(rows, axis=-2))
    solution = vt[..., -1, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        points: FloatArray = solution[..., :3] / solution[..., 3:]
    return points
