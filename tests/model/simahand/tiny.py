"""Networks that take milliseconds, and samples for them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import torch

from bridge.model.hand.layer import HandLayer, open_hand_layer
from bridge.model.simahand import SimaHand, SimaHandConfig, SimaHandOutput
from bridge.model.synthetic import SyntheticLandmarks
from bridge.model.training.sample import HandViews

SIZES: dict[str, Any] = {
    "channels": 16,
    "map_size": 8,
    "halvings": 1,
    "vertex_channels": 12,
    "coarse_vertices": 30,
    "decoder_channels": (8, 4),
    "heads": 2,
    "head_channels": 8,
}
CROP_PX = 32


@cache
def hand() -> HandLayer:
    return open_hand_layer()


def tiny(**changes: Any) -> SimaHandConfig:
    """The landmark SVR-Hand in small; ``views`` makes it an MVR-Hand."""
    return SimaHandConfig.landmarks(**(SIZES | changes))


def tiny_rgb(**changes: Any) -> SimaHandConfig:
    """The paper's SVR-Hand in small."""
    return SimaHandConfig.paper(**(SIZES | {"crop_px": CROP_PX} | changes))


@cache
def samples(count: int = 2, views: int = 3, *, noise: bool = False, first: int = 0) -> HandViews:
    """Hands with all truth, and images of noise; not to be written to."""
    source = SyntheticLandmarks(seed=7, noise=noise, hand=hand(), mesh=True)
    batch = source.batch(list(range(first, first + count)), views=views, augment=False)
    generator = torch.Generator().manual_seed(first)
    return replace(batch, images=torch.rand(count, views, 3, CROP_PX, CROP_PX, generator=generator))


@cache
def network(config: SimaHandConfig, seed: int = 0) -> SimaHand:
    """A network in evaluation mode that is far from where training starts; not to be written to.

    There all heads say almost nothing, and no test could tell what they listen to.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = SimaHand(replace(config, view_mask_probability=0.0), hand())
        with torch.no_grad():
            for head in (net.shape.keypoint[-1], net.orientation.rotation[-1]):
                head.weight.normal_(std=0.5)
            net.decoder.coordinates.weight.normal_(std=0.2)
            for module in net.modules():
                if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                    module.momentum = 1.0
            net.train()(samples(4, min(3, max(config.views, 1)), noise=True, first=100))
    return net.eval()


def said(net: SimaHand, views: HandViews) -> SimaHandOutput:
    """What a network says of a batch."""
    with torch.no_grad():
        return net(views)


def close(a: torch.Tensor, b: torch.Tensor, atol: float = 1e-5) -> None:
    """Fails unless two tensors agree to ``atol``."""
    torch.testing.assert_close(a, b, atol=atol, rtol=0)
