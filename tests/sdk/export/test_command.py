"""``ghosthands export`` as a user meets it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import sdk_python as sdk
from bridge.commands.export import export
from sdk_python.export.formats import FORMATS


@pytest.fixture(scope="module")
def recorded(lesson, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("recorded") / "lesson.mcap"
    lesson.save(path)
    return path


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bridge.cli", "export", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=cwd,
    )


def test_several_outputs_at_once(recorded, tmp_path):
    names = ["a.glb", "a.bvh", "a.npz", "a.csv", "a.parquet", "a.mcap", "B.GLB"]
    done = run(recorded, *names, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    assert "a.glb: 300 poses, 4.98 s" in done.stderr
    assert done.stdout == ""
    assert (tmp_path / "a.glb").read_bytes() == (tmp_path / "B.GLB").read_bytes()


def test_it_refuses_to_overwrite_in_one_line(recorded, tmp_path):
    (tmp_path / "a.csv").write_text("precious")
    done = run(recorded, "new.glb", "a.csv", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.strip() == "error: a.csv exists already; add --overwrite to replace it"
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    assert (tmp_path / "a.csv").read_text() == "precious"


def test_a_part_at_another_rate(recorded, lesson, tmp_path):
    export(recorded, [tmp_path / "a.npz"], begin_s=1, end_s=3, rate_hz=30)
    with np.load(tmp_path / "a.npz") as arrays:
        np.testing.assert_allclose(arrays["time_s"], np.arange(1, 3, 1 / 30), atol=1e-6)
        np.testing.assert_allclose(arrays["joints_m"], lesson.joints_m[60:180:2], atol=1e-5)


def test_overwriting_replaces(recorded, tmp_path):
    (tmp_path / "a.csv").write_text("old")
    export(recorded, [tmp_path / "a.csv"], overwrite=True)
    assert (tmp_path / "a.csv").read_text().startswith("time_s,time_ns,hand,confidence,")


def test_a_format_by_its_name(recorded, tmp_path):
    export(recorded, [tmp_path / "table.txt"], format_name="csv")
    assert (tmp_path / "table.txt").read_text().startswith("time_s,")


@pytest.mark.parametrize(
    ("outputs", "options", "words"),
    [
        (["a.txt"], {}, "the name a.txt does not say a format: give --format, of glb, bvh"),
        (["a"], {"format_name": "fbx"}, "there is no format 'fbx': give one of glb, bvh"),
        (["a.glb", "b/../a.glb"], {}, "two outputs have the same name"),
        (["a.glb"], {"begin_s": 99}, "nothing is between --from 99: the recording lasts 4.983 s"),
        (["a.glb"], {"begin_s": 2, "end_s": 2}, "nothing is between --from 2 --to 2"),
        (["a.glb"], {"begin_s": 3, "end_s": 1}, "ends before it begins"),
        (["a.glb"], {"rate_hz": 0}, "rate_hz must be"),
        (["missing/a.glb"], {}, "cannot write"),
    ],
)
def test_what_cannot_be_done_is_one_clear_error(outputs, options, words, recorded, tmp_path):
    with pytest.raises(sdk.InputError, match=words.replace("?", r"\?")):
        export(recorded, [tmp_path / name for name in outputs], **options)
    assert list(tmp_path.iterdir()) == []


def test_the_recording_itself_is_no_output(recorded, tmp_path):
    before = recorded.read_bytes()
    with pytest.raises(sdk.InputError, match="is also an input"):
        export(recorded, [recorded], overwrite=True)
    assert recorded.read_bytes() == before


def test_every_exported_function_is_a_format():
    functions = {name for name in sdk.export.__all__ if name.startswith("to_")}
    assert functions == {write.__name__ for write in FORMATS.values()}
