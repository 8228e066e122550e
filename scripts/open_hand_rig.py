"""From the source's rig of a whole body's hand to a 16-joint hand in MANO's rest frame.

What is done to the rig, and why, stands in build_open_hand.py, which uses this module.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.protocol.joints import JOINT_PARENTS, KEYPOINT_OF_JOINT, N_JOINTS, N_KEYPOINTS

__all__ = ["LAST_JOINTS", "RestHand", "Rig", "unit"]

Array = NDArray[np.float64]

# The source numbers fingers from the thumb; the joints are index, middle, little, ring, thumb.
_SOURCE_JOINTS = ("wrist.R", *(f"finger{f}-{k}.R" for f in (2, 3, 5, 4, 1) for k in (1, 2, 3)))
_METACARPALS = {1: "metacarpal1.R", 4: "metacarpal2.R", 7: "metacarpal4.R", 10: "metacarpal3.R"}
_INDEX, _MIDDLE, _LITTLE, _THUMB = 1, 4, 7, 13
LAST_JOINTS = (3, 6, 9, 12, 15)

# First phalanx over second, close to the published 1.78, 1.70, 1.81, 1.61.
_PHALANX_RATIO = {1: 1.70, 4: 1.62, 7: 1.80, 10: 1.60}
# The thumb's base lies nearer the wrist than the source has it, and more to the side and the palm
# (share of the way, and metres along the hand's axes); its knuckle lies further along, so that
# metacarpal over phalanx becomes 1.45 (published: 1.46).
_THUMB_BASE = 0.72
_THUMB_BASE_SHIFT_M = (0.0, -0.006, 0.0055)
_THUMB_KNUCKLE = 0.20
_BLEND_M = 0.013

# Level fingers keep this much of the source's fan; the thumb lies beside and just below the palm.
_FAN = 0.75
_THUMB_DIRECTIONS = ((-0.72, -0.36, 0.59), (-0.82, -0.28, 0.50), (-0.86, -0.24, 0.45))

_HAND_LENGTH_M = 0.187
_PULP_M = 0.006


@dataclass(frozen=True)
class RestHand:
    """A right hand at rest, metres.

    Attributes:
        vertices: ``(V, 3)``.
        joints: ``(16, 3)`` in MANO order.
        tips: ``(5, 3)`` fingertips in the order of ``LAST_JOINTS``.
    """

    vertices: Array
    joints: Array
    tips: Array

    @property
    def keypoints(self) -> Array:
        """``(21, 3)`` keypoints."""
        points = np.empty((N_KEYPOINTS, 3))
        points[list(KEYPOINT_OF_JOINT)] = self.joints
        points[[KEYPOINT_OF_JOINT[j] + 1 for j in LAST_JOINTS]] = self.tips
        return points


class Rig:
    """The source's hand with joints where anatomy has them.

    Attributes:
        faces: ``(F, 3)`` vertex indices, outward by the right-hand rule.
        weights: ``(V, 16)`` skinning weights, rows sum to 1.
        directions: ``(16, 3)`` unit direction of the bone that leaves each joint at rest.
        flexion_axes: ``(16, 3)`` unit axis about which each joint closes the hand; wrist zero.
        template: The hand with all sliders at their middle.
    """

    def __init__(self, source: dict[str, np.ndarray]) -> None:
        self._names = [str(name) for name in source["bone_names"]]
        self._bones = [self._names.index(name) for name in _SOURCE_JOINTS]
        self.faces = source["faces"]
        self._scale = 1.0
        heads = source["bone_heads"].astype(np.float64)
        vertices, joints, frame = self._place(source["v_template"].astype(np.float64), heads)
        self.weights = self._fold_weights(source["weights"].astype(np.float64), vertices, joints)
        self._pulps = [self._pulp(vertices, joints, last) for last in LAST_JOINTS]
        self.directions = _level_directions(joints)
        turns = self._turns(joints, self._tips(vertices))
        axes = source["rest_bone_poses"][self._bones, :3, 0].astype(np.float64) @ frame.T
        axes = np.einsum("jab,jb->ja", turns, axes)
        axes -= (axes * self.directions).sum(1, keepdims=True) * self.directions
        self.flexion_axes = np.r_[np.zeros((1, 3)), unit(axes[1:])]
        level = self._level(vertices, joints)
        self._scale = _HAND_LENGTH_M / -level.vertices[:, 0].min()
        self.template = self.shaped(source["v_template"], source["bone_heads"])

    def shaped(self, vertices: np.ndarray, heads: np.ndarray) -> RestHand:
        """The rest hand of any of the source's shapes: ``vertices (V, 3)``, ``heads (21, 3)``."""
        placed, joints, _ = self._place(vertices.astype(np.float64), heads.astype(np.float64))
        hand = self._level(placed, joints)
        return RestHand(*(self._scale * a for a in (hand.vertices, hand.joints, hand.tips)))

    def _place(self, vertices: Array, heads: Array) -> tuple[Array, Array, Array]:
        """Moves the joints, turns all into MANO's frame; also returns that frame's axes as rows."""
        joints = heads[self._bones]
        for knuckle, ratio in _PHALANX_RATIO.items():
            first, second = (
                joints[knuckle] - joints[knuckle + 1],
                np.diff(joints, axis=0)[knuckle + 1],
            )
            joints[knuckle] = joints[knuckle + 1] + unit(first) * np.linalg.norm(second) * ratio
        x = unit(joints[0] - joints[_MIDDLE])
        across = joints[_INDEX] - joints[_LITTLE]
        z = unit(across - (across @ x) * x)
        frame = np.stack([x, np.cross(z, x), z])

        base, mcp, ip = joints[_THUMB : _THUMB + 3].copy()
        joints[_THUMB] = joints[0] + _THUMB_BASE * (base - joints[0]) + _THUMB_BASE_SHIFT_M @ frame
        joints[_THUMB + 1] = mcp + _THUMB_KNUCKLE * (ip - mcp)
        return (vertices - joints[0]) @ frame.T, (joints - joints[0]) @ frame.T, frame

    def _fold_weights(self, source: Array, vertices: Array, joints: Array) -> Array:
        """Splits weights at the moved joints and folds metacarpals and root into the wrist."""
        bones = self._bones
        for knuckle, metacarpal in _METACARPALS.items():
            axis = unit(joints[knuckle + 1] - joints[knuckle])
            along = (vertices - joints[knuckle]) @ axis
            _split(source, self._names.index(metacarpal), bones[knuckle], along)
        axis = unit(joints[_THUMB + 2] - joints[_THUMB])
        along = (vertices - joints[_THUMB + 1]) @ axis
        _split(source, bones[_THUMB], bones[_THUMB + 1], along)
        weights = source[:, bones]
        weights[:, 0] += source.sum(1) - weights.sum(1)
        return weights / weights.sum(1, keepdims=True)

    def _pulp(self, vertices: Array, joints: Array, last: int) -> NDArray[np.intp]:
        """Vertices of the last millimetres of a finger: their mean is its tip keypoint."""
        own = np.flatnonzero(self.weights[:, last] > 0.9)
        axis = unit(vertices[own].mean(0) - joints[last])
        along = (vertices[own] - joints[last]) @ axis
        return own[along > along.max() - _PULP_M]

    def _tips(self, vertices: Array) -> Array:
        return np.stack([vertices[rows].mean(0) for rows in self._pulps])

    def _turns(self, joints: Array, tips: Array) -> Array:
        """Rotations (16, 3, 3) that lay the bones along ``directions``."""
        turns = np.tile(np.eye(3), (N_JOINTS, 1, 1))
        for j in range(1, N_JOINTS):
            end = tips[LAST_JOINTS.index(j)] if j in LAST_JOINTS else joints[j + 1]
            turns[j] = _turn_onto(unit(end - joints[j]), self.directions[j])
        return turns

    def _level(self, vertices: Array, joints: Array) -> RestHand:
        """Poses the bones along ``directions`` by linear blend skinning."""
        tips = self._tips(vertices)
        turns = self._turns(joints, tips)
        moved = joints.copy()
        for j in range(1, N_JOINTS):
            parent = JOINT_PARENTS[j]
            moved[j] = moved[parent] + turns[parent] @ (joints[j] - joints[parent])
        arms = vertices[:, None] - joints
        posed = np.einsum("vj,jab,vjb->va", self.weights, turns, arms) + self.weights @ moved
        last = list(LAST_JOINTS)
        tips = moved[last] + np.einsum("jab,jb->ja", turns[last], tips - joints[last])
        return RestHand(posed, moved, tips)


def unit(vectors: Array) -> Array:
    """Vectors over their lengths, along the last axis."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def _turn_onto(a: Array, b: Array) -> Array:
    """The smallest rotation (3, 3) that turns unit vector ``a`` onto ``b`` (Rodrigues)."""
    v = np.cross(a, b)
    k = np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
    return np.eye(3) + k + k @ k / (1 + float(a @ b))


def _split(weights: Array, parent: int, child: int, along: Array) -> None:
    """Shares the weight of two bones anew by the distance (V,) past their joint, in place."""
    t = np.clip((along / _BLEND_M + 1) / 2, 0, 1)
    pooled = weights[:, parent] + weights[:, child]
    weights[:, child] = t * t * (3 - 2 * t) * pooled
    weights[:, parent] = pooled - weights[:, child]


def _level_directions(joints: Array) -> Array:
    directions = np.zeros((N_JOINTS, 3))
    for knuckle in _PHALANX_RATIO:
        bone = joints[knuckle + 1] - joints[knuckle]
        angle = _FAN * np.arctan2(bone[2], -bone[0])
        directions[knuckle : knuckle + 3] = (-np.cos(angle), 0, np.sin(angle))
    directions[_THUMB:] = unit(np.array(_THUMB_DIRECTIONS))
    return directions
