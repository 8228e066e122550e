"""From a view to its image-level feature map f_i: pictures, or detected landmarks."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bridge.model.layers.basic import mlp
from bridge.model.layers.maps import gaussian_maps
from bridge.model.simahand.config import HEATMAP, SimaHandConfig
from bridge.model.simahand.layers import (
    Encoder,
    SqueezeExcite,
    convolution,
    separable,
)

__all__ = ["ImageStem", "LandmarkStem", "TopDown", "stem_of"]

_HOURGLASS_CHANNELS = 24


class TopDown(nn.Module):
    """The way back up an hourglass: each coarser map is doubled and added to the next finer one.

    Args:
        channels: Of the encoder's levels, finest first.
        outputs: Of the result, which is as large as the finest level.
    """

    def __init__(self, channels: list[int], outputs: int) -> None:
        super().__init__()
        targets = [*channels[-2::-1], outputs]
        self.shrink = nn.ModuleList(
            nn.Sequential(separable(size, target), separable(target, target), SqueezeExcite(target))
            for size, target in zip(channels[::-1], targets, strict=True)
        )

    def forward(self, levels: list[Tensor]) -> Tensor:
        """The levels of an `Encoder`, finest first, to ``(M, outputs, H / 2, W / 2)``."""
        x = levels[-1]
        for k, shrink in enumerate(self.shrink):
            x = shrink(x)
            if k < len(self.shrink) - 1:
                x = F.interpolate(x, scale_factor=2.0, mode="nearest") + levels[-2 - k]
        return x


class ImageStem(nn.Module):
    """RGB crops through the first hourglass (the paper's)."""

    def __init__(self, config: SimaHandConfig) -> None:
        super().__init__()
        channels = config.channels
        self.enter = nn.Sequential(
            convolution(3, channels // 2, 3, stride=2), separable(channels // 2, channels)
        )
        self.arrange = convolution(4 * channels, channels)
        self.encoder = Encoder(channels, config.halvings, deepen=False)
        levels = [channels * 2 ** (k + 1) for k in range(config.halvings)]
        self.top_down = TopDown(levels, _HOURGLASS_CHANNELS)
        self.remap = convolution(_HOURGLASS_CHANNELS, _HOURGLASS_CHANNELS)
        self.merge = convolution(channels + _HOURGLASS_CHANNELS, channels)

    def forward(self, focal: Tensor, images: Tensor) -> tuple[Tensor, Tensor]:
        """Encodes views.

        Args:
            focal: ``(M,)``, not used: the paper's network sees a crop alone.
            images: ``(M, 3, S, S)``, 0 to 1.

        Returns:
            f_i ``(M, C, S/4, S/4)``, and where keypoints are looked for first: the middle.
        """
        x = self.enter(2 * images - 1)
        # Space to channels: half the size without losing a pixel.
        x = self.arrange(F.pixel_unshuffle(x, 2))
        up = self.top_down(self.encoder(x))
        up = F.interpolate(up, scale_factor=2.0, mode="bilinear", align_corners=True)
        f_i = self.merge(torch.cat((self.remap(up), x), dim=1))
        return f_i, focal.new_zeros(len(images), 21, 2)


class LandmarkStem(nn.Module):
    """21 heatmaps as high as their confidence, 32 cells across (not in the paper).

    A landmark network's keypoints on a synthetic and on a real hand differ far less than the
    pictures do, and this trains on a CPU. What a heatmap has only to a fraction of a cell, the
    coordinates, and the focal length are added to every cell.
    """

    def __init__(self, config: SimaHandConfig) -> None:
        super().__init__()
        channels = config.channels
        self.cell = HEATMAP // config.map_size
        self.arrange = nn.Conv2d(21 * self.cell**2, channels, 1)
        self.coordinates = mlp(21 * 3 + 1, 4 * channels, channels)
        self.merge = nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU(inplace=True))

    def forward(
        self, focal: Tensor, landmarks: Tensor, confidence: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Encodes views.

        Args:
            focal: ``(M,)`` half crop widths.
            landmarks: ``(M, 21, 2)`` crop coordinates; zero where not found.
            confidence: ``(M, 21)``, 0 to 1; zero where not found.

        Returns:
            f_i ``(M, C, S, S)``, and where keypoints are looked for first: where they were found.
        """
        maps = gaussian_maps(landmarks, HEATMAP, 1.0) * confidence[..., None, None]
        said = torch.cat((landmarks.flatten(1), confidence, 1 / focal[:, None]), dim=1)
        everywhere = self.coordinates(said)[..., None, None]
        return self.merge(self.arrange(F.pixel_unshuffle(maps, self.cell)) + everywhere), landmarks


def stem_of(config: SimaHandConfig) -> nn.Module:
    """The stem that a configuration names."""
    return ImageStem(config) if config.stem == "rgb" else LandmarkStem(config)
