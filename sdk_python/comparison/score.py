"""A number from 0 to 100 that means something, where there is what it needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdk_python.alignment import banded_dtw
from sdk_python.comparison.result import Score

__all__ = ["LEAST_TAKES", "mean_difference", "score_of", "wrong_passages"]

Floats = NDArray[np.floating[Any]]

LEAST_TAKES = 3
_WINDOW_S = 4.0
_WINDOWS = 60
_WARP_S = 0.5
_BLOCK_S = 5.0
_RESAMPLES = 2000


def mean_difference(first: Floats, second: Floats) -> Floats:
    """``(N,)`` mean size of differences ``(N, F)`` over the features there are; NaN for none."""
    off = np.abs(first - second)
    there = np.isfinite(off)
    count = there.sum(-1)
    total = np.where(there, off, 0).sum(-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def wrong_passages(lesson: Floats, take: Floats, rate_hz: float, seed: int) -> Floats:
    """What a passage of the lesson differs from others, each aligned as well as it can be.

    Aligned first and measured then: time warping flatters whatever it is given, so the reference
    for "nothing in common" must have been flattered, too.

    Args:
        lesson: ``(N, F)`` at even times.
        take: ``(N, F)`` another take of it, aligned.
        rate_hz: Frames a second.
        seed: Of the choice of passages.

    Returns:
        ``(K,)`` mean differences; empty for a lesson of less than 12 s.
    """
    length = round(_WINDOW_S * rate_hz)
    last = len(lesson) - length
    if last < 2 * length:
        return np.empty(0)
    rng = np.random.default_rng(seed)
    every = max(1, round(rate_hz / 15))  # enough for a mean
    found = []
    for here in np.linspace(0, last, _WINDOWS).astype(int):
        places = np.concatenate([np.arange(0, here - length), np.arange(here + length, last + 1)])
        there = int(rng.choice(places))
        right = take[here : here + length : every]
        wrong = lesson[there : there + length : every]
        path, _ = banded_dtw(right, wrong, np.arange(len(right)), round(_WARP_S * rate_hz / every))
        found.append(np.nanmean(mean_difference(right[path[:, 0]], wrong[path[:, 1]])))
    values = np.array(found)
    return values[np.isfinite(values)]


def score_of(
    student: Floats,
    own: Floats,
    wrong: Floats,
    rate_hz: float,
    *,
    takes: int,
    seed: int,
    related: bool,
) -> Score | None:
    """``100 clip(1 - (d - d_own) / (d_wrong - d_own))``, with a block bootstrap's 95 % interval.

    Künsch 1989: blocks of 5 s are drawn again, as neighbouring moments are not independent.

    Args:
        student: ``(N,)`` mean difference of the student at each moment, NaN where not compared.
        own: ``(N,)`` the same of the teacher's takes.
        wrong: ``(K,)`` of wrong passages.
        rate_hz: Moments a second.
        takes: How many takes of the teacher's ``own`` comes from.
        seed: Of the bootstrap.
        related: The student played this piece at all; else the score is 0.

    Returns:
        None where wrong passages differ no more than the teacher's own takes do, or nothing was
        compared: then there is no scale.
    """
    blocks = _block_sums(student, own, rate_hz)
    if not len(blocks) or not len(wrong):
        return None
    value, levels = _formula(blocks.sum(0), wrong.mean())
    if not levels[1] > levels[0]:
        return None
    rng = np.random.default_rng(seed)
    drawn = blocks[rng.integers(0, len(blocks), (_RESAMPLES, len(blocks)))].sum(1)
    nulls = wrong[rng.integers(0, len(wrong), (_RESAMPLES, len(wrong)))].mean(1)
    values = [_formula(sums, null)[0] for sums, null in zip(drawn, nulls, strict=True)]
    low, high = np.nanpercentile(values, [2.5, 97.5])
    if not related:
        value, low, high = 0.0, 0.0, 0.0
    return Score(value, float(low), float(high), *levels, takes=takes)


def _block_sums(student: Floats, own: Floats, rate_hz: float) -> Floats:
    """Of each block: sum and count of the student's differences, then of the teacher's own."""
    length = max(1, round(_BLOCK_S * rate_hz))
    rows = []
    for start in range(0, len(student), length):
        row = []
        for values in (student[start : start + length], own[start : start + length]):
            there = np.isfinite(values)
            row += [float(values[there].sum()), float(there.sum())]
        if row[1] and row[3]:
            rows.append(row)
    return np.array(rows)


def _formula(
    sums: Sequence[float] | Floats, wrong: float
) -> tuple[float, tuple[float, float, float]]:
    d, own = sums[0] / sums[1], sums[2] / sums[3]
    with np.errstate(divide="ignore", invalid="ignore"):
        value = 100 * np.clip(1 - (d - own) / np.float64(wrong - own), 0, 1)
    return float(value), (float(own), float(wrong), float(d))
