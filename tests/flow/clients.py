"""Clients for tests: a player that plays nothing at a steady rate, and bare watchers."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import websockets

from bridge.protocol import (
    SUBPROTOCOL,
    ClientSession,
    ErrorMessage,
    HandPacket,
    Message,
    PosePacket,
    ShapePacket,
    Side,
    Subscribe,
    Welcome,
)
from sdk_python._connection import open_connection

RATE_HZ = 60.0


def shape() -> ShapePacket:
    rest = [[0.0, 0.0, 0.0]] + [[0.01 * k, 0.0, 0.02] for k in range(1, 21)]
    return ShapePacket(Side.RIGHT, [0.5] + [0.0] * 9, rest)


def pose(seq: int, time_ns: int) -> PosePacket:
    hand = HandPacket(Side.RIGHT, [0.0, 0.1, -0.5], [[0.0, 0.0, 0.0, 1.0]] * 16, [1.0] * 5)
    return PosePacket(seq, time_ns, (hand,))


@contextlib.asynccontextmanager
async def playing(
    bridge: str, room: str = "lesson", *, rate_hz: float = RATE_HZ
) -> AsyncIterator[None]:
    """A right hand that does not move, played at a steady rate."""
    connection = await open_connection(
        bridge, room=room, role="play", ssl=None, insecure=False, token=None
    )

    async def send() -> None:
        connection.session.send(shape())
        begin_s = time.monotonic()
        for seq in range(10**9):
            connection.session.send(pose(seq, time.monotonic_ns()))
            await connection.flush()
            await asyncio.sleep(max(0.0, begin_s + (seq + 1) / rate_hz - time.monotonic()))

    async def listen() -> None:
        while await connection.receive() is not None:
            pass

    tasks = [asyncio.create_task(send()), asyncio.create_task(listen())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await connection.close("played")


class Watcher:
    """A watcher that does only what a test says.

    Attributes:
        session: The protocol's state.
        socket: The WebSocket; it answers pings by itself.
    """

    def __init__(self, socket: websockets.ClientConnection, session: ClientSession) -> None:
        self.session = session
        self.socket = socket

    @classmethod
    async def connect(
        cls,
        bridge: str,
        room: str = "lesson",
        *,
        role: str = "watch",
        resume: str | None = None,
        subscribe: Subscribe | None = None,
    ) -> Watcher:
        socket = await websockets.connect(
            f"ws{bridge.removeprefix('http')}/ws/{room}",
            subprotocols=[SUBPROTOCOL],
            compression=None,
            ping_interval=None,
        )
        session = ClientSession(
            role=role, client="test watcher", clock_ns=time.monotonic_ns, resume=resume
        )
        watcher = cls(socket, session)
        await watcher.flush()
        await watcher.next(Welcome)
        if subscribe is not None:
            session.send(subscribe)
            await watcher.flush()
        return watcher

    async def __aenter__(self) -> Watcher:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()

    async def flush(self) -> None:
        # A socket that the bridge has closed takes nothing more; what came before is still read.
        with contextlib.suppress(websockets.ConnectionClosed):
            for data in self.session.outgoing():
                await self.socket.send(data)

    async def receive(self) -> tuple[Message, ...]:
        return self.session.receive(await self.socket.recv())

    async def next(self, kind: type[Message], *, acknowledge: bool = True) -> Message:
        """The next message of one kind; poses before it are acknowledged, if so wished."""
        while True:
            for message in await self.receive():
                if isinstance(message, PosePacket) and acknowledge:
                    self.session.acknowledge(message)
                    await self.flush()
                if isinstance(message, kind):
                    return message

    async def end(self) -> tuple[int, ErrorMessage | None]:
        """Waits until the bridge has closed: its close code, and its error if it sent one."""
        error = None
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                for message in await self.receive():
                    error = message if isinstance(message, ErrorMessage) else error
        return self.socket.close_code, error

    def cut(self) -> None:
        """The network is gone: no close frame."""
        self.socket.transport.abort()
