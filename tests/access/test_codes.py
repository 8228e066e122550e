from __future__ import annotations

import pytest

from bridge.access.codes import join_code, scope_of_code
from bridge.access.tokens import SCOPES

SECRET = bytes(range(32))


def test_a_code_is_short_and_easy_to_read_out() -> None:
    code = join_code(SECRET, "lesson", "watch")
    first, dash, last = code.partition("-")
    assert (len(first), dash, len(last)) == (4, "-", 4)
    assert not set(code) & set("ILO01")
    assert code == join_code(SECRET, "lesson", "watch")


def test_every_room_scope_and_secret_has_its_own() -> None:
    codes = {
        join_code(secret, room, scope)
        for secret in (SECRET, bytes(32))
        for room in ("lesson", "studio")
        for scope in SCOPES
    }
    assert len(codes) == 8


@pytest.mark.parametrize("scope", SCOPES)
def test_it_is_read_however_it_is_typed(scope: str) -> None:
    code = join_code(SECRET, "lesson", scope)
    for typed in (code, code.lower(), code.replace("-", ""), f" {code.replace('-', ' ')}\n"):
        assert scope_of_code(SECRET, "lesson", typed) == scope
    assert scope_of_code(SECRET, "studio", code) is None
    assert scope_of_code(bytes(32), "lesson", code) is None


def test_anything_else_is_no_code() -> None:
    code = join_code(SECRET, "lesson", "watch")
    for typed in ("", "-", code[:-1], code + "A", "é" * 8, "\0" * 8, code * 100, "A" * 1_000_000):
        assert scope_of_code(SECRET, "lesson", typed) is None


def test_letters_are_evenly_used() -> None:
    """A skewed alphabet would make codes easier to guess."""
    letters = "".join(join_code(SECRET, f"room-{k}", "watch") for k in range(2000)).replace("-", "")
    counts = [letters.count(letter) for letter in set(letters)]
    assert len(counts) == 31
    expected = len(letters) / 31  # 516, standard deviation 22
    assert all(abs(count - expected) < 120 for count in counts)
