"""What the multi-view networks are trained and scored on: one batch of hands seen by N views.

Every source of samples (synthetic, DexYCB, HanCo, ...) makes these, every network takes them.

Each view is a *crop camera*: the real camera turned about its own centre until it looks at the
middle of the hand's crop, so that a hand looks the same wherever in the picture it is. The crop
spans -1 to 1 in x (right) and y (down); a point ``(X, Y, Z)`` in the crop camera's axes (OpenCV: x
right, y down, z forward, metres) lies at ``focal * X / Z, focal * Y / Z``. Left hands are mirrored
when the sample is made: all hands are right hands here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Protocol, Self, TypeVar

import torch
from torch import Tensor

__all__ = ["ROOT", "Batch", "HandViews", "SampleSource"]

ROOT = 9
"""Keypoint that coordinates are relative to: the middle finger's knuckle (HaMuCo's code)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandViews:
    """A batch of B hands, each seen by N views; what is None was not asked for or is not known.

    Attributes:
        focal: ``(B, N)`` focal length, in half crop widths.
        present: ``(B, N)`` bool, whether the view sees the hand; the first always does.
        images: ``(B, N, 3, S, S)`` RGB crops, 0 to 1.
        landmarks: ``(B, N, 21, 2)`` detected 2D keypoints, crop coordinates; may lie outside.
        confidence: ``(B, N, 21)`` the detector's trust in each, 0 to 1; 0 where it found none.
        joints_m: ``(B, N, 21, 3)`` true keypoints in each crop camera's axes, metres.
        joint_valid: ``(B, N, 21)`` bool, whether that truth is known.
        vertices_m: ``(B, N, V, 3)`` true mesh in each crop camera's axes, metres.
        wrist_rotation: ``(B, N, 3, 3)`` the hand's rest frame to each crop camera's axes.
        camera_rotation: ``(B, N, 3, 3)`` axes that all views share to each crop camera's, where
            nothing is known but the cameras.
        pose: ``(B, 15, 3, 3)`` true local joint rotations, MANO joint order.
        betas: ``(B, 10)`` true shape.
        masks: ``(B, N, S, S)`` silhouette of the hand, 0 or 1, occluders cut out.
    """

    focal: Tensor
    present: Tensor
    images: Tensor | None = None
    landmarks: Tensor | None = None
    confidence: Tensor | None = None
    joints_m: Tensor | None = None
    joint_valid: Tensor | None = None
    vertices_m: Tensor | None = None
    wrist_rotation: Tensor | None = None
    camera_rotation: Tensor | None = None
    pose: Tensor | None = None
    betas: Tensor | None = None
    masks: Tensor | None = None

    def to(self, device: torch.device | str) -> HandViews:
        """The same batch on another device."""
        moved = {
            f.name: value.to(device, non_blocking=True)
            for f in fields(self)
            if (value := getattr(self, f.name)) is not None
        }
        return replace(self, **moved)

    @property
    def shared_axes(self) -> Tensor | None:
        """``(B, N, 3, 3)`` from some axes that all views share to each crop camera's."""
        return self.camera_rotation if self.wrist_rotation is None else self.wrist_rotation

    @property
    def to_first(self) -> Tensor | None:
        """``(B, N, 3, 3)`` known rotations from each crop camera's axes to the first one's."""
        axes = self.shared_axes
        return None if axes is None else axes[:, :1] @ axes.transpose(-1, -2)


class Batch(Protocol):
    """What training asks of a batch, whatever is in it; a network and its losses know more."""

    def to(self, device: torch.device | str) -> Self:
        """The same batch on another device."""
        ...


_BatchT = TypeVar("_BatchT", bound=Batch, covariant=True)


class SampleSource(Protocol[_BatchT]):
    """Samples by number. The same numbers give the same batch, on every machine and run."""

    def __len__(self) -> int:
        """How many samples there are; synthetic sources name an epoch's worth."""
        ...

    def batch(self, numbers: list[int], *, views: int, augment: bool) -> _BatchT:
        """Makes one batch, on the CPU.

        Args:
            numbers: Samples wanted, each from 0. Numbers from the length on are the next epochs:
                the same samples again with other augmentation, or new synthetic ones.
            views: How many views of each. The primary view of sample ``k`` is fixed by ``k``, the
                others are drawn at random, repeatably (A3-Net, section 4.2).
            augment: Draw crop jitter, rotation, scale (and view order) for training.
        """
        ...
