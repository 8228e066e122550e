"""A pinhole camera with radial distortion, in OpenCV's conventions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.errors import InputError

__all__ = ["Camera"]

Array = NDArray[np.float64]

_UNDISTORT_STEPS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """Where a camera stands and how it maps points to pixels.

    A point p of the world is at ``q = rotation @ p + translation_m`` in the camera (x right, y
    down, z forward) and at ``focal_px * (q_xy / q_z) * (1 + k1 r^2 + k2 r^4) + centre_px`` in the
    image, with r the length of ``q_xy / q_z``: the model of OpenCV's ``projectPoints`` with two
    radial terms. Whole pixel coordinates are pixel centres. Well outside the picture the gain of
    the distortion stays what it is there, since the polynomial would fold space back into view.

    Attributes:
        size_px: Image ``(width, height)``.
        focal_px: Focal length; pixels are square.
        centre_px: Principal point ``(x, y)``.
        rotation: ``(3, 3)`` world to camera.
        translation_m: ``(3,)`` world origin in the camera.
        distortion: Radial ``(k1, k2)``.
    """

    size_px: tuple[int, int]
    focal_px: float
    centre_px: tuple[float, float]
    rotation: Array
    translation_m: Array
    distortion: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        if np.shape(self.rotation) != (3, 3) or np.shape(self.translation_m) != (3,):
            raise InputError(
                "a camera needs a rotation (3, 3) and a translation (3,), got "
                f"{np.shape(self.rotation)} and {np.shape(self.translation_m)}"
            )
        if min(self.size_px) < 1 or not self.focal_px > 0:
            raise InputError(f"no camera has size {self.size_px} and focal length {self.focal_px}")

    @classmethod
    def look_at(
        cls,
        position_m: ArrayLike,
        target_m: ArrayLike,
        *,
        size_px: tuple[int, int],
        focal_px: float,
        centre_px: tuple[float, float] | None = None,
        distortion: tuple[float, float] = (0.0, 0.0),
        up: ArrayLike = (0.0, 1.0, 0.0),
        roll_rad: float = 0.0,
    ) -> Camera:
        """A camera at a place, looking at a point.

        Args:
            position_m: ``(3,)`` its optical centre in the world.
            target_m: ``(3,)`` the point on its optical axis.
            size_px: Image ``(width, height)``.
            focal_px: Focal length.
            centre_px: Principal point; the middle of the image where not given.
            distortion: Radial ``(k1, k2)``.
            up: ``(3,)`` direction that shows upwards in the image.
            roll_rad: Turn about the optical axis; positive turns the picture clockwise.

        Raises:
            InputError: The viewing direction is zero or along ``up``.
        """
        position = np.asarray(position_m, np.float64)
        forward = np.asarray(target_m, np.float64) - position
        right = np.cross(forward, np.asarray(up, np.float64))
        if not np.linalg.norm(right) > 0:
            raise InputError("look_at: the viewing direction must not be zero or along `up`")
        forward /= np.linalg.norm(forward)
        right /= np.linalg.norm(right)
        down = np.cross(forward, right)
        c, s = np.cos(roll_rad), np.sin(roll_rad)
        rotation = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.stack([right, down, forward])
        middle = ((size_px[0] - 1) / 2, (size_px[1] - 1) / 2)
        return cls(
            size_px=size_px,
            focal_px=focal_px,
            centre_px=middle if centre_px is None else centre_px,
            rotation=rotation,
            translation_m=-rotation @ position,
            distortion=distortion,
        )

    @property
    def position_m(self) -> Array:
        """``(3,)`` the optical centre in the world."""
        return -self.rotation.T @ self.translation_m

    def to_camera(self, points_m: ArrayLike) -> Array:
        """World points ``(..., 3)`` in the camera's axes, ``(..., 3)`` metres.

        Raises:
            InputError: Not ``(..., 3)``.
        """
        points = np.asarray(points_m, np.float64)
        if points.ndim < 1 or points.shape[-1] != 3:
            raise InputError(f"points (..., 3) are needed, got {points.shape}")
        return points @ self.rotation.T + self.translation_m

    def project(self, points_m: ArrayLike) -> tuple[Array, Array]:
        """Pixels ``(..., 2)`` and depths ``(...)`` in metres of world points ``(..., 3)``.

        Points at or behind the optical centre get NaN pixels; their depth tells.

        Raises:
            InputError: Not ``(..., 3)``.
        """
        local = self.to_camera(points_m)
        depth = local[..., 2]
        image = local[..., :2] / np.where(depth > 0, depth, np.nan)[..., None]
        return self._distort(image) * self.focal_px + self.centre_px, depth

    def rays(self, pixels: ArrayLike) -> Array:
        """World directions ``(..., 3)``, one metre deep each, seen at pixels ``(..., 2)``.

        Inverts the distortion by fixed-point steps, as ``cv2.undistortPoints`` does.
        """
        seen = (np.asarray(pixels, np.float64) - self.centre_px) / self.focal_px
        image = seen
        if any(self.distortion):
            for _ in range(_UNDISTORT_STEPS):
                image = seen / self._gain(image)
        return np.concatenate([image, np.ones_like(image[..., :1])], axis=-1) @ self.rotation

    def _gain(self, image: Array) -> Array:
        squared = np.minimum(np.sum(image**2, axis=-1, keepdims=True), self._widest() ** 2)
        k1, k2 = self.distortion
        return np.asarray(1.0 + squared * (k1 + k2 * squared))

    def _widest(self) -> float:
        """Distance from the axis, at unit depth, of what a quarter more picture would show."""
        corner = np.abs([(0, 0), self.size_px] - np.asarray(self.centre_px)).max(0)
        return float(1.25 * np.hypot(*corner) / self.focal_px)

    def _distort(self, image: Array) -> Array:
        return image * self._gain(image) if any(self.distortion) else image
