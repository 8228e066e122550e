"""A watcher of a real bridge, on a real WebSocket, that keeps what it gets."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import websockets

from bridge.protocol import (
    SUBPROTOCOL,
    ClientSession,
    PlaybackControl,
    PlaybackState,
    PosePacket,
    ShapePacket,
    Subscribe,
)
from tests.bridge_fixture import until


class Watcher:
    """Acknowledges each pose; ``messages`` has everything in the order in which it came."""

    def __init__(self, socket: websockets.ClientConnection, role: str) -> None:
        self.session = ClientSession(role=role, client="test", clock_ns=time.monotonic_ns)
        self.messages: list[Any] = []
        self._socket = socket

    async def listen(self) -> None:
        await self.flush()
        with contextlib.suppress(websockets.ConnectionClosed):
            async for data in self._socket:
                for message in self.session.receive(data):
                    self.messages.append(message)
                    if isinstance(message, PosePacket):
                        self.session.acknowledge(message)
                await self.flush()

    async def flush(self) -> None:
        for data in self.session.outgoing():
            await self._socket.send(data)

    async def send(self, message: Any) -> None:
        self.session.send(message)
        await self.flush()

    async def control(self, command: str, **fields: Any) -> PlaybackState:
        """Sends a command; returns the first state that shows it done, or why it is not."""
        count = len(self.states)

        def answer() -> PlaybackState | None:
            return next((s for s in self.states[count:] if _answers(s, command, fields)), None)

        await self.send(PlaybackControl(command, **fields))
        await until(answer, f"an answer to {command}")
        return answer()

    async def wait(self, condition: Callable[[], Any], what: str) -> Any:
        await until(condition, what)
        return condition()

    @property
    def states(self) -> list[PlaybackState]:
        return [m for m in self.messages if isinstance(m, PlaybackState)]

    @property
    def poses(self) -> list[PosePacket]:
        return [m for m in self.messages if isinstance(m, PosePacket)]

    @property
    def shapes(self) -> list[ShapePacket]:
        return [m for m in self.messages if isinstance(m, ShapePacket)]


def _answers(state: PlaybackState, command: str, fields: dict[str, Any]) -> bool:
    """Whether a state comes after a command, and is not one of those that come by themselves."""
    if state.problem is not None:
        return True
    if state.recording is None and command not in ("load", "unload"):
        return False
    match command:
        case "load" | "unload":
            return state.recording == fields.get("recording")
        case "play" | "pause":
            return state.playing == (command == "play")
        case "seek":
            return abs(state.position_s - fields["position_s"]) < 0.5
        case "rate":
            return state.rate == fields["rate"]
    return state.loop_s == fields["loop_s"]


@contextlib.asynccontextmanager
async def watching(
    bridge: str, room: str = "lesson", *, role: str = "watch", subscribe: bool = True
) -> AsyncIterator[Watcher]:
    """A watcher that has its first state, if it subscribes."""
    address = f"ws{bridge.removeprefix('http')}/ws/{room}"
    async with websockets.connect(address, subprotocols=[SUBPROTOCOL]) as socket:
        watcher = Watcher(socket, role)
        task = asyncio.create_task(watcher.listen())
        try:
            await until(lambda: watcher.session.welcome is not None, "welcome")
            if subscribe:
                await watcher.send(Subscribe())
            yield watcher
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
