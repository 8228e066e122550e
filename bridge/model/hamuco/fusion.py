"""Section 3.2.3, results fusion: all views' hands in the first view's axes, and their mean.

What is aligned are hands around their roots. The rotation between two views is known from the
extrinsics, or is that of Procrustes analysis; scale and translation are fitted either way, as in
the authors' code, since each view guesses its own size.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from bridge.model.hand.rotation_torch import full_precision, kabsch
from bridge.model.layers.basic import masked_mean

__all__ = ["Similarity", "fit", "fuse"]


class Similarity(NamedTuple):
    """A: turns, scales and moves points; leading axes are any.

    Attributes:
        rotation: ``(..., 3, 3)``.
        scale: ``(...)``.
        shift: ``(..., 3)``.
    """

    rotation: Tensor
    scale: Tensor
    shift: Tensor

    def apply(self, points: Tensor) -> Tensor:
        """A of ``(..., K, 3)``."""
        with full_precision(points):
            turned = points.float() @ self.rotation.transpose(-1, -2)
            return self.scale[..., None, None] * turned + self.shift[..., None, :]

    def inverse(self, points: Tensor) -> Tensor:
        """A^-1 of ``(..., K, 3)``."""
        with full_precision(points):
            moved = (points.float() - self.shift[..., None, :]) / self.scale[..., None, None]
            return moved @ self.rotation


@torch.no_grad()
def fit(source: Tensor, target: Tensor, rotation: Tensor | None) -> Similarity:
    """The similarity that best brings points onto others; a step between two predictions.

    The scale is the ratio of the points' spreads: unlike that of least squares it stays positive
    when a known rotation and two early guesses contradict each other.

    Args:
        source: ``(..., K, 3)``.
        target: ``(..., K, 3)``.
        rotation: ``(..., 3, 3)`` where it is known; found by Procrustes analysis where None.
    """
    source, target = source.float(), target.float()
    with full_precision(source):
        turn = kabsch(source, target) if rotation is None else rotation.float()
        middle, there = source.mean(-2), target.mean(-2)
        spreads = [
            (points - points.mean(-2, keepdim=True)).square().sum((-1, -2)).sqrt()
            for points in (source, target)
        ]
        scale = spreads[1] / spreads[0].clamp(min=1e-6)
        shift = there - scale[..., None] * (turn @ middle[..., None]).squeeze(-1)
    return Similarity(turn, scale, shift)


def fuse(points: Tensor, to_first: Similarity, present: Tensor) -> Tensor:
    """The fused hand, ``(B, K, 3)``: the mean over the views that are present.

    Args:
        points: ``(B, N, K, 3)`` in each view's axes.
        to_first: Of every view, leading axes ``(B, N)``.
        present: ``(B, N)`` bool.
    """
    return masked_mean(to_first.apply(points), present)
