"""Learners in a room of a real bridge: they are scored, and the lesson waits for them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

import sdk_python as sdk
from bridge.protocol import PlaybackState
from tests.bridge_fixture import running_bridge
from tests.scoring.test_following import bent
from tests.sdk.comparison.takes import lesson_times, take

END_S = 20.0


@pytest.fixture(scope="module")
def lesson() -> sdk.Recording:
    return take(lesson_times(END_S))


@pytest.fixture
async def bridge(tmp_path: Path, lesson: sdk.Recording) -> AsyncIterator[str]:
    lessons = tmp_path / "lessons"
    lessons.mkdir()
    lesson.save(lessons / "etude.mcap")
    async with running_bridge(tmp_path, lessons=lessons) as url:
        yield url


async def send(stream: sdk.PoseStream, hands: sdk.Recording, until_s: float, rate: float = 1.0):
    """Plays as a learner does, 30 frames a second: hands of a lesson, at a rate of it."""
    begin_s = time.monotonic()
    while (at_s := (time.monotonic() - begin_s) * rate) < until_s:
        k = round(at_s * 60)
        await stream.send_hands(hands.pose_quat[k], hands.wrist_m[k])
        await asyncio.sleep(1 / 30)


async def test_scores_reach_everyone_in_the_room(bridge: str, lesson: sdk.Recording) -> None:
    own_take = take(lesson_times(END_S), edit=bent)
    async with sdk.connect(bridge, role="learn") as learner, sdk.connect(bridge) as other:
        await learner.send_hands(lesson.pose_quat[0], lesson.wrist_m[0])  # nothing is loaded yet
        await other.control.load("etude")
        await other.control.play()
        began_s = time.monotonic()
        await send(learner, own_take, 5.0)
        elapsed_s = time.monotonic() - began_s
        assert learner.scores.dropped == other.scores.dropped == 0
        seen = [await anext(other.scores) for _ in range(other.scores.waiting)]
        assert {score.learner for score in seen} == {learner.learner}
        assert 10 < len(seen) <= 10 * elapsed_s + 1
        assert abs(learner.scores.waiting - len(seen)) <= 1
        late = seen[-10:]
        index = sdk.FINGERS.index("index")
        error = np.degrees(np.median([s.finger_error_rad for s in late], axis=0))
        assert error[1, index] == pytest.approx(15, abs=4)
        assert np.delete(error.ravel(), 5 + index).max() < 5
        places = [s.position_s for s in late if s.position_s is not None]
        # The learner began a moment after the lesson.
        assert abs(places[-1] - other.control.position_s) < 1.0
        await other.control.unload()
        await send(learner, own_take, 0.3)
        told = other.scores.waiting
        await send(learner, own_take, 0.3)
        assert other.scores.waiting == told


async def test_a_bridge_that_scores_nobody(tmp_path: Path, lesson: sdk.Recording) -> None:
    lesson.save(tmp_path / "etude.mcap")
    async with (
        running_bridge(tmp_path, lessons=tmp_path, max_scored_learners=0) as bridge,
        sdk.connect(bridge, role="learn") as learner,
    ):
        await learner.control.load("etude")
        await send(learner, lesson, 0.5)
        assert learner.scores.last is None


async def test_the_lesson_waits_for_a_learner_and_goes_on(
    bridge: str, lesson: sdk.Recording
) -> None:
    async with sdk.connect(bridge, role="learn") as learner, sdk.connect(bridge) as watcher:
        states: list[PlaybackState] = []

        async def wait() -> None:
            async for score in sdk.wait_mode(watcher, learner=learner.learner, behind_s=0.8):
                assert score.learner == learner.learner
                if not states or states[-1].playing != watcher.playback.playing:
                    states.append(watcher.playback)

        waiting = asyncio.create_task(wait())
        await learner.control.load("etude")
        await learner.control.play()
        await send(learner, lesson, 3.6, rate=0.6)  # more than two seconds late after six
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    pauses = [state.position_s for state in states if not state.playing]
    assert pauses
    assert [state.playing for state in states[:3]] == [True, False, True]
    assert max(state.position_s for state in states) < 3.6 + 1.5  # never far ahead


@pytest.mark.parametrize("times", [(1.0, 1.0), (0.5, 1.0), (1.0, -0.1), (float("nan"), 0.1)])
async def test_times_that_contradict_each_other(times: tuple[float, float]) -> None:
    behind_s, caught_up_s = times
    with pytest.raises(sdk.InputError, match="caught_up_s must be"):
        await anext(sdk.wait_mode(None, behind_s=behind_s, caught_up_s=caught_up_s))
