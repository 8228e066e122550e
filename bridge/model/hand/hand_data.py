"""The arrays that make a hand model, checked once, whatever file they came from."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from bridge.errors import ModelError
from bridge.model.hand.pca import PosePca
from bridge.model.pose import FloatArray
from bridge.protocol.joints import FINGERS, N_BETAS, N_JOINTS, N_KEYPOINTS, Side

__all__ = ["N_POSE_DIRS", "HandData"]

N_POSE_DIRS = (N_JOINTS - 1) * 9
"""Pose blend shapes: one for each entry of the 15 local rotation matrices."""


@dataclass(frozen=True, eq=False)
class HandData:
    """A hand model as plain arrays: metres, wrist at the origin, rest frames as in `HandModel`.

    Arrays are copied, made read-only and exact: weights sum to 1, axes have length 1.

    Attributes:
        side: Which hand.
        vertices_m: ``(V, 3)`` rest vertices at betas 0.
        shape_dirs_m: ``(V, 3, 10)`` their change for a beta of 1.
        keypoints_m: ``(21, 3)`` rest keypoints at betas 0.
        keypoint_dirs_m: ``(21, 3, 10)`` their change for a beta of 1: a joint regressor is linear,
            so it is folded in here.
        faces: ``(F, 3)`` vertex indices, outward by the right-hand rule.
        weights: ``(V, 16)`` skinning weights.
        flexion_axes: ``(16, 3)`` axes about which a positive turn closes the hand; wrist zero.
        pose_dirs_m: ``(V, 3, 135)`` pose blend shapes, or None.
        fingertip_vertices: Five vertices in the order of ``FINGERS`` that are the posed
            fingertips, or None where fingertips move rigidly.
        origin_m: ``(3,)`` where the file that the arrays came from has the wrist at betas 0.
        origin_dirs_m: ``(3, 10)`` its change for a beta of 1.
        pca: The pose space, or None.

    Raises:
        ModelError: An array has another shape or is not finite.
    """

    side: Side
    vertices_m: FloatArray
    shape_dirs_m: FloatArray
    keypoints_m: FloatArray
    keypoint_dirs_m: FloatArray
    faces: NDArray[np.integer]
    weights: FloatArray
    flexion_axes: FloatArray
    pose_dirs_m: FloatArray | None = None
    fingertip_vertices: tuple[int, ...] | None = None
    origin_m: FloatArray = field(default_factory=lambda: np.zeros(3))
    origin_dirs_m: FloatArray = field(default_factory=lambda: np.zeros((3, N_BETAS)))
    pca: PosePca | None = None

    def __post_init__(self) -> None:
        count = len(self.vertices_m)
        shapes: dict[str, tuple[int, ...]] = {
            "vertices_m": (count, 3),
            "shape_dirs_m": (count, 3, N_BETAS),
            "keypoints_m": (N_KEYPOINTS, 3),
            "keypoint_dirs_m": (N_KEYPOINTS, 3, N_BETAS),
            "faces": (len(self.faces), 3),
            "weights": (count, N_JOINTS),
            "flexion_axes": (N_JOINTS, 3),
            "pose_dirs_m": (count, 3, N_POSE_DIRS),
            "origin_m": (3,),
            "origin_dirs_m": (3, N_BETAS),
        }
        for name, shape in shapes.items():
            value = getattr(self, name)
            if value is not None:
                self._keep(name, _checked(name, value, shape))
        if self.faces.size and not 0 <= self.faces.min() <= self.faces.max() < count:
            raise ModelError(f"faces of a hand of {count} vertices must name vertices")
        tips = self.fingertip_vertices
        if tips is not None and (
            len(tips) != len(FINGERS) or not 0 <= min(tips) <= max(tips) < count
        ):
            raise ModelError(f"fingertips must be {len(FINGERS)} of {count} vertices, not {tips}")
        # Files have single precision: what must be exact is made so.
        self._keep("weights", self.weights / self.weights.sum(axis=1, keepdims=True))
        axes = np.array(self.flexion_axes)
        axes[1:] /= np.linalg.norm(axes[1:], axis=1, keepdims=True)
        self._keep("flexion_axes", axes)
        for kept in fields(self):
            array = getattr(self, kept.name)
            if isinstance(array, np.ndarray):
                array.flags.writeable = False

    def _keep(self, name: str, array: NDArray[np.generic]) -> None:
        object.__setattr__(self, name, array)


def _checked(name: str, value: NDArray[np.generic], shape: tuple[int, ...]) -> NDArray[np.generic]:
    """A copy in double precision, or as int64 for indices."""
    array = np.array(value, dtype=np.int64 if name == "faces" else np.float64)
    if array.shape != shape:
        raise ModelError(f"{name} of a hand must have shape {shape}, not {array.shape}")
    if not np.isfinite(array).all():
        raise ModelError(f"{name} of a hand has numbers that are not finite")
    return array
