"""The files that the bridge and the command line share."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bridge.access import Keyring, UnauthorisedError
from bridge.errors import InputError


def test_the_secret_is_made_once_and_is_for_this_user_only(tmp_path: Path) -> None:
    folder = tmp_path / "access"
    first, second = Keyring(folder), Keyring(folder)
    assert first.secret == second.secret
    assert len(first.secret) == 32
    assert Keyring(tmp_path / "other").secret != first.secret
    first.make("lesson", "watch", lifetime_s=60)
    assert folder.stat().st_mode & 0o777 == 0o700
    for path in folder.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600, path.name
    assert {path.name for path in folder.iterdir()} == {"secret", "issued.jsonl"}


def test_a_secret_that_others_could_read_is_closed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Keyring(tmp_path)
    (tmp_path / "secret").chmod(0o644)
    Keyring(tmp_path)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert "could be read by others" in caplog.text


def test_no_file_has_a_token(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path)
    token = keyring.make("lesson", "publish", lifetime_s=60, note="Anna\n{}")
    signature = token.partition(".")[2]
    for path in tmp_path.iterdir():
        assert signature not in path.read_text()
    (issued,) = keyring.issued()
    assert (issued.room, issued.scope, issued.note) == ("lesson", "publish", "Anna{}")


def test_one_program_revokes_what_another_made(tmp_path: Path) -> None:
    bridge, command = Keyring(tmp_path), Keyring(tmp_path)
    first, second = (bridge.make("lesson", "watch", lifetime_s=60) for _ in range(2))
    grant = bridge.check(first)
    command.revoke(grant.id)
    with pytest.raises(UnauthorisedError, match="revoked"):
        bridge.check(first)
    assert bridge.check(second).room == "lesson"
    assert [one.id for one in bridge.issued()] == [bridge.check(second).id]
    command.rotate()
    with pytest.raises(UnauthorisedError):
        bridge.check(second)
    assert bridge.issued() == ()
    assert bridge.check(command.make("lesson", "watch", lifetime_s=60)).scope == "watch"


def test_tokens_that_ended_leave_the_list(tmp_path: Path) -> None:
    now_s = [1000.0]
    keyring = Keyring(tmp_path, now_s=lambda: now_s[0])
    keyring.make("lesson", "watch", lifetime_s=10)
    long = keyring.make("lesson", "watch", lifetime_s=100)
    now_s[0] += 50
    assert len(keyring.issued()) == 1
    keyring.tidy()
    assert len((tmp_path / "issued.jsonl").read_text().splitlines()) == 1
    assert keyring.check(long).scope == "watch"


def test_half_a_line_spoils_no_other(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path)
    keyring.make("lesson", "watch", lifetime_s=60)
    with (tmp_path / "issued.jsonl").open("a") as file:
        file.write('{"id": "012\n[1]\nnull\n')
    keyring.make("lesson", "publish", lifetime_s=60)
    assert [one.scope for one in keyring.issued()] == ["watch", "publish"]


@pytest.mark.parametrize("damage", ["", "zz", "00" * 31, "\udc80", "é"])
def test_a_damaged_secret_lets_nobody_in_until_it_is_rotated(tmp_path: Path, damage: str) -> None:
    keyring = Keyring(tmp_path)
    token = keyring.make("lesson", "watch", lifetime_s=60)
    (tmp_path / "secret").write_bytes(damage.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match="ghosthands token rotate"):
        keyring.check(token)
    keyring.rotate()
    assert keyring.check(keyring.make("lesson", "watch", lifetime_s=60))


@pytest.mark.parametrize(
    ("room", "scope", "lifetime_s"),
    [
        ("My Room", "watch", 60),
        ("../etc", "watch", 60),
        ("lesson", "rule", 60),
        ("lesson", "watch", 0),
        ("lesson", "watch", float("nan")),
        ("lesson", "watch", float("inf")),
        ("lesson", "watch", 1e12),
    ],
)
def test_odd_tokens_are_not_made(tmp_path: Path, room: str, scope: str, lifetime_s: float) -> None:
    keyring = Keyring(tmp_path)
    with pytest.raises(InputError):
        keyring.make(room, scope, lifetime_s=lifetime_s)
    assert not (tmp_path / "issued.jsonl").exists()


@pytest.mark.parametrize("odd", ["", "x", "../../etc/passwd", "0123456789ab\n0123456789ac"])
def test_odd_ids_are_not_revoked(tmp_path: Path, odd: str) -> None:
    with pytest.raises(InputError, match="token list"):
        Keyring(tmp_path).revoke(odd)
    assert not (tmp_path / "revoked.txt").exists()


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file"):
        Keyring(tmp_path / "file" / "access")


def test_two_that_start_at_once_have_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(lambda _: Keyring(tmp_path).secret, range(32)))
    assert len(secrets) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]
