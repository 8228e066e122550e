"""The encoder-decoder of section 3.1: a crop to the feature map F_vis and the pooled feature.

The paper does not name its backbone. ResNet-18 with a light top-down decoder at 32 x 32 cells fits
its 30.58 M parameters and 13.11 GFLOPs; ResNet-50 does not.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from bridge.model.layers.resnet import ResNet

__all__ = ["ImageStem"]


class ImageStem(nn.Module):
    """RGB crops ``(M, 3, S, S)`` to F_vis ``(M, C, S/8, S/8)`` and a feature ``(M, 512)``.

    Args:
        channels: C, features of a cell of F_vis.
        weights: See ``A3NetConfig.weights``.
    """

    features = 512

    def __init__(self, channels: int, weights: str | None = None) -> None:
        super().__init__()
        self.encoder = ResNet(18, weights=weights)
        self.top = _convolution(512, 256, 1)
        self.side16 = nn.Conv2d(256, 256, 1)
        self.merge16 = _convolution(256, channels, 3)
        self.side32 = nn.Conv2d(128, channels, 1)
        self.merge32 = _convolution(channels, channels, 1)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Encodes and decodes.

        Args:
            images: ``(M, 3, S, S)``, 0 to 1; ImageNet's normalisation is done here.

        Returns:
            F_vis ``(M, C, S/8, S/8)`` and the pooled encoder feature ``(M, 512)``.
        """
        _, eighth, sixteenth, top = self.encoder(images)
        y = _double(self.top(top)) + self.side16(sixteenth)
        y = _double(self.merge16(y)) + self.side32(eighth)
        return self.merge32(y), top.mean(dim=(2, 3))


def _double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def _convolution(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
