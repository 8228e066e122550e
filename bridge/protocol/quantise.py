"""Rotations in few bits: smallest three, rounded so that errors do not add up along a finger.

A unit quaternion is told by which component is largest (2 bits) and the other three, each in
``b`` bits over -1/sqrt(2) to 1/sqrt(2). Rounding each rotation for itself, a fingertip errs by the
sum of what four rotations err. Here each joint makes up for those before it: of the eight ways to
round its rotation up or down, the one is taken that brings the end of its bone nearest to where it
belongs. Readers need not know; they only see other levels.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.protocol.joints import JOINT_PARENTS, N_JOINTS

__all__ = ["JOINT_BITS", "levels_of_poses", "quaternions"]

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.int64]

_KNUCKLES = np.array([j for j, parent in enumerate(JOINT_PARENTS) if parent == 0])
_WRIST_BITS, _KNUCKLE_BITS, _OTHER_BITS = 13, 10, 9
JOINT_BITS: IntArray = np.full(N_JOINTS, _OTHER_BITS)
"""Bits of each component of each joint's rotation: more where a longer arm hangs on it."""
JOINT_BITS[0] = _WRIST_BITS
JOINT_BITS[_KNUCKLES] = _KNUCKLE_BITS

_SQRT_2, _SQRT_HALF = math.sqrt(2.0), math.sqrt(0.5)

_HALF: IntArray = 2 ** (JOINT_BITS - 1) - 1
"""Levels go from 0 to twice this, and this one is zero, so that no turn stays none."""


def _with_zero(vectors: list[Any]) -> FloatArray:
    """Vectors as quaternions without a real part."""
    return np.pad(np.array(vectors, np.float64), [*[(0, 0)] * (np.ndim(vectors) - 1), (0, 1)])


# An adult's right hand, metres: wrist to knuckles, then the phalanges of the five fingers in joint
# order. Only the choice between roundings rests on it, so it need not be the hand that is sent.
_TO_KNUCKLES = 1e-3 * _with_zero(
    [[-90, -4, 22], [-91, 0, 0], [-80, -4, -36], [-86, 0, -18], [-27, -9, 22]]
)
_PHALANGES = 1e-3 * _with_zero(
    [
        [[-39, 0, 4], [-23, 0, 2], [-24, 0, 2]],
        [[-44, 0, -5], [-27, 0, -3], [-23, 0, -3]],
        [[-26, 0, -9], [-14, 0, -5], [-16, 0, -6]],
        [[-38, 0, -10], [-24, 0, -6], [-24, 0, -6]],
        [[-30, -15, 24], [-24, -8, 14], [-23, -6, 12]],
    ]
)
_MIRRORED = np.array([[-1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]])
_INVERSE = np.array([-1.0, -1.0, -1.0, 1.0])

# The product of quaternions xyzw as a matrix of the first one's components, times the second one.
_PRODUCT = np.array([[3, 2, 1, 0], [2, 3, 0, 1], [1, 0, 3, 2], [0, 1, 2, 3]])
_PRODUCT_SIGN = np.array([[1, -1, 1, 1], [1, 1, -1, 1], [-1, 1, 1, 1], [-1, -1, -1, 1]])
_ROW, _COLUMN = np.indices((4, 4))
_TRANSPOSED: FloatArray = np.zeros((4, 16))
_TRANSPOSED[_PRODUCT.T, 4 * _ROW + _COLUMN] = _PRODUCT_SIGN.T
"""A quaternion times this is its matrix, transposed."""


def _matrices(quat: FloatArray) -> FloatArray:
    """Quaternions ``(N, 4)`` as matrices ``(N, 4, 4)``, transposed.

    ``b[:, None] @ matrices`` are the products ``quat b``; ``matrices @ b[..., None]`` those of the
    inverse of ``quat``, if it has length 1, and ``b``.
    """
    return (quat @ _TRANSPOSED).reshape(-1, 4, 4)


def _turns(vectors: FloatArray) -> FloatArray:
    """What turns vectors ``(..., 4)``, the last number 0: ``(..., 16, 3)``, for `_squares`."""
    flat, units = vectors.reshape(-1, 4), np.eye(4)
    terms = [
        (last @ _matrices(flat @ first))[:, :3]  # first times vector, times the inverse of last
        for first in _matrices(units)
        for last in units * _INVERSE
    ]
    return np.stack(terms, axis=1).reshape(*vectors.shape[:-1], 16, 3)


def _squares(quat: FloatArray) -> FloatArray:
    """The products of the components of quaternions ``(..., 4)``, ``(..., 16)``.

    Times what `_turns` has made of a vector, they are the vector turned by the quaternion: all of
    it in one product of matrices, for numpy's calls cost more here than what they calculate.
    """
    return (quat[..., :, None] * quat[..., None, :]).reshape(*quat.shape[:-1], 16)


# By side, left 0 and right 1: (2, 16, 15), and by level (2, 3, 5, 16, 3).
_TURNS_TO_KNUCKLES = np.concatenate(
    list(np.moveaxis(_turns(_TO_KNUCKLES * _MIRRORED[:, None]), 1, 0)), axis=-1
)
_TURNS_OF_PHALANGES = _turns(_PHALANGES * _MIRRORED[:, None, None]).swapaxes(1, 2)

_UP_OR_DOWN = np.indices((2, 2, 2)).reshape(3, 8).T.astype(np.float64)
_OTHERS = np.array([[k for k in range(4) if k != largest] for largest in range(4)])
_ORDER = np.column_stack([_OTHERS, np.arange(4)])
_PLACES = np.array(
    [
        [(*others, largest).index(k) for k in range(4)]
        for largest, others in enumerate(_OTHERS.tolist())
    ]
)


def quaternions(largest: IntArray, levels: IntArray, half: IntArray) -> FloatArray:
    """The rotations that levels stand for.

    Args:
        largest: ``(N,)`` which component is largest, xyzw.
        levels: ``(N, 3)`` the others in the order xyzw, 0 to ``2 half``.
        half: ``(N,)`` the level of zero.

    Returns:
        ``(N, 4)`` of length 1 and w >= 0; NaN where the three alone are longer than 1.
    """
    three = (levels / half[:, None] - 1.0) * np.sqrt(0.5)
    with np.errstate(invalid="ignore"):
        rest = np.sqrt(1.0 - np.square(three).sum(1, keepdims=True))
    quat = np.concatenate([three, rest], axis=1)[np.arange(len(three))[:, None], _PLACES[largest]]
    positive: FloatArray = np.where(quat[:, 3:] < 0, -quat, quat)
    return positive


def levels_of_poses(sides: IntArray, pose_quat: FloatArray) -> tuple[IntArray, IntArray]:
    """What to send of the rotations of H hands.

    Args:
        sides: ``(H,)`` 0 left, 1 right.
        pose_quat: ``(H, 16, 4)`` unit quaternions xyzw, MANO joint order.

    Returns:
        Which component is largest ``(H, 16)``, and the levels of the others ``(H, 16, 3)``.
    """
    count, fingers = len(pose_quat), len(_KNUCKLES)
    pose = np.asarray(pose_quat, dtype=np.float64)
    largest = np.empty((count, N_JOINTS), np.int64)
    levels = np.empty((count, N_JOINTS, 3), np.int64)

    # From here on, what is sent and what is meant turn the rest frame into the stage.
    meant = pose[:, 0]
    ways = _Ways(meant, _matrices(np.tile([0.0, 0.0, 0.0, 1.0], (count, 1))), float(_HALF[0]))
    # (H, 8, 5, 3): where each way puts the knuckles, from where they belong.
    missed = _missed(ways, meant, _TURNS_TO_KNUCKLES[sides]).reshape(count, -1, fingers, 3)
    best = ways.best(np.square(missed).sum(-1).max(-1))
    largest[:, 0], levels[:, 0], sent = ways.taken(best)
    # Rows are the fingers of all hands.
    miss = missed[np.arange(count), best].reshape(-1, 3)
    sent, meant = sent.repeat(fingers, axis=0), meant.repeat(fingers, axis=0)
    rows = np.arange(count * fingers)
    turns = _TURNS_OF_PHALANGES[sides]
    for level in range(3):
        joints = _KNUCKLES + level
        meant = (pose[:, joints].reshape(-1, 1, 4) @ _matrices(meant))[:, 0]
        # What brings this joint to where it is meant to point, from where its parent really points.
        parents = _matrices(sent)
        ways = _Ways((parents @ meant[..., None])[..., 0], parents, float(_HALF[joints[0]]))
        missed = _missed(ways, meant, turns[:, level].reshape(-1, 16, 3)) + miss[:, None]
        best = ways.best(np.square(missed).sum(-1))
        found, steps, sent = ways.taken(best)
        largest[:, joints] = found.reshape(count, -1)
        levels[:, joints] = steps.reshape(count, -1, 3)
        miss = missed[rows, best]
    return largest, levels


def _missed(ways: _Ways, meant: FloatArray, turns: FloatArray) -> FloatArray:
    """Where each of eight ways puts vectors, from where they belong: ``(N, 8, ...)``."""
    turned = _squares(np.concatenate([ways.turned, meant[:, None]], axis=1)) @ turns
    missed: FloatArray = turned[:, :-1] - turned[:, -1:]
    return missed


class _Ways:
    """The eight ways to round each of some unit quaternions ``(N, 4)``.

    Args:
        quat: The quaternions.
        parents: What they turn against, as `_matrices`.
        half: The level of zero.

    Attributes:
        turned: ``(N, 8, 4)`` parent and rounded quaternion together, of either sign.
    """

    def __init__(self, quat: FloatArray, parents: FloatArray, half: float) -> None:
        self._rows = np.arange(len(quat))
        rows = self._rows[:, None]
        self._largest = np.abs(quat).argmax(1)
        order = _ORDER[self._largest]
        ordered = quat[rows, order]
        three = ordered[:, :3] * np.sign(ordered[:, 3:])
        exact = (three * _SQRT_2 + 1.0) * half
        levels = np.floor(exact)[:, None] + _UP_OR_DOWN
        self._levels = np.minimum(np.maximum(levels, 0.0, out=levels), 2.0 * half, out=levels)
        rounded = np.empty((len(quat), len(_UP_OR_DOWN), 4))
        three = (levels / half - 1.0) * _SQRT_HALF
        rest = 1.0 - np.square(three).sum(-1)
        self._none = rest < 0.0
        rounded[..., :3] = three
        rounded[..., 3] = np.sqrt(np.abs(rest))
        self.turned: FloatArray = rounded @ parents[rows, order]

    def best(self, error: FloatArray) -> IntArray:
        """The ways with the smallest of errors ``(N, 8)``."""
        error[self._none] = np.inf
        best: IntArray = error.argmin(1)
        return best

    def taken(self, best: IntArray) -> tuple[IntArray, FloatArray, FloatArray]:
        """Which component is largest, the levels of the others, and ``turned`` of these ways."""
        rows = self._rows
        return self._largest, self._levels[rows, best], self.turned[rows, best]
