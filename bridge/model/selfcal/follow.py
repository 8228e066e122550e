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
from bridge.model.hand.articulation import LIMITS_RAD, N_ANGLES, Articulation
from bridge.model.hand.posterior import ANGLE_INFORMATION, HELD
from bridge.model.hand.rotation import matrix_from_rotvec
from bridge.model.pose import FloatArray, HandPose
from bridge.model.selfcal.cameras import Cameras
from bridge.model.selfcal.skeleton import betas_of, rest_keypoints, skeleton
from bridge.model.selfcal.start import AT_EASE, pose_hands, scaled_local
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
_WARM_STEPS, _COLD_STEPS = 3, 12
_CONVERGED_M = 5e-5
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
        self._last: tuple[float, Motion] | None = None

    def follow(self, track: HandTrack, cameras: Cameras) -> Followed:
        """Fits one instant.

        Args:
            track: A single instant, seen by at least one view.
            cameras: All views'.
        """
        local = scaled_local(track, self.shape)
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

    def pose(self, followed: Followed) -> HandPose:
        """What `follow` gave as the rest of the bridge takes it, in the first camera's axes."""
        motion = followed.motion
        rotations = self._articulation.rotations(motion.rotation[0], motion.angles[0])
        trust = followed.weight.max(0)
        return HandPose(
            side=self.side,
            wrist_m=motion.wrist_m[0],
            pose_quat=Rotation.from_matrix(rotations).as_quat(canonical=True),
            betas=self._betas,
            rest_m=self._rest,
            joints_m=followed.keypoints_m,
            finger_confidence=trust[1:].reshape(5, 4).mean(1),
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
        prior = _Prior.of(begin, dt_s)
        wrist, rotation, angles = begin.wrist_m[0], begin.rotation[0], begin.angles[0]
        now = self._at(track, local, cameras, prior, wrist, rotation, angles)
        damping = 1e-4
        for _ in range(steps):
            damped = now.curvature.copy()
            damped.ravel()[:: N_POSE + 1] *= 1 + damping
            step = -np.linalg.solve(damped, now.gradient)
            trial_angles = np.clip(now.angles + step[ANGLES], *_REACHABLE_RAD)
            trial = self._at(
                track,
                local,
                cameras,
                prior,
                now.wrist + step[:3],
                matrix_from_rotvec(step[3:6]) @ now.rotation,
                trial_angles,
            )
            if trial.cost < now.cost:
                moved = np.abs(trial.keypoints - now.keypoints).max()
                now, damping = trial, damping * 0.1
                if moved < _CONVERGED_M:
                    break
            else:
                damping = max(damping * 30, 1e-3)
        motion = Motion(now.wrist[None], now.rotation[None], now.angles[None])
        return Followed(motion, now.keypoints, now.weight, now.error)

    def _at(
        self,
        track: HandTrack,
        local: FloatArray,
        cameras: Cameras,
        prior: _Prior,
        wrist: FloatArray,
        rotation: FloatArray,
        angles: FloatArray,
    ) -> _Local:
        keypoints, full = self._articulation.keypoints(wrist, rotation, angles, np.zeros(0))
        flat = full.reshape(N_POSE, -1)
        image, by_points = _images(cameras, keypoints)
        error = (image - track.image[0]) / (_NOISE.image * track.extent[0])[:, None, None]
        squared = (error * error).sum(-1)
        trust = track.trust[0]
        weight = trust / (1 + squared / _NOISE.robust**2)
        cost = _NOISE.robust**2 * float((trust * np.log1p(squared / _NOISE.robust**2)).sum())
        # What all views together say of each keypoint, (21, 3, 3) and (21, 3): then one product.
        scaled = by_points / (_NOISE.image * track.extent[0])[:, None, None, None]
        weighted = scaled * weight[..., None, None]
        information = np.einsum("vkia,vkib->kab", weighted, scaled)
        pull = np.einsum("vkia,vki->ka", weighted, error)
        axis = cameras.rotation[:, 2]
        depth = keypoints @ axis.T
        off = ((depth - depth.mean(0)).T - local[0, ..., 2]) / _NOISE.depth_m
        held = trust / (1 + off * off / _NOISE.robust**2)
        cost += _NOISE.robust**2 * float((trust * np.log1p(off * off / _NOISE.robust**2)).sum())
        # The mean's own derivative is left out: a keypoint is one of 21.
        by_depth = axis / _NOISE.depth_m
        information += np.einsum("vk,va,vb->kab", held, by_depth, by_depth)
        centred = held * off - held * (held * off).sum(1, keepdims=True) / np.maximum(
            held.sum(1, keepdims=True), 1e-9
        )
        pull += np.einsum("vk,va->ka", centred, by_depth)

        spread = (full.transpose(1, 0, 2) @ information).transpose(1, 0, 2).reshape(N_POSE, -1)
        curvature = spread @ flat.T
        gradient = flat @ pull.ravel()
        beyond = angles - np.clip(angles, LIMITS_RAD[:, 0], LIMITS_RAD[:, 1])
        gradient[ANGLES] += _LIMIT_INFORMATION * beyond
        curvature.ravel()[:: N_POSE + 1][ANGLES] += _LIMIT_INFORMATION * (beyond != 0)
        cost += _LIMIT_INFORMATION * float(beyond @ beyond)
        cost += prior.add(wrist, rotation, angles, gradient, curvature)
        seen = trust.any(1)
        miss = np.sqrt(squared) * _NOISE.image
        typical = np.where(seen, np.median(miss, axis=1), np.nan)
        return _Local(
            wrist, rotation, angles, keypoints, cost, gradient, curvature, weight, typical
        )


@dataclass(frozen=True, slots=True)
class _Local:
    wrist: FloatArray
    rotation: FloatArray
    angles: FloatArray
    keypoints: FloatArray
    cost: float
    gradient: FloatArray
    curvature: FloatArray
    weight: FloatArray
    error: FloatArray


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

    def add(
        self,
        wrist: FloatArray,
        rotation: FloatArray,
        angles: FloatArray,
        gradient: FloatArray,
        curvature: FloatArray,
    ) -> float:
        turn = rotation @ self.rotation.T
        # Half the antisymmetric part: the rotation vector of a small turn.
        rotvec = 0.5 * np.array(
            [turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]
        )
        off = np.concatenate([wrist - self.wrist, rotvec, angles - self.angles])
        gradient += self.information * off
        curvature.ravel()[:: N_POSE + 1] += self.information
        return float(self.information @ off**2)


def _images(cameras: Cameras, points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Images ``(V, 21, 2)`` of stage points ``(21, 3)`` and their change ``(V, 21, 2, 3)``."""
    there = cameras.to_camera(points)
    depth = np.maximum(there[..., 2], 0.05)
    scale = cameras.focal[:, None] / depth
    image = scale[..., None] * there[..., :2]
    by_there = np.zeros((*there.shape[:-1], 2, 3))
    by_there[..., 0, 0] = by_there[..., 1, 1] = scale
    by_there[..., 2] = -image / depth[..., None]
    by_points: FloatArray = by_there @ cameras.rotation[:, None]
    return image, by_points
