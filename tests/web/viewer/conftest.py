"""A real bridge with a lesson to play, for the viewer's tests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.bridge_fixture import running_bridge
from tests.sdk.comparison.takes import lesson_times, take

LESSON_S = 20.0


@contextmanager
def in_a_thread(folder: Path, **settings: Any) -> Iterator[str]:
    """A real bridge with a loop of its own; yields its address."""
    ready: list[str] = []
    up, done = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with running_bridge(folder, rooms=("lesson",), **settings) as url:
            ready.append(url)
            up.set()
            await done.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert up.wait(60)
    try:
        yield ready[0].replace("127.0.0.1", "localhost")
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(30)
        loop.close()


@pytest.fixture
def lesson_bridge(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """``lesson_bridge(**settings)`` starts a bridge that may play ``etude``."""
    lessons = tmp_path / "lessons"
    lessons.mkdir()
    take(lesson_times(LESSON_S)).save(lessons / "etude.mcap")
    with ExitStack() as stack:

        def start(**settings: Any) -> str:
            bridge = in_a_thread(tmp_path, lessons=lessons, **settings)
            return stack.enter_context(bridge)

        yield start
