"""How large the network is, to hold against the paper's."""

from __future__ import annotations

from typing import NamedTuple

import torch

from bridge.model.hamuco.network import HaMuCo
from bridge.model.layers.complexity import multiply_accumulates, parameters
from bridge.model.training.sample import HandViews

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
    shape = (1, views)
    batch = HandViews(
        focal=torch.full(shape, 4.0, device=device),
        present=torch.ones(shape, dtype=torch.bool, device=device),
        images=torch.zeros(*shape, 3, config.crop_px, config.crop_px, device=device),
        landmarks=torch.zeros(*shape, 21, 2, device=device),
        confidence=torch.ones(*shape, 21, device=device),
        wrist_rotation=torch.eye(3, device=device).expand(*shape, 3, 3),
    )
    names = ("images",) if config.stem == "rgb" else ("landmarks", "confidence")
    one = [getattr(batch, name)[0, :1] for name in names]
    return Complexity(
        parameters=parameters(net),
        single_view_parameters=parameters(net.single_view),
        flops=multiply_accumulates(net, lambda: net(batch)),
        single_view_flops=multiply_accumulates(net, lambda: net.single_view(*one)),
        views=views,
    )
