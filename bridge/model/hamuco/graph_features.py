"""Section 3.2.1, view-shared graph feature extraction: what each joint of each view brings."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bridge.model.hamuco.config import HaMuCoConfig
from bridge.model.hamuco.single_view import UNIT_M
from bridge.model.hand.rotation_torch import six_d_from_rotation
from bridge.model.layers.basic import mlp, sample_maps
from bridge.protocol.joints import N_KEYPOINTS

__all__ = ["GraphFeatures"]


class GraphFeatures(nn.Module):
    """G_i = [G_1, G_2, G_3] of every view, ``(M, 21, c_1 + c_2 + c_3)``.

    - G_1: an MLP of the joint's place and of all pose parameters.
    - G_2: SAIGB (Zheng et al., "SAR", ISMAR 2021): a 1 x 1 convolution makes a few maps of the last
      level for each joint; the joint's feature is all of their cells.
    - G_3: the joint feature sampler: where the joint projects, the first three levels' features.

    Which joint a feature is of, interaction knows by an embedding that is learned for each (ours:
    without G_2 nothing else would tell).

    Args:
        config: Channels, and which parts.
    """

    def __init__(self, config: HaMuCoConfig) -> None:
        super().__init__()
        self._local = config.local_features
        channels = config.location_channels
        self.location = mlp(3 + 16 * 6, channels, channels) if config.location else None
        self.spread = None
        if config.global_features:
            maps = N_KEYPOINTS * config.global_channels
            self.spread = nn.Sequential(
                nn.Conv2d(config.level_channels[3], maps, 1, bias=False),
                nn.BatchNorm2d(maps),
                nn.ReLU(),
            )
        self.joint = nn.Parameter(torch.zeros(N_KEYPOINTS, config.graph_channels))
        nn.init.normal_(self.joint, std=0.02)

    def forward(
        self, maps: tuple[Tensor, ...], joints_m: Tensor, rotations: Tensor, image: Tensor
    ) -> Tensor:
        """Collects the features.

        Args:
            maps: H^1 to H^4 of M views.
            joints_m: ``(M, 21, 3)`` P_i, metres from the root; no gradient goes back.
            rotations: ``(M, 16, 3, 3)`` theta_i; likewise.
            image: ``(M, 21, 2)`` where the joints project, crop coordinates; likewise.
        """
        parts = []
        if self.location is not None:
            pose = six_d_from_rotation(rotations.detach()).flatten(1)
            pose = pose[:, None].expand(-1, N_KEYPOINTS, -1)
            parts.append(self.location(torch.cat((joints_m.detach() / UNIT_M, pose), dim=-1)))
        if self.spread is not None:
            parts.append(self.spread(maps[3]).unflatten(1, (N_KEYPOINTS, -1)).flatten(2))
        if self._local:
            parts += sample_maps(maps[:3], image.detach())
        return torch.cat(parts, dim=-1) + self.joint
