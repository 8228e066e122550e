"""Tokens as pure functions: what is signed is what is read, and nothing else is."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.access.errors import UnauthorisedError
from bridge.access.tokens import MAX_TOKEN_BYTES, SCOPES, Grant, fingerprint, make_token, read_token

SECRET = bytes(range(32))
GRANT = Grant("lesson", "watch", 2_000_000_000, "0123456789ab")
TOKEN = make_token(SECRET, GRANT)
NOW_S = 1_900_000_000.0

names = st.from_regex(r"[a-z0-9][a-z0-9-]{0,31}", fullmatch=True)
grants = st.builds(
    Grant,
    names,
    st.sampled_from(SCOPES),
    st.integers(1_900_000_001, 10**12 - 1),
    st.from_regex(r"[0-9a-f]{12}", fullmatch=True),
)


@given(grants, st.binary(min_size=32, max_size=32))
def test_what_is_signed_is_what_is_read(grant: Grant, secret: bytes) -> None:
    token = make_token(secret, grant)
    assert read_token(secret, token, now_s=NOW_S) == grant
    assert len(token) < MAX_TOKEN_BYTES
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


def test_the_format_stays() -> None:
    """A bridge of today and one of tomorrow share tokens; the signature is from openssl."""
    assert TOKEN == (
        "bGVzc29uIHdhdGNoIDIwMDAwMDAwMDAgMDEyMzQ1Njc4OWFi"
        ".8iQ_yoZbTwcN9b_NQzC1A454nRKsJRpj8vejERCcwwU"
    )


@pytest.mark.parametrize("position", range(len(TOKEN)))
def test_any_other_character_is_refused(position: int) -> None:
    for other in "Aa0-_.+/= \n":
        if other != TOKEN[position]:
            changed = TOKEN[:position] + other + TOKEN[position + 1 :]
            with pytest.raises(UnauthorisedError):
                read_token(SECRET, changed, now_s=NOW_S)


@given(st.text(max_size=600))
def test_nonsense_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UnauthorisedError) as refused:
        read_token(SECRET, text, now_s=NOW_S)
    assert refused.value.reason == "invalid"
    assert str(refused.value) == "this token is not valid here: ask for a new link or join code"


@pytest.mark.parametrize(
    "odd",
    [
        "",
        ".",
        TOKEN + "=",
        TOKEN + ".",
        " " + TOKEN,
        TOKEN.partition(".")[0],
        TOKEN.partition(".")[0] + ".",
        "." + TOKEN.partition(".")[2],
        TOKEN * 6,
    ],
)
def test_more_or_less_than_a_token_is_none(odd: str) -> None:
    with pytest.raises(UnauthorisedError):
        read_token(SECRET, odd, now_s=NOW_S)


def test_it_ends_when_it_says() -> None:
    assert read_token(SECRET, TOKEN, now_s=1_999_999_999.9) == GRANT
    for late_s in (2_000_000_000.0, 3e9):
        with pytest.raises(UnauthorisedError, match="expired"):
            read_token(SECRET, TOKEN, now_s=late_s)


def test_a_stranger_cannot_tell_an_expired_token_from_a_forged_one() -> None:
    forged = make_token(bytes(32), Grant("lesson", "watch", 1, "0" * 12))
    with pytest.raises(UnauthorisedError, match="not valid here"):
        read_token(SECRET, forged, now_s=NOW_S)


def test_signed_claims_of_another_kind_are_refused() -> None:
    for claims in (b"lesson rule 2000000000 0123456789ab", b"../x watch 2000000000 0123456789ab"):
        signature = hmac.new(SECRET, b"ghosthands token v1\0" + claims, hashlib.sha256).digest()
        parts = (base64.urlsafe_b64encode(p).rstrip(b"=").decode() for p in (claims, signature))
        with pytest.raises(UnauthorisedError):
            read_token(SECRET, ".".join(parts), now_s=NOW_S)


def test_a_fingerprint_tells_secrets_apart_and_none_of_them() -> None:
    assert fingerprint(SECRET) == fingerprint(SECRET)
    assert fingerprint(SECRET) != fingerprint(bytes(32))
    assert fingerprint(SECRET) not in TOKEN
