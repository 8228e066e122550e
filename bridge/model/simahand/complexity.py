"""How large the networks are: parameters and operations, to hold against Table 4."""

from __future__ import annotations

from typing import NamedTuple

from bridge.errors import InputError
from bridge.model.layers.complexity import of_one_hand, parameters
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

    Raises:
        InputError: They are more than an MVR-Hand fuses.
    """
    if 1 < net.config.views < views:
        raise InputError(f"this MVR-Hand fuses at most {net.config.views} views, not {views}")
    return Complexity(
        parameters=parameters(net),
        flops=of_one_hand(net, views),
        views=views,
        vertices=net.hand.n_vertices,
    )
