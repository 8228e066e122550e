"""Whether a request comes from a program of the user who runs the bridge.

A loopback address alone does not say so: other users of a machine connect from there, and so does
a reverse proxy for the whole internet. Linux tells whose a socket is.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from aiohttp import web

from bridge.access.origins import is_loopback_host

__all__ = ["is_own_browser", "owner_of"]

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_OF_PROXIES = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")

Endpoint = tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]


async def is_own_browser(request: web.Request) -> bool:
    """Whether it is this machine, this user, and no page but the bridge's own that asks.

    Asked for are: a loopback address at the other end; ``Host`` a loopback name, so that no name
    that was made to lead here (DNS rebinding) will do; no sign of a proxy; no page of another
    origin (Fetch Metadata, and ``Origin`` where there is one); and, on Linux, a socket of the
    user who runs the bridge.
    """
    headers = request.headers
    host = headers.get("Host")
    if host is None or not is_loopback_host(host):
        return False
    if any(name in headers for name in _OF_PROXIES):
        return False
    if headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        return False
    if headers.get("Origin", f"{request.scheme}://{host}") != f"{request.scheme}://{host}":
        return False
    transport = request.transport
    peer = _endpoint(transport.get_extra_info("peername")) if transport else None
    here = _endpoint(transport.get_extra_info("sockname")) if transport else None
    if peer is None or here is None or not peer[0].is_loopback:
        return False
    return await asyncio.to_thread(_is_own_socket, peer, here)


def owner_of(rows: Iterable[str], local: Endpoint, remote: Endpoint) -> int | None:
    """The user id of a connection's one end, from lines of ``/proc/net/tcp`` or ``tcp6``.

    Args:
        rows: The lines (proc(5)).
        local: Address and port of that end.
        remote: Of the other end.

    Returns:
        None where no line is of that connection.
    """
    for row in rows:
        fields = row.split()
        if len(fields) > 7 and ":" in fields[1] and ":" in fields[2]:
            try:
                if _parse(fields[1]) == local and _parse(fields[2]) == remote:
                    return int(fields[7])
            except ValueError:
                continue
    return None


def _is_own_socket(peer: Endpoint, here: Endpoint) -> bool:
    if not any(table.exists() for table in _TABLES):
        return True  # Not Linux: the other signs decide.
    for table in _TABLES:
        try:
            with table.open(encoding="ascii") as rows:
                owner = owner_of(rows, peer, here)
        except OSError:
            continue
        if owner is not None:
            return owner == os.getuid()
    return False


def _endpoint(name: object) -> Endpoint | None:
    if not isinstance(name, tuple) or len(name) < 2:
        return None
    try:
        return _unmapped(ipaddress.ip_address(str(name[0]).split("%")[0])), int(name[1])
    except ValueError:
        return None


def _parse(text: str) -> Endpoint:
    """An end as the kernel writes it: words of 32 bits in the machine's byte order, and a port."""
    address, _, port = text.partition(":")
    raw = bytes.fromhex(address)
    if sys.byteorder == "little":
        raw = b"".join(raw[i : i + 4][::-1] for i in range(0, len(raw), 4))
    return _unmapped(ipaddress.ip_address(raw)), int(port, 16)


def _unmapped(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return getattr(address, "ipv4_mapped", None) or address
