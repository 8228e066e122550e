"""Renders the hands of a set onto the disk: shard by shard, so that a cut-off run goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from bridge.errors import InputError
from bridge.model.hand.layer import HandLayer
from bridge.model.synthetic.draws import Draws
from bridge.model.synthetic.images import Studio
from bridge.model.synthetic.rendered_shards import (
    Description,
    Shard,
    hand_digest,
    shard_path,
    write_description,
    write_shard,
)
from bridge.model.synthetic.scene import random_scene, true_views
from bridge.model.training.hands import hand_layer

__all__ = ["write_rendered_set"]

_AT_ONCE = 16


def write_rendered_set(
    folder: Path,
    *,
    samples: int,
    views: int = 4,
    size: int = 128,
    seed: int = 0,
    steady: bool = False,
    hand: str = "open",
    device: torch.device | str = "cpu",
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> None:
    """Renders a set; one that was cut off goes on, and one can be made longer.

    Args:
        folder: Where its files are written.
        samples: Hands.
        views: Cameras around each.
        size: Width and height of the pictures, pixels.
        seed: Another seed, other hands: train and test sets need different ones.
        steady: Cut crops as a tracker does, for test sets; else with training's jitter.
        hand: ``open`` or ``mano``.
        device: Where to render.
        on_progress: Called with hands done and in all.

    Raises:
        InputError: A number cannot be used, or the folder holds another set.
    """
    for name, value, least, most in (
        ("samples", samples, 1, 2**31),
        ("views", views, 1, 64),
        ("size", size, 32, 1024),
        ("seed", seed, 0, 2**31),
    ):
        if not least <= value <= most:
            raise InputError(f"{name} must be {least} to {most}, not {value}")
    if size % 2:
        raise InputError(f"size must be even, not {size}")
    layer = hand_layer(hand)
    description = Description(
        samples=samples,
        views=views,
        size=size,
        seed=seed,
        steady=steady,
        hand=hand,
        hand_digest=hand_digest(layer),
    )
    write_description(folder, description)
    studio = Studio(layer, device=device)
    for shard in range(description.shards):
        numbers = description.numbers(shard)
        path = shard_path(folder, shard)
        if not _whole(folder, shard, description):
            parts: list[dict[str, Tensor]] = []
            for first in range(0, len(numbers), _AT_ONCE):
                some = numbers[first : first + _AT_ONCE]
                parts.append(_rendered(studio, layer, some, description))
                on_progress(some[-1] + 1, samples)
            joined = {name: torch.cat([p[name] for p in parts]).numpy() for name in parts[0]}
            pictures, masks = joined.pop("pictures"), joined.pop("masks")
            write_shard(path, joined, pictures, masks)
        on_progress(numbers[-1] + 1, samples)


def _whole(folder: Path, shard: int, description: Description) -> bool:
    """Whether a file is there and is what was written."""
    try:
        Shard(folder, shard, description)
    except InputError:
        return False
    return True


def _rendered(
    studio: Studio, hand: HandLayer, numbers: list[int], description: Description
) -> dict[str, Tensor]:
    """Truth, pictures and masks of some hands."""
    draws = Draws(description.seed, numbers)
    augment = not description.steady
    scene = random_scene(draws, hand, views=description.views, augment=augment, mesh=True)
    pictures = studio.pictures(draws, scene, size=description.size, wide=False)
    truth = true_views(scene)
    names = ("betas", "pose", "wrist_rotation", "joints_m", "focal")
    images = (255 * pictures.images).round().byte().flatten(0, 1).permute(0, 2, 3, 1)
    return {
        **{name: getattr(truth, name).cpu() for name in names},
        "visible": pictures.visible.cpu(),
        "pictures": images.cpu(),
        "masks": (255 * pictures.masks).byte().flatten(0, 1).cpu(),
    }
