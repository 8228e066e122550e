"""NATS' client: its address, its TLS and its end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bridge.errors import InputError
from bridge.optional import require

if TYPE_CHECKING:
    from nats.aio.client import Client

__all__ = ["client_class", "end", "shown"]

_CLOSE_S = 0.5


def shown(url: str) -> str:
    """An address of NATS as it may be shown: without user, password or token.

    Raises:
        InputError: It is none. The message does not repeat it.
    """
    servers = []
    for one in url.split(","):
        try:
            parts = urlsplit(one.strip())
            is_server = parts.scheme in ("nats", "tls") and bool(parts.hostname)
            servers.append(f"{parts.scheme}://{parts.hostname}:{parts.port or 4222}")
        except ValueError:
            is_server = False
        if not is_server or parts.path not in ("", "/") or parts.query or parts.fragment:
            raise InputError(
                "that is no address of NATS: write nats://HOST:4222, or "
                "tls://USER:PASSWORD@HOST:4222, several with commas between"
            )
    return ", ".join(servers)


async def end(client: Client) -> None:
    """Closes a client; not for ever, as its own way does where a TLS handshake has failed."""
    with contextlib.suppress(Exception):
        await asyncio.wait_for(client.close(), _CLOSE_S)


def client_class(*, needs_tls: bool) -> Callable[[], Client]:
    """NATS' client.

    Args:
        needs_tls: It is not to speak without TLS.

    Raises:
        MissingDependencyError: It is not installed.
    """
    require("nats", extra="cluster")
    from nats.aio.client import Client
    from nats.errors import Error

    class Guarded(Client):
        """Shows no password to a server that was to speak TLS, and does not."""

        async def _process_info(
            self, info: dict[str, Any], initial_connection: bool = False
        ) -> None:
            if needs_tls and initial_connection and not info.get("tls_required"):
                raise Error("nats: the server offers no TLS")
            await super()._process_info(info, initial_connection)

    return Guarded
