"""Tokens: what may be done in which room and until when, signed by the bridge.

A token is text, ``CLAIMS.SIGNATURE``. The claims are ``room scope expiry id`` with blanks between,
the expiry in seconds since 1970 and the id 12 hexadecimal digits; the signature is HMAC-SHA256
over them (RFC 2104) with the bridge's secret. Both parts are base64url without padding
(RFC 4648, section 5), so a token travels in a header and in a web address as it is.

Pure functions: secret, clock and random numbers are passed in.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass

from bridge.access.errors import UnauthorisedError

__all__ = ["MAX_TOKEN_BYTES", "SCOPES", "Grant", "fingerprint", "make_token", "read_token"]

SCOPES = ("publish", "watch")
"""What a token allows in a room: to send video and recordings, and watch; or to watch and learn."""

MAX_TOKEN_BYTES = 512
"""A longer text is no token, and is not looked at. One is about 110 bytes."""

_CLAIMS = re.compile(
    r"(?P<room>[a-z0-9][a-z0-9-]{0,31}) (?P<scope>publish|watch) "
    r"(?P<expires>[0-9]{1,12}) (?P<id>[0-9a-f]{12})"
)
_PURPOSE = b"ghosthands token v1\0"
"""Signed with the claims, so that no other use of the secret ever gives a token's signature."""

_INVALID = "this token is not valid here: ask for a new link or join code"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows.

    Attributes:
        room: The room's name.
        scope: One of ``SCOPES``.
        expires_s: When it ends, seconds since 1970.
        id: Names the token without being one: for lists and logs, and to revoke it by.
    """

    room: str
    scope: str
    expires_s: int
    id: str


def make_token(secret: bytes, grant: Grant) -> str:
    """The token that proves a grant."""
    claims = f"{grant.room} {grant.scope} {grant.expires_s} {grant.id}".encode()
    return f"{_encode(claims)}.{_encode(_sign(secret, claims))}"


def read_token(secret: bytes, token: str, *, now_s: float) -> Grant:
    """The grant that a token proves.

    Its signature is compared in constant time, before anything in it is looked at.

    Args:
        secret: The bridge's secret.
        token: Text from a stranger.
        now_s: The time, seconds since 1970.

    Raises:
        UnauthorisedError: It is no token, not this bridge's, was changed, or has expired.
    """
    if len(token) > MAX_TOKEN_BYTES:
        raise UnauthorisedError(_INVALID, reason="invalid")
    head, _, tail = token.partition(".")
    claims, signature = _decode(head), _decode(tail)
    if not hmac.compare_digest(_sign(secret, claims), signature):
        raise UnauthorisedError(_INVALID, reason="invalid")
    found = _CLAIMS.fullmatch(claims.decode("ascii", errors="replace"))
    if found is None:  # Signed by this bridge, but by a version that says other things.
        raise UnauthorisedError(_INVALID, reason="invalid")
    grant = Grant(found["room"], found["scope"], int(found["expires"]), found["id"])
    if grant.expires_s <= now_s:
        raise UnauthorisedError(
            "this token has expired: ask for a new link or join code", reason="expired"
        )
    return grant


def fingerprint(secret: bytes) -> str:
    """Tells one secret from another without telling it."""
    return hmac.new(secret, b"ghosthands fingerprint v1", hashlib.sha256).hexdigest()[:12]


def _sign(secret: bytes, claims: bytes) -> bytes:
    return hmac.new(secret, _PURPOSE + claims, hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    """The bytes of unpadded base64url; nothing where the text is none.

    There is one text for each sequence of bytes: others that a lenient reader would take for the
    same, with padding, line breaks or odd last bits, are none.
    """
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return b""
    return data if _encode(data) == text else b""
