"""A WebSocket connection to a bridge: the socket around a ``ClientSession``, in plain words."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl as tls
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from bridge import __version__
from bridge.bearer import bearer_header
from bridge.errors import ConnectionFailedError, InputError
from bridge.protocol.client_session import ClientSession
from bridge.protocol.messages import MAX_MESSAGE_BYTES, SUBPROTOCOL, Bye, ErrorMessage, Message
from bridge.protocol.names import check_name
from bridge.protocol.session import State

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

__all__ = ["Connection", "LostError", "open_connection", "room_url"]

# At DEBUG websockets logs every header and message, and with them the token.
_QUIET_LOG = logging.getLogger(f"{__name__}.websocket")
_QUIET_LOG.setLevel(logging.INFO)

_OPEN_TIMEOUT_S = 10.0
_CLOSE_TIMEOUT_S = 2.0
_SCHEMES = {"http": "ws", "ws": "ws", "https": "wss", "wss": "wss"}

_FIRST_PINGS = 5
_FIRST_PING_INTERVAL_S = 0.1
_PING_INTERVAL_S = 2.0
_NO_STATUS = 1005  # RFC 6455, section 7.4.1: the peer closed and gave no code
_NO_PONG = 1011  # what the websockets library closes with when its ping is not answered
_CLEAN_CLOSES = (1000, 1001, _NO_STATUS)


def room_url(url: str, room: str) -> str:
    """The WebSocket address of a room.

    Args:
        url: The bridge: ``https://``, ``http://``, ``wss://`` or ``ws://``, host, port, and the
            path under which it is served, if any.
        room: The room's name.

    Raises:
        InputError: The address or the name cannot be used.
    """
    check_name(room)
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port  # raises ValueError when it is no port
    except ValueError as error:
        raise InputError(f"{url!r} is no address of a bridge: {error}") from None
    scheme = _SCHEMES.get(parts.scheme)
    if scheme is None or not host:
        raise InputError(
            f"{url!r} is no address of a bridge: use https://HOST:PORT, or http:// without TLS"
        )
    return urlunsplit((scheme, parts.netloc, f"{parts.path.rstrip('/')}/ws/{room}", "", ""))


class LostError(ConnectionFailedError):
    """The network or the bridge went away without a word; whoever comes back may resume."""


class Connection:
    """An open connection, whose clock is known.

    Attributes:
        session: The protocol's state.
        address: Where it leads, for errors.
    """

    def __init__(self, websocket: ClientConnection, session: ClientSession, address: str) -> None:
        self.session = session
        self.address = address
        self._websocket = websocket
        self._early: tuple[Message, ...] = ()
        self._unsent: deque[bytes] = deque()
        self._sending = asyncio.Lock()

    async def greet(self) -> None:
        """Waits for welcome, then for the first pong; what else comes meanwhile is kept."""
        session = self.session
        early: tuple[Message, ...] = ()
        await self.flush()
        while not session.clock.ready:
            received = await self.receive()
            if received is None:
                raise self._failed("ended the connection before its welcome")
            early += tuple(message for message in received if message is not session.welcome)
            if session.state is State.OPEN:
                session.ping()
                await self.flush()
        self._early = early

    async def flush(self) -> None:
        """Sends what the session has to send, and closes the socket if it says so.

        Several tasks may call it: the order is that of the session, and a call that is cancelled
        leaves the rest to the next. A socket that has closed takes nothing more; what came before
        that is still to be received, and says why.
        """
        from websockets.exceptions import ConnectionClosed

        self._unsent.extend(self.session.outgoing())
        async with self._sending:
            with contextlib.suppress(ConnectionClosed):
                while self._unsent:
                    await self._websocket.send(self._unsent.popleft())
        if self.session.close is not None:
            await self._websocket.close(self.session.close.code, self.session.close.reason)

    async def receive(self) -> tuple[Message, ...] | None:
        """What the bridge's next WebSocket message brings; None once it has ended in good order.

        Raises:
            LostError: It is lost.
            ConnectionFailedError: It ended in another way, refused, or broke the protocol.
        """
        from websockets.exceptions import ConnectionClosed

        if self._early:
            early, self._early = self._early, ()
            return early
        try:
            data = await self._websocket.recv()
        except ConnectionClosed as closed:
            self.session.lost()
            frame = closed.rcvd or closed.sent
            if frame is not None and frame.code in _CLEAN_CLOSES:
                return None
            if frame is None or (closed.rcvd is None and frame.code == _NO_PONG):
                raise LostError(
                    f"the bridge at {self.address} ended the connection: connection lost"
                ) from None
            why = f"{frame.reason} (close code {frame.code})"
            raise self._failed(f"ended the connection: {why}") from None
        received = self.session.receive(data)
        await self.flush()
        for message in received:
            if isinstance(message, Bye):
                return None
            if isinstance(message, ErrorMessage):
                raise self._failed(f"refused: {message.message} ({message.code})")
        if self.session.error is not None:
            error = self.session.error
            raise self._failed(f"broke the protocol: {error.message} ({error.code})")
        return received

    async def keep_clock(self) -> None:
        """Pings for as long as the connection is open: a quick burst first, then now and then."""
        sent = 0
        while self.session.state is State.OPEN:
            self.session.ping()
            await self.flush()
            sent += 1
            await asyncio.sleep(_FIRST_PING_INTERVAL_S if sent < _FIRST_PINGS else _PING_INTERVAL_S)

    async def close(self, reason: str) -> None:
        """Says bye and closes the socket."""
        self.session.bye(reason)
        await self.flush()
        await self._websocket.close()

    def _failed(self, what: str) -> ConnectionFailedError:
        return ConnectionFailedError(f"the bridge at {self.address} {what}")


async def open_connection(
    url: str,
    *,
    room: str,
    role: str,
    ssl: tls.SSLContext | None,
    insecure: bool,
    token: str | None,
    resume: str | None = None,
    clock_ns: Callable[[], int] = time.monotonic_ns,
) -> Connection:
    """Connects, agrees on a version and measures the bridge's clock once.

    ``resume`` is the ``session`` of the welcome of a connection that was lost.

    Raises:
        InputError: The address, the room's name or the token cannot be used.
        ConnectionFailedError: There is no bridge, it is not trusted, or it refuses.
    """
    address = room_url(url, room)
    websocket = await _open_websocket(address, _tls_context(address, ssl, insecure), token)
    session = ClientSession(
        role=role,
        client=f"ghosthands-python {__version__}",
        clock_ns=clock_ns,
        resume=resume,
    )
    connection = Connection(websocket, session, address)
    try:
        async with asyncio.timeout(_OPEN_TIMEOUT_S):
            await connection.greet()
    except TimeoutError:
        await websocket.close()
        raise ConnectionFailedError(
            f"{address} answers, but not as a bridge does: no greeting within "
            f"{_OPEN_TIMEOUT_S:.0f} s"
        ) from None
    except BaseException:
        await websocket.close()
        raise
    return connection


def _tls_context(address: str, ssl: tls.SSLContext | None, insecure: bool) -> tls.SSLContext | None:
    if not address.startswith("wss:"):
        if ssl is not None:
            raise InputError(f"{address} is without TLS: use https:// with an SSL context")
        return None
    if ssl is not None and insecure:
        raise InputError("pass either ssl= or insecure=True: one trusts what the other does not")
    context = ssl or tls.create_default_context()
    if insecure:
        context.check_hostname = False
        context.verify_mode = tls.CERT_NONE
    return context


async def _open_websocket(
    address: str, context: tls.SSLContext | None, token: str | None
) -> ClientConnection:
    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidHandshake, InvalidStatus
    from websockets.typing import Subprotocol

    headers = bearer_header(token)
    try:
        websocket = await connect(
            address,
            ssl=context,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            additional_headers=headers,
            logger=_QUIET_LOG,
            compression=None,  # costs time and gains nothing on these bytes
            proxy=None,  # a bridge stands in the same room
            max_size=MAX_MESSAGE_BYTES,
            open_timeout=_OPEN_TIMEOUT_S,
            close_timeout=_CLOSE_TIMEOUT_S,
        )
    except tls.SSLCertVerificationError as error:
        raise ConnectionFailedError(
            f"{address} has a certificate that is not trusted ({error.verify_message}): pass "
            "ssl= with a context that trusts it, or insecure=True (for a command, --insecure) on a "
            "network you trust"
        ) from error
    except tls.SSLError as error:
        raise ConnectionFailedError(f"{address} does not speak TLS: {error.reason}") from error
    except InvalidStatus as error:
        status = error.response.status_code
        what = "lets nobody in just now" if status in (429, 503) else "is no room of a bridge"
        raise ConnectionFailedError(f"{address} {what}: HTTP status {status}") from error
    except InvalidHandshake as error:
        raise ConnectionFailedError(f"{address} does not answer as a bridge: {error}") from error
    except TimeoutError as error:
        raise ConnectionFailedError(
            f"{address} does not answer within {_OPEN_TIMEOUT_S:.0f} s"
        ) from error
    except OSError as error:
        raise ConnectionFailedError(
            f"cannot reach {address}: {error.strerror or error}; is the bridge running?"
        ) from error
    except EOFError as error:
        raise ConnectionFailedError(f"{address} does not answer as a bridge: {error}") from error
    if websocket.subprotocol != SUBPROTOCOL:
        await websocket.close()
        raise ConnectionFailedError(f"{address} does not speak {SUBPROTOCOL}")
    return websocket
