"""``ghosthands token``, and what ``serve`` prints, as a user runs them."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

import sdk_python as sdk
from bridge.access import Keyring
from tests.bridge_fixture import grey_video
from tests.serving import run, serving


def token(home: Path, *arguments: str) -> str:
    done = run(home, "token", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_tokens_are_made_listed_revoked_and_rotated(tmp_path: Path) -> None:
    made = token(tmp_path, "make", "watch", "--room", "studio", "--for", "Anna", "--hours", "1")
    keyring = Keyring(tmp_path / "config" / "ghosthands" / "access")
    grant = keyring.check(made.strip())
    assert (grant.room, grant.scope) == ("studio", "watch")
    listed = token(tmp_path, "list")
    assert grant.id in listed
    assert "Anna" in listed
    assert made.strip() not in listed
    token(tmp_path, "revoke", grant.id)
    assert grant.id not in token(tmp_path, "list")
    before = token(tmp_path, "code", "--room", "studio")
    token(tmp_path, "rotate")
    assert token(tmp_path, "code", "--room", "studio") != before


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("make", "watch", "--room", "My Room"), "My Room"),
        (("revoke", "nonsense"), "token list"),
        (("code", "--room", "../x"), "../x"),
        (("make", "rule"), "rule"),
    ],
)
def test_wrong_words_are_named(tmp_path: Path, arguments: tuple[str, ...], word: str) -> None:
    done = run(tmp_path, "token", *arguments)
    assert done.returncode == 2
    assert word in done.stderr
    assert "Traceback" not in done.stderr


async def test_serve_prints_links_that_let_in_and_no_log_has_them(tmp_path: Path) -> None:
    with serving(tmp_path, "--access", "token") as (printed, process):
        links = dict(re.findall(r"^(\w+) +(http\S+)$", printed, re.MULTILINE))
        url, _, watch = links["Viewer"].partition("/viewer?room=lesson#token=")
        assert links["Phone"].startswith(f"{url}/capture?room=lesson&view=phone#token=")
        codes = re.search(
            r"^Join code +(\S+) to watch, (\S+) to send video$", printed, re.MULTILINE
        )
        assert codes is not None
        async with sdk.connect(url, token=watch):
            pass
        with pytest.raises(sdk.ConnectionFailedError, match="needs a token"):
            async with sdk.connect(url):
                pass
        # --token and GHOSTHANDS_TOKEN reach the bridge: it says what is wrong with this one.
        for more in ((("--token", watch), {}), ((), {"GHOSTHANDS_TOKEN": watch})):
            done = run(
                tmp_path, "publish", str(_video(tmp_path)), "--url", url, *more[0], **more[1]
            )
            assert done.returncode == 1
            assert "403 this token is to watch only" in " ".join(done.stderr.split())
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        logs = process.stderr.read()
    assert "room lesson is open" in logs
    for secret in (watch, links["Phone"].rpartition("=")[2], codes[1], codes[2]):
        assert secret not in logs


def test_serve_keeps_its_links_to_itself_when_told_to(tmp_path: Path) -> None:
    with serving(tmp_path, "--access", "token", "--no-links") as (printed, _):
        assert "token" not in printed
        assert "Join code" not in printed


def _video(folder: Path) -> Path:
    path = folder / "grey.mp4"
    return path if path.exists() else grey_video(path)
