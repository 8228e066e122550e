"""The networks that can be trained, by name: one entry each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from bridge.errors import InputError
from bridge.model.a3net import A3Net, A3NetConfig
from bridge.model.a3net.losses import a3net_loss
from bridge.model.hand.layer import HandLayer
from bridge.model.training.schedule import Moment

__all__ = ["NETWORKS", "Architecture", "architecture"]


@dataclass(frozen=True, slots=True)
class Architecture:
    """What training needs of a network.

    Attributes:
        configure: A preset's name and the changes to it give the network's configuration, which
            has ``to_dict``.
        restore: The configuration of such a dict, to be filled with trained weights.
        build: The network on a hand model.
        loss: Named losses of its output for a batch at a moment of the run; ``total`` is the one
            to minimise.
    """

    configure: Callable[[str, Mapping[str, Any]], Any]
    restore: Callable[[Mapping[str, Any]], Any]
    build: Callable[[Any, HandLayer], nn.Module]
    loss: Callable[[Any, Any, Any, Moment], dict[str, Tensor]]


def _configure_a3net(preset: str, changes: Mapping[str, Any]) -> A3NetConfig:
    presets = {"paper": A3NetConfig.paper, "landmarks": A3NetConfig.landmarks}
    if preset not in presets:
        raise InputError(f"a3net has no preset {preset!r}: choose one of {', '.join(presets)}")
    return A3NetConfig.from_dict(presets[preset]().to_dict() | dict(changes))


def _restore_a3net(values: Mapping[str, Any]) -> A3NetConfig:
    # Where its training once began is of no use to trained weights: nothing may be downloaded, and
    # no path that a file names may be opened.
    return A3NetConfig.from_dict({k: v for k, v in values.items() if k != "weights"})


NETWORKS = {
    "a3net": Architecture(
        _configure_a3net,
        _restore_a3net,
        A3Net,
        lambda output, views, config, _moment: a3net_loss(output, views, config),
    ),
}


def architecture(name: str) -> Architecture:
    """The entry of a name.

    Raises:
        InputError: There is none; the message lists those there are.
    """
    if name not in NETWORKS:
        raise InputError(f"unknown network {name!r}: choose one of {', '.join(NETWORKS)}")
    return NETWORKS[name]
