"""Join codes: eight characters that people read out and type, good for one room and one scope.

A code is computed from the bridge's secret, so it needs no storage, survives a restart and changes
when the secret is rotated. Eight characters of 31 are 8.5e11 codes; at the greatest number of
attempts that a bridge looks at by default, 30 a minute, a guesser needs 27,000 years on average.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from bridge.access.tokens import SCOPES

__all__ = ["MAX_TYPED_CHARACTERS", "join_code", "scope_of_code"]

MAX_TYPED_CHARACTERS = 64

_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without I, L, O, 0 and 1, which people take for each other."""

_LENGTH = 8
_PURPOSE = b"ghosthands join code v1\0"


def join_code(secret: bytes, room: str, scope: str) -> str:
    """A room's code for a scope, as people see it: ``ABCD-EFGH``."""
    text = _PURPOSE + f"{room} {scope}".encode()
    number = int.from_bytes(hmac.new(secret, text, hashlib.sha256).digest(), "big")
    letters = []
    for _ in range(_LENGTH):
        number, index = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[index])
    half = _LENGTH // 2
    return f"{''.join(letters[:half])}-{''.join(letters[half:])}"


def scope_of_code(secret: bytes, room: str, typed: str) -> str | None:
    """The scope that a code opens in a room; None where it is no code of that room.

    Case, blanks and dashes do not matter. Every code is compared, each in constant time.
    """
    given = re.sub(r"[\s-]", "", typed[:MAX_TYPED_CHARACTERS]).upper().encode()
    found = None
    for scope in SCOPES:
        code = join_code(secret, room, scope).replace("-", "").encode()
        if hmac.compare_digest(code, given):
            found = scope
    return found
