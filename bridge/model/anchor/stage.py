"""From cameras that hands have calibrated to the instrument's frame: scale, place and lenses.

Cameras known from hands are in the first camera's axes and as large as the hands are taken to be.
Two anchored views give that frame its true size, by the distance between them. One anchored view
gives where the frame lies, but not its size: that stays the hands'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from bridge.errors import InputError
from bridge.model.anchor.anchor import Anchor, AnchoredView, ViewPose
from bridge.model.anchor.geometry import angle_between
from bridge.model.pose import FloatArray
from bridge.model.selfcal.cameras import Cameras

__all__ = ["Placement", "Similarity", "place_stage"]

_VAGUEST_SCALE = 0.1
"""Hands differ by about so much: what is less certain says nothing new."""

_LEAST_BASELINE_M = 0.02


@dataclass(frozen=True, slots=True)
class Similarity:
    """Takes a stage point X to ``scale * rotation X + offset_m``.

    Attributes:
        rotation: ``(3, 3)``.
        offset_m: ``(3,)``.
        scale: Metres of the instrument for a metre of the stage.
    """

    rotation: FloatArray
    offset_m: FloatArray
    scale: float

    def points(self, points_m: FloatArray) -> FloatArray:
        """Stage points ``(..., 3)`` in the instrument's frame."""
        moved: FloatArray = self.scale * (points_m @ self.rotation.T) + self.offset_m
        return moved

    def cameras(self, cameras: Cameras) -> Cameras:
        """The same cameras, seen from the instrument's frame."""
        rotation = cameras.rotation @ self.rotation.T
        return Cameras(
            rotation, self.scale * cameras.offset_m - rotation @ self.offset_m, cameras.focal
        )


@dataclass(frozen=True, slots=True)
class Placement:
    """How cameras from hands and an anchor belong together.

    Attributes:
        similarity: From the stage to the instrument's frame.
        scale_known: Whether its scale was measured; else it is 1, and lengths stay the hands'.
        scale_std: Relative standard deviation of the measured scale; infinite if none was.
        focal: ``(V,)`` focal lengths that the anchor measured, longer image sides; NaN where a
            view has none. Where they differ from those the cameras were found with, the cameras
            are bent too: find them again with these.
        focal_std: ``(V,)`` their standard deviations; NaN likewise.
        turn_rad: Largest disagreement of an anchored view's rotation, 0 with one.
        shift_m: Largest disagreement of an anchored view's position, 0 with one.
    """

    similarity: Similarity
    scale_known: bool
    scale_std: float
    focal: FloatArray
    focal_std: FloatArray
    turn_rad: float
    shift_m: float


def place_stage(cameras: Cameras, anchor: Anchor, which: Sequence[int]) -> Placement:
    """Finds where the instrument is among cameras.

    Args:
        cameras: All cameras, in any common frame and size.
        anchor: The anchor.
        which: For each of the anchor's views, which of the cameras it is.

    Raises:
        InputError: ``which`` names no such cameras.
    """
    if len(which) != len(anchor.views) or not set(which) <= set(range(len(cameras))):
        raise InputError(
            f"an anchor of {len(anchor.views)} views needs as many of the {len(cameras)} cameras"
        )
    if len(set(which)) != len(which):
        raise InputError("two views of the anchor are the same camera")
    poses = _agreeing(cameras, anchor, which)
    views, index = anchor.views, list(which)
    turns = np.stack(
        [p.rotation.T @ cameras.rotation[i] for p, i in zip(poses, index, strict=True)]
    )
    rotation = _mean_turn(turns, np.array([v.rotation_std_rad for v in views]))
    here = -np.einsum("vji,vj->vi", cameras.rotation[index], cameras.offset_m[index]) @ rotation.T
    there = np.stack([p.centre_m for p in poses])
    weight = np.array([v.position_std_m for v in views]) ** -2.0
    weight /= weight.sum()
    scale, scale_std = _scale(here, there, weight, views)
    offset = weight @ (there - scale * here)
    focal, focal_std = np.full((2, len(cameras)), np.nan)
    focal[index] = [p.focal for p in poses]
    focal_std[index] = [v.focal_std for v in views]
    return Placement(
        Similarity(rotation, offset, scale),
        bool(np.isfinite(scale_std)),
        scale_std,
        focal,
        focal_std,
        float(max(angle_between(rotation, turn) for turn in turns)),
        float(np.linalg.norm(there - scale * here - offset, axis=1).max()),
    )


def _agreeing(cameras: Cameras, anchor: Anchor, which: Sequence[int]) -> tuple[ViewPose, ...]:
    """Each view's pose or its rival: those whose relative rotations agree with the cameras'."""
    choices = [[v.pose] if v.rival is None else [v.pose, v.rival] for v in anchor.views]

    def disagreement(poses: tuple[ViewPose, ...]) -> float:
        turns = [p.rotation.T @ cameras.rotation[i] for p, i in zip(poses, which, strict=True)]
        return sum(angle_between(one, other) ** 2 for one, other in combinations(turns, 2))

    return min(product(*choices), key=disagreement)


def _mean_turn(turns: FloatArray, std_rad: FloatArray) -> FloatArray:
    """The rotation nearest to several ``(V, 3, 3)``, weighted (chordal mean)."""
    if len(turns) == 1:
        return turns[0]
    u, _, vt = np.linalg.svd(np.einsum("v,vij->ij", std_rad**-2.0, turns))
    u[:, 2] *= np.linalg.det(u @ vt)
    mean: FloatArray = u @ vt
    return mean


def _scale(
    here: FloatArray, there: FloatArray, weight: FloatArray, views: Sequence[AnchoredView]
) -> tuple[float, float]:
    """Size of the stage from distances between its cameras, and its relative deviation."""
    apart, wide = here - weight @ here, there - weight @ there
    std = np.array([v.position_std_m for v in views])
    base = float(weight @ (apart**2).sum(1))
    along = float(weight @ (apart * wide).sum(1))
    if len(views) < 2 or along <= 0 or np.sqrt(weight @ (wide**2).sum(1)) < _LEAST_BASELINE_M:
        return 1.0, np.inf
    # How the sum above moves with each position; a deviation is of three axes together.
    moved = float(np.sqrt((weight**2 * (apart**2).sum(1) * std**2 / 3).sum()))
    relative = moved / along
    return (along / base, relative) if relative < _VAGUEST_SCALE else (1.0, np.inf)
