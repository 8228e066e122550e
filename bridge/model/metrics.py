"""Errors of estimated hands against the truth, as the field defines them.

Positions come in as metres, ``(..., N, 3)`` with any leading axes (frames, hands, samples), and
errors go out as millimetres. A hand of which any coordinate is not finite, in the estimate or in
the truth, is absent: it is left out of the mean and counted in ``Score.excluded``. Sequences for
the temporal metrics have time first, ``(T, ..., N, 3)``, sampled at a constant rate.

=================== ============================================================ =============
metric              definition                                                   usual name
=================== ============================================================ =============
`mpjpe_mm`          mean distance between joints                                 MPJPE
`mpjpe_mm`, root    the same with the root joint of both moved to the origin     RR, root-relative
`pa_mpjpe_mm`       the same after the best rotation, scale and translation      PA-MPJPE
`mpvpe_mm`          mean distance between mesh vertices                          MPVPE
`pa_mpvpe_mm`       the same after the best rotation, scale and translation      PA-V
`f_score`           harmonic mean of precision and recall at a distance          F@5, F@15
`auc`               area under the curve of correct keypoints, 0 to 50 mm        AUC
`jitter_m_s3`       mean size of the jerk of the estimate                        jitter
`acceleration_error_mm_s2` mean distance between accelerations                   Accel
=================== ============================================================ =============
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from bridge.errors import InputError

__all__ = [
    "Score",
    "Similarity",
    "acceleration_error_mm_s2",
    "auc",
    "f_score",
    "jitter_m_s3",
    "mpjpe_mm",
    "mpvpe_mm",
    "pa_mpjpe_mm",
    "pa_mpvpe_mm",
    "procrustes",
    "procrustes_align",
]

Array = NDArray[np.float64]

_AUC_LIMIT_M = 0.05
_AUC_STEPS = 100


class Score(NamedTuple):
    """A metric's value and what it rests on.

    Attributes:
        value: The metric, NaN where nothing could be compared.
        used: Hands (temporal metrics: windows of consecutive frames) that went into it.
        excluded: Those left out because a coordinate is not finite.
    """

    value: float
    used: int
    excluded: int


class Similarity(NamedTuple):
    """A similarity transform, ``target = scale * rotation @ source + translation``.

    Attributes:
        rotation: ``(..., 3, 3)``, determinant +1.
        scale: ``(...)``.
        translation: ``(..., 3)``, metres.
    """

    rotation: Array
    scale: Array
    translation: Array

    def apply(self, points: ArrayLike) -> Array:
        """Transforms points ``(..., N, 3)``."""
        turned = np.asarray(points, np.float64) @ np.swapaxes(self.rotation, -1, -2)
        return self.scale[..., None, None] * turned + self.translation[..., None, :]


def procrustes(source: ArrayLike, target: ArrayLike, *, scale: bool = True) -> Similarity:
    """The similarity transform that brings ``source`` nearest to ``target``, least squares.

    Umeyama, "Least-squares estimation of transformation parameters between two point patterns",
    TPAMI 1991, eq. 40-42: the sign correction keeps a mirrored hand a mirrored hand, so a left
    hand never scores well as a right one.

    Args:
        source: ``(..., N, 3)`` points to move, finite.
        target: ``(..., N, 3)`` points to reach, finite.
        scale: False keeps the size of ``source``.

    Raises:
        InputError: The shapes differ, or are not ``(..., N, 3)``.
    """
    a, b = _pair(source, target)
    mean_a, mean_b = a.mean(-2), b.mean(-2)
    centred_a, centred_b = a - mean_a[..., None, :], b - mean_b[..., None, :]
    u, singular, vt = np.linalg.svd(np.swapaxes(centred_b, -1, -2) @ centred_a)
    signs = np.ones_like(singular)
    signs[..., 2] = np.where(np.linalg.det(u) * np.linalg.det(vt) < 0, -1.0, 1.0)
    rotation = (u * signs[..., None, :]) @ vt
    if scale:
        spread = np.sum(centred_a**2, axis=(-1, -2))
        factor = np.sum(singular * signs, axis=-1) / np.where(spread > 0, spread, 1.0)
    else:
        factor = np.ones(a.shape[:-2])
    moved = factor[..., None] * np.squeeze(rotation @ mean_a[..., None], -1)
    return Similarity(rotation, factor, mean_b - moved)


def procrustes_align(source: ArrayLike, target: ArrayLike, *, scale: bool = True) -> Array:
    """``source`` moved as near as `procrustes` brings it to ``target``, ``(..., N, 3)``."""
    return procrustes(source, target, scale=scale).apply(source)


def mpjpe_mm(predicted: ArrayLike, true: ArrayLike, *, root: int | None = None) -> Score:
    """Mean per-joint position error.

    Ionescu et al., "Human3.6M", TPAMI 2014, eq. 8 (there MPJPE), absolute by default.

    Args:
        predicted: ``(..., N, 3)`` metres.
        true: ``(..., N, 3)`` metres.
        root: Joint that both are moved to: 0, the wrist, gives the root-relative error. The mean
            runs over all N joints, the root's zero included, as in DexYCB and InterHand2.6M.

    Raises:
        InputError: The shapes differ or are not ``(..., N, 3)``.
    """
    a, b, excluded = _present(predicted, true)
    if root is not None:
        a, b = a - a[:, root, None], b - b[:, root, None]
    return _mean_distance_mm(a, b, excluded)


def pa_mpjpe_mm(predicted: ArrayLike, true: ArrayLike) -> Score:
    """MPJPE after each hand is aligned by `procrustes` with scale (PA-MPJPE).

    FreiHAND (Zimmermann et al. 2019) and all later hand benchmarks align hand by hand.

    Raises:
        InputError: The shapes differ or are not ``(..., N, 3)``.
    """
    a, b, excluded = _present(predicted, true)
    return _mean_distance_mm(procrustes_align(a, b) if len(a) else a, b, excluded)


def mpvpe_mm(
    predicted: ArrayLike,
    true: ArrayLike,
    *,
    predicted_root: ArrayLike | None = None,
    true_root: ArrayLike | None = None,
) -> Score:
    """Mean per-vertex position error of meshes with the same vertices.

    Args:
        predicted: ``(..., V, 3)`` metres.
        true: ``(..., V, 3)`` metres.
        predicted_root: ``(..., 3)`` root joint taken from each mesh first; both or none.
        true_root: The same of the truth.

    Raises:
        InputError: The shapes differ, or only one root is given.
    """
    if (predicted_root is None) != (true_root is None):
        raise InputError("mpvpe_mm: give both roots for the root-relative error, or neither")
    a, b = _pair(predicted, true)
    if predicted_root is not None and true_root is not None:
        a = a - np.asarray(predicted_root, np.float64)[..., None, :]
        b = b - np.asarray(true_root, np.float64)[..., None, :]
    return mpjpe_mm(a, b)


def pa_mpvpe_mm(predicted: ArrayLike, true: ArrayLike) -> Score:
    """MPVPE after each mesh is aligned by `procrustes` with scale."""
    return pa_mpjpe_mm(predicted, true)


def f_score(predicted: ArrayLike, true: ArrayLike, *, threshold_m: float) -> Score:
    """F-score of two surfaces given by their vertices, 0 to 1.

    Precision is the share of predicted vertices with a true vertex nearer than the threshold,
    recall the share of true vertices with a predicted one; F is their harmonic mean, averaged over
    hands (Knapitsch et al. 2017; FreiHAND at 5 and 15 mm, there on meshes aligned first:
    pass `procrustes_align` of them for its numbers).

    Args:
        predicted: ``(..., V, 3)`` metres.
        true: ``(..., V, 3)`` metres.
        threshold_m: Metres; 0.005 is F@5, 0.015 F@15.

    Raises:
        InputError: The shapes differ or are not ``(..., V, 3)``, or the threshold is not positive.
    """
    if not threshold_m > 0:
        raise InputError(f"f_score: the threshold must be positive, not {threshold_m}")
    a, b, excluded = _present(predicted, true)
    scores = [_f_score_of_one(p, t, threshold_m) for p, t in zip(a, b, strict=True)]
    return Score(float(np.mean(scores)) if scores else float("nan"), len(scores), excluded)


def auc(predicted: ArrayLike, true: ArrayLike) -> Score:
    """Area under the curve of correct keypoints (PCK) from 0 to 50 mm, 0 to 1.

    100 thresholds from 0 to 50 mm inclusive, PCK counting errors up to and including the
    threshold, trapezoids, divided by 50 mm: the definition of RHD (Zimmermann and Brox 2017) and
    FreiHAND. Others stop elsewhere (POEM at 20 mm); their numbers do not compare.

    Raises:
        InputError: The shapes differ or are not ``(..., N, 3)``.
    """
    a, b, excluded = _present(predicted, true)
    if not len(a):
        return Score(float("nan"), 0, excluded)
    errors = np.sort(np.linalg.norm(a - b, axis=-1).ravel())
    thresholds = np.linspace(0.0, _AUC_LIMIT_M, _AUC_STEPS)
    correct = np.searchsorted(errors, thresholds, side="right") / errors.size
    return Score(float(np.trapezoid(correct, thresholds) / _AUC_LIMIT_M), len(a), excluded)


def jitter_m_s3(positions: ArrayLike, *, rate_hz: float) -> Score:
    """Mean size of the jerk of each point, m/s^3: how much a still hand would tremble.

    The third difference ``x[t+3] - 3 x[t+2] + 3 x[t+1] - x[t]`` times ``rate_hz**3``
    (TransPose, Yi et al. 2021). Windows with an absent hand are excluded.

    Args:
        positions: ``(T, ..., N, 3)`` metres.
        rate_hz: Samples a second, constant.

    Raises:
        InputError: Not ``(T, ..., N, 3)``, or the rate is not positive.
    """
    _check_rate(rate_hz)
    x = _sequence(positions)
    return _mean_size(np.diff(x, n=3, axis=0) * rate_hz**3, 1.0)


def acceleration_error_mm_s2(predicted: ArrayLike, true: ArrayLike, *, rate_hz: float) -> Score:
    """Mean distance between predicted and true acceleration of each point, mm/s^2.

    Second differences, as in HMMR (Kanazawa et al. 2019) and VIBE, there in mm/frame^2: divide by
    ``rate_hz**2`` for their unit. Windows with an absent hand are excluded.

    Args:
        predicted: ``(T, ..., N, 3)`` metres.
        true: ``(T, ..., N, 3)`` metres.
        rate_hz: Samples a second, constant.

    Raises:
        InputError: The shapes differ or are not ``(T, ..., N, 3)``, or the rate is not positive.
    """
    _check_rate(rate_hz)
    a, b = _pair(predicted, true)
    return _mean_size(np.diff(_sequence(a) - _sequence(b), n=2, axis=0) * rate_hz**2, 1000.0)


def _pair(a: ArrayLike, b: ArrayLike) -> tuple[Array, Array]:
    """Both as float64 of one shape ``(..., N, 3)``."""
    left, right = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if left.shape != right.shape or left.ndim < 2 or left.shape[-1] != 3 or not left.shape[-2]:
        raise InputError(
            f"two arrays of one shape (..., N, 3) are needed, got {left.shape} and {right.shape}"
        )
    return left, right


def _present(predicted: ArrayLike, true: ArrayLike) -> tuple[Array, Array, int]:
    """The hands present in both, ``(H, N, 3)`` each, and how many are not."""
    a, b = _pair(predicted, true)
    a, b = a.reshape(-1, *a.shape[-2:]), b.reshape(-1, *b.shape[-2:])
    present = np.isfinite(a).all((1, 2)) & np.isfinite(b).all((1, 2))
    return a[present], b[present], int(np.count_nonzero(~present))


def _mean_distance_mm(a: Array, b: Array, excluded: int) -> Score:
    if not len(a):
        return Score(float("nan"), 0, excluded)
    return Score(float(np.linalg.norm(a - b, axis=-1).mean() * 1000.0), len(a), excluded)


def _f_score_of_one(predicted: Array, true: Array, threshold_m: float) -> float:
    precision = float(np.mean(cKDTree(true).query(predicted)[0] < threshold_m))
    recall = float(np.mean(cKDTree(predicted).query(true)[0] < threshold_m))
    return 2.0 * precision * recall / (precision + recall) if precision + recall else 0.0


def _sequence(positions: ArrayLike) -> Array:
    x = np.asarray(positions, np.float64)
    if x.ndim < 3 or x.shape[-1] != 3:
        raise InputError(f"a sequence (T, ..., N, 3) is needed, got {x.shape}")
    return x


def _check_rate(rate_hz: float) -> None:
    if not rate_hz > 0:
        raise InputError(f"the rate must be positive, not {rate_hz} Hz")


def _mean_size(vectors: Array, unit: float) -> Score:
    """Mean length of ``(W, ..., N, 3)`` vectors over the hands of which all are finite."""
    hands = vectors.reshape(-1, *vectors.shape[-2:])
    present = np.isfinite(hands).all((1, 2))
    used = int(np.count_nonzero(present))
    value = float(np.linalg.norm(hands[present], axis=-1).mean() * unit) if used else float("nan")
    return Score(value, used, len(hands) - used)
