"""What ``ghosthands serve`` prints: links, codes, and QR codes where a terminal shows them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bridge.access import Keyring
from bridge.commands import serve
from bridge.config import Settings
from tests.qr_reader import read_qr

PUBLIC = "https://school.example"
BLOCKS = "▀▄█"

Say = Callable[..., str]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """What a bridge with such settings prints in a terminal so wide."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(serve, "data_folder", lambda: tmp_path)

    def printed(
        settings: Settings, *, columns: int = 130, qr: bool = True, tty: bool = True
    ) -> str:
        monkeypatch.setattr(sys.stdout, "isatty", lambda: tty)
        monkeypatch.setenv("COLUMNS", str(columns))
        serve._say_where(settings, 8443, qr=qr)
        return capsys.readouterr().out

    return printed


def scan(printed: str) -> set[str]:
    """The addresses of the two codes in a terminal's text."""
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in printed.splitlines()]
    titles = next(i for i, line in enumerate(lines) if line.startswith("Teacher, room"))
    middle = lines[titles].index("Learner")
    pixels = [
        [0 if character in half else 255 for character in line.ljust(2 * middle)]
        for line in lines[titles + 1 :]
        for half in ("▀█", "▄█")
    ]
    picture = np.kron(np.array(pixels, np.uint8), np.ones((8, 8), np.uint8))
    return {read_qr(picture[:, : middle * 8]), read_qr(picture[:, middle * 8 :])}


def test_a_terminal_shows_codes_for_teacher_and_learner(say: Say, tmp_path: Path) -> None:
    printed = say(Settings(public_url=PUBLIC, rooms=("lesson", "other")))
    links = {link.partition("#token=")[0]: link.partition("#token=")[2] for link in scan(printed)}
    assert set(links) == {
        f"{PUBLIC}/capture?room=lesson&autostart=1",
        f"{PUBLIC}/viewer?room=lesson",
    }
    keyring = Keyring(tmp_path / "access")
    assert {keyring.check(token).scope for token in links.values()} == {"publish", "watch"}
    assert "Overview   https://localhost:8443, " in printed


@pytest.mark.parametrize(
    ("settings", "given"),
    [
        (Settings(public_url=PUBLIC), {"columns": 40}),
        (Settings(public_url=PUBLIC), {"qr": False}),
        (Settings(public_url=PUBLIC, show_links=False), {}),
        (Settings(public_url=PUBLIC, log_format="json"), {}),
        (Settings(host="127.0.0.1", insecure=True), {}),  # No phone reaches it.
    ],
)
def test_none_where_they_are_of_no_use_or_not_wanted(
    say: Say, settings: Settings, given: dict[str, int]
) -> None:
    assert not set(say(settings, **given)) & set(BLOCKS)


def test_no_token_where_none_is_to_be_shown(say: Say) -> None:
    printed = say(Settings(public_url=PUBLIC, show_links=False))
    assert "token=" not in printed
    assert "Join code" not in printed
    assert "Viewer " in printed


def test_a_pipe_gets_none(say: Say) -> None:
    printed = say(Settings(public_url=PUBLIC), tty=False)
    assert not set(printed) & set(BLOCKS)
    assert "token=" in printed
