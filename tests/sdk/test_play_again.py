"""Players whose connection is lost, and who go on where they were."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import time
from pathlib import Path

import pytest

import sdk_python as sdk
from bridge.playback import Lesson, Player
from bridge.playback.remote import play_into
from bridge.protocol import Hello, PosePacket, ShapePacket
from tests.bridge_fixture import until
from tests.faults.processes import running, serving
from tests.playback.lessons import STEP_NS, both, number, write


def poses_of(received: list) -> list[PosePacket]:
    return [m for m in received if isinstance(m, PosePacket)]


async def test_a_recording_goes_on_with_the_pose_sent_last(test_bridge, kit, tmp_path) -> None:
    lesson = sdk.Recording.open(write(tmp_path / "a.mcap", both(100)))
    seen: list[float] = []
    playing = asyncio.create_task(
        sdk.play(
            lesson, test_bridge.url, reconnect_s=20, progress=lambda at_s, _: seen.append(at_s)
        )
    )
    await kit.until(lambda: len(poses_of(test_bridge.received)) > 20)
    test_bridge.cut()
    sent = await playing
    await kit.until(lambda: number(poses_of(test_bridge.received)[-1]) == 99)
    hellos = [k for k, m in enumerate(test_bridge.received) if isinstance(m, Hello)]
    assert len(hellos) == 2
    after = test_bridge.received[hellos[1] + 1 :]
    assert [isinstance(m, ShapePacket) for m in after[:3]] == [True, True, False]
    numbers = [number(packet) for packet in poses_of(test_bridge.received)]
    assert numbers == sorted(numbers)
    # Poses sent before the loss was noticed are lost; the one sent last is sent again.
    assert number(after[2]) - numbers[numbers.index(number(after[2])) - 1] < 20
    assert seen == sorted(seen)
    assert len(numbers) <= sent <= 101
    times = [packet.time_ns for packet in poses_of(after)]
    steps = [number(packet) for packet in poses_of(after)]
    assert times[-1] - times[0] == pytest.approx((steps[-1] - steps[0]) * STEP_NS, abs=10**7)


async def test_without_a_time_to_come_back_a_loss_is_the_end(test_bridge, kit, lesson_file) -> None:
    lesson = sdk.Recording.open(lesson_file)
    playing = asyncio.create_task(sdk.play(lesson, test_bridge.url, loop=True))
    await kit.until(lambda: poses_of(test_bridge.received))
    test_bridge.cut()
    with pytest.raises(sdk.ConnectionFailedError, match="connection lost"):
        await playing
    with pytest.raises(sdk.InputError, match="reconnect_s"):
        await sdk.play(lesson, test_bridge.url, reconnect_s=-1)


async def test_a_bridge_that_ends_the_room_is_no_loss(test_bridge, kit, lesson_file) -> None:
    lesson = sdk.Recording.open(lesson_file)
    playing = asyncio.create_task(sdk.play(lesson, test_bridge.url, loop=True, reconnect_s=20))
    await kit.until(lambda: poses_of(test_bridge.received))
    test_bridge.end(lambda session: session.bye("over"))
    with pytest.raises(sdk.ConnectionFailedError, match="ended the room"):
        await playing


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


async def test_both_ways_go_on_when_the_bridge_was_killed_and_started_again(tmp_path) -> None:
    """``sdk.play`` in one room, ``ghosthands play`` in another; who watches comes back, too."""
    path = write(tmp_path / "minute.mcap", both(1501))
    options = ("--room", "lesson", "--room", "other")
    host = ("--insecure", "--host", "127.0.0.1", "--port", free_port())
    seen: dict[str, list[int]] = {"lesson": [], "other": []}

    async def watch(url: str, room: str) -> None:
        async with sdk.connect(url, room, reconnect_s=60) as poses:
            async for pose in poses:
                seen[room].append(round(float(pose.wrist_m[1, 0]) * 100))

    async with contextlib.AsyncExitStack() as first:
        url, bridge = await first.enter_async_context(serving(tmp_path, *options, host=host))
        tasks = [asyncio.create_task(watch(url, room)) for room in seen]
        command = (sys.executable, "-m", "bridge.cli", "play", str(path), "--url", url)
        async with running(*command, "--room", "other", log="stderr") as player:
            lesson = sdk.Recording.open(path)
            tasks.append(asyncio.create_task(sdk.play(lesson, url, "lesson", reconnect_s=60)))
            await until(lambda: min(map(len, seen.values())) > 20, "poses of both")
            bridge.process.kill()
            await bridge.process.wait()
            counts = {room: len(numbers) for room, numbers in seen.items()}
            async with serving(tmp_path, *options, host=host):
                await until(
                    lambda: all(len(seen[room]) > counts[room] + 20 for room in seen),
                    "poses of both again",
                )
                assert player.process.returncode is None
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    for room, numbers in seen.items():
        last, first_again = numbers[counts[room] - 1], numbers[counts[room]]
        assert numbers == sorted(numbers), room
        # It took the bridge seconds to start; the lesson has waited for it.
        assert first_again - last < 50, room


async def test_what_was_paused_stays_paused_after_a_loss(test_bridge, kit, tmp_path: Path) -> None:
    with Lesson.open(write(tmp_path / "a.mcap", both(500))) as lesson:
        player, wake = Player(lesson, clock_ns=time.monotonic_ns), asyncio.Event()
        playing = asyncio.create_task(
            play_into(player, test_bridge.url, "lesson", wake=wake, reconnect_s=20)
        )
        await kit.until(lambda: len(poses_of(test_bridge.received)) > 5)
        player.playhead.pause()
        player.playhead.seek(4 * 10**9)
        wake.set()
        await kit.until(lambda: number(poses_of(test_bridge.received)[-1]) == 200)
        test_bridge.cut()
        await kit.until(lambda: sum(isinstance(m, Hello) for m in test_bridge.received) == 2)
        before = len(test_bridge.received)
        await kit.until(lambda: len(poses_of(test_bridge.received[before:])) > 2)
        assert {number(m) for m in poses_of(test_bridge.received[before:])} == {200}
        player.playhead.play()
        wake.set()
        await kit.until(lambda: number(poses_of(test_bridge.received)[-1]) > 205)
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
