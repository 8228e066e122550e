"""How large the network is: parameters and operations."""

from __future__ import annotations

from typing import NamedTuple

import torch

from bridge.model.layers.complexity import multiply_accumulates, parameters
from bridge.model.multihand.network import MultiHandNet

__all__ = ["Complexity", "complexity"]


class Complexity(NamedTuple):
    """Size of a network.

    Attributes:
        parameters: Trainable numbers.
        flops: Multiply-accumulates of one whole picture with all ``hands``.
        size_px: Width and height of that picture.
        hands: How many hands are decoded, found or not.
        vertices: Of a hand's mesh; the paper's has 778.
    """

    parameters: int
    flops: int
    size_px: int
    hands: int
    vertices: int


def complexity(net: MultiHandNet, _views: int = 1) -> Complexity:
    """Counts matrix products and convolutions of one forward pass.

    Args:
        net: The network; left as it was.
    """
    size = net.config.size
    picture = torch.zeros(1, 3, size, size, device=next(net.parameters()).device)
    return Complexity(
        parameters=parameters(net),
        flops=multiply_accumulates(net, lambda: net.export_forward(picture)),
        size_px=size,
        hands=net.config.most_hands,
        vertices=net.hand.n_vertices,
    )
