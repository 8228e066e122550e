"""Dynamic time warping within a band, with its path, one row at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError
from sdk_python.alignment.distance import Distance, euclidean

__all__ = ["banded_dtw"]

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]

_DOWN, _ALONG = 1, 2
"""Steps in the first sequence only, and in the second only; 0 is a step in both."""

_BLOCK = 256


def banded_dtw(
    first: Floats,
    second: Floats,
    centre: Ints,
    half_width: int,
    *,
    distances: Distance = euclidean,
    step_cost: float = 0.0,
) -> tuple[Ints, float]:
    """The cheapest monotonic path through two sequences, near an expected one.

    Sakoe and Chiba 1978, "Dynamic programming algorithm optimization for spoken word recognition",
    symmetric steps of weight one, in a band around ``centre``. Within a row each cell follows from
    the one before it, ``D[j] = c[j] + min(a[j], D[j-1])``; with the row's running sum ``S`` of
    costs that is ``D = S + minimum.accumulate(a - (S - c))``, so a row is a handful of NumPy calls.
    Time and memory are linear in the length and in the band.

    Args:
        first: ``(N, F)`` features, NaN where missing.
        second: ``(M, F)``.
        centre: ``(N,)`` expected index into ``second`` of each row, never falling.
        half_width: Cells on either side of it.
        distances: Of frames ``(..., F)`` that broadcast: ``(...)``.
        step_cost: What a step that moves in one sequence only costs besides. Where nothing moves
            every path is as cheap; this keeps it straight.

    Returns:
        The path ``(P, 2)``, from ``(0, 0)`` to ``(N - 1, M - 1)``, and its cost: the sum over its
        cells of distances and step costs.

    Raises:
        InputError: A sequence is empty, or the band leaves no path.
    """
    rows, columns = len(first), len(second)
    if not rows or not columns:
        raise InputError("nothing to align: a sequence is empty")
    low, high = _band(centre, half_width, columns)
    width = int((high - low).max())
    low = np.minimum(low, max(columns - width, 0))  # all rows as wide as the widest
    width = min(width, columns)
    steps = np.empty((rows, width), np.uint8)
    # The row before lies in the middle of what is infinite, so any part of it is a slice.
    rims = np.full((2, 3 * width), np.inf)
    at = 0
    for start in range(0, rows, _BLOCK):
        stop = min(start + _BLOCK, rows)
        windows = low[start:stop, None] + np.arange(width)
        costs = distances(first[start:stop, None], second[windows])
        totals = np.cumsum(costs + step_cost, axis=1)
        for row in range(start, stop):
            cost, total = costs[row - start], totals[row - start]
            before, here = rims[row % 2], rims[1 - row % 2][width : 2 * width]
            shift = width + int(low[row]) - at
            down = before[shift : shift + width] + step_cost
            diagonal = before[shift - 1 : shift - 1 + width]
            if row == 0:
                diagonal[0] = 0.0  # the only way in
            entered = np.minimum(diagonal, down) + cost
            above = entered - total
            lowest = np.minimum.accumulate(above)
            along = lowest < above  # compared before rounding: a step must be the one that counts
            np.copyto(here, np.where(along, total + lowest, entered))
            np.less(down, diagonal, out=steps[row], casting="unsafe")
            steps[row][along] = _ALONG
            if row == 0:
                diagonal[0] = np.inf
            at = int(low[row])
    end = float(rims[rows % 2][2 * width - 1])
    if not np.isfinite(end):
        raise InputError("the band leaves no path: widen it")
    return _traced(steps, low, columns), end


def _band(centre: Ints, half_width: int, columns: int) -> tuple[Ints, Ints]:
    """First column of each row and the one after its last: connected, from corner to corner."""
    centre = np.clip(np.asarray(centre, np.int64), 0, columns - 1)
    low = np.maximum(centre - half_width, 0)
    high = np.minimum(centre + half_width + 1, columns)
    low[0], high[-1] = 0, columns
    # A row must touch the one before it, or the path cannot go on.
    high = np.maximum.accumulate(high)
    low = np.minimum.accumulate(low[::-1])[::-1]
    low[1:] = np.minimum(low[1:], high[:-1])
    return low, high


def _traced(steps: NDArray[np.uint8], low: Ints, columns: int) -> Ints:
    row, column = len(steps) - 1, columns - 1
    path = []
    while True:
        path.append((row, column))
        if row == 0 and column == 0:
            break
        step = steps[row, column - low[row]]
        if step != _ALONG:
            row -= 1
        if step != _DOWN:
            column -= 1
    return np.array(path[::-1], np.int64)
