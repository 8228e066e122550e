"""The shared feature map (section III-B): a ResNet or another trunk, three levels joined.

Levels 2 to 4 are brought to one size and one number of channels, each is normalised over its
channels to a learned length that begins at 10 (Liu et al., "ParseNet", 2015; the authors' code),
so that none drowns the others, and the three are concatenated and mixed.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bridge.model.layers.landmark_trunk import LandmarkTrunk
from bridge.model.layers.resnet import ResNet
from bridge.model.multihand.config import MultiHandConfig

__all__ = ["Encoder", "convolution"]

_LENGTH = 10.0


class Encoder(nn.Module):
    """Pictures ``(B, 3, H, W)`` to features ``(B, C, H / stride, W / stride)`` and the last level.

    Args:
        config: Which trunk, how large, and where it begins.

    Attributes:
        deep: D, features of the last level.
    """

    def __init__(self, config: MultiHandConfig) -> None:
        super().__init__()
        channels = config.channels
        self.net: ResNet | LandmarkTrunk
        if config.trunk == "resnet":
            self.net = ResNet(config.depth, width=config.width, weights=config.weights)
        else:
            self.net = LandmarkTrunk(
                pretrained=config.weights is not None, frozen=config.frozen_levels
            )
        self.deep = self.net.channels[3]
        self.sides = nn.ModuleList([nn.Conv2d(n, channels, 1) for n in self.net.channels[1:]])
        self.lengths = nn.Parameter(torch.full((3, channels, 1, 1), _LENGTH))
        self.mix = convolution(3 * channels, channels, 3)
        self._stride = config.stride

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Encodes pictures, 0 to 1: joined features, and the last level ``(B, D, H/32, W/32)``."""
        size = [length // self._stride for length in images.shape[-2:]]
        levels = []
        maps = self.net(images)
        for k, found in enumerate(maps[1:]):
            level = F.normalize(self.sides[k](found), dim=1) * self.lengths[k]
            if list(level.shape[-2:]) != size:
                level = F.interpolate(level, size, mode="bilinear", align_corners=False)
            levels.append(level)
        return self.mix(torch.cat(levels, 1)), maps[3]


def convolution(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    """Convolution, batch normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
