"""How large a network is: its numbers, and the operations of one forward pass."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

__all__ = ["multiply_accumulates", "parameters"]


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
