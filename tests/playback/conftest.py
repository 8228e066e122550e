"""Recordings that several of these tests play."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.protocol import Side
from tests.bridge_fixture import running_bridge
from tests.playback.lessons import both, pose, shape, write

COUNT = 3000  # poses, some 140 chunks


@pytest.fixture(scope="session")
def minute(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("lesson") / "minute.mcap", both(COUNT))


@pytest.fixture
def lessons(tmp_path: Path) -> Path:
    folder = tmp_path / "lessons"
    folder.mkdir()
    write(folder / "etude.mcap", both(COUNT))
    other = [shape(Side.LEFT, 3), *(pose(k, Side.LEFT) for k in range(50))]
    write(folder / "Scale.mcap", other)
    return folder


@pytest.fixture
async def bridge(tmp_path: Path, lessons: Path) -> AsyncIterator[str]:
    async with running_bridge(tmp_path, lessons=lessons) as url:
        yield url
