"""The connection to NATS: comes back by itself, never waits, never raises at who publishes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from bridge.cluster.client import client_class, end, shown
from bridge.counters import Counters
from bridge.errors import ConnectionFailedError, InputError, ProtocolError

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.aio.subscription import Subscription

__all__ = ["Answer", "Handler", "NatsLink"]

_LOG = logging.getLogger(__name__)

_CONNECT_S = 2
_RETRY_S = 1.0
_FIRST_S = 2.0
_PING_S = 2
_MOST_WAITING = 512
_MOST_PENDING_MESSAGES = 2048
_MOST_PENDING_BYTES = 8 << 20

Answer = Callable[[bytes], None]
"""Answers a request; does nothing for what was none."""

Handler = Callable[[str, bytes, Answer], None]
"""Takes a subject, a payload and what answers it."""


class NatsLink:
    """One connection to a NATS server, or to one of several.

    While there is none, it tries again every second. Drop policies: what is published meanwhile is
    dropped (``not_connected``); of more than 512 messages that wait to be sent the oldest go
    (``outbox``); what arrives faster than it is handled is dropped, newest first (``inbox``).

    Args:
        url: ``nats://[USER:PASSWORD@]HOST[:PORT]`` or ``tls://...``, several with commas between.
        counters: Gets ``cluster_messages`` and ``cluster_dropped``.
        on_connected: Called each time a connection has come about.

    Attributes:
        problem: Why there is no connection; None while there is one.

    Raises:
        InputError: That is no address.
        MissingDependencyError: The client of NATS is not installed.
    """

    def __init__(
        self, url: str, counters: Counters, *, on_connected: Callable[[], None] = lambda: None
    ) -> None:
        self.server = shown(url)
        self.problem: str | None = f"not connected to {self.server} yet"
        self._servers = [one.strip() for one in url.split(",")]
        self._counters = counters
        self._on_connected = on_connected
        self._make_client = client_class(
            needs_tls=any(one.startswith("tls:") for one in self._servers)
        )
        self._client: Client | None = None
        self._handlers: dict[str, Handler] = {}
        self._subscriptions: dict[str, Subscription] = {}
        self._outbox: deque[tuple[str, bytes]] = deque()
        self._wake = asyncio.Event()
        self._lost = False
        self._first: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        for direction in ("in", "out"):
            counters.add("cluster_messages", 0, direction=direction)

    @property
    def connected(self) -> bool:
        """Whether messages go out and come in."""
        return self._client is not None

    async def open(self) -> None:
        """Connects; returns after two seconds without a connection, too, and goes on trying.

        Raises:
            InputError: The server refuses this client: that will not get better.
        """
        self._first = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._keep_connected(), name="cluster: connection")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._first, _FIRST_S)

    async def close(self) -> None:
        """Sends what waits, and ends."""
        if self._client is not None and self._outbox:
            with contextlib.suppress(Exception):
                await self._send_waiting(self._client)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def publish(self, subject: str, data: bytes) -> None:
        """Sends a message soon; never waits."""
        if not self.connected:
            self._dropped("not_connected")
            return
        if len(self._outbox) >= _MOST_WAITING:
            self._outbox.popleft()
            self._dropped("outbox")
        self._outbox.append((subject, data))
        self._wake.set()

    async def request(self, subject: str, data: bytes, *, timeout_s: float) -> bytes:
        """Asks and waits for the answer.

        Raises:
            ConnectionFailedError: There is none.
        """
        if self._client is None:
            raise ConnectionFailedError(str(self.problem))
        try:
            self._counters.add("cluster_messages", direction="out")
            answer: bytes = (await self._client.request(subject, data, timeout=timeout_s)).data
        except Exception as error:  # the client's own errors share no base with TimeoutError
            raise ConnectionFailedError(f"no answer from another bridge: {error}") from error
        self._counters.add("cluster_messages", direction="in")
        return answer

    def subscribe(self, subject: str, handler: Handler) -> None:
        """Hands all messages of a subject to a handler, in order; until ``unsubscribe``.

        What the handler refuses with ``ProtocolError`` is counted as dropped by its code.
        """
        self._handlers[subject] = handler
        self._wake.set()

    def unsubscribe(self, subject: str) -> None:
        """Ends ``subscribe``."""
        self._handlers.pop(subject, None)
        self._wake.set()

    async def _keep_connected(self) -> None:
        while True:
            try:
                client = await self._connect()
            except Exception as error:
                self._failed(error)
                await asyncio.sleep(_RETRY_S)
                continue
            try:
                await self._serve(client)
            finally:
                self._client = None
                self._subscriptions.clear()
                self._outbox.clear()
                await end(client)
            self.problem = f"the connection to {self.server} is lost"
            _LOG.warning("%s; this bridge goes on by itself and tries again", self.problem)

    async def _connect(self) -> Client:
        client = self._make_client()
        last: list[Exception] = []

        async def failed(error: Exception) -> None:
            last[:] = [error]
            if type(error).__name__ == "SlowConsumerError":
                self._dropped("inbox")

        async def closed() -> None:
            self._lost = True
            self._wake.set()

        self._lost = False
        try:
            await asyncio.wait_for(
                client.connect(
                    servers=list(self._servers),
                    name="ghosthands",
                    error_cb=failed,
                    closed_cb=closed,
                    disconnected_cb=closed,
                    allow_reconnect=False,
                    max_reconnect_attempts=1,
                    reconnect_time_wait=0,
                    connect_timeout=_CONNECT_S,
                    ping_interval=_PING_S,
                    max_outstanding_pings=2,
                    no_echo=True,
                ),
                3 * _CONNECT_S,
            )
        except BaseException as error:
            await end(client)
            if last and isinstance(error, Exception):
                raise last[0] from error
            raise
        return client

    def _failed(self, error: Exception) -> None:
        first = self._first is not None and not self._first.done()
        reason = str(error) or type(error).__name__
        refused = "uthorization" in reason or "uthentication" in reason or "no TLS" in reason
        problem = f"cannot connect to {self.server}: {reason}"
        if isinstance(error, ssl.SSLError):
            problem = f"cannot trust {self.server}: {error.reason or error}"
        if problem != self.problem:
            _LOG.warning("%s; this bridge goes on by itself and tries again", problem)
        self.problem = problem
        if first and refused and self._first is not None:
            self._first.set_exception(
                InputError(f"{problem}: check the address, user and password of --cluster")
            )

    async def _serve(self, client: Client) -> None:
        """Sends and subscribes until the connection is lost."""
        self._client, self.problem = client, None
        _LOG.info("connected to %s", self.server)
        self._outbox.clear()
        try:
            await self._subscribe_all(client)
            if self._first is not None and not self._first.done():
                self._first.set_result(None)
            self._on_connected()
            while not self._lost:
                await self._wake.wait()
                self._wake.clear()
                await self._subscribe_all(client)
                await self._send_waiting(client)
        except Exception as error:
            _LOG.debug("connection to NATS: %s", error)

    async def _send_waiting(self, client: Client) -> None:
        while self._outbox:
            subject, data = self._outbox.popleft()
            if len(data) > client.max_payload:
                self._dropped("too_large")
                continue
            await client.publish(subject, data)
            self._counters.add("cluster_messages", direction="out")

    async def _subscribe_all(self, client: Client) -> None:
        for subject in self._handlers.keys() - self._subscriptions.keys():
            self._subscriptions[subject] = await client.subscribe(
                subject,
                cb=self._handling(subject),
                pending_msgs_limit=_MOST_PENDING_MESSAGES,
                pending_bytes_limit=_MOST_PENDING_BYTES,
            )
        for subject in self._subscriptions.keys() - self._handlers.keys():
            await self._subscriptions.pop(subject).unsubscribe()

    def _handling(self, subscription: str) -> Callable[[Msg], Awaitable[None]]:
        async def handle(message: Msg) -> None:
            handler = self._handlers.get(subscription)
            if handler is None:
                return
            self._counters.add("cluster_messages", direction="in")

            def answer(data: bytes) -> None:
                if message.reply:
                    self.publish(message.reply, data)

            try:
                handler(message.subject, message.data, answer)
            except ProtocolError as error:
                self._dropped(error.code)
            except Exception:  # One message must not end the connection for all others.
                self._dropped("internal")
                _LOG.exception("a message of another bridge could not be handled")

        return handle

    def _dropped(self, reason: str) -> None:
        self._counters.add("cluster_dropped", reason=reason)
