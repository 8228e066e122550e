"""NATS carries bytes of strangers: what is wrong is dropped and counted, and nobody notices."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import aiohttp
import msgpack
import pytest

from bridge.cluster.link import NatsLink
from bridge.cluster.wire import Beat, Note, beat_subject, bridge_subject, room_subject
from bridge.counters import Counters
from bridge.protocol import Anchor, Bye, PlaybackControl, Status, encode
from tests.bridge_fixture import until
from tests.cluster.helpers import bridges, dropped, eventually, metric
from tests.cluster.nats_server import NatsServer
from tests.flow.clients import playing, pose, shape
from tests.playback.watcher import watching

STRANGER = "0123456789abcdef"


@pytest.fixture
def rng() -> random.Random:
    return random.Random(8)


async def test_hostile_bytes_are_counted_and_dropped(
    nats: NatsServer, tmp_path: Path, rng: random.Random
) -> None:
    stranger = NatsLink(nats.url, Counters())
    beats: dict[str, Beat] = {}
    await stranger.open()

    def hear(_subject: str, data: bytes, _answer: object) -> None:
        beat = Beat.unpack(data)
        beats[beat.url] = beat

    stranger.subscribe(beat_subject(), hear)
    try:
        async with (
            bridges(tmp_path, nats.url) as (a, b),
            watching(a) as here,
            watching(b) as there,
            playing(a),
        ):
            await until(lambda: there.poses and len(beats) == 2, "poses, heartbeats")
            ids = {url: beats[url].id for url in (a, b)}
            as_a = room_subject("lesson", ids[a])
            garbage = [rng.randbytes(rng.randrange(300)) for _ in range(40)]
            bomb = msgpack.packb([[[]] * 60] * 60)
            for data in (*garbage, b"", bytes(900_000), bomb, b"\xdd\xff\xff\xff\xff"):
                stranger.publish(beat_subject(), data)
                stranger.publish(as_a, data)
                for verb in ("clock", "place", "control", "problem", "anything"):
                    stranger.publish(bridge_subject(ids[b], verb), data)
                # The outbox is bounded: give it its turn.
                await until(lambda: not stranger._outbox, "what was sent")
            # Well-formed, and wrong: out of order, of no bridge's, of a room that is not there.
            for message in (pose(0, 5), Bye("go"), PlaybackControl("unload"), pose(1, -0)):
                stranger.publish(as_a, encode(message))
            stranger.publish(room_subject("lesson", STRANGER), encode(shape()))
            stranger.publish(room_subject("lesson", ids[b]), encode(shape()))
            own = replace(beats[b], feeds=("lesson",))
            stranger.publish(beat_subject(), replace(own, id=STRANGER, url=b).pack()[:-1])
            note = Note("nowhere", ids[a], "learner-0", encode(PlaybackControl("play")))
            stranger.publish(bridge_subject(ids[b], "control"), note.pack())
            wrong = replace(note, room="lesson", data=encode(Status((), 0.0, None, False)))
            stranger.publish(bridge_subject(ids[b], "control"), wrong.pack())
            stranger.publish(bridge_subject(ids[b], "problem"), wrong.pack())
            await eventually(
                lambda: dropped(b, "malformed"), lambda n: n >= 250, "refusals counted"
            )
            await eventually(lambda: dropped(b, "unexpected"), lambda n: n >= 5, "the wrong ones")
            assert await dropped(b, "unknown_bridge") >= 1
            assert await dropped(b, "internal") == 0
            assert await dropped(a, "internal") == 0
            assert await metric(b, "cluster_peers") == 1
            counts = [len(w.poses) for w in (here, there)]
            await until(
                lambda: all(
                    len(w.poses) > n + 30 for w, n in zip((here, there), counts, strict=True)
                ),
                "poses, as ever",
            )
            assert not any(isinstance(m, Anchor) for m in there.messages)
    finally:
        await stranger.close()


async def test_a_stranger_that_claims_a_room_gives_it_back(
    nats: NatsServer, tmp_path: Path
) -> None:
    """Who may write to NATS is trusted as a bridge; but a claim without heartbeats ends."""
    stranger = NatsLink(nats.url, Counters())
    await stranger.open()
    try:
        async with bridges(tmp_path, nats.url) as (a, b), watching(b) as watcher:
            beat = Beat(STRANGER, "http://127.0.0.1:9", feeds=("lesson",))
            stranger.publish(beat_subject(), beat.pack())
            await eventually(lambda: where(a), lambda url: url == beat.url, "the claim")
            await eventually(lambda: metric(a, "cluster_peers"), lambda n: n == 1, "its end")
            assert await where(a) in (None, b)
            async with playing(b):
                await until(lambda: watcher.poses, "poses of a bridge that is there")
    finally:
        await stranger.close()


async def where(bridge: str) -> str | None:
    """Where a bridge sends devices of the room."""
    async with (
        aiohttp.ClientSession() as http,
        http.post(
            f"{bridge}/whip/lesson?view=phone",
            data="no offer",
            headers={"Content-Type": "application/sdp"},
            allow_redirects=False,
        ) as response,
    ):
        location = response.headers.get("Location")
    return None if location is None else location.partition("/whip/")[0]
