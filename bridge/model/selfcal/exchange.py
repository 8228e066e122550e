"""Views whose nets take left hands for right ones: told from what fits what another view sees.

From odd directions a palm looks like a back, and the net is sure of the wrong side for seconds. Two
views' keypoints are images of the same points only where their sides agree: then one fundamental
matrix fits all instants, whatever the cameras. It is fitted to instants as they are reported or
exchanged, whichever is better, beginning with random threes of them (RANSAC: Fischler and Bolles,
Communications of the ACM 24(6), 1981).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from bridge.model.pose import BoolArray, FloatArray, ViewHand, ViewHands
from bridge.model.selfcal.cameras import Cameras
from bridge.model.selfcal.epipolar import fit_fundamental, normalised, sampson
from bridge.model.selfcal.tracks import image_points
from bridge.protocol.joints import N_KEYPOINTS, Side

__all__ = ["Told", "exchanged", "exchanged_instants", "told_by_cameras"]

_LEAST_INSTANTS = 6
"""With fewer at which both views see the same hand nothing can be told."""

_MOST_INSTANTS = 120
_TRIES, _AT_ONCE = 40, 3
_SCALE = 0.03
"""Sampson distance, in hand sizes, at which a keypoint begins to count as an outlier."""

_CLEAR = 1.0
"""An instant's sides are exchanged if that fits better by so much, in logarithms (Cauchy's loss):
in drawn clips it is 2.9 at least, one way or the other."""

_UNPAIRED = 2.0
"""Cost of sides by which the two views see no hand in common."""

_WELL, _AT_ALL = 1.2, 1.4
"""A mean cost below which a matrix explains what is seen, and one above which it does not: in drawn
clips it is 0.6 to 1."""


@dataclass(frozen=True, slots=True)
class Told:
    """What two views tell of each other's sides at T instants.

    Attributes:
        known: ``(T,)`` whether anything can be told: they see a hand in common.
        exchanged: ``(T,)`` whether they do not mean the same hands by left and right.
    """

    known: BoolArray
    exchanged: BoolArray

    @property
    def share(self) -> float:
        """Of the instants of which anything is known, those at which sides are exchanged."""
        return float(self.exchanged.sum() / max(1, self.known.sum()))


def exchanged(view: ViewHands) -> ViewHands:
    """A view with left and right exchanged; twice is the same again.

    A hand's own depths stay: in drawn clips they fit the true hand, whatever side the net says.
    """
    hands: list[ViewHand | None] = [None, None]
    for hand in view.hands:
        if hand is not None:
            side = Side(1 - hand.side)
            hands[side] = ViewHand(side, hand.landmarks_px, hand.world_m, hand.confidence)
    return ViewHands(view.view, view.size_px, (hands[0], hands[1]))


def exchanged_instants(
    first: Sequence[ViewHands | None], second: Sequence[ViewHands | None]
) -> Told | None:
    """Instants at which two views do not mean the same hands by left and right.

    Args:
        first: What one view saw at T instants.
        second: The other.

    Returns:
        None where they agree throughout, or too little can be told.
    """
    pair = _Pair(_Hands(first), _Hands(second))
    rows = np.flatnonzero(pair.known)
    if len(rows) < _LEAST_INSTANTS:
        return None
    some = pair.take(rows[:: -(-len(rows) // _MOST_INSTANTS)])
    own = some.settled(some.fitted(np.zeros(len(some), dtype=bool)))
    if own.cost < _WELL and not own.exchanged.any():
        return None
    best = min([own, some.searched()], key=lambda found: found.cost)
    if best.cost > _AT_ALL or not best.exchanged.any():
        return None
    return Told(pair.known, pair.judged(best.matrix).exchanged & pair.known)


def told_by_cameras(
    first: ViewHands, second: ViewHands, cameras: Cameras, pair: tuple[int, int]
) -> bool | None:
    """Whether two views mean different hands by left and right, where their cameras are known.

    Args:
        first: What one sees.
        second: What the other sees.
        cameras: All of them.
        pair: Which two.

    Returns:
        None where it cannot be told.
    """
    hands = _Pair(_Hands([first]), _Hands([second]))
    found = hands.judged(cameras.fundamental(*pair))
    return bool(found.exchanged[0]) if hands.known[0] and found.cost < _UNPAIRED else None


class _Hands:
    """What a view sees at T instants.

    Attributes:
        image: ``(T, 2, 21, 2)`` keypoints from the picture's centre, longer image sides.
        trust: ``(T, 2, 21)`` 0 where not seen.
    """

    def __init__(self, views: Sequence[ViewHands | None]) -> None:
        self.image = np.zeros((len(views), 2, N_KEYPOINTS, 2))
        self.trust = np.zeros((len(views), 2, N_KEYPOINTS))
        for row, view in enumerate(views):
            if view is None:
                continue
            for hand in view.hands:
                if hand is not None:
                    self.image[row, hand.side] = image_points(view, hand)
                    self.trust[row, hand.side] = hand.confidence


class _Found:
    """A fundamental matrix, what it says of each instant, and how well it fits."""

    def __init__(self, matrix: FloatArray, as_seen: FloatArray, turned: FloatArray) -> None:
        self.matrix = matrix
        self.exchanged: BoolArray = turned < as_seen - _CLEAR
        self.cost = float(np.where(self.exchanged, turned, as_seen).mean())


class _Pair:
    """Two views at T instants."""

    def __init__(self, first: _Hands, second: _Hands) -> None:
        self._first, self._second = first.image, second.image
        # Of both ways to pair the hands, (2, T, 2, 21): as seen, and exchanged.
        self._trust = np.stack(
            [np.sqrt(first.trust * second.trust), np.sqrt(first.trust * second.trust[:, ::-1])]
        )
        self._set_scale()

    def _set_scale(self) -> None:
        extents = [np.ptp(image, axis=2).max(-1) for image in (self._first, self._second)]
        both = np.concatenate(extents)
        self._scale = _SCALE * float(np.median(both[both > 0])) if both.any() else 1.0

    def __len__(self) -> int:
        return len(self._first)

    @property
    def known(self) -> BoolArray:
        """``(T,)`` whether the views see any hand in common, if only by exchanged sides."""
        return np.asarray(self._trust.any(axis=(0, 2, 3)))

    def take(self, rows: NDArray[np.intp]) -> _Pair:
        """Some of the instants."""
        some = object.__new__(_Pair)
        some._first, some._second = self._first[rows], self._second[rows]
        some._trust = self._trust[:, rows]
        some._set_scale()
        return some

    def searched(self) -> _Found:
        """The best matrix of those that few instants give, however their sides are exchanged."""
        rng = np.random.default_rng(0)
        threes = [
            self.take(np.sort(rng.choice(len(self), _AT_ONCE, replace=False)))
            for _ in range(_TRIES)
        ]
        found = [
            self.judged(three.fitted(np.array(turned), rounds=2))
            for three in threes
            for turned in product((False, True), repeat=_AT_ONCE)
        ]
        return self.settled(min(found, key=lambda one: one.cost).matrix)

    def settled(self, matrix: FloatArray) -> _Found:
        """Fits to all instants as they are told to be, and tells again, while that is better."""
        best = self.judged(matrix)
        for _ in range(_AT_ONCE):
            found = self.judged(self.fitted(best.exchanged))
            if found.cost >= best.cost:
                break
            best = found
        return best

    def fitted(self, turned: BoolArray, *, rounds: int = 5) -> FloatArray:
        """The matrix that fits, with sides exchanged at some instants ``(T,)``."""
        second = np.where(turned[:, None, None, None], self._second[:, ::-1], self._second)
        weight = np.where(turned[:, None, None], self._trust[1], self._trust[0]).ravel()
        (x, x_unit), (y, y_unit) = (_to_unit(image, weight) for image in (self._first, second))
        scale = self._scale * np.sqrt(x_unit[0, 0] * y_unit[0, 0])
        matrix = fit_fundamental(x, y, weight, scale=scale, rounds=rounds)
        return np.asarray(y_unit.T @ matrix @ x_unit)

    def judged(self, matrix: FloatArray) -> _Found:
        """What a matrix says of every instant."""
        costs = []
        for second, trust in zip((self._second, self._second[:, ::-1]), self._trust, strict=True):
            error = sampson(matrix, self._first.reshape(-1, 2), second.reshape(-1, 2))
            cost = np.log1p((error.reshape(trust.shape) / self._scale) ** 2)
            total = trust.sum((1, 2))
            mean = (trust * cost).sum((1, 2)) / np.maximum(total, 1e-12)
            costs.append(np.where(total > 0, mean, _UNPAIRED))
        return _Found(matrix, costs[0], costs[1])


def _to_unit(image: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Points ``(N, 2)``, normalised, and the matrix ``(3, 3)`` that does it."""
    flat = image.reshape(-1, 2)
    points, factor = normalised(flat, weight)
    mean = flat[0] - points[0] / factor
    return points, np.array(
        [[factor, 0, -factor * mean[0]], [0, factor, -factor * mean[1]], [0, 0, 1]]
    )
