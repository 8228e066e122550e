"""Pictures with any number of hands: the batch of the single-stage network."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

from bridge.model.multihand.camera import Camera
from bridge.model.training.sample import ROOT

__all__ = ["LEAST_VISIBLE", "MOST_HANDS", "HandScenes"]

MOST_HANDS = 10
"""Of a picture."""
LEAST_VISIBLE = 11
"""Keypoints of a hand that must be visible for it to be one: just over half."""

_TRUTH_3D = ("turn", "pose", "betas", "depth_m")


@dataclass(frozen=True, slots=True, kw_only=True)
class HandScenes:
    """B whole pictures with up to K hands each; hands that a picture lacks are not ``valid``.

    2D labels are all that weak supervision sees. 3D truth is in one camera with a fixed focal
    length; it is None where it was not asked for or is not known.

    Attributes:
        images: ``(B, 3, H, W)`` RGB, 0 to 1.
        valid: ``(B, K)`` bool, whether there is such a hand.
        left: ``(B, K)`` bool.
        keypoints_px: ``(B, K, 21, 2)`` pixels; may lie outside, or under another hand.
        visible: ``(B, K, 21)`` bool: in the picture and under no other hand.
        box_px: ``(B, K, 4)`` left, top, right, bottom of the keypoints, pixels.
        skin: ``(B, H, W)`` 1 where a hand is seen.
        focal_px: The one focal length.
        centred: One hand in the middle of each picture, for the first stage of training.
        turn: ``(B, K, 3, 3)`` the rest hand to the axes of the ray through its root (see
            `Camera`), of the right hand that a left one mirrors.
        pose: ``(B, K, 15, 3, 3)`` local joint rotations, MANO order.
        betas: ``(B, K, 10)``.
        depth_m: ``(B, K)`` of the root.
    """

    images: Tensor
    valid: Tensor
    left: Tensor
    keypoints_px: Tensor
    visible: Tensor
    box_px: Tensor
    skin: Tensor
    focal_px: float
    centred: bool = False
    turn: Tensor | None = None
    pose: Tensor | None = None
    betas: Tensor | None = None
    depth_m: Tensor | None = None

    def to(self, device: torch.device | str) -> HandScenes:
        """The same batch on another device."""
        moved: dict[str, Any] = {
            f.name: value.to(device, non_blocking=True)
            for f in fields(self)
            if isinstance(value := getattr(self, f.name), Tensor)
        }
        return replace(self, **moved)

    def without_3d(self) -> HandScenes:
        """The batch as weak supervision may see it."""
        hidden: dict[str, Any] = dict.fromkeys(_TRUTH_3D)
        return replace(self, **hidden)

    @property
    def camera(self) -> Camera:
        """The one camera of all hands."""
        return Camera(self.focal_px, *self.images.shape[-2:])

    @property
    def centre_px(self) -> Tensor:
        """``(B, K, 2)`` mean of the visible keypoints (section III-B), within the picture."""
        weight = self.visible[..., None].to(self.keypoints_px)
        points = torch.where(self.visible[..., None], self.keypoints_px, 0.0)
        mean = points.sum(-2) / weight.sum(-2).clamp(min=1)
        height, width = self.images.shape[-2:]
        return torch.minimum(mean.clamp(min=0), mean.new_tensor([width - 1, height - 1]))

    @property
    def root_px(self) -> Tensor:
        """``(B, K, 2)`` the root's pixel."""
        return self.keypoints_px[..., ROOT, :]
