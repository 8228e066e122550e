"""Cameras and the instrument's true size together: least squares over taps and priors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bridge.model.anchor.instruments import Instrument
from bridge.model.anchor.taps import Taps
from bridge.model.lens import FOCAL_PRIOR
from bridge.model.pose import FloatArray
from bridge.model.selfcal.cameras import N_CAMERA, Cameras

__all__ = ["Fit", "Lenses", "refine"]

_FOCAL_SPREAD = 0.3
_KNOWN_FOCAL_SPREAD = 0.01
_ROUNDS = 30
_SMALL_STEP = 1e-9
_SMALL_GAIN = 1e-7
_LARGEST_DAMPING = 1e12
_NEAREST_M = 0.06


@dataclass(frozen=True, slots=True)
class Lenses:
    """What is known of the lenses beforehand.

    Attributes:
        log_focal: ``(V,)``.
        spread: ``(V,)`` its standard deviation.
    """

    log_focal: FloatArray
    spread: FloatArray

    @classmethod
    def of(cls, taps: Sequence[Taps]) -> Lenses:
        """A device's usual lens where the publisher says nothing."""
        return cls(
            np.log([FOCAL_PRIOR if t.focal is None else t.focal for t in taps]),
            np.array([_FOCAL_SPREAD if t.focal is None else _KNOWN_FOCAL_SPREAD for t in taps]),
        )


@dataclass(frozen=True, slots=True)
class Fit:
    """Cameras in the instrument's frame.

    Attributes:
        cameras: V cameras.
        size: ``(2,)`` the instrument's width and depth over their nominal values.
        chi2: Sum of squared errors, of taps and priors, each over its standard deviation.
        reprojection_px: ``(V,)`` root mean square distance of the corners from their taps.
        covariance: ``(7 V + 2, 7 V + 2)`` of turn, offset, log focal length of each camera, then
            of the log sizes (Gauss-Newton).
        possible: Whether every camera has all corners before it and stands above the instrument.
    """

    cameras: Cameras
    size: FloatArray
    chi2: float
    reprojection_px: FloatArray
    covariance: FloatArray
    possible: bool

    def camera_covariance(self, view: int) -> FloatArray:
        """``(7, 7)`` of one camera."""
        part = slice(N_CAMERA * view, N_CAMERA * (view + 1))
        covariance: FloatArray = self.covariance[part, part]
        return covariance


def refine(
    instrument: Instrument,
    taps: Sequence[Taps],
    cameras: Cameras,
    lenses: Lenses,
    *,
    tap_px: float,
) -> Fit:
    """Levenberg-Marquardt over all cameras and the instrument's size, which they share.

    Args:
        instrument: What was tapped; sizes whose spread is 0 stay as they are.
        taps: Corners of each view.
        cameras: Where to start.
        lenses: Prior of the focal lengths.
        tap_px: Standard deviation of a tap.
    """
    problem = _Problem(instrument, taps, lenses, tap_px)
    log_size = np.zeros(2)
    residual, jacobian = problem.linearised(cameras, log_size)
    damping = 1e-4
    for _ in range(_ROUNDS):
        normal, gradient = jacobian.T @ jacobian, jacobian.T @ residual
        scaled = normal + damping * np.diag(np.diag(normal))
        step = -np.linalg.solve(scaled, gradient)
        moved = cameras.moved(step[:-2].reshape(-1, N_CAMERA))
        moved_size = log_size + step[-2:]
        new_residual, new_jacobian = problem.linearised(moved, moved_size)
        chi2, new_chi2 = residual @ residual, new_residual @ new_residual
        if new_chi2 <= chi2:
            cameras, log_size, residual, jacobian = moved, moved_size, new_residual, new_jacobian
            damping = max(damping / 10, 1e-15)
            if np.abs(step).max() < _SMALL_STEP or chi2 - new_chi2 < _SMALL_GAIN * chi2:
                break
        else:
            damping *= 10
            if damping > _LARGEST_DAMPING:
                break
    distance = residual[: 8 * len(taps)].reshape(-1, 4, 2) * tap_px
    return Fit(
        cameras,
        np.exp(log_size),
        float(residual @ residual),
        np.sqrt((distance**2).sum(-1).mean(-1)),
        np.linalg.inv(jacobian.T @ jacobian),
        _possible(instrument, cameras),
    )


def _possible(instrument: Instrument, cameras: Cameras) -> bool:
    depth = cameras.to_camera(instrument.corners_m)[..., 2]
    centre = -np.einsum("vji,vj->vi", cameras.rotation, cameras.offset_m)
    return bool((depth > _NEAREST_M).all() and (centre[:, 1] > 0).all())


class _Problem:
    """Residuals, each over its standard deviation: taps, lenses, sizes."""

    def __init__(
        self, instrument: Instrument, taps: Sequence[Taps], lenses: Lenses, tap_px: float
    ) -> None:
        self._corners = instrument.corners_m
        self._image = np.stack([t.image for t in taps])
        self._per_tap = np.array([max(t.size_px) for t in taps])[:, None, None] / tap_px
        self._lenses = lenses
        spread = np.array([instrument.width_spread, instrument.depth_spread])
        self._free = spread > 0
        # A size that is known gets any weight: nothing else pulls at it.
        self._size_weight = 1 / np.where(self._free, spread, 1.0)

    def linearised(self, cameras: Cameras, log_size: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Residuals ``(8 V + V + 2,)`` and how they change with the parameters."""
        count = len(cameras)
        corners = self._corners * np.exp([log_size[0], 0.0, log_size[1]])
        image, by_points, by_camera = cameras.linearised(corners[None])
        error = (image[0] - self._image) * self._per_tap
        focal = (np.log(cameras.focal) - self._lenses.log_focal) / self._lenses.spread
        residual = np.concatenate([error.ravel(), focal, log_size * self._size_weight])
        jacobian = np.zeros((len(residual), N_CAMERA * count + 2))
        for v in range(count):
            rows, columns = slice(8 * v, 8 * v + 8), slice(N_CAMERA * v, N_CAMERA * (v + 1))
            by_one = by_camera[0, v] * self._per_tap[v]
            jacobian[rows, columns] = by_one.reshape(N_CAMERA, 8).T
            for which, axis in enumerate((0, 2)):
                if self._free[which]:
                    by_size = by_points[0, v, ..., axis] * corners[:, axis, None] * self._per_tap[v]
                    jacobian[rows, which - 2] = by_size.ravel()
            jacobian[8 * count + v, N_CAMERA * v + 6] = 1 / self._lenses.spread[v]
        jacobian[-2, -2], jacobian[-1, -1] = self._size_weight
        return residual, jacobian
