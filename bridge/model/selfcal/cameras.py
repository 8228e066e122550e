"""Cameras as the adjustment moves them: where they stand, how they look, and one focal length each.

Images are in longer image sides from the centre, so focal lengths are too. The stage is the first
camera: it stays where it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bridge.model.hand.rotation import matrix_from_rotvec, skew
from bridge.model.lens import FOCAL_PRIOR
from bridge.model.pose import FloatArray

__all__ = ["N_CAMERA", "Cameras"]

N_CAMERA = 7
"""Rotation (3), offset (3) and log focal length of a camera."""

_NEAREST_M = 0.05


@dataclass(frozen=True, slots=True)
class Cameras:
    """V cameras; a stage point X is at ``R X + t`` in a camera's OpenCV axes.

    Attributes:
        rotation: ``(V, 3, 3)``.
        offset_m: ``(V, 3)``.
        focal: ``(V,)`` longer image sides.
    """

    rotation: FloatArray
    offset_m: FloatArray
    focal: FloatArray

    @classmethod
    def unknown(cls, count: int) -> Cameras:
        """Cameras that all stand in the stage's origin, with the prior focal length."""
        return cls(
            np.tile(np.eye(3), (count, 1, 1)), np.zeros((count, 3)), np.full(count, FOCAL_PRIOR)
        )

    def __len__(self) -> int:
        return len(self.focal)

    def moved(self, step: FloatArray) -> Cameras:
        """Cameras after a step ``(V, 7)``."""
        turn = matrix_from_rotvec(step[:, :3])
        return Cameras(
            turn @ self.rotation,
            (turn @ self.offset_m[..., None])[..., 0] + step[:, 3:6],
            self.focal * np.exp(np.clip(step[:, 6], -0.5, 0.5)),
        )

    def with_focal(self, focal: FloatArray) -> Cameras:
        """The same cameras with other lenses."""
        return replace(self, focal=np.broadcast_to(focal, self.focal.shape).astype(float))

    def to_camera(self, points_m: FloatArray) -> FloatArray:
        """Stage points ``(..., K, 3)`` in every camera's axes: ``(..., V, K, 3)``."""
        turned = points_m[..., None, :, :] @ np.swapaxes(self.rotation, -1, -2)
        moved: FloatArray = turned + self.offset_m[:, None]
        return moved

    def to_stage(self, points_m: FloatArray) -> FloatArray:
        """Points ``(..., V, K, 3)``, each in its camera's axes, in the stage."""
        moved: FloatArray = (points_m - self.offset_m[:, None]) @ self.rotation
        return moved

    def project(self, points_m: FloatArray) -> FloatArray:
        """Images ``(..., V, K, 2)`` of stage points ``(..., K, 3)``."""
        there = self.to_camera(points_m)
        images: FloatArray = (
            self.focal[:, None, None] * there[..., :2] / np.maximum(there[..., 2:], _NEAREST_M)
        )
        return images

    def fundamental(self, first: int, second: int) -> FloatArray:
        """``(3, 3)`` matrix F with ``x2' F x1 = 0`` for images of the same point in two of them.

        Hartley and Zisserman, Multiple View Geometry, eq. 9.2 for calibrated cameras.
        """
        turn = self.rotation[second] @ self.rotation[first].T
        shift = self.offset_m[second] - turn @ self.offset_m[first]
        to_rays = [np.diag([1 / f, 1 / f, 1.0]) for f in self.focal[[first, second]]]
        matrix: FloatArray = to_rays[1] @ skew(shift) @ turn @ to_rays[0]
        return matrix

    def linearised(self, points_m: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Images of stage points, and how they change.

        Args:
            points_m: ``(T, K, 3)``.

        Returns:
            Images ``(T, V, K, 2)``, their change with the points ``(T, V, K, 2, 3)`` and with the
            camera's seven parameters ``(T, V, 7, K, 2)``.
        """
        there = self.to_camera(points_m)
        depth = np.maximum(there[..., 2], _NEAREST_M)
        focal = self.focal[:, None]
        image = focal[..., None] * there[..., :2] / depth[..., None]
        by_there = np.zeros((*there.shape[:-1], 2, 3))
        by_there[..., 0, 0] = by_there[..., 1, 1] = focal / depth
        by_there[..., 2] = -image / depth[..., None]
        by_points = by_there @ self.rotation[:, None]
        by_camera = np.empty((*there.shape[:2], N_CAMERA, there.shape[2], 2))
        # The turn is applied to the whole of R X + t, from the left: omega x Y = -skew(Y) omega.
        by_camera[:, :, :3] = np.moveaxis(-(by_there @ skew(there)), -1, 2)
        by_camera[:, :, 3:6] = np.moveaxis(by_there, -1, 2)
        by_camera[:, :, 6] = image
        return image, by_points, by_camera
