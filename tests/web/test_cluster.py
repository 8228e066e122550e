"""A bridge's capture page when another has the room: it publishes there, with its token."""

from __future__ import annotations

import asyncio
import re
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from playwright.sync_api import Page

from bridge.access import Keyring
from tests.cluster.helpers import bridges
from tests.cluster.nats_server import NatsServer

from .waiting import wait_until

pytestmark = pytest.mark.browser


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[list[str]]:
    """Two bridges of one cluster, with one secret, in a thread of their own."""
    nats = NatsServer(tmp_path / "nats")
    nats.start()
    ready: Future[list[str]] = Future()
    over = threading.Event()

    async def serve() -> None:
        shared = {"access": "token", "access_folder": tmp_path / "access"}
        try:
            async with bridges(tmp_path, nats.url, **shared) as urls:
                ready.set_result(urls)
                await asyncio.to_thread(over.wait)
        except BaseException as error:
            if not ready.done():
                ready.set_exception(error)
            raise

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        yield ready.result(60)
    finally:
        over.set()
        thread.join()
        nats.stop()


def metrics(bridge: str) -> str:
    with urllib.request.urlopen(f"{bridge}/metrics") as answer:
        return answer.read().decode()


def views(bridge: str) -> int:
    return len(re.findall(r"^ghosthands_view_live\{", metrics(bridge), re.MULTILINE))


def test_pages_of_two_bridges_publish_to_the_one_that_has_the_room(
    cluster: list[str], tmp_path: Path, page: Page
) -> None:
    token = Keyring(tmp_path / "access").make("lesson", "publish", lifetime_s=600)
    other = page.context.new_page()
    for tab, bridge, view in zip((page, other), cluster, ("phone", "tablet"), strict=True):
        tab.goto(f"{bridge}/capture?room=lesson&view={view}#token={token}")
        tab.locator("#start").click()
    for tab in (page, other):
        wait_until(lambda: "Sending" in tab.locator("#state").inner_text(), "Sending")  # noqa: B023
    assert sorted(views(bridge) for bridge in cluster) == [0, 2]
    # Stop ends the session where it is.
    for tab in (page, other):
        tab.locator("#start").click()
    wait_until(lambda: not any(views(bridge) for bridge in cluster), "both to have left")
