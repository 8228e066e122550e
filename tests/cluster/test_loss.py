"""Bridges, and NATS itself, that go away: who notices, and how it goes on."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

from bridge.protocol import Status
from tests.bridge_fixture import running_bridge, until
from tests.cluster.helpers import bridges, eventually, metric, metric_becomes, own_views, phone
from tests.cluster.nats_server import NatsServer
from tests.flow.clients import playing
from tests.playback.watcher import Watcher, watching
from tests.serving import COMMAND, environment


def statuses(watcher: Watcher) -> list[Status]:
    return [m for m in watcher.messages if isinstance(m, Status)]


def shown(watcher: Watcher) -> set[str] | None:
    """The views that the watcher was told of last; None before it was."""
    found = statuses(watcher)
    return {view.view for view in found[-1].views} if found else None


@contextlib.asynccontextmanager
async def bridge_process(
    home: Path, nats: str
) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    home.mkdir()  # noqa: ASYNC240
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, "serve", "--host", "127.0.0.1", "--port", "0", "--insecure", "--cluster", nats),
        env=environment(home),
        cwd=home,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    line = b""
    while not line.startswith(b"Overview"):
        line = await process.stdout.readline()
        assert line, "it has ended"
    try:
        yield line.decode().split()[1], process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_a_killed_bridge_takes_its_own_phones_only(
    nats: NatsServer, tmp_path: Path, video: Path
) -> None:
    async with (
        running_bridge(tmp_path, cluster=nats.url, rooms=("lesson", "studio")) as b,
        phone(b, video, room="studio"),
        watching(b, "studio") as unaffected,
        watching(b) as watcher,
    ):
        await eventually(lambda: own_views(b), lambda count: count == 1, "B's own phone")
        async with bridge_process(tmp_path / "a", nats.url) as (a, process):
            await metric_becomes(b, "cluster_peers", 1)
            # B is the busier one, so both are sent to A, or stay there.
            async with phone(a, video, "phone"), phone(b, video, "tablet"):
                await until(lambda: shown(watcher) == {"phone", "tablet"}, "both views")
                await until(lambda: watcher.poses and unaffected.poses, "poses of both rooms")
                assert await own_views(a) == 2
                process.send_signal(signal.SIGKILL)
                before = len(unaffected.poses)
                await until(lambda: shown(watcher) == set(), "no views")
                await until(lambda: len(unaffected.poses) > before, "B's own poses, as ever")
                # The phones publish elsewhere; nobody who watches connects anew.
                count = len(watcher.poses)
                async with phone(b, video, "phone"):
                    await until(lambda: shown(watcher) == {"phone"}, "the view that is back")
                    await until(lambda: len(watcher.poses) > count + 5, "poses again")
        assert watcher.session.close is None
        assert unaffected.session.close is None
        assert shown(unaffected) == {"phone"}


async def test_without_nats_each_bridge_goes_on_by_itself(nats: NatsServer, tmp_path: Path) -> None:
    async with (
        bridges(tmp_path, nats.url) as (a, b),
        watching(a) as here,
        watching(b) as there,
        playing(a),
    ):
        await until(lambda: there.poses, "poses on B")
        nats.stop()
        await metric_becomes(b, "cluster_peers", 0)
        count = len(here.poses)
        await until(lambda: len(here.poses) > count + 30, "poses on A, as ever")
        async with aiohttp.ClientSession() as http, http.get(f"{a}/readyz") as response:
            assert response.status == 200
            assert str(nats.port) in (await response.json())["warnings"][0]
        assert await metric(a, "cluster_connected") == 0
        nats.start()
        await metric_becomes(a, "cluster_connected", 1)
        count = len(there.poses)
        await until(lambda: len(there.poses) > count + 30, "poses on B again")
        assert there.session.close is None


async def test_nats_may_come_after_the_bridges(nats: NatsServer, tmp_path: Path) -> None:
    nats.stop()
    async with (
        running_bridge(tmp_path / "a", cluster=nats.url) as a,
        playing(a),
    ):
        nats.start()
        async with running_bridge(tmp_path / "b", cluster=nats.url) as b, watching(b) as watcher:
            await until(lambda: watcher.poses, "poses once NATS is there")


async def test_two_bridges_that_took_one_room_agree_afterwards(
    nats: NatsServer, tmp_path: Path, video: Path
) -> None:
    async with bridges(tmp_path, nats.url) as (a, b):
        nats.stop()
        for bridge in (a, b):
            await metric_becomes(bridge, "cluster_peers", 0)
        async with phone(a, video, "phone"), phone(b, video, "tablet"):
            for bridge in (a, b):
                await eventually(lambda: own_views(bridge), lambda n: n == 1, "a view each")  # noqa: B023
            nats.start()
            # One of them lets its phone go, which then asks again (the page does so by itself).
            counts = await eventually(
                lambda: _counts(a, b), lambda counts: sum(counts) == 1, "one bridge feeds it"
            )
            loser = a if counts[0] == 0 else b
            async with phone(loser, video, "camera"):
                winner = b if loser == a else a
                await eventually(lambda: own_views(winner), lambda n: n == 2, "two on the winner")
                assert await own_views(loser) == 0


async def _counts(a: str, b: str) -> tuple[int, int]:
    return await own_views(a), await own_views(b)


def test_nothing_of_nats_is_imported_without_a_cluster(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "import bridge.server, bridge.commands.serve\n"
        "from bridge.config import Settings\n"
        "bridge.server.make_app(Settings(host='127.0.0.1', insecure=True), None)\n"
        "print([m for m in sys.modules if m.split('.')[0] == 'nats' or 'cluster' in m])\n"
    )
    done = subprocess.run(
        (sys.executable, "-c", code), capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stdout.strip() == "[]"
