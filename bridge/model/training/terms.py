"""What the networks' losses share: means over what is known, and where points are seen."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["known_mean", "mean_l1", "numbers", "seen_at"]


def numbers(truth: Tensor) -> Tensor:
    """Truth with zeros where it is unknown, and does not count: no NaN may reach a gradient."""
    return torch.nan_to_num(truth, 0.0, 0.0, 0.0)


def seen_at(points: Tensor, focal: Tensor) -> tuple[Tensor, Tensor]:
    """Crop coordinates of ``(B, N, K, 3)`` points, metres, and whether they are before the camera.

    Brought back to 3 half crop widths, beyond which no label is worth anything.
    """
    ahead = points[..., 2] > 1e-3
    depth = points[..., 2:].clamp(min=1e-3)
    return (focal[..., None, None] * points[..., :2] / depth).clamp(-3, 3), ahead


def mean_l1(value: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """Mean absolute difference of the coordinates of points that are known.

    Args:
        value: ``(..., 2 or 3)``.
        target: The same.
        known: ``(...)`` bool, or what broadcasts to it.
    """
    return known_mean((value - target).abs().mean(dim=-1), known)


def known_mean(value: Tensor, known: Tensor) -> Tensor:
    """Mean of what is known; zero where nothing is."""
    known = known.expand_as(value)
    kept = torch.where(known, value, torch.zeros_like(value))
    return kept.sum() / known.sum().clamp(min=1)
