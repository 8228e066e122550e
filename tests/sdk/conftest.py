"""A small bridge on a real WebSocket, and recordings to read and play."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bridge.protocol import (
    SUBPROTOCOL,
    HandPacket,
    PosePacket,
    ServerSession,
    ShapePacket,
    Side,
    Subscribe,
    encode,
)
from bridge.recorder import Recorder

ORIGIN_NS = 7_000_000_000
CLOCK_AHEAD_NS = 3_600_000_000_000
"""The test bridge's clock is an hour ahead of this program's."""


def rest_joints(side: Side) -> np.ndarray:
    """``(21, 3)`` a flat hand, right fingers along -X."""
    rest = np.zeros((21, 3), np.float32)
    for finger in range(5):
        for k in range(4):
            rest[1 + 4 * finger + k] = (-(0.05 + 0.03 * k), 0.0, 0.04 - 0.02 * finger)
    if side is Side.LEFT:
        rest[:, 0] *= -1
    return rest


def shape(side: Side, first_beta: float = 0.5) -> ShapePacket:
    betas = np.zeros(10)
    betas[0] = first_beta
    return ShapePacket(side, betas, rest_joints(side) * (1 + first_beta / 10))


def hand(side: Side, seed: int) -> HandPacket:
    numbers = np.random.default_rng(seed)
    quaternions = numbers.normal(size=(16, 4))
    quaternions *= np.where(quaternions[:, 3:] < 0, -1, 1)
    quaternions /= np.linalg.norm(quaternions, axis=1, keepdims=True)
    return HandPacket(side, numbers.normal(size=3), quaternions, numbers.random(5))


def pose(seq: int, *sides: Side, time_ns: int | None = None) -> PosePacket:
    at = ORIGIN_NS + seq * 20_000_000 if time_ns is None else time_ns
    return PosePacket(seq, at, tuple(hand(side, 10 * seq + side) for side in sides))


class TestBridge:
    """One room, ``lesson``, for whoever connects. Its sockets speak through ``ServerSession``."""

    __test__ = False

    def __init__(self) -> None:
        self.url = ""
        self.sessions: list[ServerSession] = []
        self.received: list = []
        self.tokens: list[str | None] = []
        self.shapes = [shape(Side.LEFT), shape(Side.RIGHT)]
        self._wake: dict[ServerSession, asyncio.Event] = {}
        self._sockets: list[ServerConnection] = []

    @staticmethod
    def clock_ns() -> int:
        return time.monotonic_ns() + CLOCK_AHEAD_NS

    def send(self, message) -> None:
        """To everyone; poses through their windows."""
        for session in self.sessions:
            if isinstance(message, PosePacket):
                session.offer(message.seq, encode(message))
            elif session.subscribed:
                session.send(message)
            self._wake[session].set()

    def end(self, how) -> None:
        """Calls ``how(session)`` on every session, then sends what it queued."""
        for session in self.sessions:
            how(session)
            self._wake[session].set()

    def cut(self) -> None:
        """Drops every connection without a word."""
        for socket in self._sockets:
            socket.transport.abort()

    async def handle(self, socket: ServerConnection) -> None:
        session = ServerSession(room="lesson", server="test bridge", clock_ns=self.clock_ns)
        wake = self._wake[session] = asyncio.Event()
        self._sockets.append(socket)
        self.tokens.append(socket.request.headers.get("Authorization"))
        if socket.request.path != "/ws/lesson":
            session.refuse("unknown_room", f"there is no room {socket.request.path[4:]!r}")
            wake.set()
        else:
            self.sessions.append(session)
        writer = asyncio.create_task(self._write(socket, session, wake))
        with contextlib.suppress(ConnectionClosed):
            async for data in socket:
                for message in session.receive(data):
                    self.received.append(message)
                    if isinstance(message, Subscribe):
                        for packet in self.shapes:
                            session.send(packet)
                wake.set()
        session.lost()
        wake.set()
        await writer

    @staticmethod
    async def _write(socket, session, wake) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await wake.wait()
                wake.clear()
                for data in session.outgoing():
                    await socket.send(data)
                if session.close is not None:
                    await socket.close(session.close.code, session.close.reason)
                if session.state.value == "closed":
                    return


async def until(condition, timeout_s: float = 10.0):
    """Waits for a condition to hold."""
    async with asyncio.timeout(timeout_s):
        while not (value := condition()):  # noqa: ASYNC110  # the condition has no event
            await asyncio.sleep(0.005)
    return value


@pytest.fixture(scope="session")
def kit() -> SimpleNamespace:
    """The makers of messages above: tests cannot import a conftest."""
    return SimpleNamespace(
        ORIGIN_NS=ORIGIN_NS,
        CLOCK_AHEAD_NS=CLOCK_AHEAD_NS,
        hand=hand,
        pose=pose,
        shape=shape,
        until=until,
    )


@pytest.fixture
async def test_bridge() -> AsyncIterator[TestBridge]:
    bridge = TestBridge()
    async with serve(
        bridge.handle, "127.0.0.1", 0, subprotocols=[SUBPROTOCOL], compression=None
    ) as server:
        bridge.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield bridge


@pytest.fixture
def lesson_file(tmp_path: Path) -> Path:
    """Both hands for 20 poses, then the right one, then none; 50 poses at 50 a second."""
    path = tmp_path / "lesson.mcap"
    with Recorder(path, room="lesson", views=["phone", "tablet"], origin_ns=ORIGIN_NS) as rec:
        rec.write(shape(Side.LEFT))
        rec.write(shape(Side.RIGHT))
        for seq in range(50):
            sides = [Side.LEFT, Side.RIGHT] if seq < 20 else [Side.RIGHT] if seq < 40 else []
            rec.write(pose(seq, *sides))
    return path
