"""A room's playback by itself: files that fail, closing, recordings that come and go."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.errors import InputError
from bridge.playback import Lesson, Library, RoomPlayback
from bridge.protocol import PlaybackControl, PlaybackState, PosePacket, ShapePacket
from tests.bridge_fixture import running_bridge, until
from tests.playback.lessons import both, open_files, write
from tests.playback.watcher import watching


class Host:
    """A room that keeps what is sent."""

    def __init__(self) -> None:
        self.states: list[PlaybackState] = []
        self.packets: list[ShapePacket | PosePacket] = []
        self.why: str | None = None

    def busy(self) -> str | None:
        return self.why

    def send_played(self, packet: ShapePacket | PosePacket) -> None:
        self.packets.append(packet)

    def announce(self, state: PlaybackState) -> None:
        self.states.append(state)


@pytest.fixture
async def room(lessons: Path) -> AsyncIterator[tuple[RoomPlayback, Host]]:
    host = Host()
    playback = RoomPlayback(Library(lessons), host, name="lesson")
    playback.open()
    yield playback, host
    await playback.close()


async def test_a_file_that_fails_ends_the_recording_and_not_the_room(room) -> None:
    playback, host = room
    playback.control(PlaybackControl("load", recording="etude"), host.states.append)
    await until(lambda: host.packets, "the first pose")
    playback._player.lesson.close()
    playback.control(PlaybackControl("seek", position_s=30.0), host.states.append)
    await until(lambda: host.states[-1].recording is None, "its end")
    assert "recording etude is closed" in host.states[-1].problem
    assert playback.recording is None
    playback.control(PlaybackControl("load", recording="Scale"), host.states.append)
    await until(lambda: host.states[-1].recording == "Scale", "another one")


async def test_a_fault_of_our_own_ends_the_recording_and_not_the_room(room, monkeypatch) -> None:
    playback, host = room
    playback.control(PlaybackControl("load", recording="etude"), host.states.append)
    await until(lambda: host.packets, "the first pose")
    monkeypatch.setattr(playback._player, "step", lambda send: 1 / 0)
    await until(lambda: host.states[-1].recording is None, "its end")
    assert host.states[-1].problem == "playback failed; the bridge's log says how"
    monkeypatch.undo()
    playback.control(PlaybackControl("load", recording="Scale"), host.states.append)
    await until(lambda: host.states[-1].recording == "Scale", "another one")


async def test_a_device_may_join_while_a_recording_is_being_opened(room) -> None:
    playback, host = room
    busy = iter([None, "live", "live"])
    host.busy = lambda: next(busy)
    playback.control(PlaybackControl("load", recording="etude"), host.states.append)
    await until(lambda: any(s.problem for s in host.states), "a refusal")
    assert {s.problem for s in host.states} == {None, "live"}
    assert {s.recording for s in host.states} == {None}
    assert host.packets == []


async def test_ended_it_sends_nothing_more(room) -> None:
    playback, host = room
    playback.control(PlaybackControl("load", recording="etude"), host.states.append)
    playback.control(PlaybackControl("play"), host.states.append)
    await until(lambda: len(host.packets) > 5, "poses")
    playback.end("something else")
    count = len(host.packets)
    assert (host.states[-1].recording, host.states[-1].problem) == (None, "something else")
    await asyncio.sleep(0.2)
    assert len(host.packets) == count


async def test_closing_while_a_recording_is_being_opened(lessons: Path, monkeypatch) -> None:
    opening, go_on = threading.Event(), threading.Event()

    class Slow(Library):
        def open(self, name: str, **options) -> Lesson:
            lesson = super().open(name, **options)
            opening.set()
            go_on.wait()
            return lesson

    host = Host()
    playback = RoomPlayback(Slow(lessons), host, name="lesson")
    playback.open()
    playback.control(PlaybackControl("load", recording="etude"), host.states.append)
    await until(opening.is_set, "opening")
    closing = asyncio.create_task(playback.close())
    await asyncio.sleep(0.05)
    go_on.set()
    await closing
    assert "etude.mcap" not in open_files()
    assert host.packets == []


async def test_new_recordings_are_news(room, lessons: Path, monkeypatch) -> None:
    monkeypatch.setattr("bridge.playback.room_playback._NAMES_INTERVAL_NS", 1)
    playback, host = room
    playback.control(PlaybackControl("unload"), host.states.append)
    await until(lambda: host.states and "etude" in host.states[-1].recordings, "names")
    write(lessons / "new.mcap", both(10))
    await until(lambda: "new" in host.states[-1].recordings, "another name")


async def test_a_recording_that_goes_away_ends_and_the_room_goes_on(
    bridge: str, lessons: Path
) -> None:
    async with watching(bridge) as watcher:
        await watcher.control("load", recording="etude")
        (lessons / "etude.mcap").unlink()  # an open file stays
        assert (await watcher.control("seek", position_s=30.0)).problem is None
        state = await watcher.control("load", recording="etude")
        assert "there is no recording" in state.problem
        assert state.recording == "etude"
        assert (await watcher.control("load", recording="Scale")).recording == "Scale"


async def test_a_folder_of_lessons_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no folder of lessons"):
        async with running_bridge(tmp_path, lessons=tmp_path / "nowhere"):
            pass
