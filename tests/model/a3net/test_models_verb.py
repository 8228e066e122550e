"""``ghosthands models info`` as its user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.commands import app
from bridge.errors import InputError
from bridge.model.a3net import A3Net, A3NetConfig, complexity
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
