"""The second stem: 21 detected 2D keypoints in place of an image (not in the paper).

What a landmark network finds on a synthetic hand and on a real one differs far less than the
images do, so a network trained on these has next to no domain gap, and it runs on a CPU.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bridge.model.layers.basic import mlp
from bridge.model.layers.maps import gaussian_maps

__all__ = ["LandmarkStem"]

_WIDTH_CELLS = 1.0


class LandmarkStem(nn.Module):
    """Keypoints to F_vis ``(M, C, S, S)`` and a feature ``(M, features)``.

    The encoder-decoder of section 3.1 in small: heatmaps as high as their confidence, one level
    down and up. The global feature comes from the coordinates themselves, which a coarse map has
    only to a fraction of a cell.

    Args:
        channels: C, features of a cell of F_vis.
        size: S, cells across the map.
        features: Size of the pooled feature.
    """

    def __init__(self, channels: int, size: int, features: int) -> None:
        super().__init__()
        self.size, self.features = size, features
        self.enter = _convolution(21, channels)
        self.down = _convolution(channels, channels, stride=2)
        self.side = nn.Conv2d(channels, channels, 1)
        self.leave = _convolution(channels, channels)
        self.coordinates = mlp(21 * 3, 2 * features, 2 * features, features)
        self.pooled = nn.Linear(channels, features)

    def forward(self, landmarks: Tensor, confidence: Tensor) -> tuple[Tensor, Tensor]:
        """Encodes and decodes.

        Args:
            landmarks: ``(M, 21, 2)`` crop coordinates; zero where not found.
            confidence: ``(M, 21)``, 0 to 1; zero where not found.

        Returns:
            F_vis ``(M, C, S, S)`` and the feature ``(M, features)``.
        """
        maps = gaussian_maps(landmarks, self.size, _WIDTH_CELLS) * confidence[..., None, None]
        fine = self.enter(maps.contiguous(memory_format=torch.channels_last))
        coarse = self.down(fine)
        up = F.interpolate(self.side(coarse), scale_factor=2.0, mode="nearest")
        flat = torch.cat((landmarks.flatten(1), confidence), dim=1)
        feature = self.coordinates(flat) + self.pooled(coarse.mean(dim=(2, 3)))
        return self.leave(fine + up), feature


def _convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
