from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.commands.data import data
from bridge.errors import InputError
from bridge.model.datasets import FORMATS
from tests.model.datasets.layouts import write_freihand


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("freihand")
    write_freihand(root, count=2)
    return root


def test_check_says_what_is_there(root: Path) -> None:
    result = CliRunner().invoke(data, ["check", str(root), "--json"])
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert report["name"] == "freihand"
    assert report["splits"]["train"]["hands"] == 8
    assert report["splits"]["train"]["damaged"] is None
    assert report["splits"]["test"] == {
        "usable": True,
        "hands": 2,
        "views": 2,
        "files": 2,
        "missing": 0,
        "damaged": None,
        "problems": [],
        "notes": ["2 of 3960 hands are labelled"],
    }


def test_check_fails_where_nothing_can_be_used(tmp_path: Path) -> None:
    write_freihand(tmp_path, count=1)
    for picture in tmp_path.rglob("*.jpg"):
        picture.unlink()
    result = CliRunner().invoke(data, ["check", str(tmp_path)])
    assert result.exit_code == 1
    report = json.loads(CliRunner().invoke(data, ["check", str(tmp_path), "--json"]).stdout)
    assert "4 of 4 files missing" in report["splits"]["train"]["problems"][0]
    assert not report["usable"]


def test_check_finds_truncated_pictures(tmp_path: Path) -> None:
    write_freihand(tmp_path, count=1)
    picture = tmp_path / "training" / "rgb" / "00000000.jpg"
    picture.write_bytes(picture.read_bytes()[:-500])
    arguments = ["check", str(tmp_path), "--pictures", "--json"]
    result = CliRunner().invoke(data, arguments)
    report = json.loads(result.stdout)
    # The evaluation set can still be used.
    assert result.exit_code == 0
    assert not report["splits"]["train"]["usable"]
    assert f"{picture}: it is truncated" in report["splits"]["train"]["problems"][0]


def test_check_refuses_other_folders(tmp_path: Path) -> None:
    result = CliRunner().invoke(data, ["check", str(tmp_path)])
    assert isinstance(result.exception, InputError)
    assert "none of dexycb, hanco" in str(result.exception)


def test_formats_names_every_dataset(capsys) -> None:
    result = CliRunner().invoke(data, ["formats", "--json"])
    facts = json.loads(result.stdout)
    assert list(facts) == list(FORMATS)
    assert all("non-commercial" in fact["licence"] for fact in facts.values())
    assert CliRunner().invoke(data, ["formats"]).exit_code == 0
