"""The two trainings one after the other, as the configurations name them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from bridge.errors import InputError
from bridge.model.simahand import SimaHand
from bridge.model.training.config import TrainConfig, load_config
from bridge.model.training.networks import architecture
from bridge.model.training.run import train
from bridge.model.training.weights import load_network
from tests.model.simahand.tiny import SIZES, hand, said, samples

NETWORKS = ("simahand-mvr", "simahand-svr")


def short(network: str, **changes: object) -> TrainConfig:
    """The CPU's configuration with a tiny network and two steps."""
    config = load_config(
        "cpu", network=network, changes=["schedule.steps=2", "schedule.batch=2", "data.views=2"]
    )
    model = config.model.model_copy(update={"changes": SIZES | changes})
    return config.model_copy(update={"model": model})


def test_a_trained_mvr_hand_teaches_an_svr_hand(tmp_path: Path) -> None:
    teacher = train(short("simahand-mvr"), tmp_path / "mvr", device="cpu")
    weights = train(short("simahand-svr", teacher=str(teacher)), tmp_path / "svr", device="cpu")
    log = (tmp_path / "svr" / "metrics.jsonl").read_text()
    assert "distil_vertex" in log
    net, about = load_network(weights, hand())
    assert isinstance(net, SimaHand)
    assert about["network"] == "simahand-svr"
    assert torch.isfinite(said(net, samples(2, 1)).vertices_m).all()
    other = short("simahand-svr", teacher=str(teacher))
    other.data.options["upright"] = True
    with pytest.raises(InputError, match=r"crops that are not upright: set .*upright=false"):
        train(other, tmp_path / "other", device="cpu")


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", ["paper", "gpu", "cpu"])
def test_every_configuration_is_of_its_network(network: str, name: str) -> None:
    config = load_config(name, network=network)
    assert config.network == network
    model = architecture(network).configure(config.model.preset, config.model.changes)
    assert (model.views > 1) == (network == "simahand-mvr")
    assert config.data.views[1] <= max(model.views, 8)
    if model.stem == "rgb":
        assert config.data.options["size"] == model.crop_px
