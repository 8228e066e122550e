"""The disk fills up while a lesson is recorded: a real file system with no room left."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import numpy as np
import pytest

import sdk_python as sdk
from bridge.top import take_reading
from tests.bridge_fixture import grey_video, running_bridge
from tests.faults.privileges import as_root
from tests.test_server import publishing

DISK_BYTES = 16 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own, empty."""
    folder = tmp_path / "disk"
    folder.mkdir()
    options = ("-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", str(folder))
    as_root("mount", *options)
    yield folder
    as_root("umount", "--lazy", str(folder))


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


def recordings(folder: Path) -> list[Path]:
    return list(folder.glob("*.mcap"))


def fill(path: Path) -> None:
    """A file that takes all the room that is left."""
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(path.parent).free)


async def test_the_lesson_goes_on_and_is_recorded_again_once_there_is_room(
    tmp_path: Path,
    disk: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bridge.room_recording._TRY_AGAIN_S", 1.0)
    video = grey_video(tmp_path / "grey.mp4")
    taken: list[int] = []
    async with (
        running_bridge(tmp_path, record=disk) as bridge,
        publishing(bridge, video, "phone"),
        sdk.connect(bridge) as poses,
        aiohttp.ClientSession() as client,
    ):

        async def ready() -> tuple[int, list[str]]:
            async with client.get(f"{bridge}/readyz") as response:
                return response.status, (await response.json())["reasons"]

        async def take(number: int) -> None:
            taken.extend([(await anext(poses)).time_ns for _ in range(number)])

        async def until_recording(wanted: bool) -> None:
            while poses.status is None or poses.status.recording is not wanted:
                taken.append((await anext(poses)).time_ns)

        await until_recording(True)
        (first,) = recordings(disk)
        assert await ready() == (200, [])
        await take(30)
        ballast = disk / "ballast"
        fill(ballast)
        await until_recording(False)
        full_ns = taken[-1]

        # The lesson goes on, and whoever runs the bridge is told: once in the log.
        await take(60)
        (message,) = errors(caplog)
        assert "ended early: [Errno 28] No space left on device" in message
        status, reasons = await ready()
        assert status == 503
        assert "the recording of room lesson has failed" in reasons
        reading = await take_reading(client, bridge)
        assert reading.value("ghosthands_recording_failures_total", room="lesson") == 1
        assert reading.value("ghosthands_recording", room="lesson") == 0

        ballast.unlink()
        await until_recording(True)
        again_ns = taken[-1]
        async with asyncio.timeout(10):  # The folder is tried once a second.
            while await ready() != (200, []):
                await take(1)
        await take(60)
        assert len(errors(caplog)) == 1

    second = next(path for path in recordings(disk) if path != first)
    before, after = (sdk.Recording.open(path).time_ns for path in (first, second))
    for part in (before, after):
        assert (np.diff(part) > 0).all()
    kept = [ns for ns in taken if before[0] <= ns <= full_ns - 2e9]
    assert len(kept) > 20
    assert set(kept) <= set(before.tolist())
    assert after[0] <= again_ns
    assert before[-1] < after[0]
