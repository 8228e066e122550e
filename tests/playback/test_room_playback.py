"""Watchers of a real bridge play recordings: what all of them get, and what is refused."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import sdk_python as sdk
from bridge.playback import may_control
from bridge.protocol import PlaybackControl, PlaybackState, PosePacket, ShapePacket, Side
from bridge.streams import publish
from tests.bridge_fixture import grey_video, running_bridge, until
from tests.playback.lessons import STEP_NS, both, number, open_files, write
from tests.playback.watcher import Watcher, watching

COUNT = 3000  # poses of the etude


async def first_state(watcher: Watcher) -> PlaybackState:
    """The first state that knows what can be loaded."""
    await until(lambda: any(s.recordings for s in watcher.states), "names of recordings")
    return next(s for s in watcher.states if s.recordings)


async def test_a_subscriber_is_told_what_can_be_played(bridge: str) -> None:
    async with watching(bridge) as watcher:
        state = await first_state(watcher)
        assert set(state.recordings) == {"etude", "Scale"}
        assert (state.recording, state.playing, state.problem) == (None, False, None)
        assert watcher.poses == []


async def test_loading_shows_the_first_pose_to_all(bridge: str) -> None:
    async with watching(bridge) as one, watching(bridge, role="learn") as two:
        state = await two.control("load", recording="etude")
        assert (state.recording, state.playing, state.problem) == ("etude", False, None)
        assert (state.position_s, state.rate, state.loop_s) == (0.0, 1.0, None)
        assert state.duration_s == pytest.approx((COUNT - 1) * 0.02)
        for watcher in (one, two):
            await until(lambda: len(watcher.poses) > 2, "poses")  # noqa: B023
            assert watcher.states[-1].recording == "etude"
            assert {number(packet) for packet in watcher.poses} == {0}
            assert [s.side for s in watcher.shapes] == [Side.LEFT, Side.RIGHT]


async def test_playing_sends_all_poses_in_order_on_the_bridge_s_clock(bridge: str) -> None:
    async with watching(bridge) as watcher:
        await watcher.control("load", recording="Scale")
        before = watcher.session.welcome.time_ns
        state = await watcher.control("play")
        assert state.playing
        await until(lambda: not watcher.states[-1].playing, "the end")
        end = watcher.states[-1]
        assert end.position_s == pytest.approx(end.duration_s)
        await until(lambda: number(watcher.poses[-1]) == 49, "the last pose")
    numbers = [number(packet) for packet in watcher.poses]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) > 25  # a stalled machine skips what is overtaken
    seqs = [packet.seq for packet in watcher.poses]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    times = [packet.time_ns for packet in watcher.poses]
    assert times == sorted(set(times))
    assert before <= times[0] <= times[-1] <= end.time_ns + 10**10
    # The moving poses are as far apart as they were recorded.
    moving = {number(p): p.time_ns for p in watcher.poses if 0 < number(p) < 49}
    first = min(moving)
    for k, time_ns in moving.items():
        assert time_ns - moving[first] == pytest.approx((k - first) * STEP_NS, abs=10)


async def test_a_seek_is_followed_by_the_pose_there(bridge: str) -> None:
    async with watching(bridge) as watcher:
        await watcher.control("load", recording="etude")
        for position in (31.01, 0.0, 59.98, 12.345):
            state = await watcher.control("seek", position_s=position)
            assert state.problem is None
            assert state.position_s == pytest.approx(position, abs=1e-6)
            # The pose is out before the news.
            assert number(watcher.poses[-1]) == int(position * 1000) // 20


async def test_rate_pause_and_loop(bridge: str) -> None:
    async with watching(bridge) as watcher:
        await watcher.control("load", recording="etude")
        assert (await watcher.control("rate", rate=2.0)).rate == 2.0
        state = await watcher.control("loop", loop_s=(1.0, 1.2))
        assert state.loop_s == (1.0, 1.2)
        await watcher.control("seek", position_s=1.0)
        await watcher.control("play")
        await until(lambda: sum(number(p) == 50 for p in watcher.poses) > 3, "three times round")
        # The jump is news, too: a client's own clock would not know of it.
        assert sum(s.playing for s in watcher.states) >= 3
        state = await watcher.control("pause")
        while state.playing:
            state = await watcher.wait(lambda: watcher.states[-1], "a state")
            await asyncio.sleep(0)
        numbers = {number(p) for p in watcher.poses[1:]}
        assert numbers <= {0, *range(50, 60)}
        assert 1.0 <= state.position_s < 1.2
        assert (await watcher.control("loop", loop_s=None)).loop_s is None


async def test_the_state_comes_once_a_second(bridge: str) -> None:
    async with watching(bridge) as watcher:
        await watcher.control("load", recording="etude")
        count = len(watcher.states)
        await until(lambda: len(watcher.states) >= count + 2, "two more states")


async def test_who_joins_later_sees_the_hands_and_the_state(bridge: str) -> None:
    async with watching(bridge) as one:
        await one.control("load", recording="etude")
        await one.control("seek", position_s=10.0)
        async with watching(bridge) as two:
            await until(lambda: two.poses and two.states, "pose and state")
            assert number(two.poses[0]) == 500
            assert two.states[0].recording == "etude"
            assert two.states[0].position_s == 10.0
            assert {s.side for s in two.shapes} == {Side.LEFT, Side.RIGHT}
            kinds = [type(m) for m in two.messages]
            assert kinds.index(ShapePacket) < kinds.index(PosePacket)


async def test_another_recording_takes_its_place(bridge: str) -> None:
    async with watching(bridge) as watcher:
        await watcher.control("load", recording="etude")
        await watcher.control("rate", rate=0.5)
        state = await watcher.control("load", recording="Scale")
        assert (state.recording, state.rate, state.position_s) == ("Scale", 1.0, 0.0)
        assert watcher.shapes[-1].betas[0] == 3
        assert {hand.side for hand in watcher.poses[-1].hands} == {Side.LEFT}
        state = await watcher.control("unload")
        assert (state.recording, state.duration_s) == (None, 0.0)
        count = len(watcher.poses)
        await asyncio.sleep(0.3)
        assert len(watcher.poses) == count


@pytest.mark.parametrize(
    ("command", "fields", "words"),
    [
        ("load", {"recording": "nothing"}, "there is no recording 'nothing'"),
        ("load", {"recording": "../etude"}, "is no name of a recording"),
        ("load", {"recording": "broken"}, "recording broken is not an MCAP file"),
        ("seek", {"position_s": 60.0}, "position 60.000 s is not in the recording"),
        ("loop", {"loop_s": (59.0, 61.0)}, "position 61.000 s is not in the recording"),
        ("loop", {"loop_s": (1.0, 1.05)}, "a loop must last 0.1 s"),
    ],
)
async def test_what_cannot_be_done_is_told_to_who_asked_and_changes_nothing(
    bridge: str, lessons: Path, command: str, fields: dict, words: str
) -> None:
    (lessons / "broken.mcap").write_text("nothing")
    async with watching(bridge) as one, watching(bridge) as two:
        await one.control("load", recording="etude")
        await one.control("seek", position_s=5.0)
        await until(lambda: two.states[-1].position_s == 5.0, "the seek at the other")
        state = await one.control(command, **fields)
        assert words in state.problem
        assert (state.recording, state.position_s, state.loop_s) == ("etude", 5.0, None)
        await one.control("play")  # the connection is open
        await until(lambda: two.states[-1].playing, "play at the other")
        assert all(s.problem is None for s in two.states)


@pytest.mark.parametrize("command", ["play", "pause", "seek", "rate", "loop"])
async def test_nothing_is_loaded(bridge: str, command: str) -> None:
    fields = {"seek": {"position_s": 1.0}, "rate": {"rate": 2.0}, "loop": {"loop_s": (1.0, 2.0)}}
    async with watching(bridge) as watcher:
        state = await watcher.control(command, **fields.get(command, {}))
        assert state.problem == "no recording is loaded: load one first"
        assert (await watcher.control("unload")).problem is None


async def test_many_commands_at_once(bridge: str) -> None:
    """The last one counts; those that find no place are told so."""
    async with watching(bridge) as watcher:
        await watcher.control("load", recording="etude")
        for k in range(300):
            watcher.session.send(PlaybackControl("seek", position_s=k / 10))
        await watcher.flush()
        watcher.session.send(PlaybackControl("rate", rate=0.75))
        await watcher.flush()
        await until(lambda: any(s.rate == 0.75 or s.problem for s in watcher.states), "an answer")
        assert {s.problem for s in watcher.states} <= {
            None,
            "too many commands at once: wait until they are done",
        }
        assert len(watcher.poses) < 300  # not one for each
        await until(lambda: watcher.states[-1].problem is None, "a state by itself")
        assert (await watcher.control("seek", position_s=50.0)).position_s == 50.0


async def test_a_cut_off_recording_is_played_and_said(bridge: str, lessons: Path) -> None:
    write(lessons / "cut.mcap", both(500), finish=False)
    async with watching(bridge) as watcher:
        state = await watcher.control("load", recording="cut")
        assert state.recording == "cut"
        assert "was cut off or damaged" in state.problem
        assert (await watcher.control("play")).problem is None


async def test_a_device_that_joins_ends_it(bridge: str, tmp_path: Path) -> None:
    video = grey_video(tmp_path / "grey.mp4")
    stop = asyncio.Event()
    async with watching(bridge) as watcher:
        await watcher.control("load", recording="etude")
        await watcher.control("play")
        task = asyncio.create_task(
            publish(video, f"{bridge}/whip/lesson", view="phone", loop=True, stop=stop)
        )
        await until(lambda: watcher.states[-1].recording is None, "its end")
        state = watcher.states[-1]
        assert state.problem == "device phone has joined: the lesson is live"
        assert not state.playing
        count = len(watcher.poses)
        await until(lambda: len(watcher.poses) > count + 3, "live poses")
        assert all(packet.hands == () for packet in watcher.poses[count + 3 :])
        seqs = [packet.seq for packet in watcher.poses]
        assert seqs == sorted(set(seqs))
        state = await watcher.control("load", recording="etude")
        assert "room lesson has live devices" in state.problem
        stop.set()
        await task
        await until(lambda: watcher.messages and _no_views(watcher), "it left")
        state = await watcher.control("load", recording="etude")
        assert (state.recording, state.problem) == ("etude", None)


def _no_views(watcher: Watcher) -> bool:
    statuses = [m for m in watcher.messages if m.TYPE == "status"]
    return bool(statuses) and statuses[-1].views == ()


async def test_a_player_from_outside_ends_it(bridge: str, lessons: Path) -> None:
    lesson = sdk.Recording.open(lessons / "Scale.mcap")
    async with watching(bridge) as watcher:
        await watcher.control("load", recording="etude")
        task = asyncio.create_task(sdk.play(lesson, bridge, loop=True))
        await until(lambda: watcher.states[-1].recording is None, "its end")
        assert "from outside" in watcher.states[-1].problem
        state = await watcher.control("load", recording="etude")
        assert "already played" in state.problem
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("policy", ["publishers", "nobody"])
async def test_who_may_control(tmp_path: Path, lessons: Path, policy: str) -> None:
    async with (
        running_bridge(tmp_path, lessons=lessons, playback_control=policy) as bridge,
        watching(bridge) as watcher,
    ):
        state = await watcher.control("load", recording="etude")
        if policy == "nobody":
            assert state.problem == "you may not play recordings in this room"
            assert state.recording is None
        else:  # without tokens everybody may publish
            assert state.recording == "etude"


def test_who_may_control_with_tokens() -> None:
    assert may_control("watchers", "watch")
    assert may_control("publishers", "publish")
    assert not may_control("publishers", "watch")
    assert not may_control("nobody", "publish")
    assert not may_control("nobody", None)


async def test_a_bridge_without_lessons_says_so(tmp_path: Path) -> None:
    async with running_bridge(tmp_path) as bridge, watching(bridge) as watcher:
        state = await watcher.control("load", recording="etude")
        assert "--lessons" in state.problem
        assert len(watcher.states) == 1  # and nothing before it


async def test_closing_the_bridge_closes_the_file(tmp_path: Path, lessons: Path) -> None:
    async with running_bridge(tmp_path, lessons=lessons) as bridge, watching(bridge) as watcher:
        await watcher.control("load", recording="etude")
        await watcher.control("play")
    assert "etude.mcap" not in open_files()
    assert not [task for task in asyncio.all_tasks() if "playback" in task.get_name()]
