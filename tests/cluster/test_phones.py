"""Where phones publish: one bridge for a room, rooms spread over bridges, tokens kept."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import aiohttp
import pytest

from bridge.access import Keyring
from bridge.errors import ConnectionFailedError
from bridge.streams import publish
from tests.bridge_fixture import until
from tests.cluster.helpers import bridges, eventually, metric, own_views, phone, views
from tests.cluster.nats_server import NatsServer
from tests.flow.clients import playing
from tests.playback.watcher import watching

SDP = {"Content-Type": "application/sdp"}


async def offered(bridge: str, room: str, **headers: str) -> aiohttp.ClientResponse:
    """The answer to a POST that is followed nowhere."""
    async with (
        aiohttp.ClientSession() as http,
        http.post(
            f"{bridge}/whip/{room}?view=phone",
            data="no offer",
            headers=SDP | headers,
            allow_redirects=False,
        ) as response,
    ):
        await response.read()
        return response


async def test_a_phone_is_sent_where_its_room_is(
    nats: NatsServer, tmp_path: Path, video: Path
) -> None:
    async with bridges(tmp_path, nats.url) as (a, b), playing(a):
        await eventually(
            lambda: offered(b, "lesson"), lambda r: r.status == 307, "a redirect to the player's"
        )
        answer = await offered(b, "lesson")
        assert answer.headers["Location"] == f"{a}/whip/lesson?view=phone"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert (await offered(a, "lesson")).status == 400  # it would take a real one
        assert await metric(b, "cluster_redirects_total") >= 2


async def test_two_phones_that_race_end_on_one_bridge(
    nats: NatsServer, tmp_path: Path, video: Path
) -> None:
    async with bridges(tmp_path, nats.url) as (a, b), watching(a) as one, watching(b) as two:
        for room in ("lesson", "studio", "etude"):
            async with (
                phone(a, video, "phone", room=room),
                phone(b, video, "tablet", room=room),
            ):
                counts = await eventually(
                    lambda: asyncio.gather(own_views(a), own_views(b)),
                    lambda counts: sum(counts) == 2,
                    "two views",
                )
                assert sorted(counts) == [0, 2], room
                if room == "lesson":
                    await until(lambda: one.poses and two.poses, "poses on both bridges")
                    for bridge in (a, b):
                        await eventually(
                            lambda: views(bridge),  # noqa: B023
                            lambda names: names == {"phone", "tablet"},
                            "both views in the room's state on both bridges",
                        )
            await eventually(lambda: own_views(a), lambda count: count == 0, "none left")
            await eventually(lambda: own_views(b), lambda count: count == 0, "none left")


async def test_rooms_are_spread_over_the_bridges(
    nats: NatsServer, tmp_path: Path, video: Path
) -> None:
    async with bridges(tmp_path, nats.url) as (a, b), contextlib.AsyncExitStack() as phones:
        await asyncio.gather(
            *(
                phones.enter_async_context(phone(a, video, room=f"room-{k}"))  # all come to one
                for k in range(4)
            )
        )
        counts = await eventually(
            lambda: asyncio.gather(own_views(a), own_views(b)),
            lambda counts: sum(counts) == 4,
            "four views",
        )
        assert counts == [2, 2]


async def test_the_token_comes_along(nats: NatsServer, tmp_path: Path, video: Path) -> None:
    shared = {"access": "token", "access_folder": tmp_path / "access"}
    async with bridges(tmp_path, nats.url, **shared) as (a, b):
        keyring = Keyring(tmp_path / "access")
        token = keyring.make("lesson", "publish", lifetime_s=600)
        # Strangers are told nothing of other bridges.
        assert {(await offered(url, "lesson")).status for url in (a, b)} == {401}
        async with phone(a, video, "phone", token=token), phone(b, video, "tablet", token=token):
            counts = await eventually(
                lambda: asyncio.gather(own_views(a), own_views(b)),
                lambda counts: sum(counts) == 2,
                "two views",
            )
            assert sorted(counts) == [0, 2]
            # Revoked once, it ends on whichever bridge its bearer is.
            keyring.revoke(keyring.check(token).id)
            for bridge in (a, b):
                await eventually(
                    lambda: own_views(bridge),  # noqa: B023
                    lambda count: count == 0,
                    "nobody publishes with it",
                )
        with pytest.raises(ConnectionFailedError, match="401"):
            await publish(video, f"{b}/whip/lesson", view="phone", token=token)


async def test_pages_may_publish_to_the_other_bridges(nats: NatsServer, tmp_path: Path) -> None:
    async with bridges(tmp_path, nats.url) as (a, b), aiohttp.ClientSession() as http:
        async with http.get(f"{a}/health") as response:
            policy = response.headers["Content-Security-Policy"]
            assert f"connect-src 'self' {b} " in policy
        assert (await offered(b, "studio", Origin=a)).status in (307, 400)
        assert (await offered(b, "studio", Origin="http://127.0.0.1:1")).status == 403


async def test_unlike_secrets_are_told(nats: NatsServer, tmp_path: Path) -> None:
    async with bridges(tmp_path, nats.url, access="token") as (a, b):  # each its own folder
        async with aiohttp.ClientSession() as http, http.get(f"{a}/readyz") as response:
            assert response.status == 200
            (warning,) = (await response.json())["warnings"]
        assert b in warning
        assert "access_folder" in warning
