"""``ghosthands models`` as its user meets it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.commands import app
from bridge.errors import InputError, ModelError
from bridge.model.a3net import A3Net, A3NetConfig, complexity
from bridge.model.training.networks import NETWORKS
from bridge.model.training.weights import shipped_weights
from tests.model.a3net.tiny import hand


def run(*words: object, of: str = "stdout") -> str:
    result = CliRunner().invoke(app, ["models", "info", *map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return str(getattr(result, of))


def test_info_says_the_size_as_json() -> None:
    said = json.loads(
        run("a3net", "--config", "landmarks", "--views", 2, "--set", "iterations=1", "--json")
    )
    size = complexity(A3Net(A3NetConfig.landmarks(iterations=1), hand()), views=2)
    assert said == size._asdict()
    assert set(said) == {"parameters", "flops", "views", "iterations"}


def test_info_is_of_the_papers_network_unless_told_otherwise() -> None:
    said = json.loads(run("a3net", "--json"))
    assert (said["views"], said["iterations"]) == (3, 3)
    assert said["parameters"] == pytest.approx(30.58e6, rel=0.1)
    assert said["flops"] == pytest.approx(13.11e9, rel=0.1)


def test_info_for_people_says_what_it_counts() -> None:
    table = run("a3net", "--config", "landmarks", of="output")
    assert "multiply-accumulates" in table
    assert "parameters" in table


def test_info_of_what_there_is_not(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown network 'a4net': choose one of a3net"):
        run("a4net")
    with pytest.raises(InputError, match="nowhere"):
        run("a3net", "--config", tmp_path / "nowhere.toml")


def export(*words: object) -> str:
    result = CliRunner().invoke(app, ["models", "export", *map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_export_replaces_nothing_unasked_and_writes_nothing_that_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights, onnx = tmp_path / "mine.safetensors", tmp_path / "mine.onnx"
    weights.write_bytes(shipped_weights("simahand-svr").read_bytes())
    onnx.write_text("precious")
    worst = 1.0

    def written(_network: object, path: Path, _about: object) -> float:
        path.write_text("exported")
        return worst

    # Only the verb is looked at: the exporter takes half a minute.
    entry = replace(NETWORKS["simahand-svr"], export=written)
    monkeypatch.setitem(NETWORKS, "simahand-svr", entry)
    mine = ("simahand-svr", "--weights", weights)
    with pytest.raises(InputError, match="also an input"):
        export(*mine, "-o", weights, "--force")
    with pytest.raises(InputError, match="exists already; add --force"):
        export(*mine, "-o", onnx)
    with pytest.raises(ModelError, match=r"differs from PyTorch.*is not written"):
        export(*mine, "-o", onnx, "--force")
    assert onnx.read_text() == "precious"
    worst = 1e-6
    assert "of PyTorch" in export(*mine, "-o", onnx, "--force")
    assert onnx.read_text() == "exported"
    assert {path.name for path in tmp_path.iterdir()} == {"mine.safetensors", "mine.onnx"}
