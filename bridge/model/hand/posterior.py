"""The cost of a guess at a hand's pose and shape, its curvature, and the descent to its minimum.

All parameters together are ``N_PARAMETERS``: wrist (6), 30 anatomical angles, 10 betas; a frozen
shape leaves the first 36. Costs are sums of squares over variances: minus twice the logarithm of a
probability.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bridge.model.hand.articulation import LIMITS_RAD, N_ANGLES, N_PARAMETERS, Articulation
from bridge.model.hand.rotation import matrix_from_rotvec
from bridge.model.hand.shape import ShapeEstimate
from bridge.model.pose import FloatArray

__all__ = [
    "ANGLES",
    "ANGLE_INFORMATION",
    "BETAS",
    "HELD",
    "N_POSE",
    "Frame",
    "Guess",
    "Linear",
    "Posterior",
]

ANGLES = slice(6, 6 + N_ANGLES)
BETAS = slice(6 + N_ANGLES, N_PARAMETERS)
N_POSE = 6 + N_ANGLES

HELD = np.array([True, True, False, True, False, True]).repeat(5)
"""Angles ``(30,)`` that stay as they were where keypoints say nothing; the others return to 0."""


def _angle_information() -> FloatArray:
    degrees = np.full((6, 5), 57.0)
    degrees[2] = (4, 4, 4, 4, 15)
    degrees[4] = (2.5, 2.5, 2.5, 2.5, 6)
    information: FloatArray = np.radians(degrees).ravel() ** -2
    return information


ANGLE_INFORMATION = _angle_information()
"""Inverse variances ``(30,)`` of the angles about their mean."""
_LIMIT_INFORMATION = np.radians(3.0) ** -2
# No step ends beyond this: from a turn further, every way back looks worse.
_REACHABLE_RAD = (LIMITS_RAD + np.radians([-20.0, 20.0])).T
# Too little to matter (1 m, 1 rad), but keeps a wrist that keypoints leave open from running away.
_WRIST_DAMPING = 1.0
_FIRST_DAMPING = 1e-4
_MOST_STEPS = 15
_CONVERGED_M = 3e-5
_NEARLY_M = 2e-3


@dataclass(frozen=True, slots=True)
class Frame:
    """What is fitted at one instant.

    Attributes:
        target_m: ``(21, 3)`` keypoints, zeros where missing.
        confidence: ``(21,)`` trust, 0 where missing.
        angle_mean: ``(30,)`` where angles go that the keypoints leave open.
    """

    target_m: FloatArray
    confidence: FloatArray
    angle_mean: FloatArray

    def error2(self, keypoints_m: FloatArray) -> float:
        """Mean square distance of keypoints ``(21, 3)`` from the target, by confidence."""
        error = keypoints_m - self.target_m
        return float(self.confidence @ (error * error).sum(1) / self.confidence.sum())

    def worst2(self, keypoints_m: FloatArray) -> float:
        """Largest square distance of a keypoint from its target, times its confidence."""
        error = keypoints_m - self.target_m
        return float((self.confidence * (error * error).sum(1)).max())


@dataclass(frozen=True, slots=True)
class Guess:
    """Wrist position ``(3,)`` and rotation ``(3, 3)``, angles ``(30,)`` and betas ``(10,)``."""

    wrist_m: FloatArray
    rotation: FloatArray
    angles: FloatArray
    betas: FloatArray

    def moved(self, step: FloatArray) -> Guess:
        """The guess after a step ``(46,)`` or, with the shape frozen, ``(36,)``."""
        return Guess(
            self.wrist_m + step[:3],
            matrix_from_rotvec(step[3:6]) @ self.rotation,
            np.clip(self.angles + step[ANGLES], *_REACHABLE_RAD),
            self.betas + step[BETAS] if len(step) == N_PARAMETERS else self.betas,
        )


@dataclass(frozen=True, slots=True)
class Linear:
    """The cost near a guess, to second order.

    Attributes:
        guess: Where.
        cost: Its value.
        gradient: ``(n,)`` half its gradient; n is 46, or 36 with the shape frozen.
        curvature: ``(n, n)`` half its second derivative, as Gauss and Newton take it.
        keypoints_m: ``(21, 3)`` the guess's keypoints.
        jacobian: ``(n, 63)`` their derivative.
        trust: ``(21,)`` confidence left after outliers are weighed down.
    """

    guess: Guess
    cost: float
    gradient: FloatArray
    curvature: FloatArray
    keypoints_m: FloatArray
    jacobian: FloatArray
    trust: FloatArray


class Posterior:
    """What keypoints, limits, the frame before and the person's shape say together.

    Args:
        articulation: The hand's kinematics.
        shape: What is known of the person's shape.
        noise_m: Standard deviation of a fully trusted keypoint, metres.
        robust_m: Scale of Cauchy's loss, metres.
    """

    def __init__(
        self, articulation: Articulation, shape: ShapeEstimate, *, noise_m: float, robust_m: float
    ) -> None:
        self._articulation = articulation
        self._shape = shape
        self._information = noise_m**-2
        self._robust2 = robust_m**2

    def at(self, frame: Frame, guess: Guess) -> Linear:
        """The cost near a guess."""
        keypoints, full = self._articulation.keypoints(
            guess.wrist_m, guess.rotation, guess.angles, guess.betas
        )
        n = N_POSE if self._shape.frozen else N_PARAMETERS
        jacobian = full[:n].reshape(n, -1)
        error = keypoints - frame.target_m
        # Cauchy's loss, s^2 log(1 + e^2 / s^2), whose weight is 1 / (1 + e^2 / s^2).
        scaled = (error * error).sum(1) / self._robust2
        trust = frame.confidence / (1 + scaled)
        weighted = jacobian * np.repeat(self._information * trust, 3)
        cost = self._information * self._robust2 * float(frame.confidence @ np.log1p(scaled))
        gradient = weighted @ error.ravel()
        curvature = weighted @ jacobian.T
        diagonal = curvature.ravel()[:: n + 1]

        diagonal[:6] += _WRIST_DAMPING
        off_mean = guess.angles - frame.angle_mean
        beyond = guess.angles - np.clip(guess.angles, LIMITS_RAD[:, 0], LIMITS_RAD[:, 1])
        cost += float(ANGLE_INFORMATION @ off_mean**2 + _LIMIT_INFORMATION * (beyond @ beyond))
        gradient[ANGLES] += ANGLE_INFORMATION * off_mean + _LIMIT_INFORMATION * beyond
        diagonal[ANGLES] += ANGLE_INFORMATION + _LIMIT_INFORMATION * (beyond != 0)
        if n == N_PARAMETERS:
            off_betas = guess.betas - self._shape.betas
            stiffness = self._shape.stiffness
            pull = stiffness @ off_betas
            cost += float(off_betas @ pull)
            gradient[BETAS] += pull
            curvature[BETAS, BETAS] += stiffness
        return Linear(guess, cost, gradient, curvature, keypoints, jacobian, trust)

    def minimise(self, frame: Frame, start: Guess, *, steps: int) -> Linear:
        """Descends by Levenberg-Marquardt steps.

        Args:
            frame: What to fit.
            start: Where to begin.
            steps: After so many, "nearly there" is enough: the next frame goes on from here.
        """
        now = self.at(frame, start)
        damping = _FIRST_DAMPING
        for taken in range(_MOST_STEPS):
            damped = now.curvature.copy()
            damped.ravel()[:: len(damped) + 1] *= 1 + damping
            step = np.linalg.solve(damped, -now.gradient)
            move_m = np.abs(step @ now.jacobian).max()
            if move_m < (_CONVERGED_M if taken < steps else _NEARLY_M):
                break
            trial = self.at(frame, now.guess.moved(step))
            if trial.cost < now.cost:
                now = trial
                damping *= 0.1
            else:
                damping *= 30
        return now

    def shape_information(self, fitted: Linear) -> FloatArray:
        """What a frame tells of the betas ``(10, 10)`` when its pose is unknown.

        The Schur complement of the pose in the frame's curvature; the shape must not be frozen.
        """
        pose = fitted.curvature[:N_POSE, :N_POSE]
        cross = fitted.curvature[:N_POSE, BETAS]
        own = fitted.curvature[BETAS, BETAS] - self._shape.stiffness
        information: FloatArray = own - cross.T @ np.linalg.solve(pose, cross)
        return information
