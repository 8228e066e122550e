"""Devices that come and go: what is left afterwards is what was there before."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest
from aiortc import MediaStreamTrack, RTCPeerConnection

import sdk_python as sdk
from bridge.errors import ConnectionFailedError
from bridge.streams import publish
from tests.bridge_fixture import grey_video, running_bridge, until

SOAK_S = 20.0
VIEWS = ("phone", "tablet", "laptop")


def held() -> Counter[str]:
    """Everything that a view or a watcher could leave behind in this process."""
    gc.collect()
    # Types, not isinstance: that asks objects for their class, and some of torch warn when asked.
    objects = gc.get_objects()
    return Counter(
        {
            "file handles": psutil.Process().num_fds(),
            "tasks": len(asyncio.all_tasks()),
            "tracks": sum(
                issubclass(type(o), MediaStreamTrack) and o.readyState == "live" for o in objects
            ),
            "peer connections": sum(
                issubclass(type(o), RTCPeerConnection) and o.connectionState != "closed"
                for o in objects
            ),
        }
    )


async def come_and_go(bridge: str, video: Path, view: str, end_s: float, seed: int) -> int:
    """One device: publishes for a while, leaves in one of several ways, comes back."""
    rng, visits = random.Random(seed), 0
    while time.monotonic() < end_s:
        stop = asyncio.Event()
        task = asyncio.create_task(
            publish(video, f"{bridge}/whip/lesson", view=view, loop=True, copy=True, stop=stop)
        )
        await asyncio.wait([task], timeout=rng.uniform(0.2, 4))
        if rng.random() < 0.5:
            stop.set()  # Stops in good order.
        else:
            task.cancel()  # Goes while it connects, or in the middle of a frame.
        with contextlib.suppress(asyncio.CancelledError, ConnectionFailedError):
            await task
        visits += 1
    return visits


async def watch(bridge: str, end_s: float, seed: int) -> int:
    """One watcher, who comes and goes too."""
    rng, poses = random.Random(seed), 0
    while time.monotonic() < end_s:
        async with sdk.connect(bridge) as stream:
            leave_s = min(end_s, time.monotonic() + rng.uniform(0.2, 5))
            while time.monotonic() < leave_s:
                try:
                    await asyncio.wait_for(anext(stream), 0.5)
                    poses += 1
                except TimeoutError:
                    continue
    return poses


@pytest.mark.slow
async def test_coming_and_going_leaves_nothing_behind(tmp_path: Path) -> None:
    video = grey_video(tmp_path / "grey.mp4")
    async with running_bridge(tmp_path, record=tmp_path / "lessons") as bridge:

        async def round_of(seconds: float) -> tuple[list[int], list[int]]:
            end_s = time.monotonic() + seconds
            devices = [come_and_go(bridge, video, v, end_s, k) for k, v in enumerate(VIEWS)]
            watchers = [watch(bridge, end_s, k) for k in range(3)]
            counts = await asyncio.gather(*devices, *watchers)
            return counts[: len(VIEWS)], counts[len(VIEWS) :]

        await round_of(3.0)  # Thread pools and caches fill once.
        async with sdk.connect(bridge) as stream:
            await until(lambda: stream.status and not stream.status.views, "all have left")
        before = held()
        visits, poses = await round_of(SOAK_S)
        async with sdk.connect(bridge) as stream:
            await until(lambda: stream.status and not stream.status.views, "all have left")
        await until(lambda: not held() - before, f"{held() - before} left over")
    assert min(visits) >= 5
    assert min(poses) > 20
