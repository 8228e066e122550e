"""Weights files: what is written is read, and nothing else is."""

from __future__ import annotations

import pickle

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from bridge.errors import ModelError
from bridge.model.training.checkpoint import load_into, read_tensors, write_tensors


def test_what_is_written_is_read(tmp_path) -> None:
    tensors = {"a": torch.randn(3, 4).T, "b": torch.arange(5)}
    write_tensors(tmp_path / "x.safetensors", tensors, {"network": "n", "list": [1, 2]})
    read, about = read_tensors(tmp_path / "x.safetensors")
    assert about == {"network": "n", "list": [1, 2]}
    assert read.keys() == tensors.keys()
    assert all(torch.equal(read[name], tensors[name]) for name in tensors)
    assert [path.name for path in tmp_path.iterdir()] == ["x.safetensors"]


def test_files_from_elsewhere_are_refused(tmp_path) -> None:
    with pytest.raises(ModelError, match="no weights file"):
        read_tensors(tmp_path / "missing.safetensors")
    hostile = tmp_path / "hostile.safetensors"
    hostile.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(ModelError, match="no safetensors file"):
        read_tensors(hostile)
    foreign = tmp_path / "foreign.safetensors"
    save_file({"a": torch.zeros(2)}, foreign)
    with pytest.raises(ModelError, match="not written by ghosthands"):
        read_tensors(foreign)
    whole = tmp_path / "whole.safetensors"
    write_tensors(whole, {"a": torch.zeros(1000)}, {})
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(whole.read_bytes()[:-100])
    with pytest.raises(ModelError, match="damaged"):
        read_tensors(cut)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.pop("bias"), "bias is missing"),
        (lambda t: t.update(other=torch.zeros(1)), "other is unknown"),
        (lambda t: t.update(bias=torch.zeros(3)), r"bias is \(3,\), not \(2,\)"),
        (lambda t: t["weight"].fill_(float("nan")), "weight has values that are not finite"),
    ],
)
def test_weights_of_another_network_are_refused(change, message) -> None:
    network = nn.Linear(4, 2)
    tensors = {name: value.clone() for name, value in network.state_dict().items()}
    change(tensors)
    before = network.weight.clone()
    with pytest.raises(ModelError, match=message):
        load_into(network, tensors, "here.safetensors")
    assert torch.equal(network.weight, before)
