"""Networks that take milliseconds, and samples for them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import torch
from torch import Tensor

from bridge.model.hamuco import HaMuCo, HaMuCoConfig
from bridge.model.hand.layer import HandLayer, open_hand_layer
from bridge.model.synthetic import SyntheticLandmarks
from bridge.model.training.sample import HandViews

SIZES: dict[str, Any] = {
    "width": 0.125,
    "crop_px": 32,
    "location_channels": 8,
    "global_channels": 4,
    "view_mask_probability": 0.0,
}


@cache
def hand() -> HandLayer:
    return open_hand_layer()


def tiny(**changes: Any) -> HaMuCoConfig:
    return HaMuCoConfig.cpu(**(SIZES | changes))


@cache
def samples(count: int = 2, views: int = 3, *, first: int = 0) -> HandViews:
    """Hands with exact labels and all truth, and images of noise; not to be written to."""
    source = SyntheticLandmarks(seed=7, noise=False, hand=hand(), mesh=True)
    batch = source.batch(list(range(first, first + count)), views=views, augment=False)
    generator = torch.Generator().manual_seed(first)
    return replace(batch, images=torch.rand(count, views, 3, 32, 32, generator=generator))


@cache
def network(config: HaMuCoConfig, seed: int = 0) -> HaMuCo:
    """A network in evaluation mode that is far from where training starts; not to be written to.

    There all heads say almost nothing, and no test could tell what they listen to.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = HaMuCo(config, hand())
        with torch.no_grad():
            for module in net.modules():
                if isinstance(module, torch.nn.Linear) and module.weight.std() < 0.0125:
                    module.weight.mul_(20)
                if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                    module.momentum = 1.0
            net.train()(samples(4, 3, first=100))
    return net.eval()


def close(a: Tensor, b: Tensor, atol: float = 1e-5) -> None:
    torch.testing.assert_close(a, b, atol=atol, rtol=0)
