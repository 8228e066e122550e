"""How large a network is: its numbers, and the operations of one forward pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

__all__ = ["multiply_accumulates", "of_one_hand", "parameters"]


def parameters(net: nn.Module) -> int:
    """Trainable numbers."""
    return sum(p.numel() for p in net.parameters() if p.requires_grad)


def multiply_accumulates(net: nn.Module, run: Callable[[], object]) -> int:
    """Matrix products and convolutions of one pass, the hand layer's included.

    This is what vision papers print as FLOPs (ResNet-18 at 224 pixels is "1.8 G"); counting
    multiplications and additions apart would double it.

    Args:
        net: The network; left as it was.
        run: Runs it once.
    """
    training = net.training
    net.eval()
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            run()
    finally:
        net.train(training)
    return int(counter.get_total_flops()) // 2


def of_one_hand(net: Any, views: int) -> int:
    """`multiply_accumulates` of one hand in so many views.

    Args:
        net: A multi-view network, as `bridge.model.layers.view_export.export_views` takes it.
        views: N.
    """
    config, device = net.config, next(net.parameters()).device
    confidence = None
    if config.stem == "rgb":
        data = torch.zeros(1, views, 3, config.crop_px, config.crop_px, device=device)
    else:
        data = torch.zeros(1, views, 21, 2, device=device)
        confidence = torch.ones(1, views, 21, device=device)
    focal = torch.full((1, views), 4.0, device=device)
    present = torch.ones(1, views, dtype=torch.bool, device=device)
    return multiply_accumulates(net, lambda: net.export_forward(data, confidence, focal, present))
