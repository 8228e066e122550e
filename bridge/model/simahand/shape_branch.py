"""F_shape: joint features f_j, 2D joints, and their lifting to vertex features f_v.

The 2D-to-3D lifting is MobRecon's (Chen et al. 2022): each joint takes its feature from the map
where it is seen, and one learned matrix turns 21 joints into the coarse vertices.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from bridge.model.layers.basic import mlp, sample_map, start_near_zero
from bridge.model.simahand.config import SimaHandConfig
from bridge.model.simahand.layers import Encoder
from bridge.model.simahand.stems import TopDown

__all__ = ["ShapeEncoder", "ShapeFeatures", "lifting_start"]

_MAPS = 24
_REACH_M = 0.03


class ShapeFeatures(NamedTuple):
    """What one view says of the hand's shape.

    Attributes:
        f_j: ``(M, D, s, s)`` joint-level feature.
        keypoints: ``(M, 21, 2)`` 2D joints, crop coordinates.
        f_v: ``(M, coarse, E)`` vertex-level feature.
    """

    f_j: Tensor
    keypoints: Tensor
    f_v: Tensor


class ShapeEncoder(nn.Module):
    """From the image-level map to joint- and vertex-level features.

    Args:
        config: Sizes.
        lifting: ``(coarse, 21)`` where the lifting matrix starts.
    """

    def __init__(self, config: SimaHandConfig, lifting: Tensor) -> None:
        super().__init__()
        self.encoder = Encoder(config.channels, config.halvings)
        levels = [config.channels * 2 ** (k + 1) for k in range(config.halvings)]
        self.top_down = TopDown(levels, _MAPS)
        self.keypoint_maps = nn.Conv2d(_MAPS, 21, 1)
        self.keypoint = mlp((config.map_size // 2) ** 2, 128, 64, 2)
        size = config.vertex_channels
        self.project = nn.Sequential(
            nn.Conv2d(config.deep_channels, size, 1, bias=False), nn.Conv2d(size, size, 1)
        )
        # A joint is the same at every place of the map: what it is, and where, is added.
        self.joint = nn.Parameter(torch.zeros(21, size))
        self.place = nn.Linear(2, size)
        self.lifting = nn.Parameter(lifting.clone())

    def start(self) -> None:
        """Lets keypoints begin where they are looked for first."""
        start_near_zero(self.keypoint)

    def forward(self, f_i: Tensor, start: Tensor) -> ShapeFeatures:
        """Encodes.

        Args:
            f_i: ``(M, C, S, S)``.
            start: ``(M, 21, 2)`` where keypoints are looked for first.
        """
        levels = self.encoder(f_i)
        f_j = levels[-1]
        maps = self.keypoint_maps(self.top_down(levels)).flatten(2)
        keypoints = start + self.keypoint(maps).float()
        at = keypoints.clamp(-1, 1)
        f_joint = sample_map(self.project(f_j), at) + self.joint + self.place(at.to(f_j.dtype))
        return ShapeFeatures(f_j, keypoints, self.lifting @ f_joint)


def lifting_start(vertices: Tensor, keypoints: Tensor) -> Tensor:
    """Where the lifting matrix starts: a vertex listens to the joints that are near it at rest.

    Args:
        vertices: ``(coarse, 3)`` metres.
        keypoints: ``(21, 3)`` metres.

    Returns:
        ``(coarse, 21)``; rows sum to 1.
    """
    return torch.softmax(-torch.cdist(vertices, keypoints) / _REACH_M, dim=1)
