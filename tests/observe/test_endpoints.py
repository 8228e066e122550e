"""A real bridge, asked how it does."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

import sdk_python as sdk
from bridge.config import Settings
from bridge.observe.routes import Readiness, is_local
from bridge.protocol import PosePacket, Status, Subscribe
from bridge.server import _SETTINGS, _may_read_metrics
from bridge.top import Reading, overview, take_reading
from tests.bridge_fixture import grey_video, running_bridge, until
from tests.flow.clients import Watcher, playing
from tests.test_server import publishing


async def get(bridge: str, path: str) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as client, client.get(bridge + path) as response:
        return response.status, await response.json()


async def read(bridge: str) -> Reading:
    async with aiohttp.ClientSession() as client:
        return await take_reading(client, bridge)


async def test_alive_and_ready(tmp_path: Path) -> None:
    async with running_bridge(tmp_path, record=tmp_path / "lessons") as bridge:
        status, body = await get(bridge, "/healthz")
        assert (status, body["alive"]) == (200, True)
        assert await get(bridge, "/readyz") == (200, {"ready": True, "reasons": []})
        assert list((tmp_path / "lessons").iterdir()) == []


async def test_a_folder_that_cannot_be_written_any_more_is_not_ready(tmp_path: Path) -> None:
    folder = tmp_path / "lessons"
    async with running_bridge(tmp_path, record=folder) as bridge:
        folder.rmdir()
        status, body = await get(bridge, "/readyz")
        assert status == 503
        assert str(folder) in body["reasons"][0]
        assert (await get(bridge, "/healthz"))[0] == 200


async def test_the_folder_is_tried_once_a_second_at_most(tmp_path: Path) -> None:
    now_s = 100.0
    readiness = Readiness(tmp_path / "gone", list, clock_s=lambda: now_s)
    assert len(await readiness.problems()) == 1
    (tmp_path / "gone").mkdir()
    now_s += 0.9
    assert len(await readiness.problems()) == 1
    now_s += 0.2
    assert await readiness.problems() == []


async def test_failed_recordings_and_shutting_down_are_not_ready() -> None:
    failed = ["lesson"]
    readiness = Readiness(None, lambda: failed)
    assert await readiness.problems() == ["the recording of room lesson has failed"]
    failed.clear()
    readiness.closing = True
    assert await readiness.problems() == ["the bridge is shutting down"]


@pytest.mark.parametrize(
    ("remote", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("192.168.1.7", False),
        ("::ffff:192.168.1.7", False),
        ("fe80::1%eth0", False),
        (None, False),
        ("", False),
    ],
)
def test_metrics_are_for_this_machine_unless_they_are_public(
    remote: str | None, local: bool
) -> None:
    request = SimpleNamespace(remote=remote, headers={}, app={_SETTINGS: Settings()})
    assert is_local(request) is local
    assert _may_read_metrics(request) is local
    request.headers["Host"] = "localhost:8443"
    assert _may_read_metrics(request) is local
    request.headers["Host"] = "evil.example:8443"  # a name that was made to lead here
    assert not _may_read_metrics(request)
    request.app[_SETTINGS] = Settings(metrics_public=True)
    assert _may_read_metrics(request)


async def test_metrics_follow_what_happens(tmp_path: Path) -> None:
    async with running_bridge(tmp_path, rooms=("lesson", "other")) as bridge:
        async with (
            playing(bridge),
            await Watcher.connect(bridge, subscribe=Subscribe()) as watcher,
            await Watcher.connect(bridge, subscribe=Subscribe()) as idle,
        ):
            for _ in range(30):
                await watcher.next(PosePacket)
            for _ in range(12):  # More than its window; it acknowledges none.
                await idle.next(PosePacket if _ < 10 else Status, acknowledge=False)
            reading = await read(bridge)
            assert reading.value("ghosthands_watchers", room="lesson") == 2
            assert reading.value("ghosthands_playing", room="lesson") == 1
            assert reading.value("ghosthands_playing", room="other") == 0
            assert reading.value("ghosthands_poses_total", room="lesson") >= 30
            assert reading.value("ghosthands_sent_bytes_total", room="lesson") > 30 * 50
            assert reading.value("ghosthands_oldest_unacknowledged_seconds", room="lesson") > 0
            reasons = reading.labelled("ghosthands_dropped_total", room="lesson")
            assert reasons["watcher_window"] > 0
            count = reading.value(
                "ghosthands_stage_seconds_count", room="lesson", stage="capture_to_packet"
            )
            assert count == reading.value("ghosthands_poses_total", room="lesson")
            shown = overview(reading).rooms[0]
            assert shown.slowest["client"] == "test watcher"
            assert shown.slowest["poses_dropped"] > 0
        last_sent = reading.value("ghosthands_sent_bytes_total", room="lesson")

        async def ended() -> float:
            nonlocal reading
            reading = await read(bridge)
            return sum(reading.labelled("ghosthands_connections_total").values())

        while await ended() < 3:  # noqa: ASYNC110  # asked over HTTP
            await asyncio.sleep(0.02)
        assert reading.labelled("ghosthands_connections_total") == {"bye": 1, "closed": 2}
        assert reading.value("ghosthands_watchers", room="lesson") == 0
        assert reading.value("ghosthands_sent_bytes_total", room="lesson") >= last_sent
        assert reading.labelled("ghosthands_dropped_total", room="lesson")["watcher_window"] > 0


async def test_views_stages_and_recording_are_shown(tmp_path: Path) -> None:
    video = grey_video(tmp_path / "grey.mp4")
    async with (
        running_bridge(tmp_path, record=tmp_path / "lessons") as bridge,
        publishing(bridge, video, "phone"),
        sdk.connect(bridge) as poses,
    ):
        before = await read(bridge)
        for _ in range(10):
            await anext(poses)
        await until(lambda: poses.status and poses.status.recording, "recording")
        (room,) = overview(await read(bridge), before).rooms
    assert [view.name for view in room.views] == ["phone"]
    assert (room.views[0].width, room.views[0].hands) == (320, 0)
    assert room.recording
    assert room.recording_path.endswith(".mcap")
    assert room.frame_sets_hz > 0
    assert set(room.latency) == {"wait", "reconstruct", "publish", "capture_to_packet"}
    assert room.latency["reconstruct"].p50_ms <= room.latency["capture_to_packet"].p95_ms
    assert room.calibration == "none"


def top(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GHOSTHANDS_")}
    return subprocess.run(
        [sys.executable, "-m", "bridge.cli", "top", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment | {"COLUMNS": "110", "NO_COLOR": "1"},
    )


async def test_top_shows_a_frame_or_json(tmp_path: Path) -> None:
    async with (
        running_bridge(tmp_path) as bridge,
        playing(bridge),
        sdk.connect(bridge) as poses,
    ):
        await anext(poses)
        draining = asyncio.create_task(drain(poses))
        frame = await asyncio.to_thread(top, bridge, "--once")
        data = await asyncio.to_thread(top, bridge, "--json")
        draining.cancel()
        await asyncio.gather(draining, return_exceptions=True)
    assert frame.returncode == 0, frame.stderr
    assert "lesson" in frame.stdout
    assert "capture to packet" in frame.stdout
    assert "1, " in frame.stdout
    (room,) = json.loads(data.stdout)["rooms"]
    assert room["watchers"] == 1
    assert room["poses_hz"] > 0
    assert room["playing"]


async def drain(poses: sdk.PoseStream) -> None:
    async for _ in poses:
        pass


def test_top_without_a_bridge_is_one_clear_line() -> None:
    result = top("http://127.0.0.1:1", "--once")
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "http://127.0.0.1:1" in result.stderr
    assert top("nonsense", "--once").returncode == 2


async def test_top_and_the_bridges_own_certificate(tmp_path: Path) -> None:
    async with running_bridge(tmp_path, insecure=False) as url:
        bridge = url.replace("http", "https")
        refused = await asyncio.to_thread(top, bridge, "--once")
        assert refused.returncode == 1
        assert "--insecure" in refused.stderr
        shown = await asyncio.to_thread(top, bridge, "--once", "--insecure")
        assert shown.returncode == 0, shown.stderr
        assert "no device publishes" in shown.stdout
