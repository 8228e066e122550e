"""Rotations in few bits: smallest three, rounded so that errors do not add up along a finger.

A unit quaternion is told by which component is largest (2 bits) and the other three, each in
``b`` bits over -1/sqrt(2) to 1/sqrt(2). Rounding each rotation for itself, a fingertip errs by the
sum of what four rotations err. Here each joint makes up for those before it: of the eight ways to
round its rotation up or down, the one is taken that brings the end of its bone nearest to where it
belongs. Readers need not know; they only see other levels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.protocol.joints import JOINT_PARENTS, N_JOINTS, Side

__all__ = ["JOINT_BITS", "levels_of_poses", "quaternions"]

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.int64]

_KNUCKLES = np.array([j for j, parent in enumerate(JOINT_PARENTS) if parent == 0])
_WRIST_BITS, _KNUCKLE_BITS, _OTHER_BITS = 13, 10, 9
JOINT_BITS: IntArray = np.full(N_JOINTS, _OTHER_BITS)
"""Bits of each component of each joint's rotation: more where a longer arm hangs on it."""
JOINT_BITS[0] = _WRIST_BITS
JOINT_BITS[_KNUCKLES] = _KNUCKLE_BITS

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
_MIRRORED = np.array([-1.0, 1.0, 1.0, 1.0])
_INVERSE = np.array([-1.0, -1.0, -1.0, 1.0])

# The product of quaternions xyzw as a matrix of the first one's components, times the second one.
_PRODUCT = np.array([[3, 2, 1, 0], [2, 3, 0, 1], [1, 0, 3, 2], [0, 1, 2, 3]])
_PRODUCT_SIGN = np.array([[1, -1, 1, 1], [1, 1, -1, 1], [-1, 1, 1, 1], [-1, -1, -1, 1]])

_UP_OR_DOWN: IntArray = np.indices((2, 2, 2)).reshape(3, 8).T
_OTHERS = np.array([[k for k in range(4) if k != largest] for largest in range(4)])
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
    mirror = np.where(sides[:, None] == Side.LEFT, _MIRRORED, 1.0)
    arms = _TO_KNUCKLES * mirror[:, None]
    bones = (_PHALANGES * mirror[:, None, None]).reshape(count * fingers, 3, 4)
    pose = np.asarray(pose_quat, dtype=np.float64)
    largest = np.empty((count, N_JOINTS), np.int64)
    levels = np.empty((count, N_JOINTS, 3), np.int64)

    ways = _Ways(pose[:, 0], _HALF[:1])
    # (H, 8, 5, 3): where each way puts the knuckles, from where they belong.
    missed = _turned(ways.quat[:, :, None], arms[:, None])
    missed -= _turned(pose[:, :1], arms)[:, None]
    best = np.nan_to_num(np.square(missed).sum(-1).max(-1), nan=np.inf).argmin(1)
    largest[:, 0], levels[:, 0] = ways.taken(best)
    # From here on, what is sent and what is meant turn the rest frame into the stage, and rows are
    # the fingers of all hands.
    hands = np.arange(count)
    sent: FloatArray = ways.quat[hands, best].repeat(fingers, axis=0)
    miss = missed[hands, best].reshape(-1, 3)
    meant: FloatArray = pose[:, 0].repeat(fingers, axis=0)
    rows = np.arange(count * fingers)
    for level in range(3):
        joints = _KNUCKLES + level
        meant = _product(meant, pose[:, joints].reshape(-1, 4))
        # What brings this joint to where it is meant to point, from where its parent really points.
        ways = _Ways(_product(sent * _INVERSE, meant), _HALF[joints[:1]])
        turned = _product(sent[:, None], ways.quat)
        bone = bones[:, level]
        missed = _turned(turned, bone[:, None]) + (miss - _turned(meant, bone))[:, None]
        best = np.nan_to_num(np.square(missed).sum(-1), nan=np.inf).argmin(1)
        found = ways.taken(best)
        largest[:, joints] = found[0].reshape(count, -1)
        levels[:, joints] = found[1].reshape(count, -1, 3)
        sent, miss = turned[rows, best], missed[rows, best]
    return largest, levels


class _Ways:
    """The eight ways to round each of some quaternions ``(N, 4)``.

    Attributes:
        quat: ``(N, 8, 4)``, NaN where a way is none.
    """

    def __init__(self, quat: FloatArray, half: IntArray) -> None:
        self._largest, self._rows = np.abs(quat).argmax(1), np.arange(len(quat))
        sign = np.sign(quat[self._rows, self._largest])[:, None]
        three = quat[self._rows[:, None], _OTHERS[self._largest]] * sign
        exact = (three * np.sqrt(2.0) + 1.0) * half[:, None]
        ways = np.floor(exact).astype(np.int64)[:, None] + _UP_OR_DOWN
        self._levels = np.clip(ways, 0, 2 * half)
        largest = self._largest.repeat(len(_UP_OR_DOWN))
        self.quat = quaternions(largest, self._levels.reshape(-1, 3), half).reshape(
            *ways.shape[:2], 4
        )

    def taken(self, best: IntArray) -> tuple[IntArray, IntArray]:
        return self._largest, self._levels[self._rows, best]


def _product(a: FloatArray, b: FloatArray) -> FloatArray:
    """Quaternions xyzw that turn by ``b``, then by ``a``; leading axes broadcast."""
    product: FloatArray = ((a[..., _PRODUCT] * _PRODUCT_SIGN) @ b[..., None])[..., 0]
    return product


def _turned(quat: FloatArray, vectors: FloatArray) -> FloatArray:
    """Vectors ``(..., 4)``, the last number 0, turned by unit quaternions: ``(..., 3)``."""
    return _product(_product(quat, vectors), quat * _INVERSE)[..., :3]
