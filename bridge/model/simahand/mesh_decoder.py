"""D_shape: features of coarse vertices to the mesh at the canonical pose, by spiral convolutions.

Inside, features lie vertex by vertex, ``(K, M, C)``: to gather a spiral is then to copy rows.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bridge.model.hand.layer import HandLayer
from bridge.model.simahand.mesh_levels import Level

__all__ = ["MeshDecoder", "SpiralConv"]


class SpiralConv(nn.Module):
    """One linear layer on the features of a spiral, one after the other (Lim et al. 2018).

    The layer is applied place by place of the spiral and summed: nothing has to be put in a row.

    Args:
        inputs: Features of a vertex.
        outputs: Features of a vertex.
        spirals: ``(K, length)``; fixed, not part of the weights.
    """

    spirals: Tensor

    def __init__(self, inputs: int, outputs: int, spirals: Tensor) -> None:
        super().__init__()
        self.register_buffer("spirals", spirals, persistent=False)
        length = spirals.shape[1]
        self.weight = nn.Parameter(torch.empty(length, inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        # As for the one layer with ReLU behind it that this is (He et al. 2015).
        nn.init.normal_(self.weight, std=(2 / (inputs * length)) ** 0.5)

    def forward(self, x: Tensor) -> Tensor:
        """``(K, M, inputs)`` to ``(K, M, outputs)``."""
        outputs = self.weight.shape[2]
        mixed = self.bias.to(x.dtype).expand(x.shape[0] * x.shape[1], outputs)
        for place, weight in zip(self.spirals.unbind(1), self.weight, strict=True):
            mixed = torch.addmm(mixed, x.index_select(0, place).flatten(0, 1), weight.to(x.dtype))
        return mixed.view(*x.shape[:2], outputs)


class _Finer(nn.Module):
    """Features of one level on the vertices of the next."""

    corners: Tensor
    weights: Tensor

    def __init__(self, level: Level) -> None:
        super().__init__()
        corners, weights = torch.from_numpy(level.from_corners), torch.tensor(level.from_weights)
        self.register_buffer("corners", corners, persistent=False)
        self.register_buffer("weights", weights.float(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        weights = self.weights[..., None, None].to(x.dtype)
        a, b, c = (x.index_select(0, self.corners[:, k]) * weights[:, k] for k in range(3))
        return a + b + c


class MeshDecoder(nn.Module):
    """Up through the levels, a spiral convolution and ReLU on each; then coordinates.

    They are what the mesh differs by from the resting hand (a start; the paper has none).

    Args:
        hand: Its template.
        levels: From `mesh_levels`.
        inputs: Features of a coarse vertex.
        channels: Features on each level.
    """

    template: Tensor

    def __init__(
        self, hand: HandLayer, levels: list[Level], inputs: int, channels: tuple[int, ...]
    ) -> None:
        super().__init__()
        self.finer = nn.ModuleList(_Finer(level) for level in levels)
        spirals = [torch.from_numpy(level.spirals) for level in levels]
        sizes = [inputs, *channels]
        self.mix = nn.ModuleList(
            SpiralConv(sizes[k], sizes[k + 1], spirals[k]) for k in range(len(levels))
        )
        self.coordinates = SpiralConv(channels[-1], 3, spirals[-1])
        self.register_buffer("template", hand.template.clone(), persistent=False)

    def start(self) -> None:
        """Lets the mesh begin near the resting hand's."""
        nn.init.normal_(self.coordinates.weight, std=0.01)

    def forward(self, f_v: Tensor, unit_m: float) -> tuple[Tensor, Tensor]:
        """Decodes.

        Args:
            f_v: ``(M, coarse, inputs)``.
            unit_m: Length that coordinates count in.

        Returns:
            Vertices ``(M, V, 3)`` in that unit, and the last layer's features ``(M, V, C)``.
        """
        x = f_v.transpose(0, 1)
        for finer, mix in zip(self.finer, self.mix, strict=True):
            x = mix(finer(x)).relu()
        moved = self.coordinates(x).transpose(0, 1).float()
        return self.template / unit_m + moved, x.transpose(0, 1)
