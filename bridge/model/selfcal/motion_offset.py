"""Offset between two videos from hand motion alone: at which one can both see the same scene?

For every offset, a fundamental matrix is fitted robustly to all keypoints of both hands over the
whole clip, landmarks interpolated in time; its disagreement is least at the true offset, for
everything that moves leaves its epipolar line at any other. Nothing need be known of cameras or
lenses. What is not seen: motion along epipolar lines.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bridge.errors import InputError
from bridge.model.pose import FloatArray
from bridge.model.selfcal.epipolar import fit_fundamental, normalised, sampson
from bridge.model.selfcal.paths import HandPath, Seen, paths_of

__all__ = ["MotionOffset", "motion_offset"]

_STEP_S = 1 / 30
_COARSE_TIMES, _FINE_TIMES = 150, 1500
_COARSE_ROUNDS, _FINE_ROUNDS = 4, 8
_LEAST_SHARED_S = 1.0
_LEAST_TIMES = 30
_LEAST_TRUST = 0.05
_SCALE = 0.03
"""Sampson distance, in spreads of the hands' places over the clip, at which outliers begin."""
_CANDIDATES = 3
_APART_S = 0.15
_FINE_STEPS_S = (0.012, 0.006)
_TAPS = np.arange(-3, 4)
_BLOCK_S = 0.5
_RESAMPLES = 300
_SPREAD_FLOOR_S = 0.002
"""What drawing blocks anew does not show: rows are exposed one after another, and the landmark
net's errors depend on the pose. On desk_two_views the two halves of the clip differ by 6 ms."""
_LEAST_MARGIN = 2.5
_COST_FLOOR = 0.02
"""Difference of costs that means nothing: hands that keep quite still fit anything exactly."""
_MOST_SPREAD_S = 0.012


@dataclass(frozen=True, slots=True)
class MotionOffset:
    """How two videos lie in time, as the hands say: ``t_first = offset_s + t_second``.

    Attributes:
        offset_s: How much later the second begins than the first, seconds.
        spread_s: Its standard deviation.
        margin: By how many standard errors the next best offset is worse.
        trusted: Whether to believe it; the numbers mean little otherwise.
        reason: In words, for the user.
    """

    offset_s: float
    spread_s: float
    margin: float
    trusted: bool
    reason: str


def motion_offset(first: Seen, second: Seen, *, max_offset_s: float = 2.5) -> MotionOffset:
    """Finds where the second view's frames lie on the first one's time line.

    Args:
        first: Hands of one view, at its own frame times from its first frame.
        second: The same of the other view; it may have another frame rate.
        max_offset_s: Largest offset that is looked for.

    Raises:
        InputError: Frame times do not ascend, or the largest offset is not positive.
    """
    if not 0 < max_offset_s <= 60:
        raise InputError(f"the largest offset must be above 0 and at most 60 s, not {max_offset_s}")
    pair = _Pair(paths_of(first), paths_of(second))
    if not pair.hands:
        return _unknown("the two videos show no hand that is the same")
    reach = int(np.ceil(max_offset_s / _STEP_S))
    grid = np.arange(-reach, reach + 1) * _STEP_S
    costs = [
        pair.disagreement(offset, pair.times(offset, _COARSE_TIMES), _COARSE_ROUNDS)
        for offset in grid
    ]
    means = np.array([np.inf if cost is None else cost.mean for cost in costs])
    if np.isfinite(means).sum() < len(_TAPS):
        return _unknown("the two videos hardly show a hand at the same time")
    fine = [
        found
        for k in _minima(means, round(_APART_S / _STEP_S))
        if (found := _refined(pair, float(grid[k]))) is not None
    ]
    if not fine:
        return _unknown("the two videos hardly show a hand at the same time")
    best = min(fine, key=lambda found: found.cost.mean)
    margin = _margin(best, costs, grid)
    return _judged(best, margin, max_offset_s)


@dataclass(frozen=True, slots=True)
class _Cost:
    """Disagreement at one offset: its mean, and sums and weights of blocks of time."""

    mean: float
    sums: FloatArray
    weights: FloatArray

    @property
    def error(self) -> float:
        """Standard error of the mean: blocks are taken for independent."""
        there = self.weights > 0
        off = self.sums[there] - self.mean * self.weights[there]
        count = max(2, int(there.sum()))
        return float(np.sqrt((off**2).sum() * count / (count - 1)) / self.weights.sum())


@dataclass(frozen=True, slots=True)
class _Fine:
    offset_s: float
    spread_s: float
    cost: _Cost


class _Pair:
    """Hands that both views show."""

    def __init__(self, first: list[HandPath], second: list[HandPath]) -> None:
        self.hands = [(a, b) for a in first for b in second if a.side is b.side]
        if not self.hands:
            return
        intervals = [
            float(np.median(np.diff(path.time_s)))
            for pair in self.hands
            for path in pair
            if len(path.time_s) > 1
        ]
        self.width_s = max(_STEP_S, *intervals, 0.0)
        self.spans = np.array([[(p.time_s[0], p.time_s[-1]) for p in pair] for pair in self.hands])

    def times(self, offset_s: float, most: int) -> FloatArray:
        """Instants, half way between both views' clocks, at which both may show a hand."""
        half = offset_s / 2
        starts = np.maximum(self.spans[:, 0, 0] - half, self.spans[:, 1, 0] + half)
        ends = np.minimum(self.spans[:, 0, 1] - half, self.spans[:, 1, 1] + half)
        start, end = float(starts.min()), float(ends.max())
        if end - start < _LEAST_SHARED_S:
            return np.empty(0)
        return np.linspace(start, end, min(most, int((end - start) / _STEP_S) + 1))

    def disagreement(self, offset_s: float, times: FloatArray, rounds: int) -> _Cost | None:
        """What remains between the views at an offset, None where they share too little."""
        x, y, trust = [], [], []
        for one, other in self.hands:
            a, trust_a = one.at(times + offset_s / 2, width_s=self.width_s)
            b, trust_b = other.at(times - offset_s / 2, width_s=self.width_s)
            x.append(a)
            y.append(b)
            trust.append(np.sqrt(trust_a * trust_b))
        weight = np.concatenate(trust, 1) if len(times) else np.zeros((0, 21))
        use = np.asarray(weight > _LEAST_TRUST)
        shared = int(np.count_nonzero(use.any(1)))
        # Few instants of a long clip may be looked at, so what they stand for is counted.
        if shared < _LEAST_TIMES or shared * float(times[1] - times[0]) < _LEAST_SHARED_S:
            return None
        p, _ = normalised(np.concatenate(x, 1)[use], weight[use])
        q, _ = normalised(np.concatenate(y, 1)[use], weight[use])
        matrix = fit_fundamental(p, q, weight[use], scale=_SCALE, rounds=rounds)
        loss = np.zeros(weight.shape)
        loss[use] = weight[use] * np.log1p((sampson(matrix, p, q) / _SCALE) ** 2)
        block = ((times - times[0]) / _BLOCK_S).astype(int)
        sums: FloatArray = np.bincount(block, loss.sum(1)).astype(float)
        weights: FloatArray = np.bincount(block, (weight * use).sum(1)).astype(float)
        return _Cost(float(sums.sum() / weights.sum()), sums, weights)


def _minima(means: FloatArray, apart: int) -> list[int]:
    """The deepest few local minima."""
    left = means.copy()
    found: list[int] = []
    while len(found) < _CANDIDATES and np.isfinite(left).any():
        best = int(left.argmin())
        found.append(best)
        left[max(0, best - apart) : best + apart + 1] = np.inf
    return found


def _refined(pair: _Pair, offset_s: float) -> _Fine | None:
    """The bottom of a parabola through costs around an offset, in ever smaller steps."""
    times = pair.times(offset_s, _FINE_TIMES)
    spread, cost = np.inf, None
    for step in _FINE_STEPS_S:
        around = [pair.disagreement(offset_s + k * step, times, _FINE_ROUNDS) for k in _TAPS]
        costs = [c for c in around if c is not None]
        if len(costs) < len(_TAPS):
            return None
        moved = _bottom(np.array([c.mean for c in costs])[None])[0]
        spread = float(np.hypot(step * _resampled_spread(costs), _SPREAD_FLOOR_S))
        offset_s += step * float(np.clip(moved, _TAPS[0], _TAPS[-1]))
        cost = costs[len(_TAPS) // 2]
    return None if cost is None else _Fine(offset_s, spread, cost)


def _bottom(costs: FloatArray) -> FloatArray:
    """Where parabolas fitted to costs ``(..., 7)`` at `_TAPS` are least, in taps."""
    bend, slope, _ = np.polyfit(_TAPS, np.atleast_2d(costs).T, 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        bottom = -slope / (2 * bend)
    return np.where(bend > 0, bottom, np.where(slope > 0, _TAPS[0], _TAPS[-1]))


def _resampled_spread(costs: list[_Cost]) -> float:
    """Standard deviation, in taps, of the bottom when blocks of time are drawn anew (bootstrap)."""
    sums = np.array([c.sums for c in costs])
    weights = np.array([c.weights for c in costs])
    blocks = sums.shape[1]
    drawn = np.random.default_rng(0).multinomial(blocks, np.full(blocks, 1 / blocks), _RESAMPLES)
    means = (drawn @ sums.T) / np.maximum(drawn @ weights.T, 1e-9)
    return float(np.std(np.clip(_bottom(means), 3 * _TAPS[0], 3 * _TAPS[-1])))


def _margin(best: _Fine, costs: list[_Cost | None], grid: FloatArray) -> float:
    """Standard errors between the best offset and the best one that is clearly another."""
    others = [
        (cost.mean - best.cost.mean) / np.linalg.norm([cost.error, best.cost.error, _COST_FLOOR])
        for cost, offset in zip(costs, grid, strict=True)
        if cost is not None and abs(offset - best.offset_s) > _APART_S
    ]
    return float(min(others, default=0.0))


def _judged(best: _Fine, margin: float, max_offset_s: float) -> MotionOffset:
    at_edge = abs(best.offset_s) > max_offset_s - _STEP_S / 2
    trusted = margin >= _LEAST_MARGIN and best.spread_s <= _MOST_SPREAD_S and not at_edge
    if margin < _LEAST_MARGIN:
        reason = "the hands' motion fits several offsets about as well, or the scenes differ"
    elif at_edge:
        reason = f"the offset may be larger than the {max_offset_s:g} s that were looked at"
    elif not trusted:
        reason = f"the hands move too little: the offset is only known to {best.spread_s:.3f} s"
    else:
        reason = f"the hands' motion agrees, to about {1000 * best.spread_s:.0f} ms"
    return MotionOffset(best.offset_s, best.spread_s, margin, trusted, reason)


def _unknown(reason: str) -> MotionOffset:
    return MotionOffset(0.0, float("inf"), 0.0, False, reason)
