"""How large the network is: parameters and operations, to hold against Table 4."""

from __future__ import annotations

from typing import NamedTuple

from bridge.model.a3net.network import A3Net
from bridge.model.layers.complexity import of_one_hand, parameters

__all__ = ["Complexity", "complexity"]


class Complexity(NamedTuple):
    """Size of a network.

    Attributes:
        parameters: Trainable numbers.
        flops: Multiply-accumulates of one hand in all its views; counted so, the paper's numbers
            fit its backbone.
        views: N.
        iterations: Of alignment.
    """

    parameters: int
    flops: int
    views: int
    iterations: int


def complexity(net: A3Net, views: int = 3) -> Complexity:
    """Counts matrix products and convolutions of one forward pass, the hand layer's included.

    Args:
        net: The network; left as it was.
        views: N.
    """
    return Complexity(
        parameters=parameters(net),
        flops=of_one_hand(net, views),
        views=views,
        iterations=net.config.iterations,
    )
