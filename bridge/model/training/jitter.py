"""Augmentation of crops: turned in their plane, scaled and coloured, and their truth with them.

Turning rolls the crop camera about its axis of view, scaling changes its focal length: both are
exact, whatever the lens (see ``bridge.model.training.sample``).
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bridge.errors import InputError
from bridge.model.synthetic.draws import Draws
from bridge.model.training.sample import ROOT, HandViews, SampleSource

__all__ = ["Jitter", "JitterRanges", "UprightViews", "rolled", "upright_angle"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JitterRanges:
    """How much augmentation changes.

    Attributes:
        rotation_deg: Most that a view is turned.
        zoom: Most that it is scaled, as a share.
        colour: Most that brightness and each colour's strength change, as a share.

    Raises:
        InputError: One is out of range.
    """

    rotation_deg: float = 180.0
    zoom: float = 0.15
    colour: float = 0.2

    def __post_init__(self) -> None:
        for name, most in (("rotation_deg", 180), ("zoom", 0.9), ("colour", 1)):
            if not 0 <= getattr(self, name) <= most:
                raise InputError(f"{name} must be 0 to {most}, not {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class Jitter:
    """What was drawn for B hands in N views.

    Attributes:
        angle: ``(B, N)`` radians, x towards y (down).
        scale: ``(B, N)``.
        colour: ``(B, N, 4)`` change of each colour's strength, and of the brightness.
    """

    angle: Tensor
    scale: Tensor
    colour: Tensor

    @classmethod
    def draw(cls, draws: Draws, views: int, ranges: JitterRanges, *, augment: bool) -> Jitter:
        """Draws within ranges; nothing changes without ``augment``."""
        share = 1.0 if augment else 0.0
        turn = math.radians(ranges.rotation_deg) * share
        return cls(
            draws.uniform("angle", views, low=-1, high=1) * turn,
            1 + draws.uniform("zoom", views, low=-1, high=1) * ranges.zoom * share,
            draws.uniform("colour", views, 4, low=-1, high=1) * ranges.colour * share,
        )

    def turned(self, angle: Tensor) -> Jitter:
        """The same, turned further by ``(B, N)`` radians."""
        return Jitter(self.angle + angle, self.scale, self.colour)

    def picture(
        self, picture: NDArray[np.uint8], place: tuple[int, int], size: int
    ) -> NDArray[Any]:
        """A view ``(S, S, 3)`` as ``(3, size, size)`` float32, 0 to 1."""
        strength = (1 + self.colour[place][:3]) * (1 + self.colour[place][3]) / 255
        fitted = self._fitted(picture, place, size, cv2.BORDER_REFLECT_101)
        lit = fitted.astype(np.float32) * strength.numpy()
        return np.asarray(lit.clip(0, 1).transpose(2, 0, 1), dtype=np.float32)

    def mask(self, mask: NDArray[np.uint8], place: tuple[int, int], size: int) -> NDArray[Any]:
        """A mask ``(S, S)``, 0 or 255, as ``(size, size)`` bool."""
        fitted = self._fitted(mask, place, size, cv2.BORDER_CONSTANT)
        return np.asarray(fitted > 127)

    def _fitted(
        self, picture: NDArray[np.uint8], place: tuple[int, int], size: int, border: int
    ) -> NDArray[Any]:
        """A picture turned about its middle, scaled, and shrunk to the wanted size."""
        fitted: NDArray[Any] = picture
        whole = len(picture)
        angle, scale = float(self.angle[place]), float(self.scale[place])
        if angle or scale != 1:
            middle = (whole - 1) / 2
            # OpenCV's positive angles turn from x towards minus y; the crop's y points down.
            matrix = cv2.getRotationMatrix2D((middle, middle), -math.degrees(angle), scale)
            fitted = cv2.warpAffine(fitted, matrix, (whole, whole), borderMode=border)
        if whole != size:
            fitted = cv2.resize(fitted, (size, size), interpolation=cv2.INTER_AREA)
        return fitted


def upright_angle(landmarks: Tensor) -> Tensor:
    """Angles ``(B, N)`` that let hands point up, from wrist to middle knuckle, by 2D keypoints."""
    up = landmarks[..., ROOT, :] - landmarks[..., 0, :]
    return -torch.atan2(up[..., 0], -up[..., 1])


def rolled(fields: dict[str, Tensor], jitter: Jitter) -> dict[str, Tensor]:
    """The fields of `HandViews` that change when views are turned and scaled; others stay."""
    c, s, zero = jitter.angle.cos(), jitter.angle.sin(), torch.zeros_like(jitter.angle)
    rows = ((c, -s, zero), (s, c, zero), (zero, zero, zero + 1))
    roll = torch.stack([torch.stack(row, -1) for row in rows], -2)
    turned = fields | {"focal": fields["focal"] * jitter.scale}
    for name in ("wrist_rotation", "camera_rotation"):
        if name in fields:
            turned[name] = roll @ fields[name]
    for name in ("joints_m", "vertices_m"):
        if name in fields:
            turned[name] = fields[name] @ roll.transpose(-1, -2)
    if "landmarks" in fields:
        flat = fields["landmarks"] @ roll[..., :2, :2].transpose(-1, -2)
        turned["landmarks"] = flat * jitter.scale[..., None, None]
    return turned


class UprightViews:
    """Another source's samples without pictures, each view turned until its landmarks point up.

    Args:
        source: Whose samples have landmarks.
    """

    def __init__(self, source: SampleSource[HandViews]) -> None:
        self._source = source

    def __len__(self) -> int:
        return len(self._source)

    def batch(self, numbers: list[int], *, views: int, augment: bool) -> HandViews:
        """Makes one batch; see `SampleSource`.

        Raises:
            InputError: The samples have no landmarks, or pictures, which stay as they are.
        """
        batch = self._source.batch(numbers, views=views, augment=augment)
        if batch.landmarks is None or batch.images is not None or batch.masks is not None:
            raise InputError("only samples with landmarks and without pictures can be turned")
        known = {f.name: getattr(batch, f.name) for f in dataclasses.fields(batch)}
        angle = upright_angle(batch.landmarks)
        still = Jitter(angle, torch.ones_like(angle), torch.zeros(*angle.shape, 4))
        return HandViews(**rolled({k: v for k, v in known.items() if v is not None}, still))
