"""Fits a hand model to 21 keypoints: what pose, wrist and shape put the model's keypoints there.

The maximum a posteriori estimate, by Levenberg-Marquardt with an analytic Jacobian over the wrist
(6), 30 anatomical angles and 10 betas. Keypoints pull with their confidence and a Cauchy loss;
angles stay within smooth limits; what keypoints do not determine stays where it was in the frame
before. The shape is learned over frames (``ShapeEstimate``).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.transform import Rotation

from bridge.errors import InputError
from bridge.model.hand.articulation import Articulation
from bridge.model.hand.interface import HandModel
from bridge.model.hand.posterior import HELD, Frame, Guess, Linear, Posterior
from bridge.model.hand.rotation import align_points
from bridge.model.hand.shape import ShapeEstimate
from bridge.model.pose import FloatArray, HandPose
from bridge.protocol.joints import N_KEYPOINTS

__all__ = ["HandFitter"]

_MIN_KEYPOINTS = 4
# A keypoint farther from the origin than any hand: missing, before its square overflows.
_FARTHEST_M = 1e4
_PALM = [0, 1, 5, 9, 13, 17]
# Points whose second spread is below this share of the first lie on a line: no rotation.
_MIN_DETERMINED = 0.01

# A hand at ease, for what the first frame does not show.
_RELAXED: FloatArray = np.radians(
    [[20.0] * 4 + [5], [0.0] * 5, [0.0] * 5, [25.0] * 4 + [10], [0.0] * 5, [15.0] * 4 + [15]]
).ravel()

_WARM_STEPS = 3
_COLD_STEPS = 12
_DOUBT_DECAY = 0.9


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
        bias_m: The part of it that is the same in every frame, metres: how far the shape may go to
            fit. Small for keypoints that mean what the model's mean.
        robust_m: Error beyond which a keypoint counts as an outlier, metres.
        freeze_after: Frames after which the shape stays as it is; None never.
    """

    def __init__(
        self,
        model: HandModel,
        *,
        noise_m: float = 0.006,
        bias_m: float = 0.006,
        robust_m: float = 0.015,
        freeze_after: int | None = 150,
    ) -> None:
        if min(noise_m, bias_m, robust_m) <= 0:
            raise InputError(f"all must be positive: {noise_m=}, {bias_m=}, {robust_m=}")
        self._model = model
        self._articulation = Articulation(model)
        self._shape = ShapeEstimate(
            enough_frames=(noise_m / bias_m) ** 2, freeze_after=freeze_after
        )
        self._posterior = Posterior(
            self._articulation, self._shape, noise_m=noise_m, robust_m=robust_m
        )
        self._robust2 = robust_m**2
        self._outlier2 = (2 * robust_m) ** 2
        self._doubtful2 = self._outlier2
        self._last: Linear | None = None

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
        self._doubtful2 = self._outlier2

    def fit(self, keypoints_m: ArrayLike, confidence: ArrayLike | None = None) -> HandPose | None:
        """Fits one frame, starting from the frame before.

        Args:
            keypoints_m: ``(21, 3)`` metres, in any right-handed frame; a keypoint that is not
                finite, or 10 km away, is missing.
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
        usable = (np.abs(target) < _FARTHEST_M).all(1) & (trust > 0)
        if usable.sum() < _MIN_KEYPOINTS:
            return None
        frame = Frame(
            np.where(usable[:, None], target, 0.0),
            np.where(usable, np.minimum(trust, 1.0), 0.0),
            _RELAXED,
        )
        best = None
        if self._last is not None:
            best = self._follow(frame, self._last)
        if best is None or frame.worst2(best.keypoints_m) > self._doubtful2:
            fresh = self._begin(frame)
            if best is None or (fresh is not None and fresh.cost < best.cost):
                best = fresh
            if best is None:
                return None
            # Keypoints that no hand fits stay so for a while: no new start in every frame.
            self._doubtful2 = 2 * frame.worst2(best.keypoints_m)
        self._doubtful2 = max(self._outlier2, _DOUBT_DECAY * self._doubtful2)
        self._last = best
        self._learn_shape(frame, best)
        return self._pose(best)

    def _follow(self, frame: Frame, last: Linear) -> Linear:
        """Fits from the last frame's pose, moved rigidly onto this frame's keypoints."""
        rotation, shift, determined = align_points(
            last.keypoints_m, frame.target_m, frame.confidence
        )
        state = last.guess
        if determined < _MIN_DETERMINED:
            rotation = np.eye(3)
            share = frame.confidence / frame.confidence.sum()
            shift = share @ (frame.target_m - last.keypoints_m)
        start = Guess(
            rotation @ state.wrist_m + shift,
            rotation @ state.rotation,
            state.angles,
            self._shape.betas,
        )
        held = Frame(frame.target_m, frame.confidence, np.where(HELD, state.angles, 0.0))
        return self._posterior.minimise(held, start, steps=_WARM_STEPS)

    def _begin(self, frame: Frame) -> Linear | None:
        """Fits from the keypoints alone; None if they leave the wrist's rotation open."""
        betas = self._shape.betas
        at_ease = self._articulation.posed(np.zeros(3), np.eye(3), _RELAXED, betas).keypoints_m
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
        start = Guess(shift, rotation, angles, betas)
        return self._posterior.minimise(frame, start, steps=_COLD_STEPS)

    def _learn_shape(self, frame: Frame, fitted: Linear) -> None:
        if self._shape.frozen or frame.error2(fitted.keypoints_m) > self._robust2:
            return
        self._shape.update(fitted.guess.betas, self._posterior.shape_information(fitted))

    def _pose(self, fitted: Linear) -> HandPose:
        state = fitted.guess
        rotations = self._articulation.rotations(state.rotation, state.angles)
        return HandPose(
            side=self._model.side,
            wrist_m=state.wrist_m,
            pose_quat=Rotation.from_matrix(rotations).as_quat(canonical=True),
            betas=state.betas,
            rest_m=self._model.rest_keypoints(state.betas),
            joints_m=fitted.keypoints_m,
            finger_confidence=fitted.trust[1:].reshape(5, 4).mean(1),
        )
