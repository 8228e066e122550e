"""How large the network is, to hold against the paper's."""

from __future__ import annotations

from typing import NamedTuple

import torch

from bridge.model.hamuco.network import HaMuCo
from bridge.model.layers.complexity import multiply_accumulates, of_one_hand, parameters

__all__ = ["Complexity", "complexity"]


class Complexity(NamedTuple):
    """Size of a network.

    Attributes:
        parameters: Trainable numbers.
        single_view_parameters: Those of them that one view alone needs.
        flops: Multiply-accumulates of one hand in all its views.
        single_view_flops: Of one view on its own, without the hand layer.
        views: N.
    """

    parameters: int
    single_view_parameters: int
    flops: int
    single_view_flops: int
    views: int


def complexity(net: HaMuCo, views: int = 8) -> Complexity:
    """Counts one forward pass, the hand layer's products included.

    Args:
        net: The network; left as it was.
        views: N.
    """
    config, device = net.config, next(net.parameters()).device
    if config.stem == "rgb":
        one = [torch.zeros(1, 3, config.crop_px, config.crop_px, device=device)]
    else:
        one = [torch.zeros(1, 21, 2, device=device), torch.ones(1, 21, device=device)]
    return Complexity(
        parameters=parameters(net),
        single_view_parameters=parameters(net.single_view),
        flops=of_one_hand(net, views),
        single_view_flops=multiply_accumulates(net, lambda: net.single_view(*one)),
        views=views,
    )
