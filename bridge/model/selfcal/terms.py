"""The cost of a hand's motion and of the cameras that see it, to second order.

Sums of squares over variances, minus twice the logarithm of a probability: images of the keypoints
(Cauchy's loss), each view's own idea of depth within the hand, angles and their limits, smoothness
in time. Every instant has 36 parameters of its own, wrist (6) and angles (30); cameras and shape
are shared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from bridge.model.hand.articulation import LIMITS_RAD, N_ANGLES
from bridge.model.hand.posterior import ANGLE_INFORMATION
from bridge.model.hand.rotation import matrix_from_rotvec
from bridge.model.pose import FloatArray
from bridge.model.selfcal.cameras import N_CAMERA, Cameras
from bridge.model.selfcal.skeleton import N_SHAPE, skeleton
from bridge.model.selfcal.tracks import HandTrack

__all__ = ["ANGLES", "N_POSE", "Motion", "Noise", "Terms", "linearise"]

N_POSE = 6 + N_ANGLES
ANGLES = slice(6, N_POSE)

_LIMIT_INFORMATION = np.radians(3.0) ** -2
_REACHABLE_RAD = (LIMITS_RAD + np.radians([-20.0, 20.0])).T
_WRIST_DAMPING = 1e-2


@dataclass(frozen=True, slots=True)
class Noise:
    """What is expected of the observations and of hands.

    Attributes:
        image: Standard deviation of a fully trusted keypoint, in the hand's size in the image.
        robust: Error, in standard deviations, beyond which a keypoint counts as an outlier.
        depth_m: Standard deviation of a view's own idea of a keypoint's depth within the hand.
        wrist_m_s2: Of the wrist's acceleration.
        turn_rad_s2: Of its rotation's.
        angle_rad_s2: Of the fingers'.
        gap_s: Instants farther apart are not held together by smoothness.
    """

    image: float = 0.02
    robust: float = 2.5
    depth_m: float = 0.02
    wrist_m_s2: float = 6.0
    turn_rad_s2: float = 60.0
    angle_rad_s2: float = 120.0
    gap_s: float = 0.15


@dataclass(frozen=True, slots=True)
class Motion:
    """A hand's poses at T instants.

    Attributes:
        wrist_m: ``(T, 3)`` in the stage camera's OpenCV axes.
        rotation: ``(T, 3, 3)``.
        angles: ``(T, 30)``.
    """

    wrist_m: FloatArray
    rotation: FloatArray
    angles: FloatArray

    def __len__(self) -> int:
        return len(self.angles)

    def moved(self, step: FloatArray) -> Motion:
        """The motion after a step ``(T, 36)``."""
        return Motion(
            self.wrist_m + step[:, :3],
            matrix_from_rotvec(step[:, 3:6]) @ self.rotation,
            np.clip(self.angles + step[:, ANGLES], *_REACHABLE_RAD),
        )

    def take(self, rows: NDArray[np.intp]) -> Motion:
        """Some of the instants."""
        return Motion(self.wrist_m[rows], self.rotation[rows], self.angles[rows])

    def keypoints(self, track: HandTrack, shape: FloatArray) -> FloatArray:
        """``(T, 21, 3)`` metres."""
        articulation = skeleton(track.side).articulation
        return articulation.posed(self.wrist_m, self.rotation, self.angles, shape).keypoints_m


@dataclass(frozen=True, slots=True)
class Terms:
    """One hand's cost near a guess; S is the shape's 30 and V times the cameras' 7 parameters.

    Attributes:
        cost: Its value.
        gradient: ``(T, 36)`` half its gradient.
        curvature: ``(T, 36, 36)`` half its second derivative as Gauss and Newton take it, without
            smoothness.
        smooth: ``(3, T, 36)`` diagonals of smoothness: within an instant, with the next one, with
            the one after.
        border: ``(T, 36, S)`` with the shared parameters.
        shared: ``(S, S)``.
        shared_gradient: ``(S,)``.
        weight: ``(T, V, 21)`` trust left after outliers are weighed down.
    """

    cost: float
    gradient: FloatArray
    curvature: FloatArray
    smooth: FloatArray
    border: FloatArray
    shared: FloatArray
    shared_gradient: FloatArray
    weight: FloatArray


def linearise(
    track: HandTrack,
    motion: Motion,
    shape: FloatArray,
    cameras: Cameras,
    at_ease: FloatArray,
    noise: Noise,
    *,
    shared: bool = True,
) -> Terms:
    """The cost near a guess.

    Args:
        track: What the views see.
        motion: The guessed motion.
        shape: ``(30,)``.
        cameras: The guessed cameras.
        at_ease: ``(30,)`` angles of a hand at ease, to which unseen fingers tend.
        noise: What is expected.
        shared: Whether shared parameters move; without, their derivatives are zero.
    """
    keypoints, full = skeleton(track.side).articulation.keypoints(
        motion.wrist_m, motion.rotation, motion.angles, shape
    )
    count, n_views = track.trust.shape[:2]
    n_all = N_POSE + N_SHAPE + N_CAMERA * n_views
    n_own = N_POSE + N_SHAPE if shared else N_POSE
    full = full[:, :n_own]
    hessian = np.zeros((count, n_own, n_own))
    gradient = np.zeros((count, n_own))
    border = np.zeros((count, n_own, N_CAMERA * n_views))
    by_cameras = np.zeros((N_CAMERA * n_views,) * 2)
    shared_gradient = np.zeros(N_CAMERA * n_views)
    cost = 0.0

    image, by_points, by_camera = cameras.linearised(keypoints)
    sigma = noise.image * track.extent
    weights = np.zeros_like(track.trust)
    for v in range(n_views):
        seen = track.seen[:, v]
        if not seen.any():
            continue
        error = (image[seen, v] - track.image[seen, v]) / sigma[seen, v, None, None]
        scaled = (error * error).sum(-1) / noise.robust**2
        trust = track.trust[seen, v] / (1 + scaled)
        weights[seen, v] = trust
        cost += noise.robust**2 * float((track.trust[seen, v] * np.log1p(scaled)).sum())
        # (T, n, 21, 2): parameters first, so that all that follows are plain matrix products.
        by_own = np.moveaxis(
            by_points[seen, v] @ np.moveaxis(full[seen], (1, 2, 3), (3, 1, 2)), -1, 1
        )
        jacobian = np.concatenate([by_own, by_camera[seen, v]], axis=1) if shared else by_own
        jacobian = (jacobian / sigma[seen, v, None, None, None]).reshape(*jacobian.shape[:2], -1)
        weighted = jacobian * np.repeat(trust, 2, axis=1)[:, None]
        curvature = weighted @ np.swapaxes(jacobian, 1, 2)
        pull = (weighted @ error.reshape(len(error), -1, 1))[..., 0]
        hessian[seen] += curvature[:, :n_own, :n_own]
        gradient[seen] += pull[:, :n_own]
        if shared:
            own = slice(N_CAMERA * v, N_CAMERA * (v + 1))
            border[seen, :, own] += curvature[:, :n_own, n_own:]
            by_cameras[own, own] += curvature[:, n_own:, n_own:].sum(0)
            shared_gradient[own] += pull[:, n_own:].sum(0)
        cost += _add_depth(track, v, seen, keypoints, full, cameras, noise, (hessian, gradient))
    cost += _add_angles(motion, at_ease, hessian, gradient)
    smooth, smooth_cost = _smoothness(track.time_s, motion, noise, gradient)
    cost += smooth_cost
    total = np.zeros((n_all - N_POSE,) * 2)
    if not shared:
        return Terms(
            cost=cost,
            gradient=gradient,
            curvature=hessian,
            smooth=smooth,
            border=np.zeros((count, N_POSE, 0)),
            shared=total,
            shared_gradient=np.zeros(len(total)),
            weight=weights,
        )
    shape_part = slice(0, N_SHAPE)
    total[shape_part, shape_part] = hessian[:, N_POSE:, N_POSE:].sum(0)
    total[shape_part, N_SHAPE:] = border[:, N_POSE:].sum(0)
    total[N_SHAPE:, shape_part] = total[shape_part, N_SHAPE:].T
    total[N_SHAPE:, N_SHAPE:] = by_cameras
    return Terms(
        cost=cost,
        gradient=gradient[:, :N_POSE],
        curvature=hessian[:, :N_POSE, :N_POSE],
        smooth=smooth,
        border=np.concatenate([hessian[:, :N_POSE, N_POSE:], border[:, :N_POSE]], axis=2),
        shared=total,
        shared_gradient=np.concatenate([gradient[:, N_POSE:].sum(0), shared_gradient]),
        weight=weights,
    )


def _add_depth(
    track: HandTrack,
    v: int,
    seen: NDArray[np.bool_],
    keypoints: FloatArray,
    full: FloatArray,
    cameras: Cameras,
    noise: Noise,
    into: tuple[FloatArray, FloatArray],
) -> float:
    """A view's own idea of depth: along its axis only, the rest its image says better.

    It says nothing of the camera's rotation, which images tell; a guess would bend it.
    """
    hessian, gradient = into
    axis = cameras.rotation[v, 2]
    depth = keypoints[seen] @ axis
    depth = depth - depth.mean(1, keepdims=True)
    error = (depth - track.local_m[seen, v, :, 2]) / noise.depth_m
    scaled = (error * error) / noise.robust**2
    trust = track.trust[seen, v] / (1 + scaled)
    by_own = full[seen] @ axis
    by_own = (by_own - by_own.mean(-1, keepdims=True)) / noise.depth_m
    weighted = by_own * trust[:, None]
    hessian[seen] += weighted @ np.swapaxes(by_own, 1, 2)
    gradient[seen] += (weighted @ error[..., None])[..., 0]
    return noise.robust**2 * float((track.trust[seen, v] * np.log1p(scaled)).sum())


def _add_angles(
    motion: Motion, at_ease: FloatArray, hessian: FloatArray, gradient: FloatArray
) -> float:
    off = motion.angles - at_ease
    beyond = motion.angles - np.clip(motion.angles, LIMITS_RAD[:, 0], LIMITS_RAD[:, 1])
    gradient[:, ANGLES] += ANGLE_INFORMATION * off + _LIMIT_INFORMATION * beyond
    index = np.arange(N_POSE)
    hessian[:, index[:6], index[:6]] += _WRIST_DAMPING
    hessian[:, index[ANGLES], index[ANGLES]] += ANGLE_INFORMATION + _LIMIT_INFORMATION * (
        beyond != 0
    )
    return float((ANGLE_INFORMATION * off**2).sum() + _LIMIT_INFORMATION * (beyond**2).sum())


def _smoothness(
    time_s: FloatArray, motion: Motion, noise: Noise, gradient: FloatArray
) -> tuple[FloatArray, float]:
    """White accelerations: the second difference of three neighbouring instants.

    Adds to the gradient; gives the diagonals of the curvature, and the cost.
    """
    count = len(time_s)
    smooth = np.zeros((3, count, N_POSE))
    if count < 3:
        return smooth, 0.0
    before, after = np.diff(time_s)[:-1, None], np.diff(time_s)[1:, None]
    near = ((before < noise.gap_s) & (after < noise.gap_s)).astype(float)
    span = (before + after) / 2
    turns = Rotation.from_matrix(
        motion.rotation[1:] @ np.swapaxes(motion.rotation[:-1], 1, 2)
    ).as_rotvec()
    rates = np.concatenate(
        [np.diff(motion.wrist_m, axis=0), turns, np.diff(motion.angles, axis=0)], 1
    )
    rates = rates / np.diff(time_s)[:, None]
    spread = np.repeat([noise.wrist_m_s2, noise.turn_rad_s2, noise.angle_rad_s2], [3, 3, N_ANGLES])
    error = np.diff(rates, axis=0) / (span * spread)
    # White noise in continuous time: the longer the span, the more instants share its variance.
    weight = near * np.minimum(span * 30.0, 1.0)
    parts = [1 / (before * span * spread), -(1 / before + 1 / after) / (span * spread)]
    parts.append(1 / (after * span * spread))
    for k, part in enumerate(parts):
        gradient[k : count - 2 + k, :N_POSE] += weight * part * error
        smooth[0, k : count - 2 + k] += weight * part * part
    smooth[1, :-2] += weight * parts[0] * parts[1]
    smooth[1, 1:-1] += weight * parts[1] * parts[2]
    smooth[2, :-2] += weight * parts[0] * parts[2]
    return smooth, float((weight * error**2).sum())
