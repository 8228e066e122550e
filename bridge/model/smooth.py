"""One-Euro smoothing of hand poses in time (Casiez, Roussel, Vogel 2012).

A first-order low-pass whose cutoff rises with speed: still hands do not jitter, fast hands do not
lag. Positions are filtered as vectors, rotations along the geodesic from the last estimate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from bridge.model.pose import FloatArray, HandPose, Hands
from bridge.protocol.joints import Side
from bridge.protocol.kinematics import keypoints_from_pose

__all__ = ["OneEuroSettings", "OneEuroSmoother"]


@dataclass(frozen=True, slots=True)
class OneEuroSettings:
    """Parameters of the filter; the defaults are those that ``benchmarks/smoothing.py`` chooses.

    Attributes:
        min_cutoff_hz: Cutoff at rest: lower is steadier.
        position_beta: How much a metre a second raises the cutoff, Hz: higher is prompter.
        rotation_beta: How much a radian a second raises the cutoff, Hz.
        speed_cutoff_hz: Cutoff of the low-pass on the speed itself.
        reset_after_s: A hand absent for longer starts afresh.
    """

    min_cutoff_hz: float = 4.5
    position_beta: float = 20.0
    rotation_beta: float = 1.0
    speed_cutoff_hz: float = 0.5
    reset_after_s: float = 0.3


def _gain(cutoff_hz: FloatArray | float, dt_s: float) -> FloatArray:
    """Smoothing factor of a first-order low-pass: eq. 5 with tau = 1 / (2 pi f_c)."""
    return np.asarray(1 / (1 + 1 / (2 * math.pi * np.asarray(cutoff_hz) * dt_s)))


class _HandFilter:
    """The state of one hand's filter."""

    def __init__(self, time_ns: int, pose: HandPose) -> None:
        self.time_ns = time_ns
        self._wrist = np.asarray(pose.wrist_m, dtype=np.float64)
        self._rotations = Rotation.from_quat(pose.pose_quat)
        self._velocity = np.zeros(3)
        self._spin = np.zeros((16, 3))

    def step(self, time_ns: int, pose: HandPose, settings: OneEuroSettings) -> HandPose:
        dt = (time_ns - self.time_ns) / 1e9
        self.time_ns = time_ns
        speed_gain = _gain(settings.speed_cutoff_hz, dt)

        change = pose.wrist_m - self._wrist
        self._velocity = self._velocity + speed_gain * (change / dt - self._velocity)
        speed = float(np.linalg.norm(self._velocity))
        gain = _gain(settings.min_cutoff_hz + settings.position_beta * speed, dt)
        self._wrist = self._wrist + gain * change

        turn = (self._rotations.inv() * Rotation.from_quat(pose.pose_quat)).as_rotvec()
        self._spin = self._spin + speed_gain * (turn / dt - self._spin)
        speeds = np.linalg.norm(self._spin, axis=1, keepdims=True)
        gains = _gain(settings.min_cutoff_hz + settings.rotation_beta * speeds, dt)
        self._rotations = self._rotations * Rotation.from_rotvec(gains * turn)
        return replace(pose, wrist_m=self._wrist, pose_quat=self._rotations.as_quat(canonical=True))


class OneEuroSmoother:
    """Smooths both hands of one room; called in the order of time."""

    def __init__(self, settings: OneEuroSettings | None = None) -> None:
        self._settings = settings or OneEuroSettings()
        self._filters: dict[Side, _HandFilter] = {}

    def anew(self) -> OneEuroSmoother:
        """One of the same settings that has seen nothing yet."""
        return OneEuroSmoother(self._settings)

    def smooth(self, hands: Hands) -> Hands:
        """Returns the hands with smoothed wrist, rotations and the keypoints these put."""
        left, right = (
            None if pose is None else self._smooth(hands.time_ns, pose) for pose in hands.hands
        )
        return Hands(hands.time_ns, (left, right))

    def _smooth(self, time_ns: int, pose: HandPose) -> HandPose:
        state = self._filters.get(pose.side)
        gap_ns = time_ns - state.time_ns if state else 0
        if state is None or not 0 < gap_ns <= self._settings.reset_after_s * 1e9:
            self._filters[pose.side] = _HandFilter(time_ns, pose)
            return pose
        smooth = state.step(time_ns, pose, self._settings)
        keypoints = keypoints_from_pose(smooth.rest_m, smooth.pose_quat, smooth.wrist_m)
        return replace(smooth, joints_m=keypoints)
