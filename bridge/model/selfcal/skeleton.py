"""A person's skeleton: bones that may differ from the hand model's more than betas can say.

The landmark net's idea of a knuckle or of the wrist differs from the model's by up to a centimetre,
and ten betas cannot take that up. Here each knuckle may lie anywhere around where the model has it
and each phalanx may have any length: 30 numbers, with the betas' spread in the population and a
few millimetres of their own as their prior. Both hands of a person have the same.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from bridge.model.hand import open_hand
from bridge.model.hand.articulation import Articulation, bones_of
from bridge.model.pose import FloatArray
from bridge.protocol.joints import KEYPOINT_OF_JOINT, N_JOINTS, N_KEYPOINTS, Side

__all__ = [
    "N_SHAPE",
    "Skeleton",
    "prior_information",
    "rest_keypoints",
    "scaled_shape",
    "skeleton",
]

N_SHAPE = 30
"""Knuckles relative to the wrist (5 fingers, xyz of the right hand), then 5 x 3 lengths."""

_KNUCKLE_OWN_M, _LENGTH_OWN_M = 0.006, 0.003
"""Standard deviations of what betas do not say: half bodies, half what a net means by a joint."""

_SIZE_M = 0.001
"""The same of the sum of all bones, some 0.8 m."""

_KNUCKLES = [KEYPOINT_OF_JOINT[j] for j in range(1, N_JOINTS, 3)]


class Skeleton:
    """The bones of one side as a function of the shape, and the kinematics on them.

    Args:
        side: Which hand.
    """

    def __init__(self, side: Side) -> None:
        model = open_hand(side)
        mean = bones_of(model)[..., 0]
        bones = np.zeros((4, 5, 3, 1 + N_SHAPE))
        bones[..., 0] = mean
        mirror = np.array([1.0 if side is Side.RIGHT else -1.0, 1.0, 1.0])
        along = mean[1:] / np.linalg.norm(mean[1:], axis=-1, keepdims=True)
        for finger in range(5):
            for axis in range(3):
                bones[0, finger, axis, 1 + 3 * finger + axis] = mirror[axis]
            for level in range(3):
                bones[1 + level, finger, :, 1 + 15 + 3 * finger + level] = along[level, finger]
        self.side, self.bones = side, bones
        self.articulation = Articulation(model, bones)


@cache
def skeleton(side: Side) -> Skeleton:
    """The skeleton of a side, made once."""
    return Skeleton(side)


def rest_keypoints(side: Side, shape: FloatArray) -> FloatArray:
    """Keypoints ``(21, 3)`` at rest, metres, wrist at the origin, of a shape ``(30,)``."""
    bones = skeleton(side).bones
    chains = np.cumsum(bones[..., 0] + bones[..., 1:] @ shape, axis=0)
    keypoints = np.zeros((N_KEYPOINTS, 3))
    for finger, knuckle in enumerate(_KNUCKLES):
        keypoints[knuckle : knuckle + 4] = chains[:, finger]
    return keypoints


def scaled_shape(shape: FloatArray, scale: float) -> FloatArray:
    """The shape ``(30,)`` of a hand that is as many times as large."""
    mean = skeleton(Side.RIGHT).bones[..., 0]
    own = np.concatenate([mean[0].ravel(), np.linalg.norm(mean[1:], axis=-1).T.ravel()])
    scaled: FloatArray = scale * shape + (scale - 1) * own
    return scaled


@cache
def betas_to_shape() -> FloatArray:
    """``(30, 10)`` how the shape changes with each of the model's betas."""
    bones = bones_of(open_hand(Side.RIGHT))
    along = bones[1:, ..., 0] / np.linalg.norm(bones[1:, ..., 0], axis=-1, keepdims=True)
    knuckles = bones[0, ..., 1:].reshape(15, -1)
    lengths = np.einsum("lfxb,lfx->flb", bones[1:, ..., 1:], along).reshape(15, -1)
    return np.concatenate([knuckles, lengths])


def _size_gradient() -> FloatArray:
    """``(30,)`` how the sum of the bones' lengths changes with the shape."""
    mean = skeleton(Side.RIGHT).bones[0, ..., 0]
    along = mean / np.linalg.norm(mean, axis=-1, keepdims=True)
    return np.concatenate([along.ravel(), np.ones(15)])


@cache
def prior_information() -> FloatArray:
    """Inverse covariance ``(30, 30)`` of a person's shape, whose mean is zero."""
    spread = betas_to_shape()
    own = np.repeat([_KNUCKLE_OWN_M, _LENGTH_OWN_M], 15) ** 2
    size = _size_gradient()
    # Pictures do not tell a small near hand from a large far one: size is what the prior says, and
    # firmly, or a wrong idea of depth would shrink the hand until it did not matter.
    information: FloatArray = np.linalg.inv(spread @ spread.T + np.diag(own))
    return information + np.outer(size, size) / _SIZE_M**2


def betas_of(shape: FloatArray) -> FloatArray:
    """The betas ``(10,)`` nearest to a shape: the posterior mean, the rest taken for own bones."""
    spread = betas_to_shape()
    own = np.repeat([_KNUCKLE_OWN_M, _LENGTH_OWN_M], 15) ** -2.0
    normal = spread.T @ (own[:, None] * spread) + np.eye(spread.shape[1])
    return np.linalg.solve(normal, spread.T @ (own * shape))
