"""How well two views of moving points can be views of one scene: a fundamental matrix, robustly.

Hartley's normalised linear estimate ("In Defense of the Eight-Point Algorithm", PAMI 19(6), 1997),
reweighted to Sampson's distance (Hartley and Zisserman, Multiple View Geometry, eq. 11.9) under
Cauchy's loss. No lens need be known, and a lens's distortion costs little near the hands.
"""

from __future__ import annotations

import numpy as np

from bridge.model.pose import FloatArray

__all__ = ["fit_fundamental", "sampson"]

_ROUNDS = 8


def normalised(points: FloatArray, weight: FloatArray) -> tuple[FloatArray, float]:
    """Points ``(N, 2)`` moved and scaled to mean 0 and mean square 2, and the factor."""
    total = max(float(weight.sum()), 1e-12)
    centred = points - (weight[:, None] * points).sum(0) / total
    factor = float(np.sqrt(2 / max((weight * (centred**2).sum(1)).sum() / total, 1e-18)))
    return centred * factor, factor


def products(first: FloatArray, second: FloatArray) -> FloatArray:
    """``(N, 9)`` coefficients of a fundamental matrix in ``x2' F x1``, row by row."""
    one = np.ones((len(first), 1))
    x, y = np.hstack([first, one]), np.hstack([second, one])
    rows: FloatArray = (y[:, :, None] * x[:, None, :]).reshape(len(first), 9)
    return rows


def slopes(matrix: FloatArray, first: FloatArray, second: FloatArray) -> FloatArray:
    """``(N,)`` length of the gradient of ``x2' F x1`` with the four image coordinates."""
    to_second = first @ matrix[:2, :2].T + matrix[:2, 2]
    to_first = second @ matrix[:2, :2] + matrix[2, :2]
    length: FloatArray = np.sqrt((to_second**2).sum(1) + (to_first**2).sum(1))
    return np.maximum(length, 1e-9)


def sampson(matrix: FloatArray, first: FloatArray, second: FloatArray) -> FloatArray:
    """Signed Sampson distances ``(N,)`` of point pairs ``(N, 2)``."""
    value = products(first, second) @ matrix.ravel()
    distance: FloatArray = value / slopes(matrix, first, second)
    return distance


def fit_fundamental(
    first: FloatArray,
    second: FloatArray,
    weight: FloatArray,
    *,
    scale: float,
    rounds: int = _ROUNDS,
    start: FloatArray | None = None,
) -> FloatArray:
    """The matrix ``(3, 3)`` with the least robust disagreement.

    Args:
        first: ``(N, 2)`` points in one view, normalised.
        second: ``(N, 2)`` the same points in the other.
        weight: ``(N,)`` trust.
        scale: Distance at which a pair begins to count as an outlier, in the points' unit.
        rounds: Reweighting steps.
        start: Where to begin; the plain linear estimate if None.
    """
    rows = products(first, second)
    matrix = start
    current = weight
    for k in range(rounds + 1):
        if matrix is not None:
            length = slopes(matrix, first, second)
            length = np.maximum(length, 0.05 * float(np.median(length)))
            error = rows @ matrix.ravel() / length
            wide = max(scale, 2 * float(np.median(np.abs(error)))) if k < rounds // 2 else scale
            current = weight / (length**2 * (1 + (error / wide) ** 2))
        moment = rows.T @ (rows * current[:, None])
        matrix = np.linalg.eigh(moment)[1][:, 0].reshape(3, 3)
    return np.asarray(matrix)
