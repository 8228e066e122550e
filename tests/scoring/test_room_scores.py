"""Whose hands are scored, when, and how often, with scorers that are made up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest

from bridge.errors import InputError
from bridge.protocol import LearnerHands, PlaybackState, Score
from bridge.scoring.room_scores import RoomScores
from tests.bridge_fixture import until

S = 1_000_000_000


class Made:
    """A scorer that says what it was told."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.seeks: list[float] = []
        self.seen: list[int] = []

    def follow(self, hands: LearnerHands) -> None:
        self.world.may_go.wait()
        self.seen.append(hands.seq)
        if self.world.fault is not None:
            raise self.world.fault
        self.hands = hands

    def score(self) -> Score | None:
        return Score(self.hands.time_ns, self.hands.learner, None, (), float(self.hands.seq))

    def seek(self, position_s: float) -> None:
        self.seeks.append(position_s)


class World:
    def __init__(self, most: int = 4) -> None:
        self.now_ns = S
        self.opened: list[str] = []
        self.made: list[Made] = []
        self.sent: list[Score] = []
        self.dropped = 0
        self.fault: Exception | None = None
        self.may_go = threading.Event()
        self.may_go.set()
        self.scores = RoomScores(
            "lesson",
            self.open,
            self.sent.append,
            most=most,
            on_dropped=self.drop,
            now_ns=lambda: self.now_ns,
        )

    def drop(self) -> None:
        self.dropped += 1

    def open(self, name: str):
        self.opened.append(name)
        if name == "short":
            raise InputError("the lesson is too short")

        def make() -> Made:
            self.made.append(Made(self))
            return self.made[-1]

        return make

    def play(self, name: str | None = "etude", position_s: float = 0.0, **fields) -> None:
        values = {"duration_s": 60.0, "playing": False, "rate": 1.0} | fields
        state = PlaybackState(self.now_ns, name, position_s=position_s, **values)
        self.scores.played(state)

    async def move(self, seq: int, learner: str = "learner-1") -> None:
        """Hands come, and are looked at."""
        self.now_ns += S // 60
        self.scores.moved(LearnerHands(seq, self.now_ns, learner))
        await self.idle()

    async def idle(self) -> None:
        await asyncio.wrap_future(self.scores._thread.submit(lambda: None))
        await asyncio.sleep(0)
        await asyncio.sleep(0)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    yield world
    await world.scores.close()


async def test_hands_are_scored_only_while_a_lesson_is_loaded(world: World) -> None:
    await world.move(0)
    world.play(None)
    await world.move(1)
    assert (world.opened, world.sent) == ([], [])
    world.play("etude")
    await world.move(2)
    assert world.opened == ["etude"]
    assert [score.position_s for score in world.sent] == [2.0]
    assert world.sent[0].learner == "learner-1"
    world.play(None)
    await world.move(3)
    assert len(world.sent) == 1


async def test_a_long_lesson_is_not_scored(world: World) -> None:
    world.play("etude", duration_s=1201.0)
    await world.move(0)
    assert world.opened == []


async def test_ten_scores_a_second_and_every_frame_is_followed(world: World) -> None:
    world.play()
    for seq in range(60):
        await world.move(seq)
        await world.move(seq, "learner-2")
    assert [made.seen for made in world.made] == [list(range(60))] * 2
    for learner in ("learner-1", "learner-2"):
        times = [score.time_ns for score in world.sent if score.learner == learner]
        assert 15 <= len(times) <= 21
        assert min(b - a for a, b in pairwise(times)) >= S // 10


async def test_another_lesson_is_another_scorer(world: World) -> None:
    world.play("etude")
    await world.move(0)
    world.play("scale")
    await world.move(1)
    assert world.opened == ["etude", "scale"]
    assert [made.seen for made in world.made] == [[0], [1]]


async def test_a_jump_is_told_and_playing_on_is_none(world: World) -> None:
    world.play(position_s=10.0, playing=True)
    await world.move(0)
    for position_s, rate, after_s in ((11.0, 1.0, 1.0), (12.0, 0.5, 1.0), (12.5, 0.5, 1.0)):
        world.now_ns += round(after_s * S)
        world.play(position_s=position_s, playing=True, rate=rate)
        await world.move(int(position_s))
    assert world.made[0].seeks == []
    world.play(position_s=3.0, playing=True)  # a seek, or the end of a loop
    await world.move(50)
    assert world.made[0].seeks == [3.0]
    world.play(position_s=3.0)
    world.play(position_s=20.0)
    world.play(position_s=30.0)
    await world.move(51)
    assert world.made[0].seeks == [3.0, 30.0]


async def test_newer_hands_take_the_place_of_those_that_wait(world: World) -> None:
    world.play()
    await world.move(0)
    world.may_go.clear()
    for seq in range(1, 5):
        world.now_ns += S // 60
        world.scores.moved(LearnerHands(seq, world.now_ns, "learner-1"))
        if seq == 1:
            await until(lambda: world.scores._learners["learner-1"].waiting is None, "it is taken")
    world.may_go.set()
    await world.idle()
    assert world.made[0].seen == [0, 1, 4]
    assert world.dropped == 2


async def test_a_flood_of_hands_costs_no_more_than_a_headset(world: World) -> None:
    world.play()
    for seq in range(1000):
        world.now_ns += S // 1000
        world.scores.moved(LearnerHands(seq, world.now_ns, "learner-1"))
        await world.idle()
    assert 75 < len(world.made[0].seen) <= 84
    assert world.dropped == 1000 - len(world.made[0].seen)


async def test_more_learners_than_may_be_are_not_scored() -> None:
    world = World(most=2)
    world.play()
    for k in range(4):
        await world.move(0, f"learner-{k}")
    assert {score.learner for score in world.sent} == {"learner-0", "learner-1"}
    world.scores.left("learner-0")
    await world.move(1, "learner-3")
    assert world.sent[-1].learner == "learner-3"
    await world.scores.close()


async def test_who_leaves_while_being_scored_gets_no_score(world: World) -> None:
    world.play()
    world.may_go.clear()
    world.scores.moved(LearnerHands(0, world.now_ns, "learner-1"))
    world.scores.left("learner-1")
    world.may_go.set()
    await world.idle()
    assert world.sent == []


async def test_lessons_that_are_gone_are_not_opened(world: World) -> None:
    """Whoever loads one after the other faster than they can be read costs one at a time."""
    world.may_go.clear()
    world.play("first")
    world.scores.moved(LearnerHands(0, world.now_ns, "learner-1"))
    await until(lambda: world.made, "the first is being scored")
    for k in range(10):
        world.play(f"lesson-{k}")
        world.now_ns += S
        world.scores.moved(LearnerHands(k, world.now_ns, "learner-1"))
    world.may_go.set()
    await world.idle()
    assert world.opened == ["first", "lesson-9"]


async def test_what_cannot_be_scored_is_said_once_and_hurts_nobody(world: World, caplog) -> None:
    world.play("short")
    for seq in range(5):
        await world.move(seq)
    assert world.opened == ["short"]
    world.play("etude")
    world.fault = ZeroDivisionError("a fault")
    for seq in range(5):
        await world.move(seq)
    assert world.sent == []
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR"]
    assert "short cannot be scored: the lesson is too short" in caplog.text
    world.fault = None
    world.play("scale")
    await world.move(9)
    assert len(world.sent) == 1


async def test_closing_waits_for_what_is_done_and_takes_no_more() -> None:
    world = World()
    world.play()
    world.may_go.clear()
    world.scores.moved(LearnerHands(0, world.now_ns, "learner-1"))
    closing = asyncio.create_task(world.scores.close())
    await asyncio.sleep(0.05)
    assert not closing.done()
    world.may_go.set()
    await closing
    world.scores.moved(LearnerHands(1, world.now_ns, "learner-1"))
    assert world.sent == []
