"""How large the networks are: parameters and operations, to hold against Table 4."""

from __future__ import annotations

from typing import NamedTuple

import torch

from bridge.model.layers.complexity import multiply_accumulates, parameters
from bridge.model.simahand.network import SimaHand

__all__ = ["Complexity", "complexity"]


class Complexity(NamedTuple):
    """Size of a network.

    Attributes:
        parameters: Trainable numbers.
        flops: Multiply-accumulates of one hand in all its views (MVR-Hand: each as the target).
        views: N.
        vertices: Of the hand's mesh; the paper's has 778.
    """

    parameters: int
    flops: int
    views: int
    vertices: int


def complexity(net: SimaHand, views: int = 1) -> Complexity:
    """Counts matrix products and convolutions of one forward pass.

    Args:
        net: The network; left as it was.
        views: N.
    """
    config = net.config
    device = next(net.parameters()).device
    confidence = None
    if config.stem == "rgb":
        data = torch.zeros(1, views, 3, config.crop_px, config.crop_px, device=device)
    else:
        data = torch.zeros(1, views, 21, 2, device=device)
        confidence = torch.ones(1, views, 21, device=device)
    focal = torch.full((1, views), 4.0, device=device)
    present = torch.ones(1, views, dtype=torch.bool, device=device)
    return Complexity(
        parameters=parameters(net),
        flops=multiply_accumulates(
            net, lambda: net.export_forward(data, confidence, focal, present)
        ),
        views=views,
        vertices=net.hand.n_vertices,
    )
