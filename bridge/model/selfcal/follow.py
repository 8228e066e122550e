"""One hand from frame to frame, with known cameras and bones: the live end of the adjustment.

The same cost as ``terms``, at one instant: images in every view (Cauchy's loss), each view's idea
of depth, angles and limits, and instead of smoothness the pose before, from which a hand can only
have moved so far.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from bridge.model.hand import open_hand
from bridge.model.hand.articulation import AT_EASE, LIMITS_RAD, N_ANGLES, Articulation, Posed
from bridge.model.hand.posterior import ANGLE_INFORMATION, HELD
from bridge.model.hand.rotation import matrix_from_rotvec
from bridge.model.pose import FloatArray, HandPose
from bridge.model.selfcal.cameras import Cameras
from bridge.model.selfcal.skeleton import betas_of, rest_keypoints, skeleton
from bridge.model.selfcal.stage import Stage
from bridge.model.selfcal.start import pose_hands, scaled_to, size_m
from bridge.model.selfcal.terms import ANGLES, N_POSE, Motion, Noise
from bridge.model.selfcal.tracks import HandTrack
from bridge.protocol.joints import Side

__all__ = ["Followed", "HandFollower"]

_NOISE = Noise(image=0.02, robust=2.0, depth_m=0.03)
_LIMIT_INFORMATION = np.radians(3.0) ** -2
_REACHABLE_RAD = (LIMITS_RAD + np.radians([-20.0, 20.0])).T

# How far a hand moves: standard deviations of speeds.
_WRIST_M_S, _TURN_RAD_S, _ANGLE_RAD_S = 0.5, 4.0, 10.0
_LONGEST_GAP_S = 0.5
_WARM_STEPS, _COLD_STEPS = 2, 12
_CONVERGED_M = 5e-5
_NEAREST_M = 0.05
_LOST_TRUST = 0.25
"""Below this share of the trust left the pose is not what the views see: begin anew."""


@dataclass(frozen=True, slots=True)
class Followed:
    """One instant's pose.

    Attributes:
        motion: The pose as the adjustment has it, one instant.
        keypoints_m: ``(21, 3)`` stage camera axes.
        weight: ``(V, 21)`` trust left after outliers are weighed down.
        error: ``(V,)`` median distance of what each view sees from where it should be, in hand
            sizes; NaN for views that do not see the hand.
    """

    motion: Motion
    keypoints_m: FloatArray
    weight: FloatArray
    error: FloatArray


class HandFollower:
    """Follows one hand; called in the order of time.

    Args:
        side: Which hand.
        shape: ``(30,)`` the person's bones.
    """

    def __init__(self, side: Side, shape: FloatArray) -> None:
        self.side, self.shape = side, shape
        bones = skeleton(side).bones
        own = bones[..., 0] + bones[..., 1:] @ shape
        self._articulation = Articulation(open_hand(side), own[..., None])
        self._betas, self._rest = betas_of(shape), rest_keypoints(side, shape)
        self._size_m = size_m(side, shape)
        self._last: tuple[float, Motion] | None = None

    def follow(self, track: HandTrack, cameras: Cameras) -> Followed:
        """Fits one instant.

        Args:
            track: A single instant, seen by at least one view.
            cameras: All views'.
        """
        local = scaled_to(self._size_m, track)
        last = self._last
        time_s = float(track.time_s[0])
        found = None
        if last is not None and 0 < time_s - last[0] < _LONGEST_GAP_S:
            found = self._descend(track, local, cameras, last[1], time_s - last[0], _WARM_STEPS)
            if found.weight.sum() < _LOST_TRUST * track.trust.sum():
                found = None
        if found is None:
            begin = pose_hands(track, cameras, self.shape)
            found = self._descend(track, local, cameras, begin, None, _COLD_STEPS)
        self._last = time_s, found.motion
        return found

    def pose(self, followed: Followed, stage: Stage) -> HandPose:
        """What `follow` gave as the rest of the bridge takes it, in the stage's axes."""
        motion = followed.motion
        rotations = self._articulation.rotations(
            stage.rotation @ motion.rotation[0], motion.angles[0]
        )
        trust = followed.weight.max(0)
        return HandPose(
            side=self.side,
            wrist_m=stage.points(motion.wrist_m[0]),
            pose_quat=Rotation.from_matrix(rotations, assume_valid=True).as_quat(canonical=True),
            betas=self._betas,
            rest_m=self._rest,
            joints_m=stage.points(followed.keypoints_m),
            finger_confidence=trust[1:].reshape(5, 4).sum(1) / 4,
        )

    def _descend(
        self,
        track: HandTrack,
        local: FloatArray,
        cameras: Cameras,
        begin: Motion,
        dt_s: float | None,
        steps: int,
    ) -> Followed:
        """Levenberg-Marquardt from the pose ``dt_s`` ago, or from a mere guess (None)."""
        cost = _Cost(track, local, cameras, _Prior.of(begin, dt_s))
        now = self._judged(cost, begin.wrist_m[0], begin.rotation[0], begin.angles[0])
        damping, slopes = 1e-4, None
        for _ in range(steps):
            if slopes is None:
                slopes = cost.slopes(now, self._articulation.jacobian(now.posed))
            gradient, curvature = slopes
            damped = curvature.copy()
            damped.ravel()[:: N_POSE + 1] *= 1 + damping
            step = -np.linalg.solve(damped, gradient)
            trial = self._judged(
                cost,
                now.posed.wrist_m + step[:3],
                matrix_from_rotvec(step[3:6]) @ now.rotation,
                np.clip(now.angles + step[ANGLES], *_REACHABLE_RAD),
            )
            if trial.cost < now.cost:
                moved = np.abs(trial.posed.keypoints_m - now.posed.keypoints_m).max()
                now, damping, slopes = trial, damping * 0.1, None
                if moved < _CONVERGED_M:
                    break
            else:
                damping = max(damping * 30, 1e-3)
        motion = Motion(now.posed.wrist_m[None], now.rotation[None], now.angles[None])
        return Followed(motion, now.posed.keypoints_m, now.weight, cost.typical_error(now))

    def _judged(
        self, cost: _Cost, wrist: FloatArray, rotation: FloatArray, angles: FloatArray
    ) -> _Judged:
        posed = self._articulation.posed(wrist, rotation, angles, np.zeros(0))
        return cost.judge(posed, rotation, angles)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A pose and what the cost says of it.

    Attributes:
        there: ``(V, 21, 3)`` keypoints in the cameras' axes.
        miss: ``(V, 21, 2)`` distance from what is seen, in standard deviations.
        weight: ``(V, 21)`` trust left of images.
        off: ``(V, 21)`` distance from the view's own idea of depth, in standard deviations.
        held: ``(V, 21)`` trust left of depths.
        turn: ``(3,)`` rotation vector from where the prior has the wrist.
    """

    posed: Posed
    rotation: FloatArray
    angles: FloatArray
    there: FloatArray
    miss: FloatArray
    weight: FloatArray
    off: FloatArray
    held: FloatArray
    turn: FloatArray
    cost: float


class _Cost:
    """What speaks for or against a pose at one instant."""

    def __init__(
        self, track: HandTrack, local: FloatArray, cameras: Cameras, prior: _Prior
    ) -> None:
        self._trust, self._seen = track.trust[0], track.image[0]
        self._depths = local[0, ..., 2]
        self._cameras, self._prior = cameras, prior
        self._image_noise = _NOISE.image * track.extent[0]

    def judge(self, posed: Posed, rotation: FloatArray, angles: FloatArray) -> _Judged:
        there = self._cameras.to_camera(posed.keypoints_m)
        away = np.maximum(there[..., 2], _NEAREST_M)
        image = (self._cameras.focal[:, None] / away)[..., None] * there[..., :2]
        miss = (image - self._seen) / self._image_noise[:, None, None]
        by_image = (miss * miss).sum(-1) / _NOISE.robust**2
        depth = there[..., 2]
        middle = depth.sum(1, keepdims=True) / depth.shape[1]  # ndarray.mean costs three times this
        off = (depth - middle - self._depths) / _NOISE.depth_m
        by_depth = off * off / _NOISE.robust**2
        cost = _NOISE.robust**2 * float(
            (self._trust * (np.log1p(by_image) + np.log1p(by_depth))).sum()
        )
        beyond = _beyond(angles)
        cost += _LIMIT_INFORMATION * float(beyond @ beyond)
        turn = _small_rotvec(rotation @ self._prior.rotation.T)
        moved = self._prior.moved(posed.wrist_m, turn, angles)
        cost += float(self._prior.information @ moved**2)
        weight, held = self._trust / (1 + by_image), self._trust / (1 + by_depth)
        return _Judged(posed, rotation, angles, there, miss, weight, off, held, turn, cost)

    def slopes(self, at: _Judged, jacobian: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Half the gradient ``(36,)`` and Gauss and Newton's curvature ``(36, 36)``."""
        # What all views together say of each keypoint, (21, 3, 3) and (21, 3): then one product.
        scaled = self._by_points(at.there) / self._image_noise[:, None, None, None]
        weighted = scaled * at.weight[..., None, None]
        information = np.einsum("vkia,vkib->kab", weighted, scaled)
        pull = np.einsum("vkia,vki->ka", weighted, at.miss)
        # The mean's own derivative is left out: a keypoint is one of 21.
        by_depth = self._cameras.rotation[:, 2] / _NOISE.depth_m
        information += np.einsum("vk,va,vb->kab", at.held, by_depth, by_depth)
        off = at.held * at.off
        share = at.held / np.maximum(at.held.sum(1, keepdims=True), 1e-9)
        pull += (off - share * off.sum(1, keepdims=True)).T @ by_depth

        flat = jacobian.reshape(N_POSE, -1)
        spread = (jacobian.transpose(1, 0, 2) @ information).transpose(1, 0, 2).reshape(N_POSE, -1)
        curvature = spread @ flat.T
        gradient = flat @ pull.ravel()
        beyond = _beyond(at.angles)
        gradient[ANGLES] += _LIMIT_INFORMATION * beyond
        prior = self._prior
        gradient += prior.information * prior.moved(at.posed.wrist_m, at.turn, at.angles)
        diagonal = curvature.ravel()[:: N_POSE + 1]
        diagonal += prior.information
        diagonal[ANGLES] += _LIMIT_INFORMATION * (beyond != 0)
        return gradient, curvature

    def typical_error(self, at: _Judged) -> FloatArray:
        """``(V,)``, as `Followed.error`."""
        miss = _NOISE.image * np.sqrt((at.miss * at.miss).sum(-1))
        middle = np.sort(miss, axis=1)[:, miss.shape[1] // 2]  # np.median costs ten times as much
        return np.where(self._trust.any(1), middle, np.nan)

    def _by_points(self, there: FloatArray) -> FloatArray:
        """Change of the images with the keypoints ``(V, 21, 2, 3)``."""
        away = np.maximum(there[..., 2], _NEAREST_M)
        scale = self._cameras.focal[:, None] / away
        by_there = np.zeros((*there.shape[:-1], 2, 3))
        by_there[..., 0, 0] = by_there[..., 1, 1] = scale
        by_there[..., 2] = -(scale / away)[..., None] * there[..., :2]
        by_points: FloatArray = by_there @ self._cameras.rotation[:, None]
        return by_points


@dataclass(frozen=True, slots=True)
class _Prior:
    """Where a pose is expected: where it was, and fingers a little at ease."""

    wrist: FloatArray
    rotation: FloatArray
    angles: FloatArray
    information: FloatArray

    @classmethod
    def of(cls, before: Motion, dt_s: float | None) -> _Prior:
        information = np.full(N_POSE, 1e-2)
        information[ANGLES] = ANGLE_INFORMATION
        mean = AT_EASE
        if dt_s is not None:
            speeds = np.repeat([_WRIST_M_S, _TURN_RAD_S, _ANGLE_RAD_S], [3, 3, N_ANGLES])
            information += (speeds * dt_s) ** -2
            # Both pulls at once: the weighted mean of where angles were and of a hand at ease.
            held = np.where(HELD, before.angles[0], 0.0)
            part = ANGLE_INFORMATION / information[ANGLES]
            mean = (1 - part) * before.angles[0] + part * (0.9 * held + 0.1 * AT_EASE)
        return cls(before.wrist_m[0], before.rotation[0], mean, information)

    def moved(self, wrist: FloatArray, turn: FloatArray, angles: FloatArray) -> FloatArray:
        """``(36,)`` from what is expected."""
        return np.concatenate([wrist - self.wrist, turn, angles - self.angles])


def _beyond(angles: FloatArray) -> FloatArray:
    """How far angles are outside of their limits."""
    return angles - np.clip(angles, LIMITS_RAD[:, 0], LIMITS_RAD[:, 1])


def _small_rotvec(turn: FloatArray) -> FloatArray:
    """The rotation vector of a small turn: half the antisymmetric part."""
    return 0.5 * np.array(
        [turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]
    )
