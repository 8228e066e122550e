"""The header that shows a token (RFC 6750, section 2.1), for programs that connect to a bridge."""

from __future__ import annotations

import re

from bridge.errors import InputError

__all__ = ["bearer_header"]

_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,512}")


def bearer_header(token: str | None) -> dict[str, str]:
    """The headers to send; none without a token.

    Raises:
        InputError: That is no token. The message does not repeat it.
    """
    if token is None:
        return {}
    if not _TOKEN.fullmatch(token):
        raise InputError(
            "that is no token: give the text after #token= of the bridge's link, without blanks"
        )
    return {"Authorization": f"Bearer {token}"}
