"""Fusion in hand space: align the views' hands, then average them by confidence.

HaMuCo (Zheng et al. 2023, "fusion") averages the single-view results after alignment by Procrustes
or extrinsics. Two things are added, because the cameras here stand still and each sees depth
badly: the alignment is pooled over time, and a view's confidence is a matrix that trusts its
depth axis less than its image plane, so that each view fills in what the other one guesses.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bridge.model.fusion.alignment import RunningAlignment
from bridge.model.fusion.interface import FUSERS
from bridge.model.fusion.seen import SeenHand, Seer, monocular
from bridge.model.hand import HandFitter, open_hand
from bridge.model.pose import FloatArray, HandPose, Hands, ViewHands
from bridge.protocol.joints import Side

__all__ = ["HandSpaceFuser"]

_DEPTH_TRUST = 0.03
"""Information along a view's depth axis, relative to its image plane, for a hand's own shape."""

_PLACE_DEPTH_TRUST = 0.01
"""The same for where the hand is: monocular distance is about ten times worse than direction."""

_PATIENCE_SETS = 90  # Three seconds at 30 a second.

_STAGE_FROM_CAMERA = np.array([1.0, -1.0, -1.0])
"""OpenCV camera axes to the stage's OpenXR axes."""


def _information(rotation: FloatArray, depth_trust: float) -> FloatArray:
    """``(3, 3)`` information of a view in stage axes: less along the view's depth."""
    depth = rotation[:, 2]
    return np.eye(3) - (1 - depth_trust) * np.outer(depth, depth)


class HandSpaceFuser:
    """Calibration-free fusion of any number of views; see the module for the method.

    The stage is the first view's camera, turned to OpenXR axes; it stays there when that device
    leaves, as long as another view knows where it stands. A view that shares no hand with the
    others is not used until it does, unless for some seconds it alone sees hands: then the stage
    moves to it.

    Args:
        see: What tells each hand's shape in each view's axes.
    """

    def __init__(self, see: Seer = monocular) -> None:
        self._see = see
        self._cameras: dict[str, RunningAlignment] = {}
        self._unplaced_sets = 0
        self._fitters = tuple(HandFitter(open_hand(side)) for side in Side)

    def fuse(self, time_ns: int, views: Sequence[ViewHands]) -> Hands:
        """See ``Fuser.fuse``."""
        seen = self._see(views)
        if views and not self._cameras:
            self._set_stage(views[0].view)
        self._align(seen)
        if seen and not seen.keys() & self._cameras.keys():
            self._unplaced_sets += 1
            if self._unplaced_sets > _PATIENCE_SETS:
                self._set_stage(next(iter(seen)))
        left, right = (self._fuse_side(side, seen) for side in (Side.LEFT, Side.RIGHT))
        return Hands(time_ns, (left, right))

    def forget(self, view: str) -> None:
        """See ``Fuser.forget``."""
        self._cameras.pop(view, None)

    def _set_stage(self, view: str) -> None:
        self._cameras = {view: RunningAlignment.of_stage()}
        self._unplaced_sets = 0

    def _align(self, seen: dict[str, dict[Side, SeenHand]]) -> None:
        """Pools this instant's evidence on where each view stands, against views that know."""
        placed = {view: hands for view, hands in seen.items() if view in self._cameras}
        for view, hands in seen.items():
            shared = [
                (self._cameras[other], mine, theirs[side])
                for other, theirs in placed.items()
                if other != view
                for side, mine in hands.items()
                if side in theirs
            ]
            if not shared:
                continue
            camera = self._cameras.setdefault(view, RunningAlignment())
            covariance = np.zeros((3, 3))
            for other, mine, theirs in shared:
                weight = (mine.confidence * theirs.confidence)[:, None]
                covariance += (weight * mine.local_m).T @ (theirs.local_m @ other.rotation.T)
            camera.add(covariance)
            for other, mine, theirs in shared:
                camera.add_place(other.rotation @ theirs.place_m + other.offset_m, mine.place_m)

    def _fuse_side(self, side: Side, seen: dict[str, dict[Side, SeenHand]]) -> HandPose | None:
        views = [
            (self._cameras[view], hands[side])
            for view, hands in seen.items()
            if side in hands and view in self._cameras
        ]
        if not views:
            return None
        shape = _WeightedMean((21, 3))
        place = _WeightedMean((3,))
        for camera, hand in views:
            shape.add(
                hand.local_m @ camera.rotation.T,
                hand.confidence[:, None, None] * _information(camera.rotation, _DEPTH_TRUST),
            )
            place.add(
                camera.rotation @ hand.place_m + camera.offset_m,
                hand.confidence.mean() * _information(camera.rotation, _PLACE_DEPTH_TRUST),
            )
        keypoints = shape.value() + place.value()
        confidence = np.max([hand.confidence for _, hand in views], axis=0)
        return self._fitters[side].fit(keypoints * _STAGE_FROM_CAMERA, confidence)


class _WeightedMean:
    """Mean of vectors ``(..., 3)`` whose weights are information matrices ``(..., 3, 3)``."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._information = np.broadcast_to(1e-9 * np.eye(3), (*shape, 3)).copy()
        self._sum = np.zeros(shape)

    def add(self, value: FloatArray, information: FloatArray) -> None:
        self._information += information
        self._sum += np.einsum("...ij,...j->...i", information, value)

    def value(self) -> FloatArray:
        return np.linalg.solve(self._information, self._sum[..., None])[..., 0]


FUSERS["hand-space"] = HandSpaceFuser
