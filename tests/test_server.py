"""The bridge from outside: real publishers, real subscribers, and peers that misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgpack
import numpy as np
import pytest
import websockets
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

import sdk_python as sdk
from bridge.errors import InputError
from bridge.model.ensemble import write_colours
from bridge.pages import add_page_routes
from bridge.protocol import SUBPROTOCOL, Hello, Subscribe, decode, encode
from bridge.protocol.joints import Side
from bridge.streams import publish
from tests.bridge_fixture import grey_video, running_bridge, until


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return grey_video(tmp_path_factory.mktemp("video") / "grey.mp4")


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[str]:
    async with running_bridge(tmp_path) as url:
        yield url


@contextlib.asynccontextmanager
async def publishing(bridge: str, video: Path, *views: str) -> AsyncIterator[None]:
    """Publishes a video over and over as each of the views."""
    stop = asyncio.Event()
    tasks = [
        asyncio.create_task(
            publish(video, f"{bridge}/whip/lesson", view=view, loop=True, copy=True, stop=stop)
        )
        for view in views
    ]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def until_closed(client: websockets.ClientConnection) -> list[Any]:
    """Everything that still comes."""
    messages = []
    with contextlib.suppress(websockets.ConnectionClosed):
        while True:
            messages.append(decode(await client.recv()))
    return messages


async def summary(bridge: str, room: str = "lesson") -> dict[str, object]:
    async with aiohttp.ClientSession() as client, client.get(f"{bridge}/rooms/{room}") as response:
        assert response.status == 200
        return await response.json()


async def test_two_publishers_give_one_stream_of_poses(bridge: str, video: Path) -> None:
    async with (
        publishing(bridge, video, "phone", "tablet"),
        sdk.connect(bridge) as poses,
    ):
        times = [(await anext(poses)).time_ns for _ in range(20)]
        await until(lambda: poses.status is not None and len(poses.status.views) == 2, "status")
        assert (np.diff(times) > 0).all()
        assert {view.view for view in poses.status.views} == {"phone", "tablet"}
        assert all(view.width == 320 and view.live for view in poses.status.views)
    assert (await summary(bridge))["views"] == []


async def test_a_view_that_leaves_neither_stalls_nor_leaks(bridge: str, video: Path) -> None:
    async with publishing(bridge, video, "phone"), sdk.connect(bridge) as poses:
        for _ in range(3):
            async with publishing(bridge, video, "tablet"):
                await until(lambda: poses.status and len(poses.status.views) == 2, "joined")
            await until(lambda: len(poses.status.views) == 1, "left")
            first = await anext(poses)
            assert (await anext(poses)).time_ns > first.time_ns
    assert not [task for task in asyncio.all_tasks() if "tablet" in task.get_name()]


async def test_the_first_device_opens_a_room(bridge: str, video: Path) -> None:
    with pytest.raises(sdk.ConnectionFailedError, match="studio"):
        async with sdk.connect(bridge, room="studio"):
            pass
    stop = asyncio.Event()
    task = asyncio.create_task(
        publish(video, f"{bridge}/whip/studio", view="phone", loop=True, stop=stop)
    )
    async with aiohttp.ClientSession() as client:
        status = 404
        while status == 404:
            async with client.get(f"{bridge}/rooms/studio") as response:
                status = response.status
            await asyncio.sleep(0.02)
    async with sdk.connect(bridge, room="studio") as poses:
        await anext(poses)
    stop.set()
    await task


async def test_a_bad_message_closes_its_connection_and_nobody_else_notices(
    bridge: str, video: Path
) -> None:
    socket = f"ws{bridge.removeprefix('http')}/ws/lesson"
    hello = encode(Hello((1,), "watch", "test"))
    bad = {
        os.urandom(200): 4400,
        msgpack.packb({"type": "sing"}): 4400,
        msgpack.packb({"type": "ack", "seq": -1}): 4400,
        encode(Subscribe()): 4400,
        b"\xc1": 4400,
    }
    async with publishing(bridge, video, "phone"), sdk.connect(bridge) as poses:
        before = await anext(poses)
        for data, code in bad.items():
            async with websockets.connect(socket, subprotocols=[SUBPROTOCOL]) as client:
                if data != encode(Subscribe()):  # That one is wrong before hello.
                    await client.send(hello)
                    await client.recv()
                await client.send(data)
                assert (await until_closed(client))[-1].TYPE == "error"
                assert client.close_code == code
        async with websockets.connect(socket, subprotocols=[SUBPROTOCOL]) as client:
            await client.send(hello)
            with contextlib.suppress(websockets.ConnectionClosed):
                await client.send(bytes(10_000_000))
            await until_closed(client)
            assert client.close_code == 1009
        for _ in range(5):
            after = await anext(poses)
        assert after.time_ns > before.time_ns
    assert (await summary(bridge))["failures"] == 0


async def test_an_unknown_room_is_said_and_closed(bridge: str) -> None:
    socket = f"ws{bridge.removeprefix('http')}/ws/nowhere"
    async with websockets.connect(socket, subprotocols=[SUBPROTOCOL]) as client:
        await client.send(encode(Hello((1,), "watch", "test")))
        assert (await until_closed(client))[-1].code == "unknown_room"
        assert client.close_code == 4404


async def test_who_says_nothing_is_let_go(bridge: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.connection._HELLO_S", 0.1)
    async with websockets.connect(
        f"ws{bridge.removeprefix('http')}/ws/lesson", subprotocols=[SUBPROTOCOL]
    ) as client:
        assert "hello" in (await until_closed(client))[-1].message
        assert client.close_code == 4400


async def test_each_lesson_gets_a_recording_of_its_own(tmp_path: Path, video: Path) -> None:
    lessons = tmp_path / "lessons"
    async with running_bridge(tmp_path, record=lessons) as bridge, sdk.connect(bridge) as poses:
        for _ in range(2):
            async with publishing(bridge, video, "phone"):
                await until(lambda: poses.status and poses.status.recording, "recording")
            await until(lambda: not poses.status.recording, "the recording to end")
    paths = list(lessons.glob("lesson-*.mcap"))
    assert len(paths) == 2
    for path in paths:
        lesson = sdk.Recording.open(path)
        assert not lesson.recovered
        assert len(lesson)


async def test_a_bad_session_description_is_refused(bridge: str) -> None:
    async with aiohttp.ClientSession() as client:
        headers = {"Content-Type": "application/sdp"}
        address = f"{bridge}/whip/lesson?view=phone"
        for body in ("", "v=0\r\n", "nonsense", "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"):
            async with client.post(address, data=body, headers=headers) as response:
                assert 400 <= response.status < 500, body
                assert (await response.text()).strip()
    assert (await summary(bridge))["views"] == []


async def test_the_ghosts_hands_may_have_a_players_colours(tmp_path: Path) -> None:
    file = tmp_path / "hands.npz"
    colours = np.arange(1609 * 3).reshape(-1, 3).astype(np.uint8)
    write_colours(file, {Side.RIGHT: colours})
    app = web.Application()
    add_page_routes(app, file)
    async with TestClient(TestServer(app)) as client:
        async with client.get("/hands/right.msgpack") as response:
            mesh = msgpack.unpackb(await response.read())
            assert response.headers["Cache-Control"] == "no-cache"
        async with client.get("/hands/left.msgpack") as response:
            assert "colours" not in msgpack.unpackb(await response.read())
    np.testing.assert_array_equal(np.frombuffer(mesh["colours"], np.uint8).reshape(-1, 3), colours)
    write_colours(file, {Side.RIGHT: colours[1:]})
    with pytest.raises(InputError, match=r"1609 vertices.*of another hand model"):
        add_page_routes(web.Application(), file)
    file.write_bytes(b"no colours")
    with pytest.raises(InputError, match="holds no hands' colours"):
        add_page_routes(web.Application(), file)


async def test_pages_meshes_and_headers(bridge: str) -> None:
    async with aiohttp.ClientSession() as client:
        for page in ("/", "/capture?room=lesson&view=phone", "/viewer?room=lesson"):
            async with client.get(bridge + page) as response:
                assert response.status == 200
                assert response.content_type == "text/html"
                assert "default-src 'self'" in response.headers["Content-Security-Policy"]
        async with client.get(f"{bridge}/hands/right.msgpack") as response:
            mesh = msgpack.unpackb(await response.read())
            vertices = np.frombuffer(mesh["vertices_m"], "<f4").reshape(-1, 3)
            faces = np.frombuffer(mesh["faces"], "<u2")
            assert faces.max() < len(vertices)
        async with client.get(f"{bridge}/hands/middle.msgpack") as response:
            assert response.status == 404
        async with client.get(f"{bridge}/static/../server.py") as response:
            assert response.status == 404
        async with client.get(f"{bridge}/rooms/nowhere") as response:
            assert response.status == 404
            assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_room_is_recorded_and_its_recording_played_to_another(
    tmp_path: Path, video: Path
) -> None:
    async with (
        running_bridge(tmp_path, record=tmp_path / "lessons") as bridge,
        publishing(bridge, video, "phone"),
        sdk.connect(bridge) as poses,
    ):
        for _ in range(20):
            await anext(poses)
    (path,) = (tmp_path / "lessons").glob("lesson-*.mcap")
    lesson = sdk.Recording.open(path)
    assert not lesson.recovered
    assert len(lesson) >= 20
    assert lesson.time_s[0] == pytest.approx(0, abs=1e-6)
    assert lesson.metadata.views == ("phone",)

    async with (
        running_bridge(tmp_path, rooms=("replay",)) as bridge,
        sdk.connect(bridge, room="replay") as poses,
    ):
        playing = asyncio.create_task(sdk.play(lesson, bridge, room="replay", loop=True))
        assert np.isnan((await anext(poses)).joints_m).all()  # Noise has no hands.
        with pytest.raises(sdk.ConnectionFailedError, match="another player"):
            await sdk.play(lesson, bridge, room="replay")
        with pytest.raises(sdk.ConnectionFailedError, match="played"):
            await publish(video, f"{bridge}/whip/replay", view="phone")
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)


async def test_tls_with_the_bridges_own_certificate(tmp_path: Path, video: Path) -> None:
    async with running_bridge(tmp_path, insecure=False) as url:
        bridge = url.replace("http", "https")
        with pytest.raises(sdk.ConnectionFailedError, match="certificate"):
            async with sdk.connect(bridge):
                pass
        stop = asyncio.Event()
        publisher = asyncio.create_task(
            publish(
                video,
                f"{bridge}/whip/lesson",
                view="phone",
                loop=True,
                ca_file=tmp_path / "tls" / "certificate.pem",
                stop=stop,
            )
        )
        async with sdk.connect(bridge, insecure=True) as poses:
            await anext(poses)
        stop.set()
        await publisher
