"""Where devices reach a bridge: the addresses that links and QR codes can name."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bridge.tls import local_addresses

if TYPE_CHECKING:
    from bridge.config import Settings

__all__ = ["Address", "addresses", "own_addresses"]

_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104
_SOMEWHERE_ELSE = ("192.0.2.1", 9)
"""An address of no network (RFC 5737), and the port at which nobody listens."""


@dataclass(frozen=True, slots=True)
class Address:
    """One address of a bridge.

    Attributes:
        url: ``https://HOST:PORT``, without a slash at its end.
        kind: ``public`` as the settings say, ``name`` of the local network, ``network`` address,
            or ``machine``: one that no other machine reaches.
    """

    url: str
    kind: Literal["public", "name", "network", "machine"]


def addresses(settings: Settings, port: int, *, name: str | None = None) -> list[Address]:
    """The addresses of a bridge, the one to offer first at the front.

    Args:
        settings: Its settings.
        port: The port that it listens on.
        name: Its name in the local network, as multicast DNS knows it.
    """
    scheme = "http" if settings.insecure else "https"
    found = [Address(settings.public_url, "public")] if settings.public_url else []
    if name is not None:
        found.append(Address(f"{scheme}://{name}:{port}", "name"))
    if settings.host in _EVERYWHERE:
        hosts = own_addresses(settings)
        found += [Address(f"{scheme}://{host}:{port}", "network") for host in hosts]
        found.append(Address(f"{scheme}://localhost:{port}", "machine"))
    else:
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        kind: Literal["machine", "network"] = "machine" if settings.on_loopback else "network"
        found.append(Address(f"{scheme}://{host}:{port}", kind))
    return found


def own_addresses(settings: Settings) -> list[str]:
    """The IPv4 addresses that a bridge listens on; first that from which it speaks to others.

    The rest are those of containers and virtual machines more often than not.
    """
    if settings.host not in _EVERYWHERE:
        return [settings.host]
    outward = _outward()
    return sorted(local_addresses(), key=lambda address: address != outward)


def _outward() -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(
                _SOMEWHERE_ELSE
            )  # Datagrams: this asks the routing table, and sends nothing.
            return str(probe.getsockname()[0])
        except OSError:
            return None
