"""What a player sends, and when: on a clock that moves only when told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bridge.playback import Lesson, Player
from bridge.protocol import PosePacket, ShapePacket, Side
from tests.playback.lessons import STEP_NS, both, number, pose, shape, write

START = 9_000_000_000
HOLD_NS = 100_000_000


class World:
    """A player, its clock, and what it has sent."""

    def __init__(self, lesson: Lesson) -> None:
        self.now = START
        self.lesson = lesson
        self.player = Player(lesson, clock_ns=lambda: self.now)
        self.head = self.player.playhead
        self.sent: list[tuple[int, ShapePacket | PosePacket]] = []

    async def step(self) -> list[int]:
        """What one step sends: the numbers of the poses."""
        before = len(self.poses)
        await self.player.step(lambda packet: self.sent.append((self.now, packet)))
        return [number(packet) for packet in self.poses[before:]]

    async def run(self, seconds: float, *, late_ns: int = 0) -> list[int]:
        """Wakes it whenever it wants, for so long; ``late_ns`` too late each time."""
        end, before = self.now + round(seconds * 1e9), len(self.poses)
        while True:
            await self.step()
            wake = self.player.wake_ns()
            assert wake >= self.now or self.head.jumps, "it would spin"
            if wake + late_ns > end:
                self.now = end
                return [number(packet) for packet in self.poses[before:]]
            self.now = max(self.now, wake) + late_ns

    @property
    def poses(self) -> list[PosePacket]:
        return [packet for _, packet in self.sent if isinstance(packet, PosePacket)]

    @property
    def times(self) -> list[int]:
        return [packet.time_ns for packet in self.poses]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Callable[..., World]]:
    lessons: list[Lesson] = []

    def make(packets=None, **options) -> World:
        path = write(tmp_path / f"{len(lessons)}.mcap", packets or both(500), **options)
        lessons.append(Lesson.open(path))
        return World(lessons[-1])

    yield make
    for lesson in lessons:
        lesson.close()


async def test_loaded_it_shows_the_first_pose_and_holds_it(world) -> None:
    w = world()
    assert await w.step() == [0]
    assert [type(packet) for _, packet in w.sent] == [ShapePacket, ShapePacket, PosePacket]
    assert await w.run(0.35) == [0, 0, 0]
    assert w.times == [START, *(START + k * HOLD_NS for k in (1, 2, 3))]


@pytest.mark.parametrize("rate", [0.25, 1.0, 1.5, 2.0])
async def test_every_pose_at_its_time(world, rate: float) -> None:
    w = world()
    w.head.set_rate(rate)
    await w.step()
    w.head.play()
    sent = await w.run(500 * 0.02 / rate + 0.05)
    assert sent[:499] == list(range(1, 500))
    assert sent[499:] in ([], [499])  # held at the end
    for k, time_ns in enumerate(w.times[:500]):
        assert time_ns == pytest.approx(START + k * STEP_NS / rate, abs=2)
    assert [packet.seq for packet in w.poses] == list(range(len(w.poses)))
    assert not w.head.playing


async def test_late_it_stamps_poses_with_when_they_were_due(world) -> None:
    w = world()
    await w.step()
    w.head.play()
    await w.run(1.0, late_ns=7_000_000)
    for k, time_ns in enumerate(w.times):
        assert time_ns == START + k * STEP_NS
    assert len(w.times) > 45


async def test_what_is_overtaken_is_skipped(world) -> None:
    w = world()
    await w.step()
    w.head.play()
    w.now += 5 * STEP_NS + 1
    assert await w.step() == [5]
    assert w.times[-1] == START + 5 * STEP_NS


async def test_after_a_long_stall_it_jumps(world) -> None:
    w = world()
    await w.step()
    w.head.play()
    w.now += 200 * STEP_NS
    before = w.lesson.chunks_read
    assert await w.step() == [200]
    assert w.lesson.chunks_read - before <= 2
    assert await w.run(0.05) == [201, 202]


@pytest.mark.parametrize("playing", [False, True])
async def test_after_a_seek_the_pose_there_is_out_at_once(world, playing: bool) -> None:
    w = world()
    await w.step()
    if playing:
        w.head.play()
    w.head.seek(300 * STEP_NS + STEP_NS // 2)
    assert w.player.wake_ns() == w.now
    assert await w.step() == [300]
    assert w.times == [START, START + 1]  # no two poses of one moment
    if playing:
        assert await w.run(0.011) == [301]
        assert w.times[-1] == START + STEP_NS // 2


async def test_seeking_sends_the_shapes_in_force_first_if_they_changed(world) -> None:
    packets = [shape(Side.LEFT, 1), *(pose(k, Side.LEFT) for k in range(100))]
    packets += [shape(Side.LEFT, 2), *(pose(k, Side.LEFT) for k in range(100, 200))]
    w = world(packets)
    await w.step()
    for position, beta in ((150, 2), (160, None), (50, 1), (100, 2), (99, 1)):
        before = len(w.sent)
        w.head.seek(position * STEP_NS)
        await w.step()
        kinds = [packet for _, packet in w.sent[before:]]
        assert [s.betas[0] for s in kinds[:-1]] == ([] if beta is None else [beta])
        assert number(kinds[-1]) == position


async def test_playing_over_a_new_shape(world) -> None:
    packets = [shape(Side.LEFT, 1), *(pose(k, Side.LEFT) for k in range(30))]
    packets += [shape(Side.LEFT, 2), *(pose(k, Side.LEFT) for k in range(30, 60))]
    w = world(packets, chunk_bytes=900)
    w.head.play()
    await w.run(2)
    kinds = [p.betas[0] if isinstance(p, ShapePacket) else number(p) for _, p in w.sent]
    assert kinds[:32] == [1, *range(30), 2]
    assert kinds[32:62] == [*range(30, 60)]


async def test_a_hand_without_shape_is_left_out(world) -> None:
    w = world([shape(Side.LEFT), *(pose(k, Side.LEFT, Side.RIGHT) for k in range(5))])
    w.head.play()
    await w.run(1)
    assert {hand.side for packet in w.poses for hand in packet.hands} == {Side.LEFT}


async def test_the_loop(world) -> None:
    w = world()
    w.head.set_loop((10 * STEP_NS, 20 * STEP_NS))
    await w.step()
    w.head.play()
    sent = await w.run(0.9)
    lap = list(range(10, 20))
    assert sent == [*range(1, 10), *lap, *lap, *lap, *range(10, 16)]
    gaps = {b - a for a, b in zip(w.times, w.times[1:], strict=False)}
    assert gaps == {STEP_NS}


async def test_slow_loops_and_a_change_of_rate_within(world) -> None:
    w = world()
    w.head.set_loop((0, w.lesson.duration_ns))
    w.head.set_rate(2.0)
    await w.step()
    w.head.play()
    await w.run(7.001)
    w.head.set_rate(0.25)
    await w.run(1)
    assert w.head.playing
    assert all(b > a for a, b in zip(w.times, w.times[1:], strict=False))
    assert [packet.seq for packet in w.poses] == list(range(len(w.poses)))


async def test_pause_holds_the_pose(world) -> None:
    w = world()
    await w.step()
    w.head.play()
    await w.run(0.105)
    w.head.pause()
    assert await w.run(1) == [5] * 10
    w.head.play()
    assert await w.run(0.1) == [6, 7, 8, 9, 10]


async def test_damaged_poses_are_passed_over(world, tmp_path: Path) -> None:
    w = world(both(200))
    path = tmp_path / "0.mcap"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 255
    path.write_bytes(data)
    w.head.play()
    sent = await w.run(5)
    assert w.lesson.damaged == 1
    first = [k for k in range(200) if k not in sent]
    assert 10 <= len(first) <= 25
    assert sent[-1] == 199
