"""The real thing: a bridge that plays a lesson scores the hands an emulated headset tracks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.bridge_fixture import running_bridge
from tests.sdk.comparison.takes import lesson_times, take
from tests.web.headset.emulator import Headset

pytestmark = pytest.mark.browser


@pytest.fixture
def lesson_bridge(tmp_path: Path) -> Iterator[str]:
    """A real bridge, in a thread with a loop of its own, with one lesson to play."""
    take(lesson_times(20.0)).save(tmp_path / "etude.mcap")
    ready: list[str] = []
    up, done = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with running_bridge(tmp_path, lessons=tmp_path, rooms=("lesson",)) as url:
            ready.append(url)
            up.set()
            await done.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert up.wait(30)
    yield ready[0].replace("127.0.0.1", "localhost")
    loop.call_soon_threadsafe(done.set)
    thread.join(20)
    loop.close()


def test_a_learner_is_scored_live(page: Page, lesson_bridge: str) -> None:
    headset = Headset(page)
    page.goto(f"{lesson_bridge}/learn")
    page.select_option("#instrument", "piano-49")
    page.locator("#lesson option[value=etude]").wait_for(state="attached")
    page.select_option("#lesson", "etude")
    headset.enter()
    headset.wait("g.corner === 'frontLeft'")
    headset.poke("guide", "in-front")
    headset.wait("g.flow === 'check'")
    headset.poke("guide", "keep")
    headset.wait("g.flow === 'done'")
    headset.menu()
    headset.poke("menu", "play")
    headset.tip("left", (-0.1, 0.9, -0.4), "default")
    headset.tip("right", (0.1, 0.9, -0.4), "default")
    headset.wait("g.counts.scores > 5 && g.counts.sent > 20")
    # A still hand is not what is played: a finger is named, and the ghost stays where it was.
    headset.wait("/(Left|Right) .*(off)|close/.test(g.words.hud)")
    assert 0.25 < headset.hook("ghostOpacity") <= 1
    page.evaluate("headset.device.activeSession.end()")
    headset.wait("g.flow === null")
