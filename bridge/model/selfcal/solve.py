"""Levenberg-Marquardt over all instants of both hands, the shape and the cameras at once.

Instants are tied to their two neighbours only, so their part of the curvature is a band; shared
parameters are its border. The band is factored once a step and the border eliminated (Schur
complement): a minute of two hands is some 130,000 unknowns and takes seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_solve_banded, cholesky_banded

from bridge.model.pose import BoolArray, FloatArray
from bridge.model.selfcal.cameras import N_CAMERA, Cameras
from bridge.model.selfcal.skeleton import N_SHAPE, prior_information
from bridge.model.selfcal.terms import N_POSE, Motion, Noise, Terms, linearise
from bridge.model.selfcal.tracks import HandTrack

__all__ = ["Priors", "Solution", "solve"]

_FIRST_DAMPING = 1e-3
_LARGEST_DAMPING = 1e6


@dataclass(frozen=True, slots=True)
class Priors:
    """What is known before anything is seen, and what may move.

    Attributes:
        log_focal: ``(V,)`` mean of the logarithm of the focal lengths.
        log_focal_spread: ``(V,)`` its standard deviation; 0 where the focal length is known.
        shape: ``(30,)`` the shape to start from, the prior's mean.
        move_cameras: Whether rotations and offsets may move; the first camera never does.
        move_focal: Whether focal lengths may.
        move_shape: Whether the shape may.
        strength: How many instants count as one: errors of neighbouring instants are alike, so
            what many of them say of shared parameters is worth less than their number.
    """

    log_focal: FloatArray
    log_focal_spread: FloatArray
    shape: FloatArray
    move_cameras: bool = True
    move_focal: bool = True
    move_shape: bool = True
    strength: float = 1.0


@dataclass(frozen=True, slots=True)
class Solution:
    """Where an adjustment ended.

    Attributes:
        cost: Minus twice the logarithm of the probability, up to a constant.
        motions: Of each track.
        shape: ``(30,)``.
        cameras: All of them.
        covariance: ``(S, S)`` of shape and cameras, zero rows for what did not move.
        weights: Of each track ``(T, V, 21)``, the trust left after outliers are weighed down.
        steps: How many were taken.
    """

    cost: float
    motions: tuple[Motion, ...]
    shape: FloatArray
    cameras: Cameras
    covariance: FloatArray
    weights: tuple[FloatArray, ...]
    steps: int


@dataclass(frozen=True, slots=True)
class _State:
    motions: tuple[Motion, ...]
    shape: FloatArray
    cameras: Cameras

    def moved(self, own: Sequence[FloatArray], shared: FloatArray) -> _State:
        return _State(
            tuple(m.moved(step) for m, step in zip(self.motions, own, strict=True)),
            self.shape + shared[:N_SHAPE],
            self.cameras.moved(shared[N_SHAPE:].reshape(-1, N_CAMERA)),
        )


def solve(
    tracks: Sequence[HandTrack],
    motions: Sequence[Motion],
    cameras: Cameras,
    priors: Priors,
    *,
    at_ease: FloatArray,
    noise: Noise,
    steps: int = 30,
    tolerance: float = 1e-4,
) -> Solution:
    """Descends to the nearest minimum.

    Args:
        tracks: What is seen of each hand.
        motions: Where to begin.
        cameras: Where to begin.
        priors: What is known, and what may move.
        at_ease: ``(30,)`` angles of a hand at ease.
        noise: What is expected.
        steps: Most steps.
        tolerance: Relative gain below which a step is the last.
    """
    free = _free(len(cameras), priors)
    state = _State(tuple(motions), priors.shape.copy(), cameras)
    moving = bool(free.any())
    terms, cost = _linearised(tracks, state, priors, at_ease, noise, moving)
    damping, taken = _FIRST_DAMPING, 0
    while taken < steps:
        taken += 1
        shared, shared_gradient = _shared(terms, state, priors)
        step = _step(terms, shared, shared_gradient, free, damping)
        if step is None:
            damping *= 10
            if damping > _LARGEST_DAMPING:
                break
            continue
        trial = state.moved(*step)
        trial_terms, trial_cost = _linearised(tracks, trial, priors, at_ease, noise, moving)
        gain = cost - trial_cost
        if gain > 0:
            state, terms, cost = trial, trial_terms, trial_cost
            damping = max(damping * 0.2, 1e-9)
            if gain < tolerance * cost:
                break
        else:
            damping *= 8
            if damping > _LARGEST_DAMPING or -gain < 1e-9 * cost:
                break
    return Solution(
        cost,
        state.motions,
        state.shape,
        state.cameras,
        _covariance(terms, state, priors, free),
        tuple(t.weight for t in terms),
        taken,
    )


def _free(n_views: int, priors: Priors) -> BoolArray:
    """Which shared parameters move, ``(S,)`` bool."""
    free = np.zeros(N_SHAPE + N_CAMERA * n_views, dtype=bool)
    free[:N_SHAPE] = priors.move_shape
    own = free[N_SHAPE:].reshape(n_views, N_CAMERA)
    own[1:, :6] = priors.move_cameras
    own[:, 6] = priors.move_focal & (priors.log_focal_spread > 0)
    return free


def _linearised(
    tracks: Sequence[HandTrack],
    state: _State,
    priors: Priors,
    at_ease: FloatArray,
    noise: Noise,
    moving: bool,
) -> tuple[list[Terms], float]:
    terms = [
        linearise(track, motion, state.shape, state.cameras, at_ease, noise, shared=moving)
        for track, motion in zip(tracks, state.motions, strict=True)
    ]
    return terms, sum(t.cost for t in terms) + _prior_cost(state, priors)


def _prior_cost(state: _State, priors: Priors) -> float:
    off = state.shape
    cost = float(off @ prior_information() @ off)
    known = priors.log_focal_spread > 0
    error = (np.log(state.cameras.focal) - priors.log_focal)[known] / priors.log_focal_spread[known]
    return priors.strength * (cost + float(error @ error))


def _shared(terms: Sequence[Terms], state: _State, priors: Priors) -> tuple[FloatArray, FloatArray]:
    """Curvature and gradient of the shared parameters, their priors included."""
    shared = np.sum([t.shared for t in terms], axis=0)
    gradient = np.sum([t.shared_gradient for t in terms], axis=0)
    information = priors.strength * prior_information()
    shared[:N_SHAPE, :N_SHAPE] += information
    gradient[:N_SHAPE] += information @ state.shape
    for v, spread in enumerate(priors.log_focal_spread):
        if spread > 0:
            at = N_SHAPE + N_CAMERA * v + 6
            shared[at, at] += priors.strength / spread**2
            error = np.log(state.cameras.focal[v]) - priors.log_focal[v]
            gradient[at] += priors.strength * error / spread**2
    return shared, gradient


def _banded(terms: Terms, damping: float) -> FloatArray:
    """A track's curvature in the lower band storage of ``cholesky_banded``."""
    count = len(terms.gradient)
    blocks = terms.curvature.copy()
    index = np.arange(N_POSE)
    blocks[:, index, index] += terms.smooth[0]
    blocks[:, index, index] *= 1 + damping
    reach = 2 * N_POSE if terms.smooth[1:].any() else N_POSE - 1
    band = np.zeros((reach + 1, count * N_POSE))
    for below in range(N_POSE):
        columns = np.zeros((count, N_POSE))
        columns[:, : N_POSE - below] = blocks[:, index[below:], index[: N_POSE - below]]
        band[below] = columns.ravel()
    if reach > N_POSE:
        band[N_POSE] = terms.smooth[1].ravel()
        band[2 * N_POSE] = terms.smooth[2].ravel()
    return band


def _step(
    terms: Sequence[Terms],
    shared: FloatArray,
    shared_gradient: FloatArray,
    free: BoolArray,
    damping: float,
) -> tuple[list[FloatArray], FloatArray] | None:
    """The damped Gauss-Newton step: each track's ``(T, 36)``, the shared parameters' ``(S,)``."""
    reduced = shared[np.ix_(free, free)].copy()
    reduced[np.diag_indices_from(reduced)] *= 1 + damping
    pull = shared_gradient[free].copy()
    parts = []
    try:
        for t in terms:
            border = _border(t, free)
            gradient = t.gradient.reshape(-1)
            factor = cholesky_banded(
                _banded(t, damping), overwrite_ab=True, lower=True, check_finite=False
            )
            solved = cho_solve_banded(
                (factor, True), np.column_stack([gradient, border]), check_finite=False
            )
            reduced -= border.T @ solved[:, 1:]
            pull -= border.T @ solved[:, 0]
            parts.append(solved)
        moved = np.zeros(len(free))
        if free.any():
            moved[free] = -np.linalg.solve(reduced, pull)
    except (LinAlgError, np.linalg.LinAlgError):
        return None
    own = [-(solved[:, 0] + solved[:, 1:] @ moved[free]).reshape(-1, N_POSE) for solved in parts]
    if not np.isfinite(moved).all() or not all(np.isfinite(step).all() for step in own):
        return None
    return own, moved


def _border(terms: Terms, free: BoolArray) -> FloatArray:
    """A track's border ``(36 T, F)`` with the shared parameters that move."""
    count = int(free.sum())
    if not count:
        return np.zeros((terms.gradient.size, 0))
    return terms.border[..., free].reshape(terms.gradient.size, count)


def _covariance(
    terms: Sequence[Terms], state: _State, priors: Priors, free: BoolArray
) -> FloatArray:
    """What remains uncertain of the shared parameters when all motions are free."""
    covariance = np.zeros((len(free), len(free)))
    if not free.any():
        return covariance
    shared, _ = _shared(terms, state, priors)
    reduced = shared[np.ix_(free, free)].copy()
    try:
        for t in terms:
            border = _border(t, free)
            factor = cholesky_banded(_banded(t, 1e-6), lower=True, check_finite=False)
            reduced -= border.T @ cho_solve_banded((factor, True), border, check_finite=False)
        inverse = np.linalg.inv(reduced)
    except (LinAlgError, np.linalg.LinAlgError):
        inverse = np.diag(np.full(int(free.sum()), np.inf))
    covariance[np.ix_(free, free)] = priors.strength * inverse
    return covariance
