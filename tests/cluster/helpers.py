"""Bridges that share rooms, and what their metrics say."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp

from bridge.streams import publish
from tests.bridge_fixture import DEADLINE_S, running_bridge


@contextlib.asynccontextmanager
async def bridges(
    folder: Path, nats: str, *, count: int = 2, each: Any = None, **settings: Any
) -> AsyncIterator[list[str]]:
    """Runs bridges of one cluster; yields their addresses once all hear all.

    Args:
        folder: For their files.
        nats: The NATS server.
        count: How many bridges.
        each: More settings, for each bridge.
        settings: Settings of all of them.
    """
    async with contextlib.AsyncExitStack() as stack:
        urls = []
        for k in range(count):
            more = each[k] if each is not None else {}
            bridge = running_bridge(folder / f"bridge{k}", cluster=nats, **settings, **more)
            urls.append(await stack.enter_async_context(bridge))
        for url in urls:
            await metric_becomes(url, "cluster_peers", count - 1)
        yield urls


async def metric(bridge: str, name: str) -> float:
    """A number of a bridge's metrics; 0 for one that it has not."""
    async with aiohttp.ClientSession() as http, http.get(f"{bridge}/metrics") as response:
        assert response.status == 200
        found = re.search(
            rf"^ghosthands_{re.escape(name)} (\S+)$", await response.text(), re.MULTILINE
        )
    return float(found[1]) if found else 0.0


async def metric_becomes(bridge: str, name: str, wanted: float) -> None:
    await eventually(lambda: metric(bridge, name), lambda value: value == wanted, name)


async def dropped(bridge: str, reason: str) -> float:
    return await metric(bridge, f'cluster_dropped_total{{reason="{reason}"}}')


async def views(bridge: str, room: str = "lesson") -> set[str]:
    """The devices that publish to a room on this bridge, or on the one that it hears of."""
    async with aiohttp.ClientSession() as http, http.get(f"{bridge}/health") as response:
        found = (await response.json())["rooms"].get(room, {"views": []})["views"]
    return {view["view"] for view in found}


async def own_views(bridge: str) -> int:
    """Devices that publish to this bridge itself, by what it counts of their frames."""
    async with aiohttp.ClientSession() as http, http.get(f"{bridge}/metrics") as response:
        text = await response.text()
    return len(re.findall(r"^ghosthands_view_live\{", text, re.MULTILINE))


async def eventually(read: Callable[[], Any], right: Callable[[Any], bool], what: str) -> Any:
    """Reads again and again until what is read is right."""
    end_s = time.monotonic() + DEADLINE_S
    while not right(value := await read()):
        assert time.monotonic() < end_s, f"not within {DEADLINE_S:g} s: {what}, but {value}"
        await asyncio.sleep(0.05)
    return value


@contextlib.asynccontextmanager
async def phone(
    bridge: str, video: Path, view: str = "phone", *, room: str = "lesson", **options: Any
) -> AsyncIterator[None]:
    """A phone that publishes a video over and over."""
    stop = asyncio.Event()
    task = asyncio.create_task(
        publish(
            video,
            f"{bridge}/whip/{room}",
            view=view,
            loop=True,
            copy=True,
            stop=stop,
            **options,
        )
    )
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(task, return_exceptions=True)
