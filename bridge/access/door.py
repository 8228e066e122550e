"""Limits before a request is read: connections, headers, and how long they may take.

A connection is *pending* until it has said what it wants: TLS is agreed upon, its first request's
headers are there and, for a WebSocket, hello has come. Connections that pend cost an address
nothing to open, so each address has few of them, and each of them has little time. One whose
request was answered has as little until its next one. All that an address has open is limited.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import Counter
from collections.abc import Callable

from aiohttp import http_exceptions, web

from bridge.access.attempts import network_of
from bridge.access.handshakes import TlsHandshake
from bridge.config import Settings
from bridge.counters import Counters

__all__ = ["Door", "GuardedSite", "has_said_hello", "has_said_what_it_wants", "listen_first"]

_LOG = logging.getLogger(__name__)

_LINGER_S = 2.0
_MAX_HEADERS = 64


class Door:
    """Counts the connections of a bridge, and refuses those over its limits.

    Args:
        settings: The bridge's settings.
        counters: Gets ``limited`` by the name of the setting whose limit was met.
    """

    def __init__(self, settings: Settings, counters: Counters) -> None:
        self.settings = settings
        self._counters = counters
        self._open: Counter[str] = Counter()
        self._pending: Counter[str] = Counter()

    @property
    def pending(self) -> int:
        """Connections that have not said what they want."""
        return self._pending.total()

    def admits(self, network: str) -> bool:
        """Whether one more connection from there has a place; it takes it."""
        if self._open.total() >= self.settings.max_connections:
            self.met("max_connections")
            return False
        if self._open[network] >= self.settings.max_connections_per_address:
            self.met("max_connections_per_address")
            return False
        if self._pending[network] >= self.settings.max_pending_per_address:
            self.met("max_pending_per_address")
            return False
        self._open[network] += 1
        self._pending[network] += 1
        return True

    def settled(self, network: str) -> None:
        """A connection from there pends no more."""
        self._pending[network] -= 1
        if not self._pending[network]:
            del self._pending[network]

    def left(self, network: str) -> None:
        """A connection from there that was admitted has ended."""
        self._open[network] -= 1
        if not self._open[network]:
            del self._open[network]

    def met(self, limit: str) -> None:
        """Counts that somebody met a limit."""
        self._counters.add("limited", limit=limit)


class _GuardedConnection(web.RequestHandler):
    """One connection's HTTP, let in by the door or not at all."""

    __slots__ = (
        *("_admitted", "_deadline", "_door", "_listener", "_network", "_only_asked", "_pends"),
        "_socket",
    )

    def __init__(
        self,
        door: Door,
        server: web.Server,
        loop: asyncio.AbstractEventLoop,
        *,
        admitted_from: str | None = None,
    ) -> None:
        self._door = door
        self._network = admitted_from or ""
        self._admitted = self._pends = admitted_from is not None
        self._deadline: asyncio.TimerHandle | None = None
        self._listener: Callable[[bytes], bool] | None = None
        self._only_asked = False
        self._socket: asyncio.BaseTransport | None = None
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]
            max_line_size=door.settings.max_header_bytes,
            max_field_size=door.settings.max_header_bytes,
            max_headers=_MAX_HEADERS,
            # aiohttp waits so long after an answer, however many bytes of a request come.
            keepalive_timeout=door.settings.header_timeout_s,
            lingering_time=_LINGER_S,
            # Nobody sends the bridge compressed bodies, but for harm.
            auto_decompress=False,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._socket = transport
        super().connection_made(transport)
        if not self._admitted:
            self._network = _network_of(transport)
            self._admitted = self._pends = self._door.admits(self._network)
        if not self._admitted:
            self._abort()
            return
        self.keep_alive(True)  # Ends aiohttp's own time for the first request: ours counts it.
        self._deadline = asyncio.get_running_loop().call_later(
            self._door.settings.header_timeout_s, self._too_late
        )

    def connection_lost(self, exc: BaseException | None) -> None:
        self.headers_came()
        self.settled()
        if self._admitted:
            self._admitted = False
            self._door.left(self._network)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes came; a listener may keep them."""
        if self._listener is None:
            self._only_asked = data.endswith(b"\r\n\r\n")
        elif self._listener(data):
            return
        super().data_received(data)

    def listen_first(self, listener: Callable[[bytes], bool]) -> None:
        """See the function of this name."""
        if self._only_asked:
            self._listener = listener

    def never_began(self) -> None:
        """It was admitted, and TLS did not come about."""
        self.settled()
        self._admitted = False
        self._door.left(self._network)

    def headers_came(self) -> None:
        """The first request is there."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def settled(self) -> None:
        """It has said what it wants."""
        if self._pends:
            self._pends = False
            self._door.settled(self._network)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Refuses what is no HTTP. Neither log nor answer repeats it: it may hold a token."""
        if not isinstance(exc, http_exceptions.HttpProcessingError):
            return super().handle_error(request, status, exc, message)
        too_long = isinstance(exc, http_exceptions.LineTooLong)
        if too_long:
            self._door.met("max_header_bytes")
        _LOG.debug("refused a request from %s: %s", request.remote, type(exc).__name__)
        text = "a header is too long\n" if too_long else "this is not HTTP\n"
        response = web.Response(
            status=431 if too_long else 400, text=text, headers={"Server": "ghosthands"}
        )
        response.force_close()
        return response

    def _too_late(self) -> None:
        self._deadline = None
        self._door.met("header_timeout_s")
        self._abort()

    def _abort(self) -> None:
        if isinstance(self._socket, asyncio.Transport):
            self._socket.abort()


class GuardedSite(web.BaseSite):
    """Listens on an address, with a door before every connection.

    Args:
        runner: Has the application, and is set up.
        door: The limits.
        host: Address to listen on.
        port: Port; 0 for a free one.
        tls: TLS, or None for plain HTTP.
    """

    __slots__ = ("_door", "_host", "_port")

    def __init__(
        self, runner: web.AppRunner, door: Door, host: str, port: int, *, tls: ssl.SSLContext | None
    ) -> None:
        super().__init__(runner, ssl_context=tls)
        self._door = door
        self._host = host
        self._port = port

    @property
    def name(self) -> str:
        """Where it listens."""
        return f"{'https' if self._ssl_context else 'http'}://{self._host}:{self._port}"

    async def start(self) -> None:
        """Begins to listen.

        Raises:
            OSError: It cannot.
        """
        await super().start()
        loop = asyncio.get_running_loop()
        server = self._runner.server
        if server is None:
            raise RuntimeError("set up the runner first")
        door, tls = self._door, self._ssl_context

        def plain() -> asyncio.Protocol:
            return _GuardedConnection(door, server, loop)

        def admit(transport: asyncio.Transport) -> asyncio.Protocol | None:
            network = _network_of(transport)
            if not door.admits(network):
                return None
            return _GuardedConnection(door, server, loop, admitted_from=network)

        def failed(protocol: asyncio.Protocol, too_late: bool) -> None:
            if too_late:
                door.met("tls_handshake_s")
            if isinstance(protocol, _GuardedConnection):
                protocol.never_began()

        def secured() -> asyncio.Protocol:
            if tls is None:
                raise RuntimeError("there is no TLS to begin")
            limit_s = door.settings.tls_handshake_s
            return TlsHandshake(tls, limit_s, admit=admit, on_failed=failed)

        self._server = await loop.create_server(
            plain if tls is None else secured, self._host, self._port, backlog=self._backlog
        )


def _network_of(transport: asyncio.BaseTransport) -> str:
    address = transport.get_extra_info("peername")
    return network_of(address[0] if address else None)


def has_said_what_it_wants(request: web.BaseRequest, *, expects_hello: bool) -> None:
    """Notes that a request's headers are there; a WebSocket still pends, until hello."""
    protocol = request.protocol
    if isinstance(protocol, _GuardedConnection):
        protocol.headers_came()
        if not expects_hello:
            protocol.settled()


def listen_first(request: web.BaseRequest, listener: Callable[[bytes], bool]) -> None:
    """Gives a WebSocket's bytes to a listener from now on; aiohttp gets what it does not keep.

    Not those of a client that has sent more than its request: nobody could tell where a frame
    begins. RFC 6455 lets it wait for the answer, so no sound client has.

    Args:
        request: The WebSocket's, just answered.
        listener: Takes bytes as they come; True if it keeps them.
    """
    if isinstance(request.protocol, _GuardedConnection):
        request.protocol.listen_first(listener)


def has_said_hello(request: web.BaseRequest) -> None:
    """Notes that a WebSocket's hello came."""
    if isinstance(request.protocol, _GuardedConnection):
        request.protocol.settled()
