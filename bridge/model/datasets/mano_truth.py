"""A dataset's MANO parameters as the truth of a right hand: mesh, local rotations, betas."""

from __future__ import annotations

from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from bridge.model.datasets.crops import MIRROR
from bridge.model.datasets.labels import ManoLabel
from bridge.model.hand.mano import mano_hand
from bridge.model.hand.open_hand import open_hand
from bridge.model.hand.skinned_hand import SkinnedHand
from bridge.model.pose import FloatArray
from bridge.protocol.joints import N_BETAS, Side

__all__ = ["HandTruth", "ManoTruth", "palm_rotation"]

_PALM = [0, 5, 9, 13, 17]
"""Keypoints that move with the wrist, whatever the fingers do."""


class HandTruth(NamedTuple):
    """A right hand; left ones are mirrored.

    Attributes:
        vertices_m: ``(778, 3)`` wrist at the origin, in the hand's rest frame.
        wrist: ``(3, 3)`` the rest frame to the label's axes, mirrored for a left hand.
        pose: ``(15, 3, 3)`` local rotations.
        betas: ``(10,)`` of the right hand's model.
        origin_m: ``(3,)`` where MANO's file has the wrist at rest; not mirrored.
    """

    vertices_m: FloatArray
    wrist: FloatArray
    pose: FloatArray
    betas: FloatArray
    origin_m: FloatArray


class ManoTruth:
    """Turns labels into truth by the user's own MANO files.

    Args:
        path: Folder of the files, as for `mano_hand`.
        fix_left: Whether left hands are labelled with the mended left-hand file.

    Raises:
        InputError: There is no file of the right hand.
        ModelError: It is not MANO's.
    """

    def __init__(self, path: Path | str, *, fix_left: bool) -> None:
        self._path, self._fix_left = path, fix_left
        self._right = mano_hand(path, Side.RIGHT, fix_left_shapedirs=False)

    @cached_property
    def _left(self) -> SkinnedHand:
        return mano_hand(self._path, Side.LEFT, fix_left_shapedirs=self._fix_left)

    def palm(self) -> FloatArray:
        """``(5, 3)`` keypoints of the resting palm."""
        return self._right.rest_keypoints(np.zeros(N_BETAS))[_PALM]

    def truth(self, label: ManoLabel, side: Side) -> HandTruth:
        """One label's truth."""
        hand = self._right if side is Side.RIGHT else self._left
        local = _local(hand, label)
        rotations = np.concatenate([np.zeros((1, 3)), local])
        quats = Rotation.from_rotvec(rotations).as_quat()
        vertices = hand.vertices(label.betas, quats, np.zeros(3))
        wrist = Rotation.from_rotvec(label.wrist).as_matrix()
        pose = Rotation.from_rotvec(local).as_matrix()
        betas = label.betas
        if side is Side.LEFT:
            vertices = vertices @ MIRROR
            wrist, pose = MIRROR @ wrist @ MIRROR, MIRROR @ pose @ MIRROR
            betas = self._right_betas(hand, betas)
        return HandTruth(vertices, wrist, pose, betas, hand.origin_m(label.betas))

    def _right_betas(self, left: SkinnedHand, betas: FloatArray) -> FloatArray:
        """The right hand's betas whose shape is nearest to a left hand's in the mirror.

        They are the left hand's own unless its file has MANO's left-hand fault.
        """
        wanted = left.rest_vertices(betas) @ MIRROR - self._right.rest_vertices(np.zeros(N_BETAS))
        fitted: FloatArray = self._inverse @ wanted.ravel()
        return fitted

    @cached_property
    def _inverse(self) -> FloatArray:
        inverse: FloatArray = np.linalg.pinv(self._right.shape_dirs.reshape(-1, N_BETAS))
        return inverse


def palm_rotation(joints_m: FloatArray, palm_m: FloatArray | None = None) -> FloatArray:
    """The hand's rest frame to the axes of its keypoints, from the palm alone (Kabsch 1976).

    Args:
        joints_m: ``(21, 3)`` of a right hand.
        palm_m: ``(5, 3)`` wrist and four knuckles at rest; the open hand's where None.
    """
    rest = _open_palm() if palm_m is None else palm_m
    palm = joints_m[_PALM]
    turn, _ = Rotation.align_vectors(palm - palm.mean(0), rest - rest.mean(0))
    matrix: FloatArray = turn.as_matrix()
    return matrix


@lru_cache(maxsize=1)
def _open_palm() -> FloatArray:
    return open_hand(Side.RIGHT).rest_keypoints(np.zeros(N_BETAS))[_PALM]


def _local(hand: SkinnedHand, label: ManoLabel) -> FloatArray:
    """Local rotation vectors ``(15, 3)``."""
    pca = hand.data.pca
    if label.space == "flat" or pca is None:
        return label.pose.reshape(-1, 3)
    if label.space == "pca":
        return pca.rotvecs(label.pose)
    rotvecs: FloatArray = (label.pose + pca.mean).reshape(-1, 3)
    return rotvecs
