"""TLS before HTTP: a connection counts from its first byte on, and not once TLS is agreed upon.

asyncio tells a server of a TLS connection only after its handshake. Here the server accepts plain
connections, asks the door, and begins TLS itself.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

__all__ = ["TlsHandshake"]


class TlsHandshake(asyncio.Protocol):
    """One connection until TLS is agreed upon; from then on it belongs to another protocol.

    Args:
        tls: The server's TLS context.
        timeout_s: Longest time that a handshake takes, seconds.
        admit: Called with the connection; what it returns serves it, None refuses it.
        on_failed: Called if no TLS comes about on a connection that was admitted; with whether
            time was up.
    """

    def __init__(
        self,
        tls: ssl.SSLContext,
        timeout_s: float,
        *,
        admit: Callable[[asyncio.Transport], asyncio.Protocol | None],
        on_failed: Callable[[asyncio.Protocol, bool], None],
    ) -> None:
        self._tls = tls
        self._timeout_s = timeout_s
        self._admit = admit
        self._on_failed = on_failed
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See ``asyncio.Protocol``."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a server for streams is needed")
        protocol = self._admit(transport)
        if protocol is None:
            transport.abort()
            return
        transport.pause_reading()  # What comes is for TLS.
        self._task = asyncio.create_task(self._agree(transport, protocol))

    async def _agree(self, transport: asyncio.Transport, protocol: asyncio.Protocol) -> None:
        loop = asyncio.get_running_loop()
        early = _Early()
        begun_s = loop.time()
        try:
            secure = await loop.start_tls(
                transport,
                early,
                self._tls,
                server_side=True,
                ssl_handshake_timeout=self._timeout_s,
            )
        except OSError:  # ssl.SSLError and all that the network does are some.
            secure = None
        if secure is None or early.lost:
            transport.abort()
            self._on_failed(protocol, loop.time() - begun_s >= self._timeout_s)
            return
        secure.set_protocol(protocol)
        protocol.connection_made(secure)
        if early.data:
            protocol.data_received(bytes(early.data))
        if early.ended:
            protocol.eof_received()


class _Early(asyncio.Protocol):
    """Keeps what comes right behind the handshake, until somebody takes over.

    At most what one read of the socket brings: asyncio reads on only after the handshake's waiter
    has had its turn.
    """

    def __init__(self) -> None:
        self.data = bytearray()
        self.ended = False
        self.lost = False

    def data_received(self, data: bytes) -> None:
        self.data += data

    def eof_received(self) -> None:
        self.ended = True

    def connection_lost(self, exc: BaseException | None) -> None:  # noqa: ARG002
        self.lost = True
