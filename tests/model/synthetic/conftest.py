"""A small rendered set, of several shards."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bridge.model.synthetic import rendered_shards
from tests.model.synthetic.rendered import with_small_shards, write


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendered_shards.Description, "__init__", with_small_shards())


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rendered") / "set"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rendered_shards.Description, "__init__", with_small_shards())
        write(folder)
    return folder


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "set")
    return tmp_path / "set"
