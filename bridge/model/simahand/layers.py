"""Convolution blocks of the backbone and the encoders.

The paper says "an hourglass block" and pre-trains it as MobRecon does (Chen et al. 2022): its
blocks are depthwise separable, densely connected, with squeeze and excitation.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["Dense", "Encoder", "SqueezeExcite", "convolution", "pointwise", "separable"]


def convolution(inputs: int, outputs: int, kernel: int = 1, stride: int = 1) -> nn.Sequential:
    """Convolution, batch normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def separable(inputs: int, outputs: int) -> nn.Sequential:
    """Depthwise 3 x 3 and pointwise convolution."""
    depthwise = nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs, bias=False)
    between = (nn.BatchNorm2d(inputs), nn.ReLU(inplace=True))
    return nn.Sequential(depthwise, *between, *convolution(inputs, outputs))


def pointwise(*sizes: int) -> nn.Sequential:
    """An MLP on every cell: 1 x 1 convolutions with ReLU in between and none at the end."""
    layers: list[nn.Module] = []
    for k in range(len(sizes) - 1):
        layers += [nn.Conv2d(sizes[k], sizes[k + 1], 1), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class Dense(nn.Module):
    """Separable convolutions, each of which sees all that came before it.

    Args:
        inputs: Channels.
        grow: Channels of each convolution.
        keep_inputs: Whether the output has the input too; else only what was added.
    """

    def __init__(self, inputs: int, *grow: int, keep_inputs: bool = True) -> None:
        super().__init__()
        self._skipped = 0 if keep_inputs else inputs
        sizes = [inputs + sum(grow[:k]) for k in range(len(grow))]
        self.convolutions = nn.ModuleList(
            separable(size, added) for size, added in zip(sizes, grow, strict=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        """``(M, inputs, H, W)`` to what is kept and what was added."""
        for convolve in self.convolutions:
            x = torch.cat((x, convolve(x)), dim=1)
        return x[:, self._skipped :]


class SqueezeExcite(nn.Module):
    """Channels weighed by what the whole map says (Hu et al. 2018)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = min(channels // 2, 256)
        self.weigh = nn.Sequential(
            nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        """``(M, C, H, W)``, weighed."""
        return x * self.weigh(x.mean(dim=(2, 3)))[..., None, None]


class Encoder(nn.Module):
    """A map halved some times, its channels doubled each time.

    Args:
        channels: Of the input.
        halvings: How often.
        deepen: Whether two more blocks follow at the smallest size.
    """

    def __init__(self, channels: int, halvings: int, *, deepen: bool = True) -> None:
        super().__init__()
        self.blocks = nn.ModuleList()
        size = channels
        for k in range(halvings):
            grow = (size // 2,) * 2 if k == 0 else (size // 4,) * 4
            self.blocks.append(
                nn.Sequential(Dense(size, *grow), SqueezeExcite(2 * size), nn.AvgPool2d(2))
            )
            size *= 2
        grow = (size * 3 // 4, size // 4)
        deep = [Dense(size, *grow, keep_inputs=False) for _ in range(2 * deepen)]
        self.deep = nn.Sequential(*deep)

    def forward(self, x: Tensor) -> list[Tensor]:
        """All sizes, the input's half first: ``(M, C * 2^k, H / 2^k, W / 2^k)``."""
        levels = []
        for block in self.blocks:
            x = block(x)
            levels.append(x)
        levels[-1] = self.deep(x)
        return levels
