"""A bridge that follows a script: the pages' tests play it instead of the real one.

It serves the built pages and the open hand's mesh, speaks the protocol through
``bridge.protocol`` and takes WHIP offers with ``bridge.streams``, in a thread of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import WSMsgType, web

from bridge.model.hand import open_hand
from bridge.pages import add_page_routes
from bridge.protocol import (
    SUBPROTOCOL,
    ErrorMessage,
    HandPacket,
    Message,
    Ping,
    Pong,
    PosePacket,
    ShapePacket,
    Side,
    Status,
    ViewStatus,
    Welcome,
    decode,
    encode,
)
from bridge.streams import ViewSource, WhipSettings, add_whip_routes

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
RATE_HZ = 30.0


def hand_packet(side: Side, time_s: float) -> HandPacket:
    """A hand above a keyboard at the moment: palm down, fingers away from the viewer, playing."""
    outward = 1.0 if side == Side.RIGHT else -1.0
    pose = np.tile([0.0, 0.0, 0.0, 1.0], (16, 1))
    # The rest hand points along -x (right) or +x (left); the stage's away is -z.
    heading = -outward * (np.pi / 2 - 0.16)
    pose[0] = [0.0, np.sin(heading / 2), 0.0, np.cos(heading / 2)]
    for finger in range(5):
        flexion = 0.34 + 0.3 * np.sin(2.3 * time_s + 1.1 * finger + side)
        if finger == 4:  # MANO's order ends with the thumb, which turns about another axis
            flexion *= 0.4
        for segment in range(3):
            half = outward * flexion * (0.8, 1.0, 0.7)[segment] / 2
            pose[1 + 3 * finger + segment] = [0.0, 0.0, np.sin(half), np.cos(half)]
    wrist = [outward * 0.1 + 0.02 * np.sin(0.9 * time_s), -0.05, -0.42]
    return HandPacket(side, np.array(wrist), pose, np.full(5, 0.9))


def shape_packet(side: Side, betas: np.ndarray | None = None) -> ShapePacket:
    """A shape of the open hand, the average one by default."""
    values = np.zeros(10) if betas is None else betas
    return ShapePacket(side, values, open_hand(side).rest_keypoints(values))


def two_views() -> tuple[ViewStatus, ...]:
    """A phone that sees both hands and a tablet that has dropped frames and sees one."""
    return (
        ViewStatus("phone", True, 29.9, 1280, 720, 0, 3),
        ViewStatus("tablet", True, 24.6, 1280, 720, 12, 2),
    )


class ScriptedBridge:
    """What the bridge does is set by its attributes; what the pages did is read from them.

    Attributes:
        rooms: Rooms that are open; all others are unknown.
        views: The views that its status names.
        hands: The hands in each pose; ``hand_at`` makes them for a moment in seconds.
        shapes: Shapes in force, sent to each watcher first.
        clock_offset_ns: How far its clock is ahead of this machine's monotonic clock.
        age_ms: Age of a pose when it is sent.
        greeting: What each watcher is sent after the shapes: anchor, state of playback.
        received: Every message from a page.
        whip_refusals: Answers to give to the next WHIP offers instead of taking them.
        whip_requests: Method and path of every WHIP request.
        sources: Publishers that have joined, in order.
    """

    def __init__(self, *, port: int = 0, hand_colours: Path | None = None) -> None:
        self.port, self._hand_colours = port, hand_colours
        self.rooms = {"lesson"}
        self.views: tuple[ViewStatus, ...] = two_views()
        self.hands: tuple[Side, ...] = (Side.LEFT, Side.RIGHT)
        self.hand_at: Callable[[Side, float], HandPacket] = hand_packet
        self.shapes = (shape_packet(Side.LEFT), shape_packet(Side.RIGHT))
        self.clock_offset_ns = 1_000_000_000_000_000
        self.age_ms = 40.0
        self.greeting: tuple[Message, ...] = ()
        self.received: list[Message] = []
        self.whip_refusals: list[tuple[int, dict[str, str]]] = []
        self.whip_requests: list[tuple[str, str]] = []
        self.sources: list[ViewSource] = []
        self._sockets: set[web.WebSocketResponse] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runner: web.AppRunner | None = None

    def __enter__(self) -> ScriptedBridge:
        self._thread.start()
        self.call(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self.call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def watchers(self) -> int:
        return len(self._sockets)

    def call(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Runs a coroutine on the bridge's loop and waits for it."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=20)

    def drop_watchers(self) -> None:
        """Cuts every WebSocket without a goodbye, as a crash does."""

        async def cut() -> None:
            for socket in list(self._sockets):
                transport = socket._req.transport  # the public way sends a close frame
                if transport is not None:
                    transport.abort()

        self.call(cut())

    def tell(self, *messages: Message) -> None:
        """Sends messages to all watchers."""

        async def send() -> None:
            for socket in list(self._sockets):
                for message in messages:
                    await socket.send_bytes(encode(message))

        self.call(send())

    @property
    def now_ns(self) -> int:
        """The bridge's clock."""
        return self._now_ns()

    def go_down(self) -> None:
        """Stops listening and cuts all connections; ``come_back`` listens on the same port."""
        self.drop_watchers()
        self.call(self._stop())

    def come_back(self) -> None:
        self.call(self._start())

    def authorise(self, room: str, view: str, token: str | None) -> None:
        """Lets everybody in."""

    def add_view(self, room: str, source: ViewSource) -> None:
        self.sources.append(source)

    def remove_view(self, room: str, source: ViewSource) -> None:
        """Keeps it in ``sources``; its ``ended`` says that it left."""

    async def _start(self) -> None:
        app = web.Application(middlewares=[_with_policy, self._refusing])
        add_page_routes(app, self._hand_colours)
        app.router.add_get("/health", self._health)
        app.router.add_get("/ws/{room}", self._websocket)
        add_whip_routes(app, self, WhipSettings(loopback=True))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "localhost", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def _stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _now_ns(self) -> int:
        return time.monotonic_ns() + self.clock_offset_ns

    async def _health(self, _request: web.Request) -> web.Response:
        views = [{n: getattr(v, n) for n in v.__dataclass_fields__} for v in self.views]
        rooms = {n: {"name": n, "views": views, "pose_rate_hz": RATE_HZ} for n in self.rooms}
        return web.json_response({"version": "0.0.0", "rooms": rooms})

    @web.middleware
    async def _refusing(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.path.startswith("/whip/"):
            self.whip_requests.append((request.method, request.path_qs))
            if request.method == "POST" and self.whip_refusals:
                status, headers = self.whip_refusals.pop(0)
                return web.Response(status=status, headers=headers, text="as the script says\n")
        response: web.StreamResponse = await handler(request)
        return response

    async def _websocket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=(SUBPROTOCOL,))
        await socket.prepare(request)
        self.received.append(decode(await socket.receive_bytes()))
        room = request.match_info["room"]
        if room not in self.rooms:
            error = ErrorMessage("unknown_room", f"room {room} is not open")
            await socket.send_bytes(encode(error))
            await socket.close(code=4404, message=b"unknown_room")
            return socket
        await socket.send_bytes(encode(Welcome(1, room, "scripted", self._now_ns())))
        self._sockets.add(socket)
        sender = asyncio.create_task(self._send(socket))
        try:
            async for message in socket:
                if message.type != WSMsgType.BINARY:
                    break
                received = decode(message.data)
                self.received.append(received)
                if isinstance(received, Ping):
                    now = self._now_ns()
                    await socket.send_bytes(encode(Pong(received.t0_ns, now, now)))
        finally:
            self._sockets.discard(socket)
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await sender
        return socket

    async def _send(self, socket: web.WebSocketResponse) -> None:
        for message in (*self.shapes, *self.greeting):
            await socket.send_bytes(encode(message))
        seq = 0
        while True:
            if seq % int(RATE_HZ) == 0:
                status = Status(self.views, RATE_HZ, self.age_ms, False)
                await socket.send_bytes(encode(status))
            captured_ns = self._now_ns() - int(self.age_ms * 1e6)
            moment_s = seq / RATE_HZ
            hands = tuple(self.hand_at(side, moment_s) for side in self.hands)
            await socket.send_bytes(encode(PosePacket(seq, captured_ns, hands)))
            seq += 1
            await asyncio.sleep(1 / RATE_HZ)


@web.middleware
async def _with_policy(request: web.Request, handler: Any) -> web.StreamResponse:
    response = await handler(request)
    if not response.prepared:
        response.headers["Content-Security-Policy"] = POLICY
    return response
