"""No jumps: when what a pose rests on changes, the difference fades instead of showing at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bridge.model.pose import FloatArray, HandPose

__all__ = ["Handover"]

_FADE_S = 0.5
_MOST_M = 0.004
"""Most that the fading may move a hand in one frame, beside its own motion."""
_NEAR_M, _RETURN_S = 0.12, 0.1
"""A hand farther off than that was in a wrong place altogether, and returns so fast."""
_FORGET_S = 0.1


class Handover:
    """Keeps one hand's place continuous.

    While a pose rests on the same views and cameras, it passes. When these change, the hand would
    jump by the difference of what they say; that difference is added, and fades.
    """

    def __init__(self) -> None:
        self._basis: object = None
        self._time_s = -np.inf
        self._given: FloatArray = np.zeros(3)
        self._speed: FloatArray = np.zeros(3)
        self._offset: FloatArray = np.zeros(3)

    def step(self, time_s: float, pose: HandPose, basis: object) -> HandPose:
        """Gives the pose to show.

        Args:
            time_s: Now.
            pose: As measured.
            basis: What it rests on; anything that compares.
        """
        dt_s = time_s - self._time_s
        if not 0 < dt_s < _FORGET_S:
            self._offset = np.zeros(3)
        elif basis != self._basis:
            expected = self._given + dt_s * self._speed
            self._offset = expected - pose.wrist_m
        else:
            self._offset = self._faded(dt_s)
        shown = pose.wrist_m + self._offset
        if 0 < dt_s < _FORGET_S:
            self._speed = 0.5 * self._speed + 0.5 * (shown - self._given) / dt_s
        else:
            self._speed = np.zeros(3)
        self._time_s, self._given, self._basis = time_s, shown, basis
        if not self._offset.any():
            return pose
        return replace(pose, wrist_m=shown, joints_m=pose.joints_m + self._offset)

    def _faded(self, dt_s: float) -> FloatArray:
        size = float(np.linalg.norm(self._offset))
        if size < 1e-5:
            return np.zeros(3)
        step = min(size * (1 - np.exp(-dt_s / _FADE_S)), _MOST_M)
        step += max(0.0, size - _NEAR_M) * (1 - np.exp(-dt_s / _RETURN_S))
        faded: FloatArray = self._offset * (1 - step / size)
        return faded
