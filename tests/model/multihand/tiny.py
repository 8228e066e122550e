"""Networks that take milliseconds, and pictures for them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import torch

from bridge.model.hand.layer import HandLayer, open_hand_layer
from bridge.model.multihand import HandScenes, MultiHandConfig, MultiHandNet
from bridge.model.multihand.pasting import PastedHands
from bridge.model.synthetic import SyntheticImages
from bridge.model.training.sample import HandViews

SIZE = 64
SIZES: dict[str, Any] = {
    "depth": 18,
    "width": 0.125,
    "size": SIZE,
    "channels": 16,
    "hidden": 32,
    "rotation": "6d",
}


@cache
def hand() -> HandLayer:
    return open_hand_layer()


def tiny(**changes: Any) -> MultiHandConfig:
    return MultiHandConfig.weak(**(SIZES | changes))


def tiny_full(**changes: Any) -> MultiHandConfig:
    return MultiHandConfig.full(**(SIZES | changes))


def network(config: MultiHandConfig | None = None, seed: int = 0) -> MultiHandNet:
    torch.manual_seed(seed)
    return MultiHandNet(config or tiny(), hand())


class FewHands:
    """A dozen rendered hands over and over."""

    def __init__(self) -> None:
        source = SyntheticImages(5, size=48, hand=hand())
        self.views = source.batch(list(range(12)), views=1, augment=False)

    def __len__(self) -> int:
        return 12

    def batch(self, numbers: list[int], *, views: int, augment: bool) -> HandViews:
        rows = torch.tensor([number % 12 for number in numbers])
        names = ("images", "masks", "joints_m", "focal", "present", "wrist_rotation")
        fields = {name: getattr(self.views, name)[rows] for name in (*names, "pose", "betas")}
        return HandViews(**fields)


@cache
def few_hands() -> FewHands:
    return FewHands()


def pasted(**options: Any) -> PastedHands:
    given = {"size": SIZE, "sides": (20, 40), "epoch": 100, "least": 2, "whole": 0.0} | options
    return PastedHands(few_hands(), **given)


@cache
def scenes(count: int = 4, *, centred: bool = False) -> HandScenes:
    """Pictures with all truth; not to be written to."""
    source = pasted(crop_epochs=1 if centred else 0)
    return source.batch(list(range(count)), views=1, augment=False)


def spoilt(batch: HandScenes, name: str, place: tuple[int, ...], value: float) -> HandScenes:
    """The batch with one number that is another."""
    tensor = getattr(batch, name).clone()
    tensor[place] = value
    return replace(batch, **{name: tensor})
