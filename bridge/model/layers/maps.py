"""Maps of features and of keypoints, which span the crop: -1 to 1 in x (right) and y (down)."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["cell_centres", "gaussian_maps", "splat_to_map"]


def cell_centres(size: int, like: Tensor) -> Tensor:
    """``(size,)`` crop coordinates of the centres of a map's cells."""
    return (torch.arange(size, dtype=like.dtype, device=like.device) * 2 + 1) / size - 1


def gaussian_maps(points: Tensor, size: int, cells: float) -> Tensor:
    """Gaussians of height 1 around points.

    Args:
        points: ``(..., 2)`` crop coordinates.
        size: Cells across the map.
        cells: Their standard deviation, in cells.

    Returns:
        ``(..., size, size)``, rows are y.
    """
    centres = cell_centres(size, points)
    steps = (points[..., None] - centres) * (0.5 * size / cells)
    bells = torch.exp(-0.5 * steps**2)
    return bells[..., 1, :, None] * bells[..., 0, None, :]


def splat_to_map(features: Tensor, points: Tensor, size: int) -> Tensor:
    """The transpose of ``sample_map``: spreads features over the four closest cells and averages.

    The bilinear weights are written out as a matrix, which is a plain product on every device and
    in ONNX. A cell's feature is the weighted mean of what fell on it, faded out below a weight of
    0.05, zero where nothing fell.

    Args:
        features: ``(M, K, C)``.
        points: ``(M, K, 2)`` crop coordinates; no gradient goes through them.
        size: Cells across the map.

    Returns:
        ``(M, C, size, size)``.
    """
    with torch.no_grad():
        steps = (points[..., None] - cell_centres(size, points)) * (0.5 * size)
        tents = (1 - steps.abs()).clamp(min=0).to(features.dtype)
        weights = (tents[..., 1, :, None] * tents[..., 0, None, :]).flatten(2)
        total = weights.sum(dim=1, keepdim=True).clamp(min=0.05)
    # Cells first: the result lies in memory as convolutions on a CPU like it (channels last).
    means = (weights / total).transpose(1, 2) @ features
    return means.unflatten(1, (size, size)).permute(0, 3, 1, 2)
