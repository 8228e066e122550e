"""A recording of a minute, written once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.playback.lessons import both, write

COUNT = 3000  # poses, some 140 chunks


@pytest.fixture(scope="session")
def minute(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("lesson") / "minute.mcap", both(COUNT))
