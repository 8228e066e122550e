"""The weights and the network that are shipped."""

from __future__ import annotations

import json
from importlib import resources

import onnx
import pytest

from bridge.model.hamuco.export import parity
from bridge.model.synthetic import test_set
from bridge.model.training.evaluation import evaluate_all, fused
from bridge.model.training.jitter import UprightViews
from bridge.model.training.networks import architecture
from bridge.model.training.weights import load_network, shipped_weights

ONNX = resources.files("bridge.model") / "hamuco/weights/hamuco_landmarks.onnx"


@pytest.fixture(scope="module")
def shipped():
    return load_network(shipped_weights("hamuco"))


def test_the_shipped_network_is_what_its_card_says(shipped) -> None:
    network, about = shipped
    assert about["network"] == "hamuco"
    assert network.config.stem == "landmarks"
    assert about["run"]["data"]["options"]["upright"] is True


def test_it_is_as_good_as_its_card_says(shipped) -> None:
    network, _ = shipped
    methods = {"fused": fused(network)} | {
        name: lambda views, predict=predict: predict(network, views)
        for name, predict in architecture("hamuco").baselines.items()
    }
    found = evaluate_all(methods, UprightViews(test_set()), views=4, samples=48)
    errors = {name: one.metrics["pa_mpjpe_mm"].mean for name, one in found.items()}
    assert errors["fused"] < 12
    assert errors["fused"] < errors["first_view"]


def test_the_shipped_onnx_is_the_shipped_network(shipped) -> None:
    content = ONNX.read_bytes()
    assert max(parity(shipped[0], content, views=(1, 2)).values()) < 1e-3
    about = json.loads(onnx.load_from_string(content).metadata_props[0].value)
    assert about["config"]["stem"] == "landmarks"
