"""The crop camera around a labelled hand, and the picture that it would take.

The convention of ``bridge.model.training.sample``: the real camera turned about its own centre
until it looks at the hand, the crop from -1 to 1. A turn about the centre moves pixels by a
homography, so the crop is exact whatever the lens and wherever in the picture the hand is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bridge.model.pose import FloatArray

__all__ = ["MIRROR", "Crop", "CropDraw"]

MIRROR = np.diag([-1.0, 1.0, 1.0])
"""Makes a right hand of a left one; a rotation R of the left hand becomes ``MIRROR R MIRROR``."""

_FINE = 1.5
"""Source pixels per crop pixel from which on the source is made smaller first, by area."""


@dataclass(frozen=True, slots=True)
class CropDraw:
    """How one crop differs from the plain one.

    Attributes:
        shift: ``(2,)`` of its middle, in half spans of the hand.
        roll_rad: About the optical axis.
        zoom: Factor on the hand's size.
    """

    shift: FloatArray
    roll_rad: float = 0.0
    zoom: float = 1.0

    @classmethod
    def none(cls) -> CropDraw:
        """The plain crop."""
        return cls(np.zeros(2))


@dataclass(frozen=True, slots=True)
class Crop:
    """A crop camera.

    Attributes:
        rotation: ``(3, 3)`` from the camera's axes (mirrored, for a left hand) to the crop's.
        focal: In half crop widths.
    """

    rotation: FloatArray
    focal: float

    @classmethod
    def around(cls, points_m: FloatArray, margin: float, draw: CropDraw) -> Crop:
        """The crop camera that looks at the middle of some points.

        Args:
            points_m: ``(K, 3)`` in the camera's axes, mirrored for a left hand, all before it.
            margin: The crop's width in widths of the square that holds the points.
            draw: Jitter of the crop.
        """
        image = points_m[:, :2] / points_m[:, 2:]
        low, high = image.min(0), image.max(0)
        centre = (low + high) / 2 + draw.shift * (high - low).max() / 2
        rotation = _roll(draw.roll_rad) @ _turn_to(centre)
        turned = points_m @ rotation.T
        reach = float(np.abs(turned[:, :2] / turned[:, 2:]).max())
        return cls(rotation, draw.zoom / (margin * max(reach, 1e-6)))

    def project(self, points_m: FloatArray) -> FloatArray:
        """Crop coordinates ``(K, 2)`` of points ``(K, 3)`` in the crop camera's axes."""
        projected: FloatArray = self.focal * points_m[:, :2] / points_m[:, 2:]
        return projected

    def homography(self, intrinsics: FloatArray, size_px: int, *, mirrored: bool) -> FloatArray:
        """``(3, 3)`` from the crop's pixels to the picture's.

        Args:
            intrinsics: ``(3, 3)`` of the camera, pixels.
            size_px: Width of the crop.
            mirrored: Whether the hand is a left one.
        """
        half, middle = self.focal * size_px / 2, (size_px - 1) / 2
        ray_of_pixel = np.array(
            [[1 / half, 0, -middle / half], [0, 1 / half, -middle / half], [0, 0, 1]]
        )
        real = MIRROR if mirrored else np.eye(3)
        matrix: FloatArray = intrinsics @ real @ self.rotation.T @ ray_of_pixel
        return matrix

    def take(
        self, image: NDArray[Any], intrinsics: FloatArray, size_px: int, *, mirrored: bool
    ) -> NDArray[Any]:
        """The crop of a picture, ``(S, S)`` or ``(S, S, 3)``; black beyond the picture's edges."""
        matrix = self.homography(intrinsics, size_px, mirrored=mirrored)
        ratio = float(intrinsics[0, 0]) / (self.focal * size_px / 2)
        if ratio > _FINE:
            height, width = image.shape[:2]
            small = max(1, round(width / ratio)), max(1, round(height / ratio))
            image = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
            x, y = small[0] / width, small[1] / height
            # Pixel centres: half a pixel from the edges, in both sizes.
            matrix = (
                np.array([[x, 0, x / 2 - 0.5], [0, y, y / 2 - 0.5], [0, 0, 1]], np.float64) @ matrix
            )
        return cv2.warpPerspective(
            image, matrix, (size_px, size_px), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        )


def _turn_to(centre: FloatArray) -> FloatArray:
    """The least rotation that takes the ray through ``centre (2,)`` to the z axis."""
    ray = np.array([*centre, 1.0])
    x, y, z = ray / np.linalg.norm(ray)
    # Rodrigues' formula about ray x e_z = (y, -x, 0), whose angle has cosine z.
    return np.array(
        [
            [1 - x * x / (1 + z), -x * y / (1 + z), -x],
            [-x * y / (1 + z), 1 - y * y / (1 + z), -y],
            [x, y, z],
        ]
    )


def _roll(angle_rad: float) -> FloatArray:
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
