"""The bridge's secret and its tokens, in files that the bridge and the command line share.

================  ==============================================================================
``secret``        32 random bytes, hexadecimal, made on first use, for this user's eyes only
``issued.jsonl``  a line for each token made: its id, room, scope, expiry, for whom; no token
``revoked.txt``   a line for each token revoked: its id
================  ==============================================================================

A running bridge sees a change at once.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from bridge.access.errors import UnauthorisedError
from bridge.access.files import (
    Watched,
    append_line,
    make_secret,
    read_lines,
    read_secret,
    write_private,
)
from bridge.access.tokens import SCOPES, Grant, fingerprint, make_token, read_token
from bridge.errors import InputError
from bridge.protocol.names import check_name

__all__ = ["Issued", "Keyring"]

_MAX_NOTE_CHARACTERS = 80
_MAX_LIFETIME_S = 10 * 365.25 * 86400
_ID = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Issued:
    """A token that was made; without the token.

    Attributes:
        id: Names it, in lists and logs.
        room: Its room.
        scope: ``publish`` or ``watch``.
        expires_s: When it ends, seconds since 1970.
        note: For whom it was made.
        key: Which secret signed it.
    """

    id: str
    room: str
    scope: str
    expires_s: int
    note: str
    key: str


class Keyring:
    """Makes, checks and revokes tokens.

    Args:
        folder: Where its files are; made when absent.
        now_s: The time, seconds since 1970.

    Raises:
        InputError: The folder cannot be used.
    """

    def __init__(self, folder: Path, *, now_s: Callable[[], float] = time.time) -> None:
        self._now_s = now_s
        self._folder = folder
        self._issued = folder / "issued.jsonl"
        self._secret = Watched(folder / "secret", read_secret)
        self._revoked = Watched(folder / "revoked.txt", lambda path: frozenset(read_lines(path)))
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            make_secret(folder / "secret", replace=False)
        except OSError as error:
            raise self._unusable(error) from error

    @property
    def secret(self) -> bytes:
        """The secret in force.

        Raises:
            InputError: It cannot be read, or is damaged.
        """
        return self._secret.value

    @property
    def key(self) -> str:
        """Tells this secret from others without telling it."""
        return fingerprint(self.secret)

    def make(self, room: str, scope: str, *, lifetime_s: float, note: str = "") -> str:
        """Makes a token, and notes that it was made.

        Args:
            room: The room's name.
            scope: ``publish`` or ``watch``.
            lifetime_s: For how long it lets in, up to ten years.
            note: For whom, for the list.

        Raises:
            InputError: An argument cannot be used, or the list cannot be written.
        """
        check_name(room)
        if scope not in SCOPES:
            raise InputError(f"a token is for {' or '.join(SCOPES)}, not for {scope[:40]!r}")
        if not 1 <= lifetime_s <= _MAX_LIFETIME_S:
            raise InputError("a token lasts from one second to ten years")
        grant = Grant(room, scope, int(self._now_s() + lifetime_s), secrets.token_hex(6))
        note = "".join(c for c in note if c.isprintable())[:_MAX_NOTE_CHARACTERS]
        issued = Issued(grant.id, room, scope, grant.expires_s, note, self.key)
        try:
            append_line(self._issued, json.dumps(asdict(issued)))
        except OSError as error:
            raise self._unusable(error) from error
        return make_token(self.secret, grant)

    def check(self, token: str) -> Grant:
        """The grant of a token that is valid and not revoked.

        Raises:
            UnauthorisedError: It is not.
            InputError: The secret or the list of revoked tokens cannot be read.
        """
        grant = read_token(self.secret, token, now_s=self._now_s())
        if self.is_revoked(grant.id):
            raise UnauthorisedError(
                "this token was revoked: ask for a new link or join code", reason="revoked"
            )
        return grant

    def is_revoked(self, id: str) -> bool:  # noqa: A002
        """Whether the token of that id was revoked."""
        return id in self._revoked.value

    def issued(self) -> tuple[Issued, ...]:
        """The tokens that let in now, oldest first."""
        revoked, key, now_s = self._revoked.value, self.key, self._now_s()
        return tuple(
            issued
            for issued in self._read_issued()
            if issued.key == key and issued.expires_s > now_s and issued.id not in revoked
        )

    def revoke(self, id: str) -> None:  # noqa: A002
        """Ends a token, also in the bridges that run.

        Raises:
            InputError: That is no token's id, or the list cannot be written.
        """
        if not _ID.fullmatch(id):
            raise InputError("a token's id is 12 digits and letters: see `ghosthands token list`")
        try:
            append_line(self._folder / "revoked.txt", id)
        except OSError as error:
            raise self._unusable(error) from error

    def rotate(self) -> None:
        """Makes a new secret: all tokens and join codes end, also in the bridges that run.

        Raises:
            InputError: It cannot be written.
        """
        try:
            make_secret(self._folder / "secret", replace=True)
        except OSError as error:
            raise self._unusable(error) from error
        self.tidy()

    def tidy(self) -> None:
        """Takes tokens that no longer let in off the list of those made.

        Raises:
            InputError: It cannot be written.
        """
        try:
            write_private(
                self._issued, "".join(f"{json.dumps(asdict(one))}\n" for one in self.issued())
            )
        except OSError as error:
            raise self._unusable(error) from error

    def _read_issued(self) -> Iterator[Issued]:
        for line in read_lines(self._issued):
            try:
                yield Issued(**json.loads(line))
            except (ValueError, TypeError):  # Cut off by a full disk; the others count.
                continue

    def _unusable(self, error: OSError) -> InputError:
        return InputError(f"cannot keep secrets in {self._folder}: {error.strerror or error}")
