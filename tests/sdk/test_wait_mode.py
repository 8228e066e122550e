"""When a lesson is paused for a learner, and when it is not, told by a bridge that is made up."""

from __future__ import annotations

import asyncio

import pytest

import sdk_python as sdk
from bridge.protocol import PlaybackControl, PlaybackState, Score, Subscribe


class Lesson:
    """A room whose lesson does what it is told, and learners who are where a test says."""

    def __init__(self, bridge, kit) -> None:
        self.bridge, self.kit = bridge, kit
        self.position_s, self.playing = 10.0, True
        self.taken: list[sdk.LiveScore] = []

    async def run(self, **options) -> None:
        async with sdk.connect(self.bridge.url) as poses:
            async for score in sdk.wait_mode(poses, **options):
                self.taken.append(score)

    def tell(self) -> None:
        now_ns = self.bridge.clock_ns()
        state = PlaybackState(now_ns, "etude", 60.0, self.position_s, self.playing, 1.0)
        self.bridge.send(state)

    async def score(self, position_s: float | None, learner: str = "learner-1") -> list[str]:
        """The learner is there; returns the commands that follow."""
        count, told = len(self.taken), len(self.commands)
        self.tell()
        self.bridge.send(Score(self.bridge.clock_ns(), learner, None, (), position_s))
        while len(self.taken) == count:
            if len(self.commands) > told:
                self.playing = self.commands[-1] == "play"
                self.tell()
            await asyncio.sleep(0.01)
        return self.commands[told:]

    @property
    def commands(self) -> list[str]:
        return [m.command for m in self.bridge.received if isinstance(m, PlaybackControl)]


@pytest.fixture
async def start(test_bridge, kit):
    tasks = []

    async def begin(**options) -> Lesson:
        lesson = Lesson(test_bridge, kit)
        tasks.append(asyncio.create_task(lesson.run(**options)))
        await kit.until(lambda: any(isinstance(m, Subscribe) for m in test_bridge.received))
        return lesson

    yield begin
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_it_pauses_for_who_is_behind_and_plays_when_they_are_there(start) -> None:
    lesson = await start()
    assert await lesson.score(9.5) == []
    assert await lesson.score(None) == []
    assert await lesson.score(8.8) == ["pause"]
    assert await lesson.score(9.2) == []
    assert await lesson.score(9.5) == []  # not there yet
    assert await lesson.score(None) == []
    assert await lesson.score(9.8) == ["play"]
    assert await lesson.score(12.0) == []  # ahead


async def test_what_others_pause_stays_paused(start) -> None:
    lesson = await start()
    lesson.playing = False
    assert await lesson.score(8.0) == []
    assert await lesson.score(10.0) == []
    lesson.playing = True
    assert await lesson.score(8.0) == ["pause"]
    lesson.playing = True  # somebody does not want to wait
    assert await lesson.score(9.5) == []
    lesson.playing = False  # and pauses it again
    assert await lesson.score(10.0) == []


async def test_it_waits_for_the_slowest_and_for_nobody_who_is_gone(start, monkeypatch) -> None:
    lesson = await start()
    assert await lesson.score(8.0, "learner-1") == ["pause"]
    assert await lesson.score(10.0, "learner-2") == []
    assert await lesson.score(10.0, "learner-1") == ["play"]
    assert await lesson.score(8.0, "learner-1") == ["pause"]
    monkeypatch.setattr("sdk_python.waiting._GONE_NS", 1)
    assert await lesson.score(10.0, "learner-2") == ["play"]


async def test_it_waits_for_one_learner_alone(start) -> None:
    lesson = await start(learner="learner-1", behind_s=3.0)
    assert await lesson.score(2.0, "learner-2") == []
    assert await lesson.score(7.5, "learner-1") == []
    assert await lesson.score(6.5, "learner-1") == ["pause"]
