"""Which web pages may talk to the bridge.

A browser lets any page open WebSockets to anywhere and says in ``Origin`` (RFC 6454) whose page it
is. Programs other than browsers send none, and need no leave: they are not tricked by pages.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

__all__ = ["is_allowed", "is_loopback_host"]


def is_allowed(
    origin: str | None,
    *,
    scheme: str,
    host: str,
    allowed: Collection[str],
    loopback_only: bool,
) -> bool:
    """Whether a request from a page of that origin may be served.

    Args:
        origin: The ``Origin`` header; None where the client sent none.
        scheme: ``http`` or ``https``, by which the request came.
        host: Its ``Host`` header.
        allowed: Origins besides the bridge's own, ``https://HOST[:PORT]``.
        loopback_only: The bridge serves this machine alone. A page on the internet can then make
            its own name lead here (DNS rebinding) and be of the same origin by name; so the name
            must be a loopback one, too.
    """
    if origin is None or origin in allowed:
        return True
    return origin == f"{scheme}://{host}" and (not loopback_only or is_loopback_host(host))


def is_loopback_host(host: str) -> bool:
    """Whether a ``Host``, with or without its port, is this machine by a name or address."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
