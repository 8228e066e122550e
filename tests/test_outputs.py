"""Outputs are looked at before any work is done."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bridge.commands.outputs import check_outputs
from bridge.errors import InputError


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("in.mp4").write_text("precious")
    Path("old.json").write_text("precious")


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (["in.mp4"], "in.mp4 is also an input"),
        (["new.json", "folder/../in.mp4"], "is also an input"),
        (["new.json", "folder/../new.json"], "two outputs have the same name"),
        (["folder"], "folder is a folder: name a file in it"),
        (["missing/new.json"], "cannot write missing/new.json: there is no folder missing"),
        (["old.json/new.json"], "there is no folder old.json"),
    ],
)
@pytest.mark.parametrize("overwrite", [True, False])
def test_what_would_fail_later_is_refused(
    outputs: list[str], message: str, *, overwrite: bool
) -> None:
    with pytest.raises(InputError, match=message):
        check_outputs([Path("in.mp4")], [Path(name) for name in outputs], overwrite=overwrite)


def test_what_exists_is_replaced_only_when_told() -> None:
    with pytest.raises(InputError, match=r"old\.json exists already; add --force"):
        check_outputs([], [Path("old.json")], overwrite=False, flag="--force")
    check_outputs([Path("in.mp4")], [Path("old.json"), Path("new.json")], overwrite=True)


def test_a_folder_that_may_not_be_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, _mode: path != Path("folder"))
    with pytest.raises(InputError, match="nothing may be written to its folder"):
        check_outputs([], [Path("folder/new.json")], overwrite=False)
