"""A watcher plays the bridge's recordings: what it is told, refused, and after a loss."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import sdk_python as sdk
from bridge.protocol import PlaybackControl, PlaybackState
from sdk_python.control import is_done, position_s
from tests.bridge_fixture import running_bridge, until
from tests.playback.lessons import both, write

S = 1_000_000_000


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[str]:
    lessons = tmp_path / "lessons"
    lessons.mkdir()
    write(lessons / "etude.mcap", both(1001))  # 20 s
    write(lessons / "cut.mcap", both(1001), finish=False)
    async with running_bridge(tmp_path, lessons=lessons, grace_s=30) as url:
        yield url


def shown(pose: sdk.Pose) -> int:
    """Which pose of the recording this is: its wrist's x is that many centimetres."""
    return round(float(pose.wrist_m[1, 0]) * 100)


async def test_every_command_returns_the_state_in_which_it_is_done(bridge: str) -> None:
    async with sdk.connect(bridge) as poses:
        remote = poses.control
        assert set(await remote.recordings()) == {"etude", "cut"}
        state = await remote.load("etude")
        assert (state.recording, state.position_s, state.playing) == ("etude", 0.0, False)
        assert state.duration_s == pytest.approx(20.0)
        assert shown(await anext(poses)) == 0
        assert (await remote.rate(0.5)).rate == 0.5
        assert (await remote.loop(4.0, 5.0)).loop_s == (4.0, 5.0)
        state = await remote.seek(4.5)
        assert state.position_s == 4.5
        assert remote.position_s == 4.5
        assert (await remote.play()).playing
        while shown(pose := await anext(poses)) < 230:  # 4.6 s
            assert pose.seq >= 0
        assert 4.5 < remote.position_s < 5.0
        state = await remote.pause()
        assert not state.playing
        assert (await remote.end_loop()).loop_s is None
        assert poses.playback.loop_s is None
        assert poses.playback.recordings
        assert (await remote.unload()).recording is None
        assert remote.position_s is None


async def test_two_watchers_see_the_same(bridge: str) -> None:
    async with sdk.connect(bridge) as one, sdk.connect(bridge, role="learn") as two:
        await one.control.load("etude")
        await two.control.seek(7.0)
        await until(lambda: one.control.position_s == 7.0, "the other's seek")
        async with sdk.connect(bridge) as late:
            await until(lambda: late.playback, "the state, for who comes later")
            assert late.control.position_s == 7.0


async def test_what_the_bridge_refuses(bridge: str) -> None:
    async with sdk.connect(bridge) as poses:
        remote = poses.control
        for too_early in (remote.play(), remote.pause(), remote.seek(0), remote.rate(1)):
            with pytest.raises(sdk.PlaybackRefusedError, match="no recording is loaded"):
                await too_early
        await remote.load("etude")
        for refused, words in (
            (remote.load("nothing"), "nothing"),
            (remote.load("../etude"), "etude"),
            (remote.seek(20.5), r"position 20.500 s is not in the recording"),
            (remote.loop(1.0, 1.05), "0.1 s or more"),
            (remote.loop(19.0, 21.0), "not in the recording"),
        ):
            with pytest.raises(sdk.PlaybackRefusedError, match=words):
                await refused
            state = await remote.seek(3.0)  # it goes on as if nothing had been
            assert (state.recording, state.position_s, state.loop_s) == ("etude", 3.0, None)


async def test_a_recording_that_was_cut_off_is_loaded_all_the_same(bridge: str) -> None:
    async with sdk.connect(bridge) as poses:
        state = await poses.control.load("cut")
        assert state.recording == "cut"
        assert "cut off" in state.problem


async def test_a_bridge_without_recordings_and_one_that_forbids(tmp_path: Path) -> None:
    async with running_bridge(tmp_path / "a") as bridge, sdk.connect(bridge) as poses:
        with pytest.raises(sdk.PlaybackRefusedError, match="no recordings to play"):
            await poses.control.load("etude")
    (tmp_path / "b").mkdir()
    async with (
        running_bridge(tmp_path / "b", lessons=tmp_path / "b", playback_control="nobody") as bridge,
        sdk.connect(bridge) as poses,
    ):
        with pytest.raises(sdk.PlaybackRefusedError, match="you may not play"):
            await poses.control.load("etude")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (lambda r: r.rate(3), "rate must be from 0.25 to 2"),
        (lambda r: r.rate("fast"), "rate must be"),
        (lambda r: r.seek(float("nan")), "position_s must be"),
        (lambda r: r.seek(-1), "position_s must be"),
        (lambda r: r.loop(2, 1), "must end after it begins"),
        (lambda r: r.load("x" * 65), "recording"),
    ],
)
async def test_arguments_that_cannot_be_used(test_bridge, command: Any, words: str) -> None:
    async with sdk.connect(test_bridge.url) as poses:
        with pytest.raises(sdk.InputError, match=words):
            await command(poses.control)
    assert not any(isinstance(m, PlaybackControl) for m in test_bridge.received)


async def test_a_bridge_that_never_answers(test_bridge) -> None:
    async with sdk.connect(test_bridge.url) as poses:
        poses.control.timeout_s = 0.05
        with pytest.raises(sdk.TimedOutError, match=r"no answer to play within 0.05 s"):
            await poses.control.play()
        with pytest.raises(TimeoutError, match="named no recordings"):
            await poses.control.recordings()


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (lambda b: b.cut(), "connection lost"),
        (lambda b: b.end(lambda s: s.bye("over")), "has ended the room"),
    ],
)
async def test_the_connection_ends_while_a_command_waits(test_bridge, kit, how, words) -> None:
    async with sdk.connect(test_bridge.url) as poses:
        asked = asyncio.create_task(poses.control.play())
        await kit.until(lambda: PlaybackControl("play") in test_bridge.received)
        how(test_bridge)
        with pytest.raises(sdk.ConnectionFailedError, match=words):
            await asked
        for late in (poses.control.pause(), poses.control.recordings()):
            with pytest.raises(sdk.ConnectionFailedError, match=words):
                await late


async def test_a_command_whose_connection_is_lost_is_given_again(test_bridge, kit) -> None:
    async with sdk.connect(test_bridge.url, reconnect_s=20) as poses:
        asked = asyncio.create_task(poses.control.play())
        await kit.until(lambda: PlaybackControl("play") in test_bridge.received)
        test_bridge.cut()
        await kit.until(lambda: test_bridge.received.count(PlaybackControl("play")) == 2)
        playing = PlaybackState(test_bridge.clock_ns(), "etude", 20.0, 3.0, True, 1.0)
        test_bridge.send(playing)
        assert await asked == playing


async def test_control_goes_on_after_a_loss(bridge: str) -> None:
    async with sdk.connect(bridge, reconnect_s=20) as poses:
        await poses.control.load("etude")
        await poses.control.seek(5.0)
        poses._connection._websocket.transport.abort()
        assert (await poses.control.rate(2.0)).position_s == 5.0
        assert poses.reconnected == 1


def state(position: float, *, at: float = 100.0, **fields: Any) -> PlaybackState:
    values = {"recording": "etude", "playing": False, "rate": 1.0, "duration_s": 20.0} | fields
    return PlaybackState(round(at * S), position_s=position, **values)


@pytest.mark.parametrize(
    ("told", "done"),
    [
        (state(5.0), True),
        (state(5.2), False),  # paused elsewhere
        (state(5.2, playing=True), False),  # where it was before: 0.1 s cannot have brought it here
        (state(5.1, playing=True), True),
        (state(5.3, playing=True, rate=2.0), True),
        (state(4.999, playing=True), False),
        (state(5.0, at=99.8), False),  # said before the command was sent
        (state(5.0, problem="no"), False),
        (state(1.02, playing=True, loop_s=(1.0, 5.05)), True),  # round the loop meanwhile
        (state(1.5, playing=True, loop_s=(1.0, 5.05)), False),
        (state(0.0, recording=None), False),
    ],
)
def test_a_state_from_before_a_seek_is_not_its_answer(told: PlaybackState, done: bool) -> None:
    seek = PlaybackControl("seek", position_s=5.0)
    assert is_done(seek, told, before=None, sent_ns=round(99.9 * S)) is done


def test_loading_what_is_loaded_already_needs_a_fresh_state() -> None:
    load, before = PlaybackControl("load", recording="etude"), state(3.0)
    for told, done in (
        (state(3.0), False),
        (state(0.0, rate=0.5), False),
        (state(0.0), True),
        (state(0.0, problem="was cut off"), True),
    ):
        assert is_done(load, told, before=before, sent_ns=0) is done
    other = state(3.0, recording="scale")
    assert is_done(load, state(0.1, playing=True), before=other, sent_ns=0)


@pytest.mark.parametrize(
    ("told", "later_s", "there"),
    [
        (state(3.0), 2.0, 3.0),
        (state(3.0, playing=True), 2.0, 5.0),
        (state(3.0, playing=True, rate=0.5), 2.0, 4.0),
        (state(19.0, playing=True), 2.0, 20.0),
        (state(3.0, playing=True, loop_s=(2.0, 4.0)), 2.5, 3.5),
        (state(5.0, playing=True, loop_s=(2.0, 4.0)), 1.0, 6.0),  # past the loop
        (state(3.0, playing=True), -1.0, 3.0),
    ],
)
def test_the_position_between_two_states(told: PlaybackState, later_s: float, there: float) -> None:
    assert position_s(told, told.time_ns + round(later_s * S)) == pytest.approx(there)
