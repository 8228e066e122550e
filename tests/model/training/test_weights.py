"""Shipped weights: half precision, in parts, read back by nothing but the network they are of."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from bridge.errors import InputError, ModelError
from bridge.model.hand.layer import open_hand_layer
from bridge.model.training import weights as module
from bridge.model.training.checkpoint import read_tensors, write_tensors
from bridge.model.training.config import load_config
from bridge.model.training.networks import NETWORKS, architecture
from bridge.model.training.weights import (
    begin_with,
    load_network,
    read_weights,
    save_weights,
    shipped_weights,
)


@pytest.fixture
def linear(entry, monkeypatch) -> nn.Module:
    monkeypatch.setitem(NETWORKS, "linear", entry)
    torch.manual_seed(1)
    return entry.build(entry.configure("", {}), None)


def save(path, network, entry):
    about = {"run": {"seed": 1}}
    return save_weights(path, network, name="linear", config=entry.configure("", {}), about=about)


def test_matrices_are_halved_and_vectors_are_kept(linear, entry, tmp_path) -> None:
    path = tmp_path / "weights.safetensors"
    assert save(path, linear, entry) == [path]
    tensors, about = read_tensors(path)
    assert tensors["layer.weight"].dtype == torch.float16
    assert tensors["layer.bias"].dtype == torch.float32
    assert about["run"] == {"seed": 1}
    network, _ = load_network(path, None)
    assert not network.training
    assert not any(p.requires_grad for p in network.parameters())
    assert torch.equal(network.layer.bias, linear.layer.bias)
    torch.testing.assert_close(network.layer.weight, linear.layer.weight, rtol=1e-3, atol=1e-4)


def test_large_networks_come_in_parts(linear, entry, tmp_path, monkeypatch) -> None:
    """The paper's network has 61 MB of weights, and a file may have 16 MiB."""
    monkeypatch.setattr(module, "_PART_BYTES", 1000)
    path = tmp_path / "weights.safetensors"
    paths = save(path, linear, entry)
    assert [p.name for p in paths] == ["weights.safetensors", "weights_part2.safetensors"]
    network, _ = load_network(path, None)
    assert torch.equal(network.layer.bias, linear.layer.bias)
    with pytest.raises(ModelError, match="part 2 of its weights"):
        load_network(paths[1], None)
    with torch.no_grad():
        linear.layer.bias += 1
    other = save(tmp_path / "other.safetensors", linear, entry)
    paths[1].write_bytes(other[1].read_bytes())
    with pytest.raises(ModelError, match="not of the same weights"):
        load_network(path, None)
    paths[1].unlink()
    with pytest.raises(ModelError, match=r"no weights file .*part2"):
        load_network(path, None)


def test_weights_beyond_half_precision_are_not_written(linear, entry, tmp_path) -> None:
    with torch.no_grad():
        linear.layer.weight[0, 0] = 1e6
    with pytest.raises(ModelError, match=r"layer\.weight"):
        save(tmp_path / "weights.safetensors", linear, entry)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t, a: a.update(network="unheard"), "unheard"),
        (lambda t, a: a.pop("network"), "no network that is known"),
        (lambda t, a: a.update(parts="many"), "'many' parts"),
        (lambda t, a: t["layer.bias"].add_(1), "not those that were written"),
        (lambda t, a: t.pop("layer.bias"), "not those that were written"),
    ],
)
def test_files_that_were_changed_are_refused(linear, entry, tmp_path, change, message) -> None:
    path = tmp_path / "weights.safetensors"
    save(path, linear, entry)
    tensors, about = read_weights(path)
    change(tensors, about)
    write_tensors(path, tensors, about)
    with pytest.raises(ModelError, match=message):
        load_network(path, None)


def test_weights_of_another_size_name_what_differs(linear, entry, tmp_path, monkeypatch) -> None:
    path = tmp_path / "weights.safetensors"
    save(path, linear, entry)
    monkeypatch.setitem(NETWORKS, "linear", replace(entry, build=lambda c, h: nn.Linear(2, 2)))
    with pytest.raises(ModelError, match=r"weight is missing.*and \d more"):
        load_network(path, None)


def test_a_file_cannot_have_its_network_open_or_download_anything() -> None:
    config = architecture("a3net").restore({"weights": "/etc/passwd", "iterations": 1})
    assert config.weights is None
    with pytest.raises(InputError, match="A3NetConfig has no"):
        architecture("a3net").restore({"iterationz": 1})


def test_a_network_without_shipped_weights_asks_for_some() -> None:
    with pytest.raises(ModelError, match="--weights"):
        shipped_weights("nothing")


def test_training_begins_with_what_another_network_has_alike(linear, entry, tmp_path) -> None:
    path = tmp_path / "weights.safetensors"
    save(path, linear, entry)
    alike = nn.Module()
    alike.layer = nn.Linear(linear.layer.in_features, linear.layer.out_features)
    alike.more = nn.Linear(2, 3)
    before = alike.more.weight.clone()
    begin_with(alike, path)
    torch.testing.assert_close(alike.layer.weight, linear.layer.weight, rtol=1e-3, atol=1e-4)
    assert torch.equal(alike.more.weight, before)
    other = nn.Module()
    other.layer = nn.Linear(linear.layer.in_features, 99)
    with pytest.raises(InputError, match="of another network: only 0%"):
        begin_with(other, path)


def test_an_svr_hand_may_begin_as_an_mvr_hand_and_a_run_as_what_is_shipped(tmp_path) -> None:
    svr, mvr = (architecture(f"simahand-{kind}") for kind in ("svr", "mvr"))
    hand = open_hand_layer()
    many = mvr.build(mvr.configure("landmarks_mvr", {}), hand)
    path = tmp_path / "mvr.safetensors"
    save_weights(path, many, name="simahand-mvr", config=many.config, about={"run": {"seed": 1}})
    one = svr.build(svr.configure("landmarks", {}), hand)
    begin_with(one, path)
    weights = {name: tensor for name, tensor in one.named_parameters() if tensor.dim() > 1}
    theirs = dict(many.named_parameters())
    own = {k for k, v in weights.items() if theirs[k].shape != v.shape}
    assert own == {"fuse_image.mix.0.weight", "fuse_joint.mix.0.weight"}
    for name in set(weights) - own:
        torch.testing.assert_close(weights[name], theirs[name], rtol=2e-3, atol=1e-4)
    begin_with(one, shipped_weights("simahand-svr"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, None),
        # The last layer has another size, and begins anew.
        ({"rotation": "vector"}, None),
        ({"mean_pose": "at_ease"}, "mean_pose=flat"),
        ({"stride": 4}, "stride=8"),
        ({"size": 512}, "size=384"),
    ],
)
def test_weights_that_mean_other_hands_are_no_beginning(changes, message) -> None:
    entry = architecture("multihand")
    real = load_config("real", network="multihand").model
    config = entry.configure(real.preset, real.changes | {"weights": None} | changes)
    network = entry.build(config, open_hand_layer())
    if message is None:
        begin_with(network, shipped_weights("multihand"))
    else:
        with pytest.raises(InputError, match=rf"model\.changes\.{message}"):
            begin_with(network, shipped_weights("multihand"))
