"""Resuming over real sockets: what a client had comes back without being asked for again."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bridge.protocol import PosePacket, ShapePacket, Subscribe
from tests.bridge_fixture import running_bridge
from tests.flow.clients import Watcher, playing, pose, shape
from tests.flow.test_flow import outcomes, summary, until_room


async def test_a_lost_watcher_gets_shapes_and_poses_without_asking(tmp_path: Path) -> None:
    async with running_bridge(tmp_path) as bridge, playing(bridge):
        first = await Watcher.connect(bridge, subscribe=Subscribe(max_rate_hz=5.0))
        assert not first.session.welcome.resumed
        await first.next(PosePacket, acknowledge=False)
        first.cut()
        await until_room(bridge, watchers=0)
        async with await Watcher.connect(bridge, resume=first.session.welcome.session) as second:
            assert second.session.welcome.resumed
            assert second.session.welcome.session == first.session.welcome.session
            assert (await second.next(ShapePacket)).rest_joints_m.shape == (21, 3)
            times = [(await second.next(PosePacket)).time_ns for _ in range(5)]
            assert times[-1] - times[0] >= (4 - 0.5) / 5 * 1e9  # Its rate limit holds.
        assert (await outcomes(bridge))["lost"] == 1


async def test_a_watcher_that_was_lost_before_it_subscribed_has_to_subscribe(
    tmp_path: Path,
) -> None:
    async with running_bridge(tmp_path) as bridge, playing(bridge):
        first = await Watcher.connect(bridge)
        first.cut()
        async with await Watcher.connect(bridge, resume=first.session.welcome.session) as second:
            assert not second.session.welcome.resumed
            second.session.send(Subscribe())
            await second.flush()
            await second.next(PosePacket)


async def test_after_the_grace_time_one_begins_anew(tmp_path: Path) -> None:
    async with running_bridge(tmp_path, grace_s=0.2) as bridge, playing(bridge):
        first = await Watcher.connect(bridge, subscribe=Subscribe())
        first.cut()
        await until_room(bridge, watchers=0)
        await asyncio.sleep(0.3)
        async with await Watcher.connect(bridge, resume=first.session.welcome.session) as second:
            assert not second.session.welcome.resumed
            assert second.session.welcome.session != first.session.welcome.session


async def test_another_bridge_does_not_know_the_client(tmp_path: Path) -> None:
    async with running_bridge(tmp_path) as bridge:
        first = await Watcher.connect(bridge)
        first.cut()
    async with (
        running_bridge(tmp_path) as bridge,
        await Watcher.connect(bridge, resume=first.session.welcome.session) as second,
    ):
        assert not second.session.welcome.resumed


async def test_a_player_takes_its_place_again_though_its_old_connection_seems_open(
    tmp_path: Path,
) -> None:
    async with (
        running_bridge(tmp_path) as bridge,
        await Watcher.connect(bridge, subscribe=Subscribe()) as watcher,
        await Watcher.connect(bridge, role="play") as old,
    ):
        for seq in range(3):
            old.session.send(shape())
            old.session.send(pose(seq, seq))
        await old.flush()
        last = [(await watcher.next(PosePacket)).seq for _ in range(3)][-1]

        async with await Watcher.connect(bridge, role="play") as stranger:
            code, error = await stranger.end()
            assert (code, error.code) == (4400, "unexpected")

        secret = old.session.welcome.session
        async with await Watcher.connect(bridge, role="play", resume=secret) as new:
            assert new.session.welcome.resumed
            assert await old.end() == (1000, None)
            assert (await summary(bridge))["playing"]
            new.session.send(shape())
            new.session.send(pose(0, 9))
            await new.flush()
            after = await watcher.next(PosePacket)
            assert (after.seq, after.time_ns) == (last + 1, 9)


async def test_a_lost_player_leaves_its_place_to_whoever_comes_first(tmp_path: Path) -> None:
    async with running_bridge(tmp_path) as bridge:
        lost = await Watcher.connect(bridge, role="play")
        lost.cut()
        await until_room(bridge, playing=False)
        secret = lost.session.welcome.session
        async with playing(bridge), await Watcher.connect(bridge, role="play", resume=secret) as it:
            code, error = await it.end()
            assert (code, error.code) == (4400, "unexpected")


async def test_secrets_are_not_shown(tmp_path: Path) -> None:
    async with running_bridge(tmp_path) as bridge, await Watcher.connect(bridge) as watcher:
        secret = watcher.session.welcome.session
        assert secret not in str(await summary(bridge))
        assert len(secret) >= 32
