"""A stream whose connection is lost, and comes back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

import sdk_python as sdk
from bridge.errors import ConnectionFailedError, InputError
from bridge.protocol import Subscribe
from sdk_python._connection import LostError
from sdk_python._reconnect import come_back
from tests.bridge_fixture import running_bridge
from tests.flow.clients import playing


class Attempts:
    """A clock that only waiting moves, and a bridge that answers the n-th attempt."""

    def __init__(self, answered: int) -> None:
        self.now_s = 0.0
        self.waits: list[float] = []
        self.answered = answered

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        self.waits.append(round(seconds, 3))

    async def open(self) -> str:
        if len(self.waits) < self.answered:
            raise ConnectionFailedError(f"attempt {len(self.waits)}")
        return "connection"

    async def come_back(self, within_s: float) -> object:
        return await come_back(
            LostError("connection lost"),
            self.open,
            within_s,
            clock_s=lambda: self.now_s,
            sleep=self.sleep,
        )


async def test_waits_double_up_to_two_seconds() -> None:
    attempts = Attempts(answered=8)
    assert await attempts.come_back(30) == "connection"
    assert attempts.waits == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 2.0]


@pytest.mark.parametrize(("within_s", "tried"), [(0, 0), (0.05, 0), (1.0, 3), (10.0, 8)])
async def test_it_gives_up_in_time_and_says_why(within_s: float, tried: int) -> None:
    attempts = Attempts(answered=100)
    with pytest.raises(LostError, match="connection lost") as raised:
        await attempts.come_back(within_s)
    assert len(attempts.waits) == tried
    assert attempts.now_s <= within_s
    cause = raised.value.__cause__
    assert str(cause) == (f"attempt {tried}" if tried else "None")


async def test_a_lost_stream_resumes_by_itself(tmp_path: Path) -> None:
    async with (
        running_bridge(tmp_path) as bridge,
        playing(bridge),
        sdk.connect(bridge, reconnect_s=20) as poses,
    ):
        last = [await anext(poses) for _ in range(5)][-1]
        for turn in (1, 2):
            poses._connection._websocket.transport.abort()
            while poses.reconnected < turn:
                last = await anext(poses)
            assert poses._connection.session.welcome.resumed
            for _ in range(10):
                pose = await anext(poses)
                assert pose.seq > last.seq
                last = pose
            # The shape came again without asking, or there were no joints.
            assert np.isfinite(pose.joints_m[1]).all()
        assert poses.missed > 0


async def test_a_bridge_that_does_not_know_it_is_asked_again(test_bridge, kit) -> None:
    async with sdk.connect(test_bridge.url, max_rate_hz=50, reconnect_s=20) as poses:
        await kit.until(lambda: len(test_bridge.received) == 2)
        test_bridge.cut()
        await kit.until(lambda: poses.reconnected == 1)
        await kit.until(lambda: len(test_bridge.received) == 4)
        assert test_bridge.received[3] == Subscribe(50)
        test_bridge.sessions.pop(0)
        test_bridge.send(kit.pose(0, 1))
        assert (await anext(poses)).seq == 0
        assert poses.missed == 0


async def test_a_goodbye_is_no_loss(test_bridge, kit) -> None:
    async with sdk.connect(test_bridge.url, reconnect_s=20) as poses:
        test_bridge.end(lambda session: session.bye("the lesson is over"))
        assert [pose async for pose in poses] == []
        assert poses.reconnected == 0


async def test_a_refusal_is_no_loss(test_bridge) -> None:
    async with sdk.connect(test_bridge.url, reconnect_s=20) as poses:
        test_bridge.end(lambda session: session.refuse("too_slow", "nothing was taken"))
        with pytest.raises(ConnectionFailedError, match="too_slow"):
            await anext(poses)
        assert poses.reconnected == 0


@pytest.mark.parametrize("seconds", [-1.0, float("nan")])
async def test_a_time_that_is_none_is_said(seconds: float) -> None:
    with pytest.raises(InputError, match="reconnect_s"):
        async with sdk.connect("http://127.0.0.1:1", reconnect_s=seconds):
            await asyncio.sleep(0)


async def flood(bridge: str) -> None:
    async with sdk.connect(bridge) as poses:
        for _ in range(30):
            poses._connection.session.ping()
        await poses._connection.flush()
        await anext(poses)


async def test_a_bridge_that_is_busy_is_no_wrong_address(tmp_path: Path) -> None:
    async with running_bridge(tmp_path, max_messages_per_s=10, max_flood_wait_s=600) as bridge:
        for _ in range(2):
            with pytest.raises(ConnectionFailedError, match="rate_limited"):
                await flood(bridge)
        with pytest.raises(ConnectionFailedError, match=r"just now: HTTP status 429"):
            await flood(bridge)
