"""A room's recording: what cannot be recorded is told once, tried again, and ends nothing else."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

import sdk_python as sdk
from bridge.protocol import PosePacket, ShapePacket, Side
from bridge.room_recording import RoomRecording
from tests.bridge_fixture import until

SHAPE = ShapePacket(Side.RIGHT, np.zeros(10), np.zeros((21, 3)))


class Room:
    """A room that is to be recorded, on a clock of its own."""

    def __init__(self, folder: Path) -> None:
        self.now_s = 100.0
        self.failures = 0
        self.dropped: list[int] = []
        self.recording = RoomRecording(
            "lesson", folder, self.dropped.append, self.failed, clock_s=lambda: self.now_s
        )

    def failed(self) -> None:
        self.failures += 1

    async def frame_set(self) -> None:
        """What a room does for each."""
        if self.recording.wanted:
            await self.recording.begin(["phone"], 7, lambda: [SHAPE])
        self.recording.write(PosePacket(1, 7, ()))


async def test_a_folder_that_is_gone_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "lessons"
    room = Room(folder)
    with caplog.at_level(logging.INFO):
        for _ in range(100):
            room.now_s += 1.0
            await room.frame_set()
        assert room.recording.failed
        assert not room.recording.active
        assert room.failures == 1
        assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1

        folder.mkdir()
        room.now_s += 10.0
        await room.frame_set()
        await until(lambda: room.recording.active, "it records")
        assert not room.recording.failed
        await room.frame_set()
        path = room.recording.path
        await room.recording.end()
    assert path is not None
    lesson = sdk.Recording.open(path)
    assert not lesson.recovered
    assert len(lesson) >= 1
    assert room.dropped == [0]


async def test_the_next_lesson_tries_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "lessons"
    room = Room(folder)
    await room.frame_set()
    assert room.recording.failed
    assert not room.recording.wanted
    await room.recording.end()
    folder.mkdir()
    await room.frame_set()
    assert room.recording.active
    await room.recording.end()
    assert len(list(folder.iterdir())) == 1
