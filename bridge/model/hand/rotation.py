"""Rotations where scipy's ``Rotation`` is too slow or has nothing: an optimiser's inner loop."""

from __future__ import annotations

import math

import numpy as np

from bridge.model.pose import FloatArray

__all__ = ["align_points", "matrix_from_rotvec", "skew"]

_TINY = 1e-12


def skew(vectors: FloatArray) -> FloatArray:
    """Cross product matrices: ``skew(a) @ b == np.cross(a, b)``.

    Args:
        vectors: ``(..., 3)``.

    Returns:
        ``(..., 3, 3)``.
    """
    matrix = np.zeros((*vectors.shape, 3))
    matrix[..., 0, 1] = -vectors[..., 2]
    matrix[..., 0, 2] = vectors[..., 1]
    matrix[..., 1, 0] = vectors[..., 2]
    matrix[..., 1, 2] = -vectors[..., 0]
    matrix[..., 2, 0] = -vectors[..., 1]
    matrix[..., 2, 1] = vectors[..., 0]
    return matrix


def matrix_from_rotvec(rotvec: FloatArray) -> FloatArray:
    """Rotation matrices of rotation vectors (Rodrigues' formula), exact through zero.

    Args:
        rotvec: ``(..., 3)`` axis times angle, radians.

    Returns:
        ``(..., 3, 3)``.
    """
    if rotvec.ndim == 1:
        return _one_matrix(*rotvec.tolist())
    k = skew(rotvec)
    turns = np.sqrt((rotvec * rotvec).sum(-1))[..., None, None] / np.pi
    # np.sinc(x) is sin(pi x) / (pi x), and 1 - cos(a) = 2 sin(a / 2)^2.
    return np.eye(3) + np.sinc(turns) * k + 0.5 * np.sinc(turns / 2) ** 2 * (k @ k)


def _one_matrix(x: float, y: float, z: float) -> FloatArray:
    """The same formula for one vector, in a tenth of NumPy's time."""
    angle = math.sqrt(x * x + y * y + z * z)
    half = angle / 2
    a, b = (math.sin(angle) / angle, math.sin(half) / half) if angle > _TINY else (1.0, 1.0)
    b *= 0.5 * b
    return np.array(
        [
            [1 - b * (y * y + z * z), b * x * y - a * z, b * x * z + a * y],
            [b * x * y + a * z, 1 - b * (x * x + z * z), b * y * z - a * x],
            [b * x * z - a * y, b * y * z + a * x, 1 - b * (x * x + y * y)],
        ]
    )


def align_points(
    source: FloatArray, target: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray, float]:
    """The rotation and shift that lay one set of points on another in the least squares sense.

    Umeyama, "Least-squares estimation of transformation parameters", PAMI 13 (1991), without scale.

    Args:
        source: ``(N, 3)``.
        target: ``(N, 3)``.
        weights: ``(N,)``, not negative, not all zero.

    Returns:
        The rotation ``(3, 3)``, the shift ``(3,)`` and how well the points determine the rotation:
        their covariance's second singular value over its first, 0 for points on a line.
    """
    share = weights / weights.sum()
    source_mean, target_mean = share @ source, share @ target
    covariance = (target - target_mean).T @ (share[:, None] * (source - source_mean))
    u, spread, vt = np.linalg.svd(covariance)
    if np.linalg.det(u @ vt) < 0:
        u[:, 2] = -u[:, 2]
    rotation = u @ vt
    determined = float(spread[1] / spread[0]) if spread[0] > 0 else 0.0
    return rotation, target_mean - rotation @ source_mean, determined
