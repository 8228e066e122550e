"""Fits a hand model to 21 keypoints: what pose, wrist and shape put the model's keypoints there.

The maximum a posteriori estimate, by Levenberg-Marquardt with an analytic Jacobian over the wrist
(6), 30 anatomical angles and 10 betas. Keypoints pull with their confidence and a Cauchy loss;
angles stay within smooth limits; what keypoints do not determine stays where it was in the frame
before. The shape is learned over frames (``ShapeEstimate``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.transform import Rotation

from bridge.errors import InputError
from bridge.model.hand.articulation import LIMITS_RAD, N_ANGLES, N_PARAMETERS, Articulation
from bridge.model.hand.interface import HandModel
from bridge.model.hand.rotation import align_points, matrix_from_rotvec
from bridge.model.hand.shape import ShapeEstimate
from bridge.model.pose import FloatArray, HandPose
from bridge.protocol.joints import N_KEYPOINTS

__all__ = ["HandFitter"]

_MIN_KEYPOINTS = 4
_PALM = [0, 1, 5, 9, 13, 17]
# Points whose second spread is below this share of the first lie on a line: no rotation.
_MIN_DETERMINED = 0.01

_ANGLES = slice(6, 6 + N_ANGLES)
_BETAS = slice(6 + N_ANGLES, N_PARAMETERS)
_N_POSE = 6 + N_ANGLES

_LIMIT_SOFTNESS_RAD = 0.05
_HELD = np.array([True, True, False, True, False, True]).repeat(5)
_HELD[[14, 24]] = False


def _angle_spread() -> FloatArray:
    """Standard deviations ``(30,)`` of the angles.

    Of the change since the last frame where an angle is held, else of the angle, whose mean is 0.
    """
    degrees: FloatArray = np.full((6, 5), 57.0)
    degrees[2] = (4, 4, 4, 4, 15)
    degrees[4] = (2.5, 2.5, 2.5, 2.5, 6)
    spread: FloatArray = np.radians(degrees).ravel()
    return spread


_ANGLE_INFORMATION = _angle_spread() ** -2
# A hand at ease, for what the first frame does not show.
_RELAXED = np.radians(
    [[20.0] * 4 + [5], [0.0] * 5, [0.0] * 5, [25.0] * 4 + [10], [0.0] * 5, [15.0] * 4 + [15]]
).ravel()

_WARM_STEPS = 4
_COLD_STEPS = 15
_TOLERANCE_M = 3e-5
_DOUBT_DECAY = 0.9


@dataclass(frozen=True, slots=True)
class _State:
    """One guess: wrist ``(3,)`` and ``(3, 3)``, angles ``(30,)``, betas ``(10,)``."""

    wrist_m: FloatArray
    rotation: FloatArray
    angles: FloatArray
    betas: FloatArray

    def moved(self, step: FloatArray) -> _State:
        return _State(
            self.wrist_m + step[:3],
            matrix_from_rotvec(step[3:6]) @ self.rotation,
            self.angles + step[_ANGLES],
            self.betas + step[_BETAS] if len(step) == N_PARAMETERS else self.betas,
        )


@dataclass(frozen=True, slots=True)
class _Linear:
    """The cost at a guess, half its gradient and curvature, and what they came from."""

    state: _State
    cost: float
    gradient: FloatArray
    curvature: FloatArray
    keypoints_m: FloatArray
    jacobian: FloatArray
    trust: FloatArray


@dataclass(frozen=True, slots=True)
class _Frame:
    """What one call fits: target ``(21, 3)`` with zeros for missing, confidence ``(21,)``."""

    target_m: FloatArray
    confidence: FloatArray
    angle_mean: FloatArray


class HandFitter:
    """Follows one hand from frame to frame.

    Example::

        fitter = HandFitter(open_hand(Side.RIGHT))
        for keypoints_m, confidence in frames:
            pose = fitter.fit(keypoints_m, confidence)

    Args:
        model: The hand to fit; its shape is linear in the betas.
        noise_m: Standard deviation of a fully trusted keypoint, metres: how strongly keypoints pull
            against limits and priors.
        robust_m: Error beyond which a keypoint counts as an outlier, metres.
        freeze_after: Frames after which the shape stays as it is; None never.
    """

    def __init__(
        self,
        model: HandModel,
        *,
        noise_m: float = 0.006,
        robust_m: float = 0.015,
        freeze_after: int | None = 150,
    ) -> None:
        if noise_m <= 0 or robust_m <= 0:
            raise InputError(f"noise and outlier scale must be positive: {noise_m}, {robust_m}")
        self._side = model.side
        self._articulation = Articulation(model)
        self._shape = ShapeEstimate(freeze_after=freeze_after)
        self._information = noise_m**-2
        self._robust2 = robust_m**2
        self._doubtful2 = self._robust2
        self._last: _Linear | None = None

    @property
    def betas(self) -> FloatArray:
        """``(10,)`` the shape as known so far."""
        return self._shape.betas

    @property
    def shape_frozen(self) -> bool:
        """Whether the shape no longer changes."""
        return self._shape.frozen

    def freeze_shape(self, betas: FloatArray | None = None) -> None:
        """Keeps the shape: the present one, or a person's known betas ``(10,)``."""
        self._shape.freeze(betas)

    def reset(self) -> None:
        """Forgets the pose, as when the hand was lost; keeps the shape."""
        self._last = None

    def fit(self, keypoints_m: ArrayLike, confidence: ArrayLike | None = None) -> HandPose | None:
        """Fits one frame, starting from the frame before.

        Args:
            keypoints_m: ``(21, 3)`` metres, in any right-handed frame; a keypoint that is not
                finite is missing.
            confidence: ``(21,)`` trust, 0 (missing) to 1; all 1 if not given.

        Returns:
            The pose in the same frame; what is missing is as in the frame before, or at ease. None
            if fewer than 4 keypoints are usable, or if all of them lie on a line and there is no
            frame before.

        Raises:
            InputError: An array has another shape.
        """
        target = np.array(keypoints_m, dtype=np.float64)
        trust = np.ones(N_KEYPOINTS) if confidence is None else np.array(confidence, dtype=float)
        if target.shape != (N_KEYPOINTS, 3) or trust.shape != (N_KEYPOINTS,):
            raise InputError(
                f"a fit needs keypoints (21, 3) and confidences (21,), not {target.shape} and "
                f"{trust.shape}"
            )
        usable = np.isfinite(target).all(1) & (trust > 0)
        if usable.sum() < _MIN_KEYPOINTS:
            return None
        frame = _Frame(
            np.where(usable[:, None], target, 0.0),
            np.where(usable, np.minimum(trust, 1.0), 0.0),
            _RELAXED,
        )
        best = None
        if self._last is not None:
            best = self._follow(frame, self._last)
        if best is None or self._error2(frame, best) > self._doubtful2:
            fresh = self._begin(frame)
            if best is None or (fresh is not None and fresh.cost < best.cost):
                best = fresh
            if best is None:
                return None
            # Keypoints that no hand fits stay so for a while: no new start in every frame.
            self._doubtful2 = 2 * self._error2(frame, best)
        self._doubtful2 = max(self._robust2, _DOUBT_DECAY * self._doubtful2)
        self._last = best
        self._learn_shape(frame, best)
        return self._pose(best)

    def _follow(self, frame: _Frame, last: _Linear) -> _Linear:
        """Fits from the last frame's pose, moved rigidly onto this frame's keypoints."""
        rotation, shift, determined = align_points(
            last.keypoints_m, frame.target_m, frame.confidence
        )
        state = last.state
        if determined < _MIN_DETERMINED:
            rotation = np.eye(3)
            share = frame.confidence / frame.confidence.sum()
            shift = share @ (frame.target_m - last.keypoints_m)
        start = _State(
            rotation @ state.wrist_m + shift,
            rotation @ state.rotation,
            state.angles,
            self._shape.betas,
        )
        frame = replace(frame, angle_mean=np.where(_HELD, state.angles, 0.0))
        return self._minimise(frame, start, _WARM_STEPS)

    def _begin(self, frame: _Frame) -> _Linear | None:
        """Fits from the keypoints alone; None if they leave the wrist's rotation open."""
        betas = self._shape.betas
        at_ease, _ = self._articulation.keypoints(np.zeros(3), np.eye(3), _RELAXED, betas)
        palm = np.zeros(N_KEYPOINTS)
        palm[_PALM] = frame.confidence[_PALM]
        for weights in (palm, frame.confidence):
            if np.count_nonzero(weights) < 3:
                continue
            rotation, shift, determined = align_points(at_ease, frame.target_m, weights)
            if determined > _MIN_DETERMINED:
                break
        else:
            return None
        seen = np.where(frame.confidence[:, None] > 0, frame.target_m, np.nan)
        angles = self._articulation.angles_from_keypoints(seen, rotation, _RELAXED)
        return self._minimise(frame, _State(shift, rotation, angles, betas), _COLD_STEPS)

    def _minimise(self, frame: _Frame, start: _State, steps: int) -> _Linear:
        now = self._linearised(frame, start)
        damping = 1e-4
        for _ in range(steps):
            damped = now.curvature.copy()
            damped.ravel()[:: len(damped) + 1] *= 1 + damping
            step = np.linalg.solve(damped, -now.gradient)
            if np.abs(step @ now.jacobian).max() < _TOLERANCE_M:
                break
            trial = self._linearised(frame, now.state.moved(step))
            if trial.cost < now.cost:
                now = trial
                damping *= 0.1
            else:
                damping *= 30
        return now

    def _linearised(self, frame: _Frame, state: _State) -> _Linear:
        keypoints, full = self._articulation.keypoints(
            state.wrist_m, state.rotation, state.angles, state.betas
        )
        n = _N_POSE if self._shape.frozen else N_PARAMETERS
        jacobian = full[:n].reshape(n, -1)
        error = keypoints - frame.target_m
        # Cauchy's loss, s^2 log(1 + e^2 / s^2), whose weight is 1 / (1 + e^2 / s^2).
        scaled = (error * error).sum(1) / self._robust2
        trust = frame.confidence / (1 + scaled)
        weighted = jacobian * np.repeat(self._information * trust, 3)
        cost = self._information * self._robust2 * float(frame.confidence @ np.log1p(scaled))
        gradient = weighted @ error.ravel()
        curvature = weighted @ jacobian.T

        off_mean = state.angles - frame.angle_mean
        beyond = state.angles - np.clip(state.angles, LIMITS_RAD[:, 0], LIMITS_RAD[:, 1])
        limit = _LIMIT_SOFTNESS_RAD**-2
        cost += float(_ANGLE_INFORMATION @ off_mean**2 + limit * (beyond @ beyond))
        gradient[_ANGLES] += _ANGLE_INFORMATION * off_mean + limit * beyond
        curvature.ravel()[6 * (n + 1) : _N_POSE * (n + 1) : n + 1] += _ANGLE_INFORMATION + limit * (
            beyond != 0
        )
        if n == N_PARAMETERS:
            off_betas = state.betas - self._shape.betas
            stiffness = self._shape.stiffness
            pull = stiffness @ off_betas
            cost += float(off_betas @ pull)
            gradient[_BETAS] += pull
            curvature[_BETAS, _BETAS] += stiffness
        return _Linear(state, cost, gradient, curvature, keypoints, jacobian, trust)

    def _error2(self, frame: _Frame, fitted: _Linear) -> float:
        """Mean square distance of the keypoints from where they should be, square metres."""
        error = fitted.keypoints_m - frame.target_m
        return float(frame.confidence @ (error * error).sum(1) / frame.confidence.sum())

    def _learn_shape(self, frame: _Frame, fitted: _Linear) -> None:
        """Adds what the frame tells of the shape, with the pose marginalised out (Schur)."""
        if self._shape.frozen or self._error2(frame, fitted) > self._robust2:
            return
        pose = fitted.curvature[:_N_POSE, :_N_POSE]
        cross = fitted.curvature[:_N_POSE, _BETAS]
        own = fitted.curvature[_BETAS, _BETAS] - self._shape.stiffness
        self._shape.update(fitted.state.betas, own - cross.T @ np.linalg.solve(pose, cross))

    def _pose(self, fitted: _Linear) -> HandPose:
        state = fitted.state
        rotations = self._articulation.rotations(state.rotation, state.angles)
        return HandPose(
            side=self._side,
            wrist_m=state.wrist_m,
            pose_quat=Rotation.from_matrix(rotations).as_quat(canonical=True),
            betas=state.betas,
            joints_m=fitted.keypoints_m,
            finger_confidence=fitted.trust[1:].reshape(5, 4).mean(1),
        )
