"""Inverse kinematics of one finger: joint angles that put its tip at a point, near a posture.

Gauss-Newton with bounded steps on ``|tip - target|^2 / tolerance^2 + sum (angle - posture)^2 /
spread^2``, for all times at once from the same start: the angles are then a smooth function of the
target, which a start from the frame before would not give.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from bridge.model.hand.interface import HandModel
from bridge.protocol.joints import FINGERS, JOINT_NAMES, KEYPOINT_OF_JOINT, N_BETAS

__all__ = ["Finger", "finger_of"]

Array = NDArray[np.float64]

_TIP_TOLERANCE_M = 0.002
_MAX_ITERATIONS = 60
_CONVERGED_RAD = 1e-8
_LONGEST_STEP_RAD = 0.3
_FREE_REACH, _MOST_REACH = 0.90, 0.98

# (joint of the finger, axis, posture, spread, least): angles in radians, about the hand's
# back-to-palm axis, its long axis, or the joint's own flexion axis.
_ANY = -np.pi
_FINGER_ANGLES = (
    (0, "back", 0.0, 0.20, _ANY),
    (0, "flexion", 0.50, 0.35, -0.35),
    (1, "flexion", 0.60, 0.35, 0.12),
    (2, "flexion", 0.35, 0.20, 0.08),
)
_THUMB_ANGLES = (
    (0, "back", 0.00, 0.25, _ANY),
    (0, "long", -0.50, 0.30, _ANY),
    (0, "flexion", -0.15, 0.20, _ANY),
    (1, "flexion", 0.10, 0.20, -0.05),
    (2, "flexion", 0.25, 0.20, 0.05),
)
_LIMIT_SPREAD_RAD = 0.03


@dataclass(frozen=True, slots=True, eq=False)
class Finger:
    """A finger's chain and what its angles turn.

    Attributes:
        joints: Its three joints in MANO order.
        base_m: ``(3,)`` its first joint in the wrist's rest frame.
        bones_m: ``(3, 3)`` from each joint to the next, the last to the tip, at rest.
        turns: ``(A,)`` which of the three joints each angle turns.
        axes: ``(A, 3)`` unit axes, in the rest frame.
        posture_rad: ``(A,)`` angles that are comfortable.
        spread_rad: ``(A,)`` how readily each leaves them.
        least_rad: ``(A,)`` limits below which joints resist: without them a nearly straight
            finger has two solutions, and flips between them.
    """

    joints: tuple[int, int, int]
    base_m: Array
    bones_m: Array
    turns: NDArray[np.intp]
    axes: Array
    posture_rad: Array
    spread_rad: Array
    least_rad: Array

    def reach(self, target_m: Array) -> Array:
        """Angles ``(T, A)`` that put the tip at targets ``(T, 3)`` in the wrist's rest frame."""
        target_m = self._within_reach(target_m)
        angles = np.tile(self.posture_rad, (len(target_m), 1))
        for _ in range(_MAX_ITERATIONS):
            tip, jacobian = self._tip(angles)
            error = (target_m - tip) / _TIP_TOLERANCE_M
            beyond = np.maximum(self.least_rad - angles, 0.0)
            limit = 1 / _LIMIT_SPREAD_RAD**2
            pull = (self.posture_rad - angles) / self.spread_rad**2 + beyond * limit
            stiffness = 1 / self.spread_rad**2 + (beyond > 0) * limit
            scaled = jacobian / _TIP_TOLERANCE_M
            transposed = np.swapaxes(scaled, -1, -2)
            normal = transposed @ scaled + stiffness[:, :, None] * np.eye(len(self.turns))
            gradient = (transposed @ error[..., None])[..., 0] + pull
            step = np.linalg.solve(normal, gradient[..., None])[..., 0]
            length = np.linalg.norm(step, axis=-1, keepdims=True)
            angles += step * np.minimum(1.0, _LONGEST_STEP_RAD / np.maximum(length, 1e-12))
            if length.max(initial=0.0) < _CONVERGED_RAD:
                break
        return angles

    def _within_reach(self, target_m: Array) -> Array:
        """Targets drawn in, smoothly, to what a finger that is not quite straight reaches."""
        arm = target_m - self.base_m
        length = float(np.linalg.norm(self.bones_m, axis=-1).sum())
        free, most = _FREE_REACH * length, _MOST_REACH * length
        distance = np.linalg.norm(arm, axis=-1, keepdims=True)
        beyond = np.maximum(distance - free, 0.0)
        drawn = free + (most - free) * -np.expm1(-beyond / (most - free))
        return self.base_m + arm * np.where(beyond > 0, drawn / distance, 1.0)

    def rotations(self, angles: Array) -> Array:
        """Local joint quaternions ``(T, 3, 4)`` xyzw of angles ``(T, A)``."""
        out = [Rotation.identity(len(angles)) for _ in range(3)]
        for k, joint in enumerate(self.turns):
            out[joint] = out[joint] * Rotation.from_rotvec(angles[:, k, None] * self.axes[k])
        return np.stack([rotation.as_quat() for rotation in out], axis=1)

    def tip(self, angles: Array) -> Array:
        """Tip ``(T, 3)`` in the wrist's rest frame for angles ``(T, A)``."""
        return self._tip(angles)[0]

    def _tip(self, angles: Array) -> tuple[Array, Array]:
        """Tip ``(T, 3)`` and its Jacobian ``(T, 3, A)``: each angle moves it by axis x arm."""
        turn = np.broadcast_to(np.eye(3), (len(angles), 3, 3))
        position = np.broadcast_to(self.base_m, (len(angles), 3))
        axes, pivots = [], []
        for joint in range(3):
            for k in np.flatnonzero(self.turns == joint):
                axes.append(turn @ self.axes[k])
                pivots.append(position)
                turn = turn @ _about(self.axes[k], angles[:, k])
            position = position + turn @ self.bones_m[joint]
        arms = position[:, None] - np.stack(pivots, 1)
        return position, np.swapaxes(np.cross(np.stack(axes, 1), arms), -1, -2)


def _about(axis: Array, angle: Array) -> Array:
    """Rotations ``(T, 3, 3)`` about one unit axis by angles ``(T,)`` (Rodrigues' formula)."""
    x, y, z = axis
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    sine, versine = np.sin(angle)[:, None, None], (1 - np.cos(angle))[:, None, None]
    return np.asarray(np.eye(3) + sine * cross + versine * (cross @ cross))


def finger_of(hand: HandModel, finger: int) -> Finger:
    """The chain of one finger of a hand of mean shape, 0 thumb to 4 little."""
    first = JOINT_NAMES.index(f"{FINGERS[finger]}1")
    joints = (first, first + 1, first + 2)
    keypoints = hand.rest_keypoints(np.zeros(N_BETAS))
    chain = keypoints[KEYPOINT_OF_JOINT[first] + np.arange(4)]
    long_axis = keypoints[9] / np.linalg.norm(keypoints[9])
    angles = _THUMB_ANGLES if FINGERS[finger] == "thumb" else _FINGER_ANGLES
    axes = {"back": np.array([0.0, 1.0, 0.0]), "long": long_axis}
    return Finger(
        joints=joints,
        base_m=np.asarray(chain[0], np.float64),
        bones_m=np.asarray(np.diff(chain, axis=0), np.float64),
        turns=np.array([joint for joint, *_ in angles]),
        axes=np.stack(
            [axes.get(axis, hand.flexion_axes[joints[joint]]) for joint, axis, *_ in angles]
        ),
        posture_rad=np.array([posture for _, _, posture, _, _ in angles]),
        spread_rad=np.array([spread for _, _, _, spread, _ in angles]),
        least_rad=np.array([least for *_, least in angles]),
    )
