"""One room on two bridges: what is said on one is heard on the other, in order."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from bridge.errors import ConnectionFailedError
from bridge.model.anchor import Taps, find_anchor, keyboard, save_anchor
from bridge.protocol import (
    Anchor,
    LearnerHands,
    PosePacket,
    ShapePacket,
    Welcome,
    decode,
    encode,
)
from tests.bridge_fixture import until
from tests.cluster.helpers import bridges, dropped, eventually, metric, metric_becomes
from tests.cluster.nats_server import NatsServer
from tests.flow.clients import playing, pose, shape
from tests.playback.lessons import both, number, write
from tests.playback.watcher import Watcher, watching

CORNERS_PX = [(300, 620), (980, 600), (930, 520), (350, 535)]
SECOND_NS = 1_000_000_000


def meaning(packet: PosePacket) -> bytes:
    """A pose as it is sent, but for its number, which each bridge gives, and its clock."""
    return encode(replace(packet, seq=0, time_ns=0))


def compact(packet: PosePacket) -> PosePacket:
    return decode(encode(packet))


def rises(numbers: list[int]) -> bool:
    return all(a < b for a, b in pairwise(numbers))


async def test_watchers_of_both_bridges_get_the_same_poses(
    nats: NatsServer, tmp_path: Path
) -> None:
    async with (
        bridges(tmp_path, nats.url) as (a, b),
        watching(a) as here,
        watching(b) as there,
        playing(a),
    ):
        await until(lambda: len(here.poses) > 60 and len(there.poses) > 60, "poses on both")
        kinds = [m for m in there.messages if isinstance(m, PosePacket | ShapePacket)]
        assert isinstance(kinds[0], ShapePacket)
        assert encode(kinds[0]) == encode(shape())
        for watcher in (here, there):
            assert rises([packet.seq for packet in watcher.poses])
            assert rises([packet.time_ns for packet in watcher.poses])
        assert {meaning(p) for p in there.poses} == {meaning(pose(0, 0))}
        # One machine, one clock: what the bridges believe of each other's is off by its error.
        times = {p.time_ns for p in here.poses}
        assert any(
            min(abs(p.time_ns - time_ns) for time_ns in times) < SECOND_NS / 100
            for p in there.poses
        )
        assert await metric(b, 'cluster_messages_total{direction="in"}') > 60
        assert await metric(a, 'cluster_messages_total{direction="out"}') > 60


async def test_who_comes_late_gets_shape_and_anchor_first(nats: NatsServer, tmp_path: Path) -> None:
    anchor = find_anchor(keyboard(61), [Taps("phone", (1280, 720), np.array(CORNERS_PX, float))])
    save_anchor(anchor, tmp_path / "anchor.json")
    only_a = ({"anchor": tmp_path / "anchor.json"}, {})
    async with bridges(tmp_path, nats.url, each=only_a) as (a, b), playing(a):
        await metric_becomes(a, 'playing{room="lesson"}', 1)
        for _ in range(2):  # the first to watch there, and who comes back after it has left
            async with watching(b) as watcher:
                await until(lambda: watcher.poses, "poses")
                await until(
                    lambda: any(isinstance(m, Anchor) for m in watcher.messages),
                    "the anchor",
                )
                first = next(m for m in watcher.messages if isinstance(m, PosePacket | ShapePacket))
                assert isinstance(first, ShapePacket)
                found = next(m for m in watcher.messages if isinstance(m, Anchor))
                assert found.instrument == "piano-61"
                async with watching(b) as second:  # this bridge knows by now
                    await until(lambda: second.poses, "poses")
                    known = {type(m) for m in second.messages[:3]}
                    assert known == {Welcome, ShapePacket, Anchor}
        async with watching(a) as watcher:
            await until(lambda: watcher.poses, "poses")


async def test_a_room_that_only_the_other_bridge_has(nats: NatsServer, tmp_path: Path) -> None:
    rooms = ({"rooms": ("lesson", "studio")}, {})
    async with bridges(tmp_path, nats.url, each=rooms) as (a, b), playing(a, "studio"):
        await metric_becomes(a, 'playing{room="studio"}', 1)
        async with watching(b, "studio") as watcher:
            await until(lambda: watcher.poses, "poses of the other bridge's room")


async def test_learners_hands_go_to_all_bridges(nats: NatsServer, tmp_path: Path) -> None:
    async with (
        bridges(tmp_path, nats.url, count=3) as (a, b, c),
        watching(a) as teacher,
        watching(b, role="learn") as learner,
        watching(b) as neighbour,
        watching(c) as other,
        playing(a),
    ):
        await until(lambda: all(w.poses for w in (teacher, learner, other)), "poses everywhere")
        own = LearnerHands(7, 5 * SECOND_NS, "", pose(0, 0).hands)
        await learner.send(own)

        def hands(watcher: Watcher) -> list[LearnerHands]:
            return [m for m in watcher.messages if isinstance(m, LearnerHands)]

        await until(lambda: all(hands(w) for w in (teacher, neighbour, other)), "hands on all")
        names = {hands(w)[0].learner for w in (teacher, neighbour, other)}
        assert len(names) == 1
        assert names.pop().startswith("learner-")
        for watcher in (teacher, other):
            got = hands(watcher)[0]
            assert abs(got.time_ns - own.time_ns) < SECOND_NS / 10
            assert encode(replace(got, learner="", time_ns=own.time_ns)) == encode(own)
        assert hands(learner) == []


async def test_a_watcher_elsewhere_controls_the_playback(nats: NatsServer, tmp_path: Path) -> None:
    lessons = tmp_path / "lessons"
    lessons.mkdir()
    write(lessons / "etude.mcap", both(500))
    only_a = ({"lessons": lessons}, {"playback_control": "watchers"})
    async with (
        bridges(tmp_path, nats.url, each=only_a) as (a, b),
        watching(a) as here,
        watching(b) as there,
    ):
        # Nobody feeds the room: each bridge plays what it has.
        assert "no recordings" in (await there.control("load", recording="etude")).problem
        assert (await here.control("load", recording="etude")).problem is None
        await until(lambda: any(s.recording == "etude" for s in there.states), "the news on B")
        await there.control("play")
        await until(lambda: len(there.poses) > 20, "poses of the recording")
        await there.control("seek", position_s=3.0)
        await there.control("pause")
        played = both(500)[2:]  # after the two shapes
        for packet in there.poses:
            assert meaning(packet) == meaning(compact(played[number(packet)]))
        assert here.states[-1].recording == "etude"
        wrong = await there.control("load", recording="nothing")
        assert "nothing" in wrong.problem
        assert not any(s.problem and "nothing" in s.problem for s in here.states)
        # What one bridge plays, nobody plays into from another.
        async with watching(b, role="play", subscribe=False) as player:
            await until(lambda: player.session.close is not None, "a refusal")
            assert a in player.session.error.message
        await here.control("unload")
        await until(lambda: there.states[-1].recording is None, "the end on B")


async def test_it_is_a_room_of_its_own_again_afterwards(nats: NatsServer, tmp_path: Path) -> None:
    async with bridges(tmp_path, nats.url) as (a, b), watching(a) as left, watching(b) as right:
        async with playing(a):
            await until(lambda: right.poses and left.poses, "poses")
        count = len(left.poses)
        last = right.poses[-1].seq
        async with contextlib.AsyncExitStack() as stack:

            async def plays() -> bool:
                """Whether this bridge has heard that the other one's player has left."""
                with contextlib.suppress(ConnectionFailedError):
                    await stack.enter_async_context(playing(b))
                    return True
                return False

            await eventually(plays, bool, "a room that is free")
            await until(lambda: len(left.poses) > count + 10, "poses from the other side")
        assert rises([packet.seq for packet in left.poses])
        assert right.poses[-1].seq > last
        assert await dropped(a, "malformed") == 0
