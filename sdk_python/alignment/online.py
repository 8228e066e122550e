"""Where in a lesson somebody is, known while they play."""

from __future__ import annotations

import copy
from collections import deque
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Place", "PlaceFinder"]

Floats = NDArray[np.floating[Any]]

_COARSE_HZ = 10.0
_MOST_COARSE = 6000
_ROWS = 2000
"""Of the whole lesson's frames, those that are compared at a time."""

_JUMP_S = 0.8
"""Longer than with hindsight: a leap that is none would show at once."""

_OFF_TEMPO = 0.08
_WINDOW_S = 1.5
_RELOCATE_S = 1.0
_RELOCATE_CONFIDENCE = 0.5
_APART_S = 1.0
_LEAST_CONTRAST = np.radians(3.0) ** 2
_TEMPO_OVER_S = 2.0
_HABIT_OVER_S = 10.0


class Place(NamedTuple):
    """Where somebody is.

    Attributes:
        frame: Index of the lesson's frame.
        confidence: How much better than anywhere else, 0 to 1.
        tempo: Lesson seconds a second; NaN while unknown.
    """

    frame: int
    confidence: float
    tempo: float


class PlaceFinder:
    """Two forward passes of the model of `structure.find_structure`, without looking back.

    Args:
        lesson: ``(M, F)`` features at an even rate, radians, NaN where missing.
        rate_hz: Frames a second.
    """

    def __init__(self, lesson: Floats, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._lesson = lesson
        seen = np.isfinite(lesson)
        self._filled, self._seen = np.where(seen, lesson, 0).astype(np.float32), seen
        stride = max(1, round(rate_hz / _COARSE_HZ), -(-len(lesson) // _MOST_COARSE))
        self._stride = stride
        self._coarse = _Model(*_means(self._filled, seen, stride), rate_hz / stride)
        self._contrast = self._coarse.contrast
        self._begin()

    def another(self) -> PlaceFinder:
        """One for somebody else, at no place yet; it shares what is known of the lesson."""
        other = copy.copy(self)
        other._coarse = self._coarse.another()
        other._begin()
        return other

    def _begin(self) -> None:
        """Everything that changes while somebody plays."""
        self._fine = np.zeros(1, np.float32)
        self._first = 0
        self._frame: int | None = None
        self._batch: list[Floats] = []
        self._batch_s: float | None = None
        self._last_s: float | None = None
        self._habit = np.zeros(self._lesson.shape[1], np.float32)
        self._trail: deque[tuple[float, int]] = deque()

    def seek(self, frame: int) -> None:
        """The next frame is about there."""
        self._put(min(max(frame, 0), len(self._lesson) - 1))
        self._coarse.seek((self._frame or 0) // self._stride)

    def step(self, time_s: float, features: Floats) -> Place:
        """Takes the features ``(F,)`` of a frame; NaN where missing."""
        raw, features = features, features - self._habit
        self._roughly(time_s, features)
        dt_s = 1 / self._rate_hz if self._last_s is None else time_s - self._last_s
        self._last_s = time_s
        if self._frame is None or (
            self._coarse.confidence > _RELOCATE_CONFIDENCE
            and abs(self._coarse.best * self._stride - self._frame) > _RELOCATE_S * self._rate_hz
        ):
            self._put(self._coarse.best * self._stride)
        self._closely(dt_s, features)
        frame = self._frame or 0
        self._learn(raw - self._lesson[frame], dt_s)
        self._trail.append((time_s, frame))
        while self._trail and time_s - self._trail[0][0] > _TEMPO_OVER_S:
            self._trail.popleft()
        return Place(frame, self._coarse.confidence, self._tempo())

    def _learn(self, off: Floats, dt_s: float) -> None:
        """What differs all the time tells nothing of the place: it is taken off."""
        share = self._coarse.confidence * (1 - np.exp(-max(dt_s, 0.0) / _HABIT_OVER_S))
        self._habit += np.where(np.isfinite(off), share * (off - self._habit), 0)

    def _put(self, frame: int) -> None:
        """Begins the close search anew around a frame."""
        half = round(_WINDOW_S * self._rate_hz)
        self._frame, self._first = frame, max(frame - half, 0)
        count = min(frame + half + 1, len(self._lesson)) - self._first
        away = np.abs(np.arange(count) + self._first - frame) / self._rate_hz
        self._fine = (away * self._contrast * self._rate_hz * 0.1).astype(np.float32)
        self._trail.clear()

    def _roughly(self, time_s: float, features: Floats) -> None:
        """Steps the model of the whole lesson once its next frame is over.

        What that costs is spread over the frames that follow: none takes long.
        """
        if self._batch_s is None:
            self._batch_s = time_s
            self._coarse.begin(features, 0)
            self._coarse.finish()
            return
        self._coarse.go_on()
        self._batch.append(features)
        steps = int((time_s - self._batch_s) * self._rate_hz / self._stride)
        if steps:
            self._coarse.finish()
            with np.errstate(invalid="ignore"):
                batch = np.stack(self._batch)
                there = np.isfinite(batch)
                count = there.sum(0)
                total = np.where(there, batch, 0).sum(0)
                mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
            self._coarse.begin(mean, min(steps, 5))
            self._batch.clear()
            self._batch_s = time_s

    def _closely(self, dt_s: float, features: Floats) -> None:
        """Moves the close search on by about as many frames as have passed."""
        expected = min(max(dt_s, 0.0), 0.5) * self._rate_hz
        best: Floats | None = None
        for step in range(int(2 * expected) + 2):
            if step >= len(self._fine):
                break
            price = np.float32(_OFF_TEMPO * self._contrast * abs(step - expected))
            way = np.full_like(self._fine, np.inf)
            way[step:] = self._fine[: len(self._fine) - step] + price
            best = way if best is None else np.minimum(best, way)
        if best is None:
            return
        part = slice(self._first, self._first + len(best))
        best += _costs(self._filled[part], self._seen[part], features)
        best -= best.min()
        frame = self._first + int(best.argmin())
        self._fine, self._frame = best, frame
        self._slide(frame)

    def _slide(self, frame: int) -> None:
        """Keeps the window around the frame; what comes in is as good as its rim."""
        half = round(_WINDOW_S * self._rate_hz)
        first = max(min(frame - half, len(self._lesson) - 2 * half - 1), 0)
        end = min(first + 2 * half + 1, len(self._lesson))
        moved = np.full(end - first, self._fine.max(), np.float32)
        a, b = max(first, self._first), min(end, self._first + len(self._fine))
        moved[a - first : b - first] = self._fine[a - self._first : b - self._first]
        self._fine, self._first = moved, first

    def _tempo(self) -> float:
        if not self._trail or self._trail[-1][0] - self._trail[0][0] < 1.0:
            return float("nan")
        (first_s, first), (last_s, last) = self._trail[0], self._trail[-1]
        return (last - first) / self._rate_hz / (last_s - first_s)


class _Model:
    """The whole lesson, at a low rate; any place may follow any other, at a price."""

    def __init__(self, filled: Floats, seen: NDArray[np.bool_], rate_hz: float) -> None:
        self._filled, self._seen, self._rate_hz = filled, seen, rate_hz
        self._terms = np.concatenate([filled * filled, filled, seen], axis=1, dtype=np.float32)
        self.contrast = self._typical()
        self._jump = np.float32(_JUMP_S * rate_hz * self.contrast)
        self._apart = max(1, round(_APART_S * rate_hz))
        self._begin()

    def another(self) -> _Model:
        other = copy.copy(self)
        other._begin()
        return other

    def _begin(self) -> None:
        self._value: Floats = np.zeros(len(self._filled), np.float32)
        self._costs: Floats = np.zeros(len(self._filled), np.float32)
        self._given: Floats | None = None
        self._done, self._steps = 0, 0
        self.best, self.confidence = 0, 0.0

    def seek(self, frame: int) -> None:
        away = np.abs(np.arange(len(self._value)) - frame).astype(np.float32)
        self._value = np.minimum(away * self._jump / self._apart, self._jump)
        self._given = None
        self.best, self.confidence = frame, 0.0

    def begin(self, features: Floats, steps: int) -> None:
        """Takes the next frame, so many after the last; `go_on` or `finish` make something of it.

        The costs are what ``_costs`` gives, as one product: there are thousands of frames.
        ``(a - b)^2 = a^2 - 2 a b + b^2``, each term where both are seen.
        """
        there = np.isfinite(features).astype(np.float32)
        given = np.where(there, features, 0).astype(np.float32)
        both = np.concatenate([there, -2 * given, given * given])
        self._given = np.stack([both, np.concatenate([0 * given, 0 * given, there])], axis=1)
        self._done, self._steps = 0, steps

    def go_on(self) -> None:
        """Some of the work on the last frame."""
        self._work(_ROWS)

    def finish(self) -> None:
        """All the rest of it."""
        self._work(len(self._costs))

    def _work(self, rows: int) -> None:
        if self._given is None:
            return
        part = slice(self._done, self._done + rows)
        total, count = (self._terms[part] @ self._given).T
        self._costs[part] = np.maximum(total, 0) / np.maximum(count, 1)
        self._done += rows
        if self._done >= len(self._costs):
            self._given = None
            self._step()

    def _step(self) -> None:
        value: Floats = self._value
        aside = np.float32(_OFF_TEMPO * self.contrast)
        for _ in range(self._steps):
            moved = value + aside
            for k in range(1, min(4, len(value))):
                np.minimum(moved[k:], value[:-k] + aside * (k - 1), out=moved[k:])
            value = np.minimum(moved, value.min() + self._jump)
        value = value + self._costs
        value -= value.min()
        self._value = value
        self.best = int(value.argmin())
        a, b = max(self.best - self._apart, 0), self.best + self._apart + 1
        elsewhere = [float(part.min()) for part in (value[:a], value[b:]) if len(part)]
        rest = min(float(self._jump), *elsewhere)
        self.confidence = rest / float(self._jump)

    def _typical(self) -> float:
        """What a wrong place costs more than a right one: from the lesson itself."""
        rng = np.random.default_rng(0)
        some = rng.choice(len(self._filled), min(len(self._filled), 300), replace=False)
        off = self._filled[some[:, None]] - self._filled[some[None]]
        both = self._seen[some[:, None]] & self._seen[some[None]]
        count = both.sum(-1)
        cost = np.where(count > 0, (off**2 * both).sum(-1) / np.maximum(count, 1), np.nan)
        typical = float(np.nanmedian(cost)) if np.isfinite(cost).any() else 0.0
        return max(typical, float(_LEAST_CONTRAST))


def _costs(filled: Floats, seen: NDArray[np.bool_], features: Floats) -> Floats:
    """Mean squared differences of frames ``(K, F)`` from one; 0 where nothing can be told."""
    there = np.isfinite(features)
    if not there.any():
        return np.zeros(len(filled), np.float32)
    off = filled - np.where(there, features, 0).astype(np.float32)
    weight = seen & there
    count = np.maximum(weight.sum(1), 1)
    found: Floats = np.einsum("kf,kf,kf->k", off, off, weight.astype(np.float32)) / count
    return found.astype(np.float32)


def _means(
    filled: Floats, seen: NDArray[np.bool_], stride: int
) -> tuple[Floats, NDArray[np.bool_]]:
    """Every ``stride`` frames their mean."""
    starts = np.arange(0, len(filled), stride)
    count = np.add.reduceat(seen, starts, axis=0, dtype=int)
    total = np.add.reduceat(filled, starts, axis=0, dtype=float)
    return (total / np.maximum(count, 1)).astype(np.float32), count > 0
