"""All methods of one network, on one set of samples: what ``ghosthands eval`` reports."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from bridge.errors import InputError
from bridge.model.multihand import MultiHandNet
from bridge.model.multihand.labelled import LABELS, LabelledPictures
from bridge.model.multihand.labelled_scenes import LabelledScenes
from bridge.model.multihand.scenes import HandScenes
from bridge.model.multihand.scoring import Scores, score_scenes, scored_pictures
from bridge.model.synthetic.rendered_shards import is_rendered_set
from bridge.model.training.config import DataConfig
from bridge.model.training.evaluation import Evaluation, Predictor, evaluate_all, fused
from bridge.model.training.jitter import UprightViews
from bridge.model.training.networks import architecture
from bridge.model.training.run import pick_device
from bridge.model.training.sample import HandViews, SampleSource
from bridge.model.training.sources import open_source
from bridge.model.training.weights import hand_of, load_network, options_of, shipped_weights

__all__ = ["score", "score_pictures"]

_log = logging.getLogger(__name__)


def score(
    name: str,
    weights: Path | None,
    *,
    data: str,
    views: Sequence[int],
    samples: int | None = None,
    baselines: bool = True,
    device: str = "auto",
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[int, dict[str, Evaluation]]:
    """Scores a network and its baselines.

    Args:
        name: The network.
        weights: Its weights file; the shipped one where None.
        data: ``synthetic``, the fixed test set (with pictures for a network that takes them), the
            folder of a rendered set, or a dataset's, whose ``test`` split is taken.
        views: Numbers of views to score with.
        samples: The first so many; all where None.
        baselines: Score the baselines too; those that need what the samples do not have
            (landmarks to triangulate, true rotations) are left out.
        device: ``auto``, ``cpu`` or ``cuda``.
        on_progress: Called with samples done, and in all.

    Returns:
        By number of views, then by method.

    Raises:
        InputError: The data cannot be used.
        ModelError: The weights cannot be used.
    """
    entry = architecture(name)
    place = pick_device(device)
    network, about = load_network(weights or shipped_weights(name))
    if about["network"] != name:
        raise InputError(f"these are weights of {about['network']}, not of {name}")
    network.to(place)
    source = _source(data, about, device=place)
    total = min(samples or len(source), len(source))
    methods: dict[str, Predictor] = {name: fused(network)}
    if baselines:
        methods |= _possible(
            {label: partial(predict, network) for label, predict in entry.baselines.items()},
            source.batch([0], views=max(views), augment=False).to(place),
        )
    results: dict[int, dict[str, Evaluation]] = {}
    for k, count in enumerate(views):
        # One view has nothing to average, choose from or triangulate.
        chosen = {n: m for n, m in methods.items() if count > 1 or n in (name, "first_view")}
        results[count] = evaluate_all(
            chosen,
            source,
            views=count,
            samples=samples,
            device=place,
            on_progress=lambda done, k=k: on_progress(k * total + done, total * len(views)),  # type: ignore[misc]
        )
    return results


def score_pictures(
    weights: Path | None,
    *,
    data: Path,
    pictures: int,
    device: str = "auto",
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, Scores]:
    """Scores a multi-hand network on whole pictures: pasted, or of real hands.

    Args:
        weights: Its weights file; the shipped one where None.
        data: A rendered set, of another seed than that of training, whose hands are pasted; or what
            ``ghosthands data label`` wrote.
        pictures: How many at most.
        device: ``auto``, ``cpu`` or ``cuda``.
        on_progress: Called with pictures done, and in all.

    Returns:
        ``multihand``: hands that it found; ``told where``: all hands, as their centres and sides
        were given, so that only the reconstruction counts.

    Raises:
        InputError: The data cannot be used, or shows no hand.
        ModelError: The weights cannot be used.
    """
    network, about = load_network(weights or shipped_weights("multihand"))
    if not isinstance(network, MultiHandNet):
        raise InputError(f"these are weights of {about['network']}, not of multihand")
    network.to(pick_device(device))
    source: SampleSource[HandScenes]
    if (data / LABELS).exists():
        labelled = LabelledPictures(data)
        source = LabelledScenes(labelled, size=network.config.size, count=pictures)
        pictures = len(source)
    else:
        source = scored_pictures(data, network.config, options_of(about))
    return {
        label: score_scenes(
            network,
            source,
            pictures=pictures,
            located=located,
            on_progress=lambda done, k=located: on_progress(k * pictures + done, 2 * pictures),  # type: ignore[misc]
        )
        for label, located in (("multihand", False), ("told where", True))
    }


def _possible(methods: dict[str, Predictor], example: HandViews) -> dict[str, Predictor]:
    """The methods for which a sample has all that they need."""
    possible = {}
    for label, predict in methods.items():
        try:
            with torch.inference_mode():
                predict(example)
        except InputError as error:
            _log.info("%s is left out: %s", label, error)
        else:
            possible[label] = predict
    return possible


def _source(
    data: str, about: Mapping[str, Any], *, device: torch.device
) -> SampleSource[HandViews]:
    """Samples as the network that says this of itself takes them."""
    config = about["config"]
    # A network without a stem in its configuration takes pictures.
    images = config.get("stem", "rgb") == "rgb"
    upright = bool(options_of(about).get("upright", False))
    if is_rendered_set(Path(data)):
        rendered = {"size": config["crop_px"]} if images else {"images": False, "landmarks": True}
        rendered |= {"upright": True, "landmarks": True} if upright else {}
        return open_source(DataConfig(source="rendered", path=Path(data), options=rendered), seed=0)
    if upright and images:
        raise InputError(
            "this network was trained on pictures that were turned upright by their labels: score"
            " it on a rendered set (ghosthands data render)"
        )
    source: SampleSource[HandViews]
    if data == "synthetic":
        from bridge.model.synthetic import SIZE, test_set

        size = config["crop_px"] if images else SIZE
        source = test_set(images=images, size=size, device=device)
    else:
        # Landmarks of a dataset are the projected truth: nothing that sees pictures may be given
        # them.
        options = {"size": config["crop_px"], "landmarks": False} if images else {"images": False}
        dataset = DataConfig(source="auto", path=Path(data), options=options)
        source = open_source(dataset, seed=0, split="test", hand=hand_of(about))
    return UprightViews(source) if upright else source
