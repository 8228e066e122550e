"""Where samples come from, by the name that a configuration gives."""

from __future__ import annotations

from typing import Any

import torch

from bridge.errors import InputError
from bridge.model.hand import mano_folder
from bridge.model.training.config import DataConfig
from bridge.model.training.jitter import UprightViews
from bridge.model.training.sample import SampleSource

__all__ = ["open_source"]


def open_source(
    data: DataConfig,
    *,
    seed: int,
    split: str = "train",
    hand: str = "open",
    device: torch.device | str = "cpu",
) -> SampleSource[Any]:
    """Opens the samples that a configuration names.

    Args:
        data: Source, path and options.
        seed: Of synthetic samples.
        hand: The network's: on ``mano`` datasets also give MANO's vertices and pose.
        split: ``train``, ``val`` or ``test``, for real datasets.
        device: Where synthetic pictures are rendered, unless an option says otherwise: on a CPU
            that takes far longer than training on them.

    Raises:
        InputError: The source is unknown, its folder is missing or incomplete, or an option is not
            one of the source's.
    """
    try:
        if data.source == "synthetic-landmarks":
            from bridge.model.synthetic import SyntheticLandmarks

            options = dict(data.options)
            upright = bool(options.pop("upright", False))
            landmarks = SyntheticLandmarks(seed, **options)
            return UprightViews(landmarks) if upright else landmarks
        if data.source == "synthetic-images":
            from bridge.model.synthetic import SyntheticImages

            return SyntheticImages(seed, **({"device": device} | data.options))
        if data.source == "rendered" and data.path is not None:
            from bridge.model.synthetic.rendered_set import RenderedSet

            return RenderedSet(data.path, **({"seed": seed} | data.options))
        if data.source == "pasted" and data.path is not None:
            from bridge.model.multihand.pasting import open_pasted

            return open_pasted(data.path, **({"seed": seed} | data.options))
    except TypeError as error:
        raise InputError(f"data.options do not fit {data.source}: {error}") from error
    if data.path is None:
        raise InputError(
            f"data.source {data.source} is a dataset: give its folder with --set data.path=..."
        )
    from bridge.model.datasets import open_dataset

    options = dict(data.options)
    if hand == "mano":
        options.setdefault("mano_path", mano_folder())
    return open_dataset(data.source, data.path, split, **options)
