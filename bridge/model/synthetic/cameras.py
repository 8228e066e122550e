"""Crop cameras around a hand: where devices stand, what their lenses are, how crops are cut.

Distances are in the hand's frame: wrist at the origin, axes of the rest hand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from bridge.model.synthetic.draws import Draws

__all__ = ["STEADY_CROPS", "TRAINING_CROPS", "CropCameras", "CropRanges", "random_cameras"]

_NEAREST_M, _FARTHEST_M = 0.25, 1.2
_FIELDS_DEG = (45.0, 85.0)
_WIDTHS_PX = (640, 1280, 1280, 1920)
_SAME_PLACE, _OPPOSITE = 0.06, 0.08
_ROLLED = 0.3
_TRIES = 3
_ARM_COSINE = math.cos(math.radians(35.0))
"""Nobody films along the forearm: nearer to its direction than this, few cameras stand."""


@dataclass(frozen=True, slots=True)
class CropRanges:
    """How crops are cut.

    Attributes:
        fill: Least and most part of the crop's width that the keypoints span.
        shift: Most that the crop's centre is beside the keypoints', in half spans.
    """

    fill: tuple[float, float]
    shift: float


TRAINING_CROPS = CropRanges((0.55, 0.85), 0.12)
STEADY_CROPS = CropRanges((0.62, 0.78), 0.06)
"""As a tracker cuts them, whose last landmarks say where the hand is, and not quite."""


@dataclass(frozen=True, slots=True)
class CropCameras:
    """Crop cameras of B hands, N each.

    Attributes:
        rotation: ``(B, N, 3, 3)`` the hand's frame to the camera's axes.
        translation_m: ``(B, N, 3)`` the wrist in the camera's axes.
        focal: ``(B, N)`` in half crop widths.
        source_px: ``(B, N)`` how many pixels of the device's picture the crop is wide.
    """

    rotation: Tensor
    translation_m: Tensor
    focal: Tensor
    source_px: Tensor

    def first(self, views: int) -> CropCameras:
        """The first of each hand's cameras."""
        parts = (self.rotation, self.translation_m, self.focal, self.source_px)
        return CropCameras(*(part[:, :views] for part in parts))

    def to_camera(self, points_m: Tensor) -> Tensor:
        """Points ``(B, K, 3)`` of the hand's frame in each camera's axes, ``(B, N, K, 3)``."""
        turned = points_m[:, None] @ self.rotation.transpose(-1, -2)
        return turned + self.translation_m[:, :, None]

    def project(self, points_m: Tensor) -> Tensor:
        """Crop coordinates ``(B, N, K, 2)`` of points ``(B, K, 3)`` of the hand's frame."""
        seen = self.to_camera(points_m)
        return self.focal[:, :, None, None] * seen[..., :2] / seen[..., 2:]


def random_cameras(
    draws: Draws, keypoints_m: Tensor, *, views: int, crops: CropRanges = TRAINING_CROPS
) -> CropCameras:
    """Devices all around the hand, each with its crop.

    The first stands anywhere on the sphere; the others 10 to 180 degrees from it, a few of them
    where it is or opposite. Most hold upright within 25 degrees of each other, the rest as they
    like. Asking for more views adds to the same first ones.

    Args:
        draws: Random numbers.
        keypoints_m: ``(B, 21, 3)`` in the hand's frame.
        views: How many.
        crops: How to cut.
    """
    draws = draws.fork("cameras")
    batch = len(draws)
    rotation = _orientations(draws, views)
    distance = draws.uniform("distance", views)
    # Even in the logarithm: near devices are as common as far ones.
    distance = _NEAREST_M * (_FARTHEST_M / _NEAREST_M) ** distance
    middle = (keypoints_m.amin(1) + keypoints_m.amax(1)) / 2
    ahead = torch.zeros(batch, views, 3)
    ahead[..., 2] = distance
    translation = ahead - (rotation @ middle[:, None, :, None])[..., 0]

    camera = CropCameras(rotation, translation, torch.ones(batch, views), distance)
    low, high = _bounds(camera.project(keypoints_m))
    shift = draws.uniform("shift", views, 2, low=-crops.shift, high=crops.shift)
    half = ((high - low) / 2).amax(-1, keepdim=True)
    turn = _looking_at((low + high) / 2 + shift * half)
    camera = CropCameras(
        turn @ rotation, (turn @ translation[..., None])[..., 0], camera.focal, distance
    )
    low, high = _bounds(camera.project(keypoints_m))
    half = ((high - low) / 2).amax(-1)
    fill = draws.uniform("fill", views, low=crops.fill[0], high=crops.fill[1])
    field = torch.deg2rad(draws.uniform("field", views, low=_FIELDS_DEG[0], high=_FIELDS_DEG[1]))
    width_px = torch.tensor(_WIDTHS_PX)[draws.integers("width", len(_WIDTHS_PX), views)]
    lens_px = width_px / (2 * (field / 2).tan())
    focal = fill / half
    return CropCameras(camera.rotation, camera.translation_m, focal, 2 * lens_px / focal)


def _orientations(draws: Draws, views: int) -> Tensor:
    """Turns ``(B, N, 3, 3)`` of the hand's frame into cameras that look at it."""
    chosen = draws.rotations("first", _TRIES)
    first = _first_in_front(chosen)[:, None]
    others = _beside(draws, first[:, None], views)
    cameras = _first_in_front(others)
    cameras[:, :1] = first
    return cameras


def _first_in_front(cameras: Tensor) -> Tensor:
    """The first of some cameras ``(..., T, 3, 3)`` that has no forearm before it, or the last."""
    # The optical axis is the third row; it points from the camera to the hand, the arm along +X.
    fits = cameras[..., 2, 0] > -_ARM_COSINE
    fits[..., -1] = True
    place = fits.int().argmax(-1)[..., None, None, None].expand(*fits.shape[:-1], 1, 3, 3)
    return cameras.gather(-3, place).squeeze(-3)


def _beside(draws: Draws, first: Tensor, views: int) -> Tensor:
    """Some tries at each view's camera ``(B, N, T, 3, 3)``, given the first ``(B, 1, 1, 3, 3)``."""
    shape = (views, _TRIES)
    kind = draws.uniform("kind", views, 1)
    # Even over the sphere between 10 and 150 degrees, so that few are near and few far.
    least, most = math.cos(math.radians(10.0)), math.cos(math.radians(150.0))
    baseline = draws.uniform("baseline", *shape, low=most, high=least).acos()
    turned = draws.normal("near", *shape).abs()
    baseline = torch.where(kind < _SAME_PLACE, math.radians(4.0) * turned, baseline)
    opposite = math.pi - math.radians(15.0) * turned.clamp(max=2.0)
    baseline = torch.where(kind > 1 - _OPPOSITE, opposite, baseline)
    towards = draws.uniform("towards", *shape, high=2 * math.pi)
    # About an axis across the first camera's view, then about the own axis of view.
    around = _about_axis(torch.stack([towards.cos(), towards.sin()], -1), baseline)
    any_roll = draws.uniform("roll", *shape, low=-math.pi, high=math.pi)
    roll = math.radians(25.0) * draws.normal("tilt", *shape)
    roll = torch.where(draws.uniform("rolled", views, 1) < _ROLLED, any_roll, roll)
    return _roll(roll) @ around @ first


def _about_axis(axis: Tensor, angle: Tensor) -> Tensor:
    """Rotations ``(..., 3, 3)`` about unit axes ``(..., 2)`` in the picture plane."""
    x, y = axis.unbind(-1)
    c, s = angle.cos(), angle.sin()
    rows = (
        (c + x * x * (1 - c), x * y * (1 - c), y * s),
        (x * y * (1 - c), c + y * y * (1 - c), -x * s),
        (-y * s, x * s, c),
    )
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def _roll(angle: Tensor) -> Tensor:
    c, s, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    rows = ((c, -s, zero), (s, c, zero), (zero, zero, zero + 1))
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def _looking_at(image: Tensor) -> Tensor:
    """The smallest turns ``(..., 3, 3)`` that bring rays ``(x, y, 1)`` onto the optical axis."""
    radius = image.norm(dim=-1)
    x, y = (image / radius.clamp(min=1e-9)[..., None]).unbind(-1)
    # Axis d x z of the ray's direction d across the axis: (y, -x).
    return _about_axis(torch.stack([y, -x], -1), radius.atan())


def _bounds(points: Tensor) -> tuple[Tensor, Tensor]:
    return points.amin(-2), points.amax(-2)
