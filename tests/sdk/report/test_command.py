"""``ghosthands compare`` as a user meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import sdk_python as sdk
from bridge.commands.compare import compare
from tests.sdk.report.pairs import known


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("recorded")
    known().teacher.save(path / "teacher.mcap")
    known().student.save(path / "student.mcap")
    known().student.mirror().save(path / "mirrored.mcap")
    return path


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bridge.cli", "compare", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=cwd,
    )


def test_it_tells_and_writes(folder, tmp_path):
    html, numbers = tmp_path / "r.html", tmp_path / "r.json"
    done = run("teacher.mcap", "student.mcap", "--html", html, "--json", numbers, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "right middle finger's middle joint bent 2" in done.stderr
    assert "r.html: " in done.stderr
    page = html.read_text("utf-8")
    assert "<h1>student.mcap beside teacher.mcap</h1>" in page
    assert "Compared on 20" in page
    told = json.loads(numbers.read_text())
    assert told["passages"][0]["angle"] == "middle_pip_flexion"
    assert told["parameters"]["floor_deg"] == 10
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.html", "r.json"]


def test_a_missing_recording_is_one_clear_line(folder):
    done = run("teacher.mcap", "nobody.mcap", cwd=folder)
    assert done.returncode == 2
    assert done.stderr.strip() == "error: nobody.mcap does not exist"


def test_numbers_go_to_standard_output(folder, capsys):
    compare(folder / "teacher.mcap", folder / "student.mcap", json=Path("-"), tolerance=40)
    told = json.loads(capsys.readouterr().out)
    assert told["passages"] == []
    assert told["parameters"]["floor_deg"] == 40


def test_takes_are_the_teachers(folder, capsys):
    takes = [folder / "teacher.mcap"]
    compare(folder / "teacher.mcap", folder / "student.mcap", takes=takes, json=Path("-"))
    told = json.loads(capsys.readouterr().out)
    assert len(told["teachers"]) == 2
    assert told["teachers"][0]["sha256"] == told["teachers"][1]["sha256"]
    assert told["student"]["sha256"] != told["teachers"][0]["sha256"]


def test_a_left_handed_student_is_mirrored(folder, tmp_path):
    path = tmp_path / "r.html"
    compare(folder / "teacher.mcap", folder / "mirrored.mcap", mirror_student=True, html=path)
    page = path.read_text("utf-8")
    assert "mirrored.mcap (mirrored) beside teacher.mcap" in page
    assert "Right middle finger’s middle joint: <b>bent 2" in page


def test_it_replaces_only_when_told(folder, tmp_path):
    path = tmp_path / "r.html"
    path.write_text("precious")
    with pytest.raises(sdk.InputError, match="exists already; add --overwrite"):
        compare(folder / "teacher.mcap", folder / "student.mcap", html=path)
    assert path.read_text() == "precious"
    compare(folder / "teacher.mcap", folder / "student.mcap", html=path, overwrite=True)
    assert path.read_text("utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tolerance": 0.0}, "--tolerance must be above 0 degrees, not 0"),
        ({"tolerance": float("nan")}, "--tolerance must be above 0 degrees, not nan"),
        ({"min_confidence": 1.5}, "--min-confidence must be between 0 and 1, not 1.5"),
        ({"html": "a", "json": "a"}, "two outputs have the same name"),
        ({"html": "teacher.mcap", "overwrite": True}, "is also an input"),
        ({"html": "missing/a.html"}, "cannot write"),
    ],
)
def test_what_cannot_be_done_is_one_clear_error(options, message, folder):
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    for name in ("html", "json"):
        if name in options:
            options = options | {name: folder / options[name]}
    with pytest.raises(sdk.InputError, match=message):
        compare(folder / "teacher.mcap", folder / "student.mcap", **options)
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
