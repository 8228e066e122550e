"""Small parts that several modules of the network share, and the geometry of views and maps.

Maps span the crop, -1 to 1 in x (right) and y (down); lengths are in units of 0.1 m.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = [
    "PointNorm",
    "cell_centres",
    "gaussian_maps",
    "masked_mean",
    "mlp",
    "project",
    "sample_map",
    "splat_to_map",
    "start_near_zero",
]


class PointNorm(nn.BatchNorm1d):
    """Batch normalisation of ``(..., C)`` over all leading axes.

    One row alone has no statistics: training takes the running ones for it.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalises ``(..., C)``."""
        rows = x.reshape(-1, x.shape[-1])
        if self.training and len(rows) == 1:
            known = (self.running_mean, self.running_var, self.weight, self.bias)
            return F.batch_norm(rows, *known, eps=self.eps).view(x.shape)
        return super().forward(rows).view(x.shape)


def mlp(*sizes: int) -> nn.Sequential:
    """Fully connected layers with ReLU in between and none at the end."""
    layers: list[nn.Module] = []
    for k in range(len(sizes) - 1):
        layers += [nn.Linear(sizes[k], sizes[k + 1]), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def start_near_zero(head: nn.Sequential) -> None:
    """Lets a head begin by saying almost nothing: its last layer small, without a bias."""
    last = head[-1]
    if not isinstance(last, nn.Linear):
        raise TypeError(f"a head ends in a linear layer, not {type(last).__name__}")
    nn.init.normal_(last.weight, std=0.01)
    nn.init.zeros_(last.bias)


def masked_mean(x: Tensor, present: Tensor) -> Tensor:
    """Mean over the views that are present.

    Args:
        x: ``(B, N, ...)``.
        present: ``(B, N)`` bool.

    Returns:
        ``(B, ...)``.
    """
    weight = present.to(x.dtype).reshape(*present.shape, *(1,) * (x.ndim - 2))
    return (x * weight).sum(dim=1) / weight.sum(dim=1)


def project(points: Tensor, camera: Tensor, focal: Tensor) -> Tensor:
    """Points around the root to crop coordinates.

    A weak-perspective camera has no depth: ``x = s X + t``. The focal length f (half crop widths)
    is known, so ``s = f / Z_root`` gives the root's depth, and the projection is exact:
    ``x = (s X + t) / (1 + s Z / f)``, where t is the root's own image.

    Args:
        points: ``(..., K, 3)`` relative to the root, in the view's axes, 0.1 m.
        camera: ``(..., 3)`` scale s and t.
        focal: ``(...)`` f.

    Returns:
        ``(..., K, 2)``.
    """
    scale, shift = camera[..., None, :1], camera[..., None, 1:]
    depth = 1 + scale * points[..., 2:] / focal[..., None, None]
    return (scale * points[..., :2] + shift) / depth.clamp(min=0.2)


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


def sample_map(maps: Tensor, points: Tensor) -> Tensor:
    """Features of the four closest cells, weighted bilinearly (the K_1 = 4 of section 3.3).

    Args:
        maps: ``(M, C, H, W)``.
        points: ``(M, K, 2)`` crop coordinates; outside, the border's cells count.

    Returns:
        ``(M, K, C)``.
    """
    grid = points.clamp(-2, 2)[:, :, None]
    picked = F.grid_sample(maps, grid.to(maps.dtype), padding_mode="border", align_corners=False)
    return picked[..., 0].transpose(1, 2)


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
