"""How far apart two frames are, and which features say so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Distance", "euclidean", "squared_distances"]

Floats = NDArray[np.floating[Any]]

Distance = Callable[[Floats, Floats], Floats]
"""Of frames ``(..., F)`` that broadcast against each other: ``(...)``."""


def euclidean(first: Floats, second: Floats) -> Floats:
    """Euclidean distances over features that neither side lacks, as if all F were there.

    Two frames without a common feature say nothing: they are as far apart as a radian in all.
    """
    off = second - first
    squares = np.einsum("...j,...j->...", off, off)
    missing = np.isnan(squares)
    if missing.any():
        squares[missing] = _of_what_is_there(off[missing])
    distances: Floats = np.sqrt(squares)
    return distances


def squared_distances(first: Floats, second: Floats) -> Floats:
    """Mean squared differences of all pairs ``(N, M)``, over features that neither side lacks.

    Three products of matrices, so that a block of rows is as fast as BLAS.
    """
    there, here = np.isfinite(first), np.isfinite(second)
    a, b = np.where(there, first, 0), np.where(here, second, 0)
    if there.all() and here.all():
        squares = (a * a).sum(1)[:, None] + (b * b).sum(1) - 2 * (a @ b.T)
        mean: Floats = np.maximum(squares, 0) / first.shape[1]
        return mean
    p, q = there.astype(a.dtype), here.astype(b.dtype)
    count = p @ q.T
    squares = (a * a) @ q.T + p @ (b * b).T - 2 * (a @ b.T)
    return np.where(count > 0, np.maximum(squares, 0) / np.maximum(count, 1), 1.0)


def _of_what_is_there(off: Floats) -> Floats:
    there = np.isfinite(off).sum(1)
    squares = np.nansum(off * off, axis=1) * (off.shape[1] / np.maximum(there, 1))
    return np.where(there > 0, squares, float(off.shape[1]))
