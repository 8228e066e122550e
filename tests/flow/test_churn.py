"""Clients that connect and vanish, over and over: nothing of them stays."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bridge.connection import Connection
from bridge.protocol import PosePacket, Subscribe
from bridge.resume import Resumable
from tests.bridge_fixture import running_bridge, until
from tests.flow.clients import Watcher, playing
from tests.flow.test_flow import outcomes, until_room

CLIENTS, ROUNDS = 50, 12
GRACE_S = 0.5
ROOM_TO_GROW_BYTES = 200_000
"""Of 500 clients after the first rounds: 400 bytes each, which one forgotten object would need."""


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def held() -> Counter[str]:
    """What clients could leave behind in this process."""
    gc.collect()
    objects = [type(o) for o in gc.get_objects()]
    return Counter(
        {
            "connections": objects.count(Connection),
            "remembered": objects.count(Resumable),
            "tasks": len(asyncio.all_tasks()),
            "sockets": len(psutil.Process().net_connections()),
            "file handles": psutil.Process().num_fds(),
        }
    )


async def vanish(bridge: str, number: int) -> None:
    """One client that goes in one of several ways."""
    watcher = await Watcher.connect(bridge, subscribe=Subscribe() if number % 3 else None)
    if number % 3 == 1:
        await watcher.next(PosePacket, acknowledge=False)
    watcher.cut()
    await watcher.socket.wait_closed()


@pytest.mark.slow
async def test_clients_that_connect_and_vanish_leave_nothing(tmp_path: Path, traced: None) -> None:
    async with (
        running_bridge(tmp_path, grace_s=GRACE_S, max_subscribers=2 * CLIENTS) as bridge,
        playing(bridge),
        await Watcher.connect(bridge, subscribe=Subscribe()) as staying,
    ):
        watching = asyncio.create_task(keep(staying))

        async def one_round() -> int:
            await asyncio.gather(*(vanish(bridge, k) for k in range(CLIENTS)))
            await until_room(bridge, watchers=1)
            await asyncio.sleep(GRACE_S)
            await (await Watcher.connect(bridge)).socket.close()  # Those lost are forgotten.
            await until_room(bridge, watchers=1)
            gc.collect()
            return tracemalloc.get_traced_memory()[0]

        memory = [await one_round() for _ in range(2)]
        before = held()
        memory += [await one_round() for _ in range(ROUNDS - 2)]
        await until(lambda: not held() - before, f"{held() - before} left over")
        assert memory[-1] - memory[1] < ROOM_TO_GROW_BYTES, memory
        assert not watching.done()  # Who stayed did not notice.
        assert (await outcomes(bridge))["lost"] == CLIENTS * ROUNDS
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def keep(watcher: Watcher) -> None:
    while True:
        await watcher.next(PosePacket)
