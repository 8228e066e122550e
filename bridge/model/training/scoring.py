"""All methods of one network, on one set of samples: what ``ghosthands eval`` reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bridge.errors import InputError
from bridge.model.a3net.baselines import BASELINES
from bridge.model.hand.layer import open_hand_layer
from bridge.model.training.config import DataConfig
from bridge.model.training.evaluation import Evaluation, Predictor, evaluate, fused
from bridge.model.training.networks import architecture
from bridge.model.training.run import pick_device
from bridge.model.training.sample import SampleSource
from bridge.model.training.sources import open_source
from bridge.model.training.weights import load_network, shipped_weights

__all__ = ["score"]


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
        data: ``synthetic``, or a dataset's folder, whose ``test`` split is taken.
        views: Numbers of views to score with.
        samples: The first so many; all where None.
        baselines: Score the baselines too.
        device: ``auto``, ``cpu`` or ``cuda``.
        on_progress: Called with samples done, and in all.

    Returns:
        By number of views, then by method.

    Raises:
        InputError: The data cannot be used.
        ModelError: The weights cannot be used.
    """
    architecture(name)
    place = pick_device(device)
    network, about = load_network(weights or shipped_weights(name), open_hand_layer())
    if about["network"] != name:
        raise InputError(f"these are weights of {about['network']}, not of {name}")
    network.to(place)
    source = _source(data)
    total = min(samples or len(source), len(source))
    results: dict[int, dict[str, Evaluation]] = {}
    methods: dict[str, Predictor] = {name: fused(network)}
    if baselines:
        methods |= {label: partial(predict, network) for label, predict in BASELINES.items()}
    done = 0
    jobs = [
        (count, label)
        for count in views
        for label in methods
        # One view has nothing to average, choose from or triangulate.
        if count > 1 or label in (name, "first_view")
    ]
    for count, label in jobs:
        results.setdefault(count, {})[label] = evaluate(
            methods[label],
            source,
            views=count,
            samples=samples,
            device=place,
            on_progress=lambda n, before=done: on_progress(before + n, total * len(jobs)),  # type: ignore[misc]
        )
        done += total
    return results


def _source(data: str) -> SampleSource:
    if data == "synthetic":
        from bridge.model.synthetic import test_set

        return test_set()
    return open_source(DataConfig(source="auto", path=Path(data)), seed=0, split="test")
