"""A z-buffered canvas: triangles in, anti-aliased RGB out."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.errors import InputError

__all__ = ["FAR_M", "NEAR_M", "Canvas"]

Array = NDArray[np.float64]

FAR_M = 100.0
"""Depth of a pixel where nothing was drawn; nothing beyond is drawn."""

NEAR_M = 0.01
"""Nothing nearer to the camera plane is drawn."""


def _settings() -> cv2.TriangleRasterizeSettings:
    settings = cv2.TriangleRasterizeSettings()
    settings.setShadingType(cv2.RASTERIZE_SHADING_SHADED)
    settings.setCullingMode(cv2.RASTERIZE_CULLING_NONE)
    # Otherwise every call converts the whole buffer to inverse depth and back, with rounding.
    settings.setGlCompatibleMode(cv2.RASTERIZE_COMPAT_INVDEPTH)
    return settings


class Canvas:
    """A rectangle of an image with colour and depth, several samples a pixel.

    Drawing is in pixels of the whole image (whole numbers are pixel centres), whichever rectangle
    the canvas holds, so that one moving hand costs its own rectangle and no more. Edges are
    anti-aliased by drawing ``samples`` times finer each way and averaging in `image`.

    Attributes:
        colour: ``(height * samples, width * samples, 3)`` float32 RGB, 0 to 1.
        inverse_depth: ``(height * samples, width * samples)`` float32, OpenGL's depth: 0 at
            `NEAR_M`, 1 at `FAR_M` and where nothing was drawn, linear in 1 / depth.
        origin_px: ``(x, y)`` of the rectangle's first pixel in the image.
        samples: Samples a pixel along each axis.
    """

    def __init__(
        self,
        size_px: tuple[int, int],
        *,
        origin_px: tuple[int, int] = (0, 0),
        samples: int = 2,
    ) -> None:
        """Makes an empty canvas.

        Args:
            size_px: ``(width, height)`` of the rectangle, pixels.
            origin_px: ``(x, y)`` of its first pixel in the image.
            samples: Samples a pixel along each axis.

        Raises:
            InputError: A size or the number of samples is not positive.
        """
        width, height = size_px
        if min(width, height, samples) < 1:
            raise InputError(f"no canvas has size {size_px} and {samples} samples")
        self.origin_px = origin_px
        self.samples = samples
        self.colour = np.zeros((height * samples, width * samples, 3), np.float32)
        self.inverse_depth = np.ones((height * samples, width * samples), np.float32)

    @property
    def depth_m(self) -> NDArray[np.float32]:
        """``(height * samples, width * samples)`` metres, `FAR_M` where nothing was drawn."""
        near, far = np.float32(1 / NEAR_M), np.float32(1 / FAR_M)
        return np.asarray(1 / (near + (far - near) * self.inverse_depth), np.float32)

    def crop(self, x: int, y: int, width: int, height: int) -> Canvas:
        """A copy of the rectangle at ``(x, y)`` of the image, which must lie in this canvas.

        Raises:
            InputError: It does not.
        """
        s = self.samples
        left, top = (x - self.origin_px[0]) * s, (y - self.origin_px[1]) * s
        rows, columns = slice(top, top + height * s), slice(left, left + width * s)
        if (
            left < 0
            or top < 0
            or rows.stop > len(self.inverse_depth)
            or (columns.stop > self.inverse_depth.shape[1])
        ):
            raise InputError(f"crop {(x, y, width, height)} is not within the canvas")
        part = Canvas.__new__(Canvas)
        part.origin_px, part.samples = (x, y), s
        part.colour = self.colour[rows, columns].copy()
        part.inverse_depth = self.inverse_depth[rows, columns].copy()
        return part

    def draw(
        self,
        points_px: ArrayLike,
        depth_m: ArrayLike,
        faces: ArrayLike,
        colours: ArrayLike,
        *,
        cull: bool = False,
    ) -> None:
        """Draws triangles where they are nearer than what is there already.

        Depth and colour are interpolated with perspective. Triangles that reach nearer than 10 mm
        to the camera plane, or with a NaN corner, are not drawn.

        Args:
            points_px: ``(V, 2)`` vertices in pixels of the image.
            depth_m: ``(V,)`` their depths, metres.
            faces: ``(F, 3)`` vertex indices.
            colours: ``(V, 3)`` RGB of each vertex, 0 to 1.
            cull: Leaves out faces seen from behind, whose corners run clockwise in the image.

        Raises:
            InputError: A shape or an index does not fit.
        """
        points, depth = np.asarray(points_px, np.float64), np.asarray(depth_m, np.float64)
        triangles, rgb = np.asarray(faces), np.asarray(colours)
        _check_mesh(points, depth, triangles, rgb)
        usable = np.isfinite(points).all(-1) & (depth > NEAR_M) & (depth < FAR_M)
        triangles = triangles[usable[triangles].all(-1)]
        if cull:
            triangles = triangles[_faces_viewer(points, triangles)]
        if not len(triangles):
            return
        # OpenCV draws what an OpenGL camera (y up, -z forward) with a vertical field of view
        # sees: 90 degrees make that camera's focal length half of the rows. The vertices go where
        # that camera sees them at the pixels wanted, so any lens and any crop will do.
        rows, columns = self.inverse_depth.shape
        half = np.array([columns / 2, rows / 2])
        samples = (points - self.origin_px + 0.5) * self.samples - half
        vertices = np.empty((len(points), 3), np.float32)
        vertices[:, :2] = samples * [1.0, -1.0] * (depth / (rows / 2))[:, None]
        vertices[:, 2] = -depth
        cv2.triangleRasterize(
            vertices[None],
            np.ascontiguousarray(triangles, np.int32)[None],
            np.ascontiguousarray(rgb, np.float32)[None],
            self.colour,
            self.inverse_depth,
            np.eye(4, dtype=np.float32),
            np.pi / 2,
            NEAR_M,
            FAR_M,
            _settings(),
        )

    def image(self) -> NDArray[np.uint8]:
        """The picture ``(height, width, 3)``: the mean of each pixel's samples."""
        rows, columns = self.inverse_depth.shape
        mean = cv2.resize(
            self.colour,
            (columns // self.samples, rows // self.samples),
            interpolation=cv2.INTER_AREA,
        )
        return np.asarray(cv2.convertScaleAbs(mean, alpha=255.0), np.uint8)


def _faces_viewer(points: Array, faces: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether each face's corners run counterclockwise as seen; y points down."""
    a, b, c = (points[faces[:, k]] for k in range(3))
    (ux, uy), (vx, vy) = (b - a).T, (c - a).T
    return np.asarray(ux * vy - uy * vx < 0)


def _check_mesh(points: Array, depth: Array, faces: NDArray[Any], colours: NDArray[Any]) -> None:
    n = len(points)
    if points.shape != (n, 2) or depth.shape != (n,) or colours.shape != (n, 3):
        raise InputError(
            "a mesh needs points (V, 2), depths (V,) and colours (V, 3), got "
            f"{points.shape}, {depth.shape} and {colours.shape}"
        )
    if faces.ndim != 2 or faces.shape[1] != 3 or faces.dtype.kind not in "iu":
        raise InputError(f"faces (F, 3) of indices are needed, got {faces.shape} {faces.dtype}")
    if faces.size and (faces.min() < 0 or faces.max() >= n):
        raise InputError(f"a face names vertex {faces.max()} of {n}")
