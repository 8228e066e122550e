"""A room without asyncio: what notebooks and scripts do, on threads of their own."""

from __future__ import annotations

import asyncio
import gc
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest

import sdk_python as sdk
from bridge.protocol import Bye, LearnerHands, Score, Side, Subscribe
from tests.bridge_fixture import running_bridge
from tests.flow.clients import playing
from tests.playback.lessons import both, write


def own_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "ghosthands"]


@pytest.fixture(autouse=True)
def no_thread_is_left():
    assert own_threads() == []
    yield
    assert own_threads() == []


def subscribed(bridge) -> bool:
    return any(isinstance(m, Subscribe) for m in bridge.received)


async def test_poses_are_a_plain_iterator(tmp_path: Path) -> None:
    def script(url: str) -> None:
        with sdk.connect_blocking(url, timeout_s=10) as poses:
            assert len(own_threads()) == 1
            assert (poses.room, poses.reconnected) == ("lesson", 0)
            seqs = []
            for pose in poses:
                assert np.isfinite(pose.joints_m[1]).all()
                seqs.append(pose.seq)
                if len(seqs) == 30:
                    break
            assert seqs == sorted(set(seqs))
            assert abs(poses.clock_offset_ns) < 5e7  # the same machine
            assert 0 <= poses.round_trip_s < 5
            while poses.status is None:
                next(poses)
        assert own_threads() == []
        assert poses.missed >= 0  # can be read afterwards

    async with running_bridge(tmp_path) as bridge, playing(bridge):
        await asyncio.to_thread(script, bridge)


async def test_recordings_are_played_and_hands_sent(tmp_path: Path) -> None:
    def script(url: str) -> None:
        with (
            sdk.connect_blocking(url, role="learn", timeout_s=10) as own,
            sdk.connect_blocking(url, timeout_s=10, precision="full") as other,
        ):
            assert own.control.recordings() == ("etude",)
            own.control.load("etude")
            assert own.control.rate(0.5).rate == 0.5
            assert own.control.loop(1.0, 2.0).loop_s == (1.0, 2.0)
            assert own.control.seek(1.5).position_s == 1.5
            assert own.control.position_s == 1.5
            assert own.control.play().playing
            assert not own.control.pause().playing
            assert own.control.end_loop().loop_s is None
            with pytest.raises(sdk.PlaybackRefusedError):
                own.control.load("nothing")
            assert next(iter(other)).wrist_m[1, 0] >= 0
            assert own.control.unload().recording is None
            assert own.control.state is own.playback
            identity = np.tile([0, 0, 0, 1.0], (2, 26, 1))
            own.send_hands(identity[:, :16], np.ones((2, 3)))
            own.send_openxr_hands(np.ones((2, 26, 3)), identity)
            first, second = next(other.learner_hands), next(other.learner_hands)
            assert first.learner == second.learner == own.learner
            assert np.isfinite(second.openxr_m).all()
            assert (other.learner_hands.waiting, other.learner_hands.dropped) == (0, 0)
            assert other.learner_hands.last is second

    lessons = tmp_path / "lessons"
    lessons.mkdir()
    write(lessons / "etude.mcap", both(501))
    async with running_bridge(tmp_path, lessons=lessons) as bridge:
        await asyncio.to_thread(script, bridge)


async def test_what_comes_too_late_is_said_and_is_there_the_next_time(test_bridge, kit) -> None:
    poses = await asyncio.to_thread(sdk.connect_blocking, test_bridge.url, timeout_s=0.05)
    try:
        await kit.until(lambda: subscribed(test_bridge))
        with pytest.raises(sdk.TimedOutError, match=r"no pose came within 0.05 s"):
            await asyncio.to_thread(lambda: next(poses))
        with pytest.raises(TimeoutError, match="no score"):
            await asyncio.to_thread(lambda: next(poses.scores))
        poses.timeout_s = 10
        test_bridge.send(Score(1, "learner-1", 50.0, ()))
        test_bridge.send(kit.pose(3, Side.RIGHT))
        assert (await asyncio.to_thread(lambda: next(poses))).seq == 3
        assert (await asyncio.to_thread(lambda: next(poses.scores))).score == 50.0
    finally:
        await asyncio.to_thread(poses.close)
    await kit.until(lambda: Bye("done") in test_bridge.received)


async def test_the_end_of_a_room_ends_the_loop_and_a_loss_raises(test_bridge, kit) -> None:
    def ends(url: str) -> int:
        with sdk.connect_blocking(url) as poses:
            return len([*poses, *poses.scores])

    def breaks(url: str) -> None:
        with sdk.connect_blocking(url) as poses:
            for _ in poses:
                pytest.fail("a pose")

    task = asyncio.create_task(asyncio.to_thread(ends, test_bridge.url))
    await kit.until(lambda: subscribed(test_bridge))
    test_bridge.send(kit.pose(0))
    test_bridge.end(lambda session: session.bye("over"))
    assert await task == 1
    task = asyncio.create_task(asyncio.to_thread(breaks, test_bridge.url))
    await kit.until(lambda: sum(isinstance(m, Subscribe) for m in test_bridge.received) == 2)
    test_bridge.cut()
    with pytest.raises(sdk.ConnectionFailedError, match="connection lost"):
        await task


def test_what_cannot_be_connected_to_raises_and_leaves_nothing() -> None:
    with pytest.raises(sdk.ConnectionFailedError, match="is the bridge running"):
        sdk.connect_blocking("http://127.0.0.1:9")
    for options, words in (
        ({"timeout_s": 0}, "timeout_s must be more than 0"),
        ({"timeout_s": float("nan")}, "timeout_s must be more than 0"),
        ({"role": "play"}, "role must be"),
        ({"url": "ftp://x"}, "no address"),
    ):
        with pytest.raises(sdk.InputError, match=words):
            sdk.connect_blocking(**{"url": "http://127.0.0.1:9"} | options)


async def test_a_closed_stream_says_so(test_bridge) -> None:
    def script(url: str) -> None:
        poses = sdk.connect_blocking(url, role="learn")
        poses.close()
        poses.close()
        for use in (
            lambda: next(poses),
            lambda: next(poses.learner_hands),
            poses.control.play,
            lambda: poses.send_hands(np.zeros((2, 16, 4)), np.zeros((2, 3))),
        ):
            with pytest.raises(sdk.ConnectionFailedError, match="was closed"):
                use()

    await asyncio.to_thread(script, test_bridge.url)
    assert not any(isinstance(m, LearnerHands) for m in test_bridge.received)


async def test_a_stream_that_is_forgotten_leaves_no_thread(test_bridge, kit) -> None:
    def script(url: str) -> None:
        sdk.connect_blocking(url)
        gc.collect()

    await asyncio.to_thread(script, test_bridge.url)
    await kit.until(lambda: own_threads() == [])
    await kit.until(lambda: Bye("done") in test_bridge.received)


async def test_it_works_where_an_event_loop_runs(tmp_path: Path) -> None:
    """As in a notebook: called on the thread of a loop that is not the client's."""
    url: Future[str] = Future()
    over = threading.Event()

    async def serve() -> None:
        async with running_bridge(tmp_path) as bridge:
            url.set_result(bridge)
            await asyncio.to_thread(over.wait)

    elsewhere = threading.Thread(target=asyncio.run, args=(serve(),))
    elsewhere.start()
    try:
        with (
            sdk.connect_blocking(url.result(30), timeout_s=0.2) as poses,
            pytest.raises(sdk.TimedOutError),
        ):
            next(poses)
    finally:
        over.set()
        elsewhere.join()


WAITING = """
import signal, sys, threading
import sdk_python as sdk

signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job has none
try:
    with sdk.connect_blocking(sys.argv[1]) as poses:
        print("waiting", flush=True)
        next(poses)
except KeyboardInterrupt:
    print("stopped", [t.name for t in threading.enumerate()], flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
async def test_ctrl_c_ends_a_wait_at_once(test_bridge, kit) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WAITING, test_bridge.url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert await process.stdout.readline() == b"waiting\n"
    await asyncio.sleep(0.2)  # it waits for a pose
    began_s = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, errors = await asyncio.wait_for(process.communicate(), 20)
    assert out == b"stopped ['MainThread']\n"
    assert errors == b""
    assert time.monotonic() - began_s < 5
    assert Bye("done") in test_bridge.received
