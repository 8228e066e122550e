"""How a hand can move: 30 anatomical angles, their limits, and keypoints with their Jacobian.

Each finger has six angles: flexion, abduction and twist of its first joint, flexion and abduction
of its second, flexion of its third. A flexion turns about the model's flexion axis ``a``, a twist
about the bone ``d``, and a positive abduction leads towards the thumb's side on both hands. A joint
turns by ``exp(flexion a) exp(abduction n) exp(twist d)``, which, unlike the other order, stays
regular when a knuckle is bent by 90 degrees. A finger's twist and the abduction of its second joint
are small and nearly fixed; they take up what a rigid axis cannot.

Fingers go in joint order here: index, middle, little, ring, thumb.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bridge.model.hand.interface import HandModel
from bridge.model.hand.rotation import skew
from bridge.model.pose import FloatArray
from bridge.protocol.joints import KEYPOINT_OF_JOINT, N_BETAS, N_JOINTS, N_KEYPOINTS, Side

__all__ = [
    "ACTIVE_LIMITS_RAD",
    "ANGLE_NAMES",
    "AT_EASE",
    "LIMITS_RAD",
    "N_ANGLES",
    "N_PARAMETERS",
    "Articulation",
    "Posed",
    "bones_of",
]

Range = tuple[float, float]
_FINGERS = ("index", "middle", "little", "ring", "thumb")
_KINDS = ("flexion1", "abduction1", "twist1", "flexion2", "abduction2", "flexion3")
N_ANGLES = len(_KINDS) * len(_FINGERS)
ANGLE_NAMES = tuple(f"{finger} {kind}" for kind in _KINDS for finger in _FINGERS)
"""What each angle is, ``(30,)``: all first flexions, then all first abductions, and so on."""

N_PARAMETERS = 6 + N_ANGLES + N_BETAS
"""Wrist position (3) and rotation (3), angles (30), betas (10)."""

_FINGER_LIMITS_DEG = ((-35, 100), (-25, 25), (-12, 12), (-15, 120), (-6, 6), (-25, 90))
_THUMB_LIMITS_DEG = ((-40, 50), (-40, 45), (-40, 40), (-30, 75), (-18, 18), (-40, 95))
_ACTIVE_FINGER_DEG = ((-20, 90), (-20, 20), (-12, 12), (-5, 105), (-6, 6), (-5, 80))
_ACTIVE_THUMB_DEG = ((-30, 45), (-30, 40), (-40, 40), (-20, 70), (-18, 18), (-20, 85))


def _limits(finger_deg: Sequence[Range], thumb_deg: Sequence[Range]) -> FloatArray:
    by_kind = zip(finger_deg, thumb_deg, strict=True)
    return np.radians([limits for finger, thumb in by_kind for limits in (*[finger] * 4, thumb)])


LIMITS_RAD: FloatArray = _limits(_FINGER_LIMITS_DEG, _THUMB_LIMITS_DEG)
"""Lower and upper limit of each angle, ``(30, 2)``: passive ranges, wide enough for most people."""

ACTIVE_LIMITS_RAD: FloatArray = _limits(_ACTIVE_FINGER_DEG, _ACTIVE_THUMB_DEG)
"""About how far fingers go by themselves, chosen here: they are hardly ever bent backwards."""

AT_EASE: FloatArray = np.radians(
    [[20.0] * 4 + [5], [0.0] * 5, [0.0] * 5, [25.0] * 4 + [10], [0.0] * 5, [15.0] * 4 + [15]]
).ravel()
"""Angles of a hand at ease ``(30,)``."""

_KNUCKLES = range(1, N_JOINTS, 3)
_CHAIN_JOINTS = np.array([[j + level for j in _KNUCKLES] for level in range(3)])
_CHAIN_KEYPOINTS = np.array(
    [[KEYPOINT_OF_JOINT[j] + level for j in _KNUCKLES] for level in range(4)]
)
"""Keypoints of the fingers, knuckles first, tips last, ``(4, 5)``."""
_LEVEL_OF_KIND = np.array([0, 0, 0, 1, 1, 2])
_CARRIER_OF_BONE = [0, 3, 5, 6]
_TURNED_KEYPOINTS = _CHAIN_KEYPOINTS[_LEVEL_OF_KIND].ravel()
_IDENTITY = np.eye(3)
_WRIST_CROSSES = skew(_IDENTITY).swapaxes(-1, -2)


def _reach() -> FloatArray:
    """1 where a turn moves a keypoint, ``(33, 21, 1)``; the first three turns are the wrist's."""
    reach = np.zeros((3 + N_ANGLES, N_KEYPOINTS, 1))
    reach[:3] = 1
    for kind, level in enumerate(_LEVEL_OF_KIND):
        for finger in range(len(_FINGERS)):
            reach[3 + kind * len(_FINGERS) + finger, _CHAIN_KEYPOINTS[level + 1 :, finger]] = 1
    return reach


def bones_of(model: HandModel) -> FloatArray:
    """A model's bones at rest ``(4, 5, 3, 11)``: at betas 0, then their change with each beta.

    Wrist to knuckle, then three phalanges, of each finger in joint order.
    """
    rest = model.rest_keypoints(np.zeros(N_BETAS))
    dirs = model.rest_keypoints(np.eye(N_BETAS)) - rest
    points = np.moveaxis(np.concatenate([rest[None], dirs]), 0, -1)
    chains = points[_CHAIN_KEYPOINTS]
    bones: FloatArray = np.diff(
        chains, axis=0, prepend=np.broadcast_to(points[0], chains[:1].shape)
    )
    return bones


@dataclass(frozen=True, slots=True)
class Posed:
    """A hand in a pose; leading axes broadcast.

    Attributes:
        wrist_m: ``(..., 3)``.
        frames: ``(..., 7, 5, 3, 3)`` of the fingers before each of their six turns and after.
        by_shape: ``(..., 21, 3, S)`` keypoints' change with each shape parameter.
        keypoints_m: ``(..., 21, 3)`` in the stage.
    """

    wrist_m: FloatArray
    frames: FloatArray
    by_shape: FloatArray
    keypoints_m: FloatArray


class Articulation:
    """The kinematics of one hand model in anatomical angles; leading axes broadcast.

    Args:
        model: A hand whose shape is linear in the betas.
        bones: ``(4, 5, 3, 1 + S)`` bones of the average hand, then their change with each of S
            shape parameters that stand in for the betas; None takes the model's.
    """

    def __init__(self, model: HandModel, bones: FloatArray | None = None) -> None:
        self._bones: FloatArray = bones_of(model) if bones is None else bones
        d = _unit(self._bones[1:, ..., 0])
        a = model.flexion_axes[_CHAIN_JOINTS]
        a = _unit(a - (a * d).sum(-1, keepdims=True) * d)
        self._handedness = 1.0 if model.side is Side.RIGHT else -1.0
        # Flexion axes are the model's; the others follow so that equal angles are mirror images.
        n, twist = self._handedness * np.cross(d, a), self._handedness * d[0]
        self._bone_axes, self._flexion_axes = d, a
        axes: FloatArray = np.stack([a[0], n[0], twist, a[1], n[1], a[2]])
        self._skew = skew(axes)
        self._skew_t = self._skew.swapaxes(-1, -2)
        self._skew_squared = self._skew @ self._skew
        self._reach = _reach()

    def keypoints(
        self, wrist_m: FloatArray, wrist_rotation: FloatArray, angles: FloatArray, betas: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Posed keypoints and their Jacobian: `posed`, then `jacobian` of it."""
        posed = self.posed(wrist_m, wrist_rotation, angles, betas)
        return posed.keypoints_m, self.jacobian(posed)

    def posed(
        self, wrist_m: FloatArray, wrist_rotation: FloatArray, angles: FloatArray, betas: FloatArray
    ) -> Posed:
        """Where keypoints are.

        Args:
            wrist_m: ``(..., 3)`` metres.
            wrist_rotation: ``(..., 3, 3)`` turns the rest frame into the stage.
            angles: ``(..., 30)`` radians, in the order of ``ANGLE_NAMES``.
            betas: ``(..., 10)``, or as many as the articulation has shape parameters.
        """
        n_shape = self._bones.shape[-1] - 1
        lead = np.shape(angles)[:-1]
        frames = self._frames(wrist_rotation, angles)
        chains = np.cumsum(frames[..., _CARRIER_OF_BONE, :, :, :] @ self._bones, axis=-4)
        points = np.zeros((*lead, N_KEYPOINTS, 3, 1 + n_shape))
        points[..., _CHAIN_KEYPOINTS, :, :] = chains
        keypoints = points[..., 0] + wrist_m[..., None, :]
        if n_shape:
            keypoints += (points[..., 1:] @ betas[..., None, :, None])[..., 0]
        return Posed(wrist_m, frames, points[..., 1:], keypoints)

    def jacobian(self, posed: Posed) -> FloatArray:
        """The keypoints' change with each parameter.

        A turn about an axis ``w`` at ``o`` moves a point ``p`` that it carries by ``w x (p - o)``
        for each radian; betas lengthen the bones, which add up along a finger.

        Returns:
            ``(..., 46, 21, 3)`` by the wrist's position, its rotation (a rotation vector applied on
            the left), the angles and the betas.
        """
        keypoints = posed.keypoints_m
        lead, n_shape = keypoints.shape[:-2], posed.by_shape.shape[-1]
        # An axis a that a frame R carries has the cross product matrix R skew(a) R^T. Arms are
        # rows, so they are multiplied by its transpose.
        before = posed.frames[..., :-1, :, :, :]
        crosses = np.empty((*lead, 3 + N_ANGLES, 3, 3))
        crosses[..., :3, :, :] = _WRIST_CROSSES
        crosses[..., 3:, :, :] = (before @ self._skew_t @ np.swapaxes(before, -1, -2)).reshape(
            *lead, N_ANGLES, 3, 3
        )
        origins = np.empty((*lead, 3 + N_ANGLES, 1, 3))
        origins[..., :3, 0, :] = posed.wrist_m[..., None, :]
        origins[..., 3:, 0, :] = keypoints[..., _TURNED_KEYPOINTS, :]
        arms = (keypoints[..., None, :, :] - origins) * self._reach

        jacobian = np.zeros((*lead, 6 + N_ANGLES + n_shape, N_KEYPOINTS, 3))
        jacobian[..., :3, :, :] = _IDENTITY[:, None]
        jacobian[..., 3 : 6 + N_ANGLES, :, :] = arms @ crosses
        jacobian[..., 6 + N_ANGLES :, :, :] = np.moveaxis(posed.by_shape, -1, -3)
        return jacobian

    def rotations(self, wrist_rotation: FloatArray, angles: FloatArray) -> FloatArray:
        """Joint rotations ``(..., 16, 3, 3)``: 0 the wrist's in the stage, 1 to 15 local."""
        frames = self._frames(np.broadcast_to(np.eye(3), (*angles.shape[:-1], 3, 3)), angles)
        rotations = np.empty((*angles.shape[:-1], N_JOINTS, 3, 3))
        rotations[..., 0, :, :] = wrist_rotation
        for level, (start, end) in enumerate(((0, 3), (3, 5), (5, 6))):
            inverse = np.swapaxes(frames[..., start, :, :, :], -1, -2)
            rotations[..., _CHAIN_JOINTS[level], :, :] = inverse @ frames[..., end, :, :, :]
        return rotations

    def angles_from_keypoints(
        self, keypoints_m: FloatArray, wrist_rotation: FloatArray, otherwise: FloatArray
    ) -> FloatArray:
        """The angles that point the bones as the keypoints do, from the knuckles outwards.

        Closed form: bones only point, so twists stay zero, and where joints lie does not matter.

        Args:
            keypoints_m: ``(21, 3)`` metres, NaN where missing.
            wrist_rotation: ``(3, 3)``.
            otherwise: ``(30,)`` what an angle is where its bone is missing.

        Returns:
            ``(30,)`` radians, within the limits.
        """
        bones = np.diff(keypoints_m[_CHAIN_KEYPOINTS], axis=0)
        angles = otherwise.reshape(len(_KINDS), len(_FINGERS)).copy()
        for level, flexion, abduction in ((0, 0, 1), (1, 3, 4), (2, 5, None)):
            frame = self._frames(wrist_rotation, angles.ravel())[_CARRIER_OF_BONE[level]]
            d, a = self._bone_axes[level], self._flexion_axes[level]
            bone = (np.swapaxes(frame, -1, -2) @ _unit(bones[level])[..., None])[..., 0]
            flexed = np.arctan2((bone * np.cross(a, d)).sum(-1), (bone * d).sum(-1))
            angles[flexion] = np.where(np.isnan(flexed), angles[flexion], flexed)
            if abduction is not None:
                aside = self._handedness * np.arcsin(np.clip((bone * a).sum(-1), -1, 1))
                angles[abduction] = np.where(np.isnan(aside), angles[abduction], aside)
            clipped = np.clip(angles.ravel(), LIMITS_RAD[:, 0], LIMITS_RAD[:, 1])
            angles = clipped.reshape(angles.shape)
        return angles.ravel()

    def _frames(self, wrist_rotation: FloatArray, angles: FloatArray) -> FloatArray:
        """Frames ``(..., 7, 5, 3, 3)`` of the fingers before each of their six turns and after."""
        lead = np.shape(angles)[:-1]
        turn = angles.reshape(*lead, len(_KINDS), len(_FINGERS), 1, 1)
        single = _IDENTITY + np.sin(turn) * self._skew + (1 - np.cos(turn)) * self._skew_squared
        frames = np.empty((*lead, len(_KINDS) + 1, len(_FINGERS), 3, 3))
        frames[..., 0, :, :, :] = wrist_rotation[..., None, :, :]
        for k in range(len(_KINDS)):
            frames[..., k + 1, :, :, :] = frames[..., k, :, :, :] @ single[..., k, :, :, :]
        return frames


def _unit(vectors: FloatArray) -> FloatArray:
    """Vectors over their lengths, NaN for zero vectors."""
    with np.errstate(invalid="ignore", divide="ignore"):
        directions: FloatArray = vectors / np.sqrt((vectors * vectors).sum(-1, keepdims=True))
    return directions
