from __future__ import annotations

import json
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from bridge.commands.anchor import anchor as verb
from bridge.errors import InputError
from bridge.model.anchor import keyboard, load_anchor
from bridge.model.anchor.drawing import project
from bridge.model.anchor.simulated import look_at
from tests.model.anchor.keyboard_picture import keyboard_picture

PIANO = keyboard(61)
POSES = [
    look_at(PIANO, azimuth=a, elevation=50, distance_m=1.0, focal=f)
    for a, f in ((70, 0.72), (125, 0.8))
]
SIZE = (1280, 720)

app = typer.Typer()
app.command()(verb)


def corners(pose, order=(0, 1, 2, 3)) -> str:
    pixels = project(pose, SIZE, PIANO.corners_m)[list(order)]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in pixels)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> list[Path]:
    """A photo from one device, a video from another."""
    folder = tmp_path_factory.mktemp("anchor")
    photo, video = folder / "phone.png", folder / "tablet.mp4"
    cv2.imwrite(str(photo), keyboard_picture(PIANO, POSES[0])[..., ::-1])
    with av.open(str(video), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        picture = keyboard_picture(PIANO, POSES[1])
        for shown in (np.zeros_like(picture), picture):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shown, format="rgb24")))
        container.mux(stream.encode())
    return [photo, video]


def run(*arguments: str | Path):
    return CliRunner().invoke(app, [*map(str, arguments)])


def test_a_photo_and_a_video_give_an_anchor_and_a_preview(files, tmp_path):
    output, preview = tmp_path / "anchor.json", tmp_path / "preview.png"
    taps = [part for pose in POSES for part in ("--corners", corners(pose))]
    options = ["-i", "piano-61", *taps, "-o", output, "--preview", preview, "--at", "0.1", "--json"]
    result = run(*files, *options)
    assert result.exit_code == 0, result.output
    found = load_anchor(output)
    assert json.loads(result.stdout)["views"][1]["view"] == "tablet"
    for view, pose in zip(found.views, POSES, strict=True):
        assert np.linalg.norm(view.pose.centre_m - pose.centre_m) < 0.02
        assert view.pose.focal == pytest.approx(pose.focal, rel=0.02)
    # The video's first frame is black, that at 0.1 s shows the keys.
    drawn = cv2.imread(str(preview))
    assert drawn.shape == (720, 2560, 3)
    assert drawn[:, 1280:].max(axis=2).mean() > 50


def test_a_table_is_for_people(files, tmp_path):
    result = run(
        files[0], "-i", "piano-61", "--corners", corners(POSES[0]), "-o", tmp_path / "a.json"
    )
    assert result.exit_code == 0, result.output
    assert result.stdout == ""


def test_corners_from_behind_are_noted(files, tmp_path):
    behind = corners(POSES[0], order=(2, 3, 0, 1))
    result = run(files[0], "-i", "piano-61", "--corners", behind, "-o", tmp_path / "a.json")
    assert result.exit_code == 0, result.output
    assert "black keys" in result.stderr


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"-i": "piano-60"}, "no instrument"),
        ({"--corners": "1,2 3,4"}, "four pixel positions"),
        ({"--corners": corners(POSES[0], order=(1, 0, 3, 2))}, "mirrored"),
        ({"--at": "9", "file": 1, "--corners": corners(POSES[1])}, "ends before 9 s"),
        ({"file": "missing.png"}, "no file"),
        ({"file": "text.png"}, "not a readable picture"),
        ({"file": "missing.mp4"}, "no file"),
        ({"--preview": "preview.txt"}, "no kind of picture"),
        ({"-o": "there.json"}, "is there already"),
    ],
)
def test_wrong_input_is_said_in_one_line(files, tmp_path, monkeypatch, change, says):
    monkeypatch.chdir(tmp_path)
    Path("text.png").write_text("no picture")
    Path("there.json").write_text("{}")
    options = {"-i": "piano-61", "--corners": corners(POSES[0]), "-o": "out.json"} | change
    file = options.pop("file", 0)
    path = files[file] if isinstance(file, int) else file
    result = run(path, *(part for pair in options.items() for part in pair))
    assert isinstance(result.exception, InputError), result.output
    assert says in str(result.exception)
    assert Path("there.json").read_text() == "{}"


def test_each_view_needs_its_corners(files, tmp_path):
    result = run(
        *files, "-i", "piano-61", "--corners", corners(POSES[0]), "-o", tmp_path / "a.json"
    )
    assert isinstance(result.exception, InputError)
    assert "2 times, not 1" in str(result.exception)
