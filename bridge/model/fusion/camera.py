"""A camera nobody calibrated: a prior focal length, and where a hand of known size must be."""

from __future__ import annotations

import numpy as np

from bridge.model.lens import FOCAL_PRIOR
from bridge.model.pose import FloatArray

__all__ = ["normalised", "place_hand"]


def normalised(points_px: FloatArray, size_px: tuple[int, int]) -> FloatArray:
    """Turns pixels into image coordinates at unit depth, with the prior focal length.

    Args:
        points_px: ``(..., 2)`` pixels.
        size_px: Image ``(width, height)``; the principal point is its centre.

    Returns:
        ``(..., 2)`` x / z and y / z in the camera's OpenCV axes.
    """
    centre = np.asarray(size_px, dtype=np.float64) / 2
    return (points_px - centre) / (FOCAL_PRIOR * max(size_px))


def place_hand(local_m: FloatArray, image: FloatArray, weight: FloatArray) -> FloatArray:
    """Where a hand of known shape and orientation is, from where its keypoints are seen.

    Linear least squares on ``x_i + t_x = u_i (z_i + t_z)`` and the same for y, each equation
    weighted by its keypoint's confidence.

    Args:
        local_m: ``(21, 3)`` keypoints about any origin, metres, camera axes.
        image: ``(21, 2)`` their normalised image coordinates.
        weight: ``(21,)`` non-negative weights, at least two of them positive.

    Returns:
        ``(3,)`` translation t, metres: keypoint i is at ``local_m[i] + t`` in the camera.
    """
    w = weight[:, None] ** 2
    u = image
    rhs = u * local_m[:, 2:] - local_m[:, :2]
    total = w.sum()
    # Normal equations of the (42, 3) system [1 0 -u; 0 1 -v], written out.
    normal = np.array(
        [
            [total, 0.0, -(w[:, 0] @ u[:, 0])],
            [0.0, total, -(w[:, 0] @ u[:, 1])],
            [-(w[:, 0] @ u[:, 0]), -(w[:, 0] @ u[:, 1]), (w * u**2).sum()],
        ]
    )
    target = np.array([w[:, 0] @ rhs[:, 0], w[:, 0] @ rhs[:, 1], -(w * u * rhs).sum()])
    return np.linalg.solve(normal, target)
