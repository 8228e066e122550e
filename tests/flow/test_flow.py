"""A real bridge and watchers that stall, crawl or vanish: nothing is stale, nobody else waits."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import sdk_python as sdk
from bridge.protocol import PosePacket, Subscribe
from bridge.top import take_reading
from tests.bridge_fixture import DEADLINE_S, running_bridge
from tests.flow.clients import RATE_HZ, Watcher, playing

ROOT = Path(__file__).parents[2]


async def outcomes(bridge: str) -> dict[str, float]:
    """How connections have ended so far."""
    async with aiohttp.ClientSession() as client:
        reading = await take_reading(client, bridge)
    return reading.labelled("ghosthands_connections_total")


async def summary(bridge: str) -> dict[str, Any]:
    async with aiohttp.ClientSession() as client, client.get(f"{bridge}/rooms/lesson") as response:
        return await response.json()


async def until_room(bridge: str, **wanted: object) -> None:
    """Waits until the room's summary says so."""
    async with asyncio.timeout(DEADLINE_S):
        # Asked over HTTP: there is no event to wait for.
        while not wanted.items() <= (await summary(bridge)).items():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def process(role: str, bridge: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A watcher or player as a process of its own, connected."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.flow.watch",
        role,
        bridge,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=ROOT,
    )
    try:
        assert child.stdout is not None
        assert await asyncio.wait_for(child.stdout.readline(), DEADLINE_S) == b"ready\n"
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.communicate()


async def test_after_a_stall_of_five_seconds_at_most_ten_poses_are_stale(tmp_path: Path) -> None:
    async with (
        running_bridge(tmp_path) as bridge,
        playing(bridge),
        await Watcher.connect(bridge, subscribe=Subscribe()) as watcher,
    ):
        for _ in range(30):
            await watcher.next(PosePacket)
        before = (await summary(bridge))["poses_dropped"]
        await asyncio.sleep(5)
        middle = await summary(bridge)
        assert middle["slowest_watcher"]["oldest_unacknowledged_s"] > 3
        assert middle["slowest_watcher"]["window_full_s"] > 3
        end_ns = time.monotonic_ns()
        stale = 0
        while (await watcher.next(PosePacket)).time_ns < end_ns - 0.1e9:
            stale += 1
        assert stale <= 10
        assert middle["poses_dropped"] - before > 3 * RATE_HZ
        for _ in range(30):  # It goes on as if nothing had been.
            await watcher.next(PosePacket)
        assert (await summary(bridge))["slowest_watcher"]["oldest_unacknowledged_s"] < 1


async def test_who_takes_nothing_is_let_go_with_a_reason_and_nobody_else(tmp_path: Path) -> None:
    async with (
        running_bridge(tmp_path, slow_after_s=1.0) as bridge,
        playing(bridge),
        sdk.connect(bridge) as poses,
        await Watcher.connect(bridge, subscribe=Subscribe()) as idle,
    ):
        watching = asyncio.create_task(count(poses))
        code, error = await asyncio.wait_for(idle.end(), DEADLINE_S)
        assert code == 4408
        assert error is not None
        assert error.code == "too_slow"
        assert "1 s" in error.message
        await until_room(bridge, watchers=1)
        assert (await outcomes(bridge))["too_slow"] == 1
        assert not watching.done()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def test_a_crawling_watcher_stays_and_gets_the_newest(tmp_path: Path) -> None:
    async with (
        running_bridge(tmp_path, slow_after_s=1.0, ack_window=2) as bridge,
        playing(bridge),
        await Watcher.connect(bridge, subscribe=Subscribe()) as watcher,
    ):
        for _ in range(8):
            await watcher.next(PosePacket)
            await asyncio.sleep(0.5)
        assert (await summary(bridge))["watchers"] == 1


@pytest.mark.parametrize("rate_hz", [5.0, 20.0])
async def test_the_bridge_divides_the_rate_for_those_who_ask(
    tmp_path: Path, rate_hz: float
) -> None:
    async with (
        running_bridge(tmp_path) as bridge,
        playing(bridge),
        await Watcher.connect(bridge, subscribe=Subscribe(max_rate_hz=rate_hz)) as slow,
        sdk.connect(bridge) as full,
    ):
        counting = asyncio.create_task(count(full))
        times = [(await slow.next(PosePacket)).time_ns for _ in range(11)]
        span_s = (times[-1] - times[0]) / 1e9
        everything = counting.done() or await stopped(counting)
        # The grid of send times keeps the mean rate; a pose may be a quarter interval early.
        assert span_s >= (10 - 0.5) / rate_hz
        # Both got poses; the other watcher got more of them in the same time.
        assert everything > len(times)
        assert (await summary(bridge))["poses_dropped"] > 0


@pytest.mark.parametrize("role", ["watch", "play"])
async def test_a_peer_whose_machine_stands_still_is_noticed(tmp_path: Path, role: str) -> None:
    gone = {"watchers": 0} if role == "watch" else {"playing": False}
    async with running_bridge(tmp_path, ping_s=1.0) as bridge, process(role, bridge) as peer:
        await until_room(bridge, **{"watchers": 1} if role == "watch" else {"playing": True})
        peer.send_signal(signal.SIGSTOP)
        await until_room(bridge, **gone)
        assert await outcomes(bridge) == {"no_pong": 1}
        if role == "play":
            async with playing(bridge):  # Its place is free.
                await until_room(bridge, playing=True)
        peer.send_signal(signal.SIGCONT)


async def test_a_killed_peer_is_noticed_at_once(tmp_path: Path) -> None:
    async with running_bridge(tmp_path) as bridge, process("watch", bridge) as peer:
        await until_room(bridge, watchers=1)
        peer.kill()
        await until_room(bridge, watchers=0)
        assert await outcomes(bridge) == {"lost": 1}


async def count(poses: sdk.PoseStream) -> int:
    """How many poses come until it is cancelled."""
    number = 0
    try:
        async for _ in poses:
            number += 1
    except asyncio.CancelledError:
        return number
    return number


async def stopped(task: asyncio.Task[int]) -> int:
    task.cancel()
    return await task
