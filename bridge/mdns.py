"""A name in the local network: multicast DNS (RFC 6762) and DNS-SD (RFC 6763).

``ghosthands.local`` leads to the bridge for as long as it runs, and ``_https._tcp`` lists it. A
name that somebody else answers to is left to them: the bridge is then ``ghosthands-2.local``.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any

from bridge.errors import InputError
from bridge.optional import require

__all__ = ["NetworkName", "network_name"]

_LOG = logging.getLogger(__name__)

_TRIES = 9
_ANSWER_MS = 1000
"""So long is waited for somebody who has the name: RFC 6762 probes for 750 ms (section 8.1)."""

_SERVICE = "_https._tcp.local."


class NetworkName:
    """A name that nobody else in the network has. Made by ``network_name``.

    Attributes:
        host: The name, ``ghosthands.local``.
    """

    def __init__(self, host: str, zeroconf: Any) -> None:
        self.host = host
        self._zeroconf = zeroconf

    async def announce(self, port: int, addresses: Collection[str]) -> None:
        """Answers to the name from now on, and lists the bridge among the network's services.

        Args:
            port: The port that the bridge listens on.
            addresses: Its IPv4 addresses.

        Raises:
            InputError: There is no address, or the network takes no name.
        """
        if not addresses:
            raise InputError("mdns: this machine is in no network; run without --mdns")
        from zeroconf import Error
        from zeroconf.asyncio import AsyncServiceInfo

        try:
            info = AsyncServiceInfo(
                _SERVICE,
                f"GhostHands at {self.host.partition('.')[0]}.{_SERVICE}",
                addresses=[socket.inet_aton(address) for address in addresses],
                port=port,
                server=f"{self.host}.",
                properties={"path": "/"},
            )
            await (await self._zeroconf.async_register_service(info, allow_name_change=True))
        except (Error, OSError) as error:
            raise InputError(
                f"mdns: the network takes no name ({error or type(error).__name__}); "
                "run without --mdns"
            ) from error
        _LOG.info("this bridge is %s in the local network", self.host)


@asynccontextmanager
async def network_name(
    name: str, *, interfaces: Collection[str] | None = None
) -> AsyncIterator[NetworkName]:
    """Finds a name for the bridge; the network forgets it at the end.

    Args:
        name: The name wanted, without ``.local``.
        interfaces: Addresses of the network interfaces to use; all of them where None.

    Raises:
        InputError: There is no network with multicast, or all names like it are taken.
        MissingDependencyError: zeroconf is not installed.
    """
    require("zeroconf", extra="mdns")
    from zeroconf import InterfaceChoice, IPVersion
    from zeroconf.asyncio import AsyncZeroconf

    chosen = InterfaceChoice.All if interfaces is None else list(interfaces)
    try:
        zeroconf = AsyncZeroconf(interfaces=chosen, ip_version=IPVersion.V4Only)
    except OSError as error:
        raise InputError(
            f"mdns: no network here has multicast ({error.strerror or error}); run without --mdns"
        ) from error
    try:
        yield NetworkName(await _free_name(name, zeroconf), zeroconf)
    finally:
        await zeroconf.async_unregister_all_services()
        await zeroconf.async_close()


async def _free_name(name: str, zeroconf: Any) -> str:
    from zeroconf import AddressResolverIPv4

    for number in range(1, _TRIES + 1):
        host = f"{name}.local" if number == 1 else f"{name}-{number}.local"
        resolver = AddressResolverIPv4(f"{host}.")
        if not await resolver.async_request(zeroconf.zeroconf, _ANSWER_MS):
            return host
        _LOG.warning("%s is taken by %s", host, ", ".join(resolver.parsed_addresses()))
    raise InputError(
        f"mdns: {name}.local and the {_TRIES - 1} names after it are taken; choose another with "
        "mdns_name in ghosthands.toml"
    )
