"""Watching a live room."""

from __future__ import annotations

import asyncio
import contextlib
import ssl as tls
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable

from bridge.errors import ConnectionFailedError, InputError, ProtocolError
from bridge.protocol.client_session import ClientSession
from bridge.protocol.messages import Message, Status, Subscribe
from bridge.protocol.packets import PosePacket, ShapePacket
from sdk_python._connection import Connection, LostError, open_connection
from sdk_python._reconnect import come_back
from sdk_python.pose import Pose, Shapes, pose_from_packet

__all__ = ["PoseStream", "connect"]


class PoseStream:
    """The poses of a room, as an asynchronous iterator; made by ``connect``.

    Poses that are not taken wait here, at most as many as the bridge's acknowledgement window.
    A pose is acknowledged when it is taken from the iterator, so for a program that stalls the
    bridge keeps only the newest.

    The iterator ends when the bridge ends the room, and raises ``ConnectionFailedError`` when the
    connection is lost and does not come back in the time that ``connect`` was given for it.

    Attributes:
        room: The room's name.
        server: Name and version of the bridge.
        status: How the room does, once a second; None before the first.
        missed: Poses that the bridge made and this stream did not get.
        reconnected: How often the connection was lost and has come back.
    """

    def __init__(
        self,
        connection: Connection,
        subscription: Subscribe,
        reopen: Callable[[str | None], Awaitable[Connection]],
        reconnect_s: float,
    ) -> None:
        welcome = connection.session.welcome
        if welcome is None:
            raise RuntimeError("a stream needs an open connection")
        self.room = welcome.room
        self.server = welcome.server
        self.status: Status | None = None
        self.missed = 0
        self.reconnected = 0
        self._connection = connection
        self._subscription = subscription
        self._reopen = reopen
        self._reconnect_s = reconnect_s
        self._window = welcome.ack_window
        self._waiting: deque[tuple[ClientSession, PosePacket, Shapes]] = deque()
        self._shapes: Shapes = (None, None)
        self._last_seq: int | None = None
        self._news = asyncio.Event()
        self._ended = False
        self._error: ConnectionFailedError | None = None

    @property
    def clock_offset_ns(self) -> int:
        """The bridge's clock minus this program's ``time.monotonic_ns``."""
        return self._connection.session.clock.offset_ns

    @property
    def round_trip_s(self) -> float:
        """The fastest recent round trip to the bridge: twice the clock's greatest error."""
        rtt_ns = self._connection.session.clock.rtt_ns
        return float("nan") if rtt_ns is None else rtt_ns * 1e-9

    def __aiter__(self) -> AsyncIterator[Pose]:
        return self

    async def __anext__(self) -> Pose:
        while not self._waiting:
            if self._error is not None:
                raise self._error
            if self._ended:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        session, packet, shapes = self._waiting.popleft()
        session.acknowledge(packet)  # which nobody is told of any more if its connection is lost
        await self._connection.flush()
        return pose_from_packet(
            packet,
            shapes,
            local_time_ns=session.clock.to_local_ns(packet.time_ns),
            now_ns=time.monotonic_ns(),
        )

    async def run(self) -> None:
        """Reads from the bridge until it ends the connection; ``connect`` runs it."""
        try:
            while True:
                try:
                    await self._read()
                    return
                except LostError as lost:
                    await self._come_back(lost)
        except ConnectionFailedError as error:
            self._error = error
        finally:
            self._ended = True
            self._news.set()

    async def close(self) -> None:
        """Says bye."""
        await self._connection.close("done")

    async def _read(self) -> None:
        clock = asyncio.create_task(self._connection.keep_clock())
        try:
            while (messages := await self._connection.receive()) is not None:
                for message in messages:
                    self._take(message)
                # An unread window of poses was acknowledged to make room.
                await self._connection.flush()
        finally:
            clock.cancel()
            await asyncio.gather(clock, return_exceptions=True)

    async def _come_back(self, lost: LostError) -> None:
        welcome = self._connection.session.welcome
        secret = None if welcome is None else welcome.session
        self._connection = await come_back(lost, lambda: self._reopen(secret), self._reconnect_s)
        self.reconnected += 1
        welcome = self._connection.session.welcome
        if welcome is None or not welcome.resumed:
            self._last_seq = None  # Perhaps another bridge: its numbers are its own.
            self._connection.session.send(self._subscription)
            await self._connection.flush()

    def _take(self, message: Message) -> None:
        match message:
            case ShapePacket():
                left, right = self._shapes
                self._shapes = (left, message) if message.side else (message, right)
            case Status():
                self.status = message
            case PosePacket():
                if self._last_seq is not None:
                    self.missed += message.seq - self._last_seq - 1
                self._last_seq = message.seq
                if len(self._waiting) >= self._window:
                    # Only a bridge that ignores its own window comes here: oldest dropped.
                    session, dropped, _ = self._waiting.popleft()
                    session.acknowledge(dropped)
                    self.missed += 1
                self._waiting.append((self._connection.session, message, self._shapes))
                self._news.set()


@contextlib.asynccontextmanager
async def connect(
    url: str,
    room: str = "lesson",
    *,
    max_rate_hz: float | None = None,
    reconnect_s: float = 0.0,
    ssl: tls.SSLContext | None = None,
    insecure: bool = False,
    token: str | None = None,
) -> AsyncIterator[PoseStream]:
    """Watches a room.

    Example::

        async with sdk.connect("https://bridge.local:8443", room="lesson") as poses:
            async for pose in poses:
                print(pose.age_s, pose.joints_m[1, 8])

    Args:
        url: The bridge: ``https://HOST:PORT``, or ``http://`` without TLS.
        room: The room's name.
        max_rate_hz: At most this many poses a second; None for all.
        reconnect_s: For how long to try to come back when the connection is lost, seconds.
        ssl: What to trust, when the bridge's certificate is not known to this machine.
        insecure: Trust any certificate: for a network you trust.
        token: What lets in, where the bridge asks for it: a token to watch.

    Raises:
        InputError: The address, the name or the rate cannot be used.
        ConnectionFailedError: There is no bridge, it is not trusted, or it refuses.
    """
    subscription = _subscription(max_rate_hz)
    if not reconnect_s >= 0:
        raise InputError(f"reconnect_s must be 0 or more seconds, not {reconnect_s}")

    async def open_it(resume: str | None = None) -> Connection:
        return await open_connection(
            url,
            room=room,
            role="watch",
            ssl=ssl,
            insecure=insecure,
            token=token,
            resume=resume,
        )

    connection = await open_it()
    connection.session.send(subscription)
    await connection.flush()
    stream = PoseStream(connection, subscription, open_it, reconnect_s)
    running = asyncio.create_task(stream.run())
    try:
        yield stream
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await stream.close()


def _subscription(max_rate_hz: float | None) -> Subscribe:
    try:
        return Subscribe(max_rate_hz)
    except ProtocolError as error:
        raise InputError(str(error)) from None
