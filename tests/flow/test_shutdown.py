"""SIGTERM under load: a real ``ghosthands serve``, real devices, a player, watchers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import websockets
from aiohttp.test_utils import TestClient, TestServer

import sdk_python as sdk
from bridge.config import Settings
from bridge.model.nets import load_nets
from bridge.protocol import Bye, PosePacket, Subscribe, decode
from bridge.server import close_rooms, make_app
from tests.bridge_fixture import DEADLINE_S, grey_video
from tests.flow.clients import Watcher, playing
from tests.flow.test_flow import process
from tests.test_server import publishing

ROOT = Path(__file__).parents[2]


@dataclass
class Serving:
    process: asyncio.subprocess.Process
    bridge: str = ""
    lines: list[dict[str, str]] = field(default_factory=list)

    async def listen(self) -> None:
        """Reads the log up to the line that tells the address."""
        while not self.bridge:
            entry = await self.read()
            if entry["message"].startswith("listening on "):
                self.bridge = entry["message"].removeprefix("listening on ")

    async def read(self) -> dict[str, str]:
        assert self.process.stderr is not None
        line = await self.process.stderr.readline()
        assert line, f"the bridge ended: {self.lines}"
        self.lines.append(json.loads(line))
        return self.lines[-1]


@contextlib.asynccontextmanager
async def serving(folder: Path, *options: str) -> AsyncIterator[Serving]:
    """``ghosthands serve`` as a process, with its log as JSON."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GHOSTHANDS_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bridge.cli", "serve", "--insecure", "--host", "127.0.0.1", "--port", "0"),
        *("--log-format", "json", *options),
        stderr=asyncio.subprocess.PIPE,
        env=environment | {"XDG_DATA_HOME": str(folder), "PYTHONPATH": str(ROOT)},
        cwd=folder,
    )
    try:
        serving = Serving(process)
        await asyncio.wait_for(serving.listen(), DEADLINE_S)
        yield serving
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


@contextlib.asynccontextmanager
async def frozen_watcher(bridge: str) -> AsyncIterator[None]:
    """A watcher whose machine stands still: it will not even take its bye."""
    async with process("watch", bridge) as watcher:
        watcher.send_signal(signal.SIGSTOP)
        yield


async def watch(watcher: Watcher) -> tuple[list[PosePacket], str]:
    """Takes poses until the bridge says bye: all of them, and its reason."""
    poses = []
    while True:
        for message in await watcher.receive():
            match message:
                case PosePacket():
                    poses.append(message)
                    watcher.session.acknowledge(message)
                    await watcher.flush()
                case Bye():
                    return poses, message.reason


async def test_everyone_is_told_and_the_recording_is_whole(tmp_path: Path) -> None:
    video = grey_video(tmp_path / "grey.mp4")
    lessons = tmp_path / "lessons"
    options = ("--room", "lesson", "--room", "replay", "--record", str(lessons))
    async with serving(tmp_path, *options) as bridge, contextlib.AsyncExitStack() as stack:
        stack.enter_context(pytest.raises(sdk.ConnectionFailedError, match="ended"))  # to devices
        await stack.enter_async_context(publishing(bridge.bridge, video, "phone"))
        await stack.enter_async_context(playing(bridge.bridge, "replay"))
        watchers = [
            await stack.enter_async_context(
                await Watcher.connect(bridge.bridge, room, subscribe=Subscribe())
            )
            for room in ("lesson", "lesson", "lesson", "replay", "replay")
        ]
        watching = [asyncio.create_task(watch(watcher)) for watcher in watchers]
        await stack.enter_async_context(frozen_watcher(bridge.bridge))
        await asyncio.sleep(4)

        bridge.process.terminate()
        async with asyncio.timeout(DEADLINE_S):
            told = await asyncio.gather(*watching)
            assert await bridge.process.wait() == 0
        assert {reason for _, reason in told} == {"the bridge is closing"}
        for poses, _ in told:
            assert len(poses) > 10

    (path,) = lessons.glob("lesson-*.mcap")
    lesson = sdk.Recording.open(path)
    assert not lesson.recovered
    recorded = set(lesson.time_ns.tolist())
    for poses, _ in told[:3]:
        # A watcher may have joined before the recording began; it lacks nothing after that.
        seen = {pose.time_ns for pose in poses if pose.time_ns >= min(recorded)}
        assert len(seen) > 10
        assert seen <= recorded


async def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    async with serving(tmp_path) as bridge, frozen_watcher(bridge.bridge):  # Who is waited for.
        async with await Watcher.connect(bridge.bridge, subscribe=Subscribe()) as watcher:
            bridge.process.terminate()
            await watch(watcher)  # It is told; the frozen one is waited for.
        bridge.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(DEADLINE_S):
            assert await bridge.process.wait() == -signal.SIGINT


async def test_who_asks_meanwhile_learns_why() -> None:
    app = make_app(Settings(host="127.0.0.1", insecure=True), await asyncio.to_thread(load_nets))
    async with TestClient(TestServer(app)) as client:
        assert (await client.get("/readyz")).status == 200
        await close_rooms(app)
        response = await client.get("/readyz")
        assert response.status == 503
        assert await response.json() == {
            "ready": False,
            "reasons": ["the bridge is shutting down"],
        }
        assert (await client.get("/healthz")).status == 200
        response = await client.get("/ws/lesson")
        assert response.status == 503
        assert "shutting down" in await response.text()
        assert "Retry-After" in response.headers


async def test_who_has_joined_no_room_is_told_too(tmp_path: Path) -> None:
    """A WebSocket before its hello, in a room that is there and in one that is not."""
    async with (
        serving(tmp_path) as bridge,
        contextlib.AsyncExitStack() as stack,
    ):
        clients = [
            await stack.enter_async_context(
                websockets.connect(
                    f"ws{bridge.bridge.removeprefix('http')}/ws/{room}",
                    subprotocols=["ghosthands.v1"],
                )
            )
            for room in ("lesson", "nowhere")
        ]
        bridge.process.terminate()
        async with asyncio.timeout(DEADLINE_S):
            for client in clients:
                assert decode(await client.recv()) == Bye("the bridge is closing")
                await client.wait_closed()
                assert client.close_code == 1000
            assert await bridge.process.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_an_idle_bridge_ends_at_once(tmp_path: Path, number: signal.Signals) -> None:
    async with serving(tmp_path) as bridge:
        bridge.process.send_signal(number)
        async with asyncio.timeout(DEADLINE_S):
            assert await bridge.process.wait() == 0
            while (await bridge.read())["message"] != "Stopped.":
                pass
