"""The shared feature map (section III-B): a ResNet, three levels of which are joined.

Levels 2 to 4 are brought to one size and one number of channels, each is normalised over its
channels to a learned length that begins at 10 (Liu et al., "ParseNet", 2015; the authors' code),
so that none drowns the others, and the three are concatenated and mixed.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bridge.model.layers.resnet import Depth, ResNet

__all__ = ["Encoder", "convolution"]

_LENGTH = 10.0


class Encoder(nn.Module):
    """Pictures ``(B, 3, H, W)`` to features ``(B, C, H / stride, W / stride)`` and the last level.

    Args:
        depth: 18 or 50, of the ResNet.
        width: Its channels, as a share of the usual ones.
        channels: C.
        stride: 4 or 8.
        weights: See ``MultiHandConfig.weights``.

    Attributes:
        deep: D, features of the last level.
    """

    def __init__(
        self, depth: Depth, width: float, channels: int, stride: int, weights: str | None = None
    ) -> None:
        super().__init__()
        self.net = ResNet(depth, width=width, weights=weights)
        self.deep = self.net.channels[3]
        self.sides = nn.ModuleList([nn.Conv2d(n, channels, 1) for n in self.net.channels[1:]])
        self.lengths = nn.Parameter(torch.full((3, channels, 1, 1), _LENGTH))
        self.mix = convolution(3 * channels, channels, 3)
        self._stride = stride

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
