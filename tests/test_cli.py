"""The command line as a user meets it: a process, an exit code, one line."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from sdk_python import Recording
from tests.bridge_fixture import grey_video


def run(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GHOSTHANDS_")}
    return subprocess.run(
        [sys.executable, "-m", "bridge.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=cwd,
        env=environment | {"COLUMNS": "200", "NO_COLOR": "1"},
    )


def one_clear_line(result: subprocess.CompletedProcess[str]) -> str:
    """The error line of a run that ended as wrong input must."""
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    lines = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, result.stderr
    return lines[0]


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return grey_video(tmp_path / "grey.mp4")


def audio_only(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16000))


WRONG_VIDEOS = {
    "missing.mp4": lambda path: None,
    "empty.mp4": lambda path: path.write_bytes(b""),
    "text.mp4": lambda path: path.write_text("this is no video\n" * 100),
    "folder.mp4": lambda path: path.mkdir(),
    "audio.wav": audio_only,
}


@pytest.mark.parametrize("name", WRONG_VIDEOS)
def test_a_wrong_video_is_one_clear_line_and_writes_nothing(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    WRONG_VIDEOS[name](path)
    output = tmp_path / "lesson.mcap"
    assert name in one_clear_line(run("reconstruct", path, "-o", output))
    assert not output.exists()


@pytest.mark.parametrize("name", ["missing.mp4", "text.mp4"])
def test_publishing_a_wrong_video_is_one_clear_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    WRONG_VIDEOS[name](path)
    assert name in one_clear_line(run("publish", path))


def test_an_output_that_cannot_be_written_is_named_before_the_work(
    tmp_path: Path, video: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    output = tmp_path / "file" / "lesson.mcap"
    assert str(output) in one_clear_line(run("reconstruct", video, "-o", output))


def test_a_recording_is_not_overwritten_unless_told(tmp_path: Path, video: Path) -> None:
    output = tmp_path / "lesson.mcap"
    output.write_bytes(b"precious")
    assert "lesson.mcap" in one_clear_line(run("reconstruct", video, "-o", output))
    assert output.read_bytes() == b"precious"
    assert run("reconstruct", video, "-o", output, "--force").returncode == 0
    assert output.read_bytes() != b"precious"


def test_a_video_without_hands_gives_a_recording_that_says_so(tmp_path: Path, video: Path) -> None:
    output = tmp_path / "lesson.mcap"
    result = run("reconstruct", video, video, "-o", output)
    assert result.returncode == 0, result.stderr
    assert "No hand was found" in result.stderr
    facts = json.loads(run("info", output, "--json").stdout)
    assert facts["poses"] == 30
    assert facts["views"] == ["grey", "grey-2"]
    assert facts["left_hand_share"] == facts["right_hand_share"] == 0
    assert facts["duration_s"] == pytest.approx(29 / 30, abs=1e-3)


@pytest.mark.parametrize("offset", ["nan", "inf", "-inf"])
def test_an_offset_that_is_no_time_is_one_clear_line(
    tmp_path: Path, video: Path, offset: str
) -> None:
    output = tmp_path / "lesson.mcap"
    result = run("reconstruct", video, video, "--offset", offset, "-o", output)
    assert "an offset is a number of seconds" in one_clear_line(result)
    assert not output.exists()


def test_a_video_may_begin_before_the_first_one(tmp_path: Path, video: Path) -> None:
    output = tmp_path / "a name without suffix"
    result = run("reconstruct", video, video, "--offset", "-0.5", "-o", output)
    assert result.returncode == 0, result.stderr
    facts = json.loads(run("info", output, "--json").stdout)
    assert facts["duration_s"] == pytest.approx(1.5 - 1 / 30, abs=0.02)
    assert Recording.open(output).time_s[0] == pytest.approx(-0.5, abs=1e-3)


def test_info_on_a_video(video: Path) -> None:
    facts = json.loads(run("info", video, "--json").stdout)
    assert (facts["width"], facts["height"], facts["frames"]) == (320, 240, 30)
    assert facts["rate_hz"] == pytest.approx(30)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("info", "nowhere.mcap"), "nowhere.mcap"),
        (("play", "nowhere.mcap"), "nowhere.mcap"),
        (("serve", "--port", "99999"), "port"),
        (("serve", "--insecure"), "127.0.0.1"),
        (("serve", "--room", "My Room"), "My Room"),
        (("serve", "--fuser", "magic"), "magic"),
        (("serve", "--anchor", "nowhere.json"), "nowhere.json cannot be read"),
        (("serve", "--provider", "abacus"), "provider"),
        (("serve", "--config", "nowhere.toml"), "nowhere.toml"),
        (("serve", "--certificate", "nowhere.pem"), "private_key"),
        (("publish", "0", "--url", "nonsense"), "nonsense"),
    ],
)
def test_wrong_arguments_are_one_clear_line(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    assert words in one_clear_line(run(*arguments, cwd=tmp_path))


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = one_clear_line(run("serve", "--insecure", "--host", "127.0.0.1", "--port", port))
    assert str(port) in line
    assert "--port" in line


def test_a_folder_that_cannot_hold_recordings_is_named_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    line = one_clear_line(run("serve", "--record", tmp_path / "file" / "lessons"))
    assert "lessons" in line


def test_a_settings_file_is_checked(tmp_path: Path) -> None:
    (tmp_path / "ghosthands.toml").write_text("colour = 3\n")
    assert "colour" in one_clear_line(run("serve", cwd=tmp_path))
    (tmp_path / "ghosthands.toml").write_text("not toml at all")
    assert "TOML" in one_clear_line(run("serve", cwd=tmp_path))


def test_a_bridge_that_is_not_there_is_said_plainly(tmp_path: Path, video: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    result = run("publish", video, "--url", f"http://127.0.0.1:{port}")
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert f"127.0.0.1:{port}" in result.stderr


def test_the_doctor_finds_this_machine_fit_or_says_what_is_missing() -> None:
    result = run("doctor")
    assert "Traceback" not in result.stderr
    assert "hand nets" in result.stderr
    assert (result.returncode == 0) == ("missing" not in result.stderr)
