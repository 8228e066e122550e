"""Networks that take milliseconds, and samples for them."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from bridge.model.a3net import A3Net, A3NetConfig, A3NetOutput
from bridge.model.hand.layer import HandLayer, open_hand_layer
from bridge.model.synthetic import SyntheticLandmarks
from bridge.model.training.sample import HandViews

SIZES: dict[str, Any] = {
    "channels": 16,
    "points": 40,
    "map_size": 8,
    "global_channels": 32,
    "head_channels": 32,
    "fusion_channels": 16,
    "ball_samples": 4,
    "update_channels": 16,
    "iterations": 1,
}
CROP_PX = 64


@cache
def hand() -> HandLayer:
    return open_hand_layer()


def tiny(**changes: Any) -> A3NetConfig:
    """The landmark network in small."""
    return A3NetConfig.landmarks(**(SIZES | changes))


def tiny_rgb(**changes: Any) -> A3NetConfig:
    """The paper's network in small."""
    return A3NetConfig.paper(**(SIZES | {"crop_px": CROP_PX} | changes))


@cache
def _source(*, noise: bool) -> SyntheticLandmarks:
    return SyntheticLandmarks(seed=7, noise=noise, hand=hand(), mesh=True)


@cache
def samples(count: int = 2, views: int = 3, *, noise: bool = False, first: int = 0) -> HandViews:
    """Hands with all truth, and images of noise; not to be written to."""
    numbers = list(range(first, first + count))
    batch = _source(noise=noise).batch(numbers, views=views, augment=False)
    generator = torch.Generator().manual_seed(first)
    size = (CROP_PX, CROP_PX)
    return replace(
        batch,
        images=torch.rand(count, views, 3, *size, generator=generator),
        masks=(torch.rand(count, views, *size, generator=generator) > 0.5).float(),
    )


def pick(views: HandViews, hands: list[int] | None = None, order: list[int] | None = None):
    """Some hands of a batch, or their views in another order."""
    changes = {}
    for f in fields(views):
        value = getattr(views, f.name)
        if value is None:
            continue
        if hands is not None:
            value = value[hands]
        if order is not None and f.name not in ("pose", "betas"):
            value = value[:, order]
        changes[f.name] = value
    return replace(views, **changes)


def changed(views: HandViews, view: int, value: float, *names: str) -> HandViews:
    """The batch with one view's fields set to a value."""
    changes: dict[str, Tensor] = {}
    for name in names:
        tensor = getattr(views, name).clone()
        tensor[:, view] = value
        changes[name] = tensor
    return replace(views, **changes)


@cache
def network(config: A3NetConfig, seed: int = 0) -> A3Net:
    """A network in evaluation mode that is far from where training starts; not to be written to.

    There all heads say almost nothing, and no test could tell what they listen to.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = A3Net(replace(config, view_mask_probability=0.0), hand())
        with torch.no_grad():
            for module in net.modules():
                if isinstance(module, nn.Linear | nn.Conv2d) and module.weight.std() < 0.0125:
                    module.weight.mul_(20)
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    module.momentum = 1.0
            net.train()(samples(4, 3, noise=True, first=100))
    return net.eval()


def close(a: Tensor, b: Tensor, atol: float = 1e-5) -> None:
    """Fails unless two tensors agree to ``atol``."""
    torch.testing.assert_close(a, b, atol=atol, rtol=0)


def said(net: A3Net, views: HandViews) -> A3NetOutput:
    """What a network says of a batch."""
    with torch.no_grad():
        return net(views)
