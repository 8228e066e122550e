"""One camera for all hands of a picture (section III-C, eq. 6): a fixed focal length, its middle.

Pixel coordinates are whole at pixel centres, x right and y down; camera axes are OpenCV's (x right,
y down, z forward), metres.

A hand's turn is told relative to the ray that sees its root: what a convolution sees of a hand does
not depend on where in the picture it is, and nor should what it has to say. The paper adds the
cell's place to the translation in the same way (its code: ``z = 0.8 + delta``, x and y from the
cell). A left hand is the right hand's mirror image across that ray.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from bridge.model.hand.rotation_torch import full_precision

__all__ = ["Camera"]

_NEAREST_M = 0.05


class Camera(NamedTuple):
    """A pinhole camera.

    Attributes:
        focal_px: Focal length, pixels, along both axes.
        height: Of the picture, pixels.
        width: Of the picture, pixels.
    """

    focal_px: float
    height: int
    width: int

    def project(self, points_m: Tensor) -> Tensor:
        """Pixels ``(..., 2)`` of points ``(..., 3)`` (eq. 6), before the camera."""
        depth = points_m[..., 2:].clamp(min=_NEAREST_M)
        return self.focal_px * points_m[..., :2] / depth + self._middle(points_m)

    def at(self, pixel: Tensor, depth_m: Tensor) -> Tensor:
        """Points ``(..., 3)`` that pixels ``(..., 2)`` show at depths ``(...)``."""
        return depth_m[..., None] * self._ray(pixel)

    def turn_to(self, pixel: Tensor) -> Tensor:
        """The smallest rotations ``(..., 3, 3)`` of the optical axis onto pixels' rays."""
        x, y, z = torch.nn.functional.normalize(self._ray(pixel), dim=-1).unbind(-1)
        share = 1 / (1 + z)
        rows = (
            (1 - x * x * share, -x * y * share, x),
            (-x * y * share, 1 - y * y * share, y),
            (-x, -y, z),
        )
        return torch.stack([torch.stack(row, -1) for row in rows], -2)

    def place(self, points_m: Tensor, left: Tensor, root_px: Tensor, depth_m: Tensor) -> Tensor:
        """Points of right hands around their roots, as the camera sees them where the hands are.

        Args:
            points_m: ``(..., P, 3)`` relative to the root, axes of the ray through it.
            left: ``(...)`` bool, hands that are mirrored.
            root_px: ``(..., 2)`` the roots' pixels.
            depth_m: ``(...)`` their depths.

        Returns:
            ``(..., P, 3)`` camera axes.
        """
        one = torch.ones_like(depth_m)
        mirror = torch.stack([torch.where(left, -one, one), one, one], -1)
        with full_precision(points_m):
            turned = (points_m * mirror[..., None, :]) @ self.turn_to(root_px).transpose(-1, -2)
        return turned + self.at(root_px, depth_m)[..., None, :]

    def _ray(self, pixel: Tensor) -> Tensor:
        across = (pixel - self._middle(pixel)) / self.focal_px
        return torch.cat([across, torch.ones_like(across[..., :1])], -1)

    def _middle(self, like: Tensor) -> Tensor:
        return torch.stack(
            [like.new_tensor((self.width - 1) / 2), like.new_tensor((self.height - 1) / 2)]
        )
