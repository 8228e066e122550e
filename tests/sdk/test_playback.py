"""Playing a recording into a room: what is sent, when, and what happens when it fails."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

import sdk_python as sdk
from bridge.protocol import Bye, Hello, PosePacket, ShapePacket, Side
from sdk_python.playback import pace


async def test_everything_arrives_in_order(test_bridge, lesson_file, kit, monkeypatch):
    monkeypatch.setattr("sdk_python.playback.pace", all_at_once)
    lesson = sdk.Recording.open(lesson_file)
    seen = []
    sent = await sdk.play(lesson, test_bridge.url, progress=lambda *p: seen.append(p))
    await kit.until(lambda: Bye("played") in test_bridge.received)
    hello, *messages = test_bridge.received[:-1]
    assert isinstance(hello, Hello)
    assert hello.role == "play"
    assert messages[:2] == [kit.shape(Side.LEFT), kit.shape(Side.RIGHT)]
    poses = messages[2:]
    assert sent == len(poses) == 50
    for t, packet in enumerate(poses):
        original = kit.pose(t, *([0, 1] if t < 20 else [1] if t < 40 else []))
        assert (packet.seq, packet.hands) == (t, original.hands)
    assert [position for position, _ in seen] == pytest.approx(lesson.time_s)
    assert {duration for _, duration in seen} == {lesson.duration_s}


async def all_at_once(times_s, *, rate, loop, first):
    for index in range(first, len(times_s)):
        yield index, 1_000_000_000 + index


async def test_times_are_on_the_bridge_s_clock(test_bridge, lesson_file, kit):
    lesson = sdk.Recording.open(lesson_file)
    before = test_bridge.clock_ns()
    sent = await sdk.play(lesson, test_bridge.url, rate=20.0)  # a second in 50 ms
    await kit.until(lambda: Bye("played") in test_bridge.received)
    after = test_bridge.clock_ns()
    poses = [m for m in test_bridge.received if isinstance(m, PosePacket)]
    assert len(poses) == sent
    times = [p.time_ns for p in poses]
    assert times == sorted(times)
    assert before <= times[0] <= times[-1] <= after
    # A faster ping may move the clock meanwhile.
    assert (times[-1] - times[0]) * 1e-9 == pytest.approx(lesson.duration_s / 20, abs=0.01)


class World:
    """A clock that moves on only while something sleeps, or as told."""

    def __init__(self, busy_ns=0):
        self.now = 5_000_000_000
        self.busy_ns = busy_ns

    def clock_ns(self):
        return self.now

    async def sleep(self, seconds):
        self.now += round(seconds * 1e9)

    async def paced(self, times_s, *, rate=1.0, loop=False, first=0, count=10**6):
        """``(index, due, now)`` of the first ``count``, in seconds since the start."""
        start = self.now
        result = []
        steps = pace(
            np.asarray(times_s),
            rate=rate,
            loop=loop,
            first=first,
            clock_ns=self.clock_ns,
            sleep=self.sleep,
        )
        async for index, due_ns in steps:
            result.append((index, (due_ns - start) * 1e-9, (self.now - start) * 1e-9))
            self.now += self.busy_ns
            if len(result) == count:
                break
        await steps.aclose()
        return result


@pytest.mark.parametrize("rate", [0.25, 1.0, 3.0])
async def test_pace_follows_the_recording_s_times(rate):
    times = [-0.5, 0.0, 0.1, 0.15, 2.0]
    paced = await World().paced(times, rate=rate)
    assert [index for index, _, _ in paced] == [0, 1, 2, 3, 4]
    for index, due, now in paced:
        assert due == pytest.approx((times[index] + 0.5) / rate, abs=1e-8)
        assert now == pytest.approx(due, abs=1e-8)


async def test_pace_skips_what_is_overtaken_and_keeps_the_last():
    """A bridge that takes 100 ms a pose gets every tenth of 100 a second, never a backlog."""
    times = np.arange(100) / 100
    paced = await World(busy_ns=100_000_000).paced(times)
    assert len(paced) == pytest.approx(11, abs=1)
    assert paced[-1][0] == 99
    assert all(now - due < 0.11 for _, due, now in paced)


async def test_pace_loops_without_a_jump():
    times = np.arange(4) / 10
    paced = await World().paced(times, loop=True, count=10)
    assert [index for index, _, _ in paced] == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]
    assert [due for _, due, _ in paced] == pytest.approx(np.arange(10) / 10)


async def test_pace_goes_on_from_a_pose():
    times = np.arange(4) / 10
    paced = await World().paced(times, rate=0.5, loop=True, first=2, count=5)
    assert [index for index, _, _ in paced] == [2, 3, 0, 1, 2]
    assert [due for _, due, _ in paced] == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8])
    # The first is sent even when its successor is due by then: the room shows nothing else.
    late = await World(busy_ns=10**9).paced(times, first=1)
    assert [index for index, _, _ in late] == [1, 3]


async def test_a_recording_of_one_pose():
    assert [index for index, _, _ in await World().paced([3.0])] == [0]


async def test_looping_one_pose_does_not_spin():
    paced = await World().paced([3.0], loop=True, count=3)
    assert [due for _, due, _ in paced] == pytest.approx([0.0, 1.0, 2.0])


async def test_a_looped_recording_keeps_its_numbers_rising(test_bridge, lesson_file, kit):
    lesson = sdk.Recording.open(lesson_file)
    task = asyncio.create_task(sdk.play(lesson, test_bridge.url, rate=50.0, loop=True))
    await kit.until(
        lambda: sum(isinstance(m, PosePacket) and not m.hands for m in test_bridge.received) > 25
    )
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    numbers = [m.seq for m in test_bridge.received if isinstance(m, PosePacket)]
    assert numbers == list(range(len(numbers)))
    assert sum(isinstance(m, ShapePacket) for m in test_bridge.received) == 2
    await kit.until(lambda: Bye("played") in test_bridge.received)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (lambda b: b.cut(), "connection lost"),
        (lambda b: b.end(lambda s: s.refuse("internal", "sorry")), r"sorry \(internal\)"),
        (lambda b: b.end(lambda s: s.bye("over")), "ended the room"),
    ],
)
async def test_a_bridge_that_goes_away(test_bridge, lesson_file, kit, how, words):
    lesson = sdk.Recording.open(lesson_file)
    task = asyncio.create_task(sdk.play(lesson, test_bridge.url, rate=0.001))
    await kit.until(lambda: any(isinstance(m, PosePacket) for m in test_bridge.received))
    how(test_bridge)
    with pytest.raises(sdk.ConnectionFailedError, match=words):
        await task


async def test_what_cannot_be_played(test_bridge, lesson_file, tmp_path, kit):
    from bridge.recorder import Recorder

    Recorder(tmp_path / "a.mcap", room="lesson", views=[], origin_ns=0).close()
    with pytest.raises(sdk.InputError, match="no poses"):
        await sdk.play(sdk.Recording.open(tmp_path / "a.mcap"), test_bridge.url)
    lesson = sdk.Recording.open(lesson_file)
    for rate in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(sdk.InputError, match="rate"):
            await sdk.play(lesson, test_bridge.url, rate=rate)
    assert test_bridge.received == []


async def test_the_room_is_unknown(test_bridge, lesson_file):
    lesson = sdk.Recording.open(lesson_file)
    with pytest.raises(sdk.ConnectionFailedError, match="unknown_room"):
        await sdk.play(lesson, test_bridge.url, room="empty")
