"""One WebSocket of a room: the socket around a sans-I/O ``ServerSession``."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Protocol

from aiohttp import WSMsgType, web

import bridge
from bridge.protocol import (
    SUBPROTOCOL,
    Hello,
    PosePacket,
    ServerSession,
    ShapePacket,
    Subscribe,
    encode,
)

__all__ = ["Connection", "ConnectionHost"]

_LOG = logging.getLogger(__name__)

_HEARTBEAT_S = 10.0
_HELLO_S = 10.0
_CLOSE_TIMEOUT_S = 2.0


class ConnectionHost(Protocol):
    """What a connection needs of its room."""

    @property
    def shapes(self) -> tuple[ShapePacket, ...]:
        """The shapes in force."""
        ...

    def join(self, connection: Connection) -> None:
        """A client has said hello; a refusal goes through ``connection.refuse``."""
        ...

    def leave(self, connection: Connection) -> None:
        """The connection has ended; also called for one that never joined."""
        ...

    def played(self, connection: Connection, packet: ShapePacket | PosePacket) -> None:
        """A player sent a packet."""
        ...


class Connection:
    """Serves one client. ``offer`` and ``send_encoded`` never wait: latest wins, as agreed.

    Args:
        room: Name of the room.
        host: The room; None refuses the client, who asked for a room that is not open.
        ack_window: Poses that may be unacknowledged.
        max_message_bytes: A larger message closes the connection (code 1009).
    """

    def __init__(
        self, room: str, host: ConnectionHost | None, *, ack_window: int, max_message_bytes: int
    ) -> None:
        self.session = ServerSession(
            room=room,
            server=f"ghosthands {bridge.__version__}",
            clock_ns=time.monotonic_ns,
            ack_window=ack_window,
        )
        self._room = room
        self._host = host
        self._wake = asyncio.Event()
        self._socket = web.WebSocketResponse(
            protocols=(SUBPROTOCOL,),
            heartbeat=_HEARTBEAT_S,
            max_msg_size=max_message_bytes,
            compress=False,
            timeout=_CLOSE_TIMEOUT_S,
        )

    def offer(self, seq: int, data: bytes) -> None:
        """Offers an encoded pose; the acknowledgement window decides."""
        self.session.offer(seq, data)
        self._wake.set()

    def send_encoded(self, data: bytes) -> None:
        """Queues an encoded message other than a pose for a client that has subscribed."""
        if self.session.subscribed:
            self.session.send_encoded(data)
            self._wake.set()

    def refuse(self, code: str, message: str) -> None:
        """Ends the connection with an error of the protocol."""
        self.session.refuse(code, message)
        self._wake.set()

    def bye(self, reason: str) -> None:
        """Ends the connection because the room closes."""
        self.session.bye(reason)
        self._wake.set()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Handles the WebSocket until it ends."""
        await self._socket.prepare(request)
        writer = asyncio.create_task(self._write())
        # Whoever says nothing shall not hold a place for ever.
        deadline = asyncio.get_running_loop().call_later(_HELLO_S, self._require_hello)
        try:
            async for message in self._socket:
                if message.type in (WSMsgType.BINARY, WSMsgType.TEXT):
                    self._take(message.data)
                    self._wake.set()
                if self.session.close is not None:
                    break
            # The writer sends what is left (an error, a bye) and closes the socket.
            self._wake.set()
            if self.session.close is not None:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(writer), _CLOSE_TIMEOUT_S)
        finally:
            deadline.cancel()
            self.session.lost()
            if self._host is not None:
                self._host.leave(self)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return self._socket

    def _require_hello(self) -> None:
        if self.session.hello is None:
            self.refuse("unexpected", f"no hello came within {_HELLO_S:g} s")

    def _take(self, data: bytes | str) -> None:
        for message in self.session.receive(data):
            if isinstance(message, Hello):
                if self._host is None:
                    self.refuse(
                        "unknown_room",
                        f"there is no room {self._room!r}: a device that publishes to it opens it",
                    )
                else:
                    self._host.join(self)
            elif isinstance(message, Subscribe) and self._host is not None:
                for shape in self._host.shapes:
                    self.session.send_encoded(encode(shape))
            elif isinstance(message, ShapePacket | PosePacket) and self._host is not None:
                self._host.played(self, message)

    async def _write(self) -> None:
        """Sends what the session has queued, whenever it has; closes the socket when it says."""
        while True:
            wait_ns = self.session.window.wait_ns()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(
                    self._wake.wait(), None if wait_ns is None else wait_ns / 1e9
                )
            self._wake.clear()
            self.session.poll()
            try:
                for data in self.session.outgoing():
                    await self._socket.send_bytes(data)
                if (close := self.session.close) is not None:
                    await self._socket.close(code=close.code, message=close.reason.encode())
                    return
            except ConnectionError:
                return
