"""Small parts that several networks share, and the geometry of views and feature maps.

Maps span the crop, -1 to 1 in x (right) and y (down); lengths are in any unit, as long as it is the
same throughout.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = [
    "PointNorm",
    "masked_mean",
    "mlp",
    "project",
    "sample_map",
    "sample_maps",
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
        points: ``(..., K, 3)`` relative to the root, in the view's axes, in any unit.
        camera: ``(..., 3)`` scale s and t.
        focal: ``(...)`` f.

    Returns:
        ``(..., K, 2)``.
    """
    scale, shift = camera[..., None, :1], camera[..., None, 1:]
    depth = 1 + scale * points[..., 2:] / focal[..., None, None]
    return (scale * points[..., :2] + shift) / depth.clamp(min=0.2)


def sample_map(maps: Tensor, points: Tensor) -> Tensor:
    """Features of the four closest cells, weighted bilinearly.

    Args:
        maps: ``(M, C, H, W)``.
        points: ``(M, K, 2)`` crop coordinates; outside, the border's cells count.

    Returns:
        ``(M, K, C)``.
    """
    return sample_maps([maps], points)[0]


def sample_maps(levels: Sequence[Tensor], points: Tensor) -> list[Tensor]:
    """`sample_map` of several maps, of any sizes, at the same points."""
    grid = points.clamp(-2, 2)[:, :, None]
    return [
        F.grid_sample(maps, grid.to(maps.dtype), padding_mode="border", align_corners=False)[
            ..., 0
        ].transpose(1, 2)
        for maps in levels
    ]
