"""F_e, a view to feature maps of four levels and one feature: a picture's, or its landmarks'.

The paper's is a residual network on pictures, which wants millions of them. Ours for a CPU sees the
21 keypoints of the landmark net and its trust in them, which are the pseudo labels: what HaMuCo
then learns is the hands that all views' labels agree on.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bridge.model.hamuco.config import HaMuCoConfig
from bridge.model.layers.basic import mlp
from bridge.model.layers.maps import gaussian_maps
from bridge.model.layers.resnet import ResNet
from bridge.protocol.joints import N_KEYPOINTS

__all__ = ["Levels", "encoder_of"]

Levels = tuple[Tensor, Tensor, Tensor, Tensor]
"""H^1 to H^4."""

_SHRINK = 4
_HIDDEN = 512


class _Pictures(nn.Module):
    """The paper's: ``(M, 3, S, S)``."""

    def __init__(self, config: HaMuCoConfig) -> None:
        super().__init__()
        self.net = ResNet(config.depth, width=config.width, weights=config.weights)

    def forward(self, images: Tensor) -> tuple[Levels, Tensor]:
        maps: Levels = self.net(images)
        return maps, maps[-1].mean(dim=(2, 3))


class _Landmarks(nn.Module):
    """Keypoints ``(M, 21, 2)`` and trust ``(M, 21)``: heatmaps, and the coordinates themselves.

    The feature comes mostly of the coordinates, which a map has only to a fraction of a cell.
    """

    def __init__(self, config: HaMuCoConfig) -> None:
        super().__init__()
        self._size = config.crop_px // _SHRINK
        self.levels = nn.ModuleList()
        inputs = N_KEYPOINTS
        for level, outputs in enumerate(config.level_channels):
            stride = 1 if level == 0 else 2
            convolution = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
            self.levels.append(nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU()))
            inputs = outputs
        self.coordinates = mlp(3 * N_KEYPOINTS, _HIDDEN, _HIDDEN, inputs)

    def forward(self, landmarks: Tensor, confidence: Tensor) -> tuple[Levels, Tensor]:
        x = gaussian_maps(landmarks, self._size, 1.0) * confidence[..., None, None]
        maps = []
        for level in self.levels:
            x = level(x)
            maps.append(x)
        first, second, third, fourth = maps
        flat = torch.cat((landmarks.flatten(1), confidence), dim=1)
        return (first, second, third, fourth), self.coordinates(flat) + x.mean(dim=(2, 3))


def encoder_of(config: HaMuCoConfig) -> nn.Module:
    """The encoder of a configuration: takes what its stem sees, gives `Levels` and a feature.

    Level k is ``S / 2^(k+1)`` cells wide, from k = 1.

    Raises:
        MissingDependencyError: torchvision is not installed.
        ModelError: The weights to start from cannot be had.
    """
    return _Pictures(config) if config.stem == "rgb" else _Landmarks(config)
