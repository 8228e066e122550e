"""Chromium for the page tests, and a scripted bridge for it to talk to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from bridge.server import STATIC_FOLDER

from .scripted_bridge import ScriptedBridge

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream=fps=30",
    # A name that is not localhost: there the browser treats plain http as not secure.
    "--host-resolver-rules=MAP insecure.test 127.0.0.1",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip("needs chromium (Debian: apt-get install chromium)")
    if not (STATIC_FOLDER / "viewer.js").exists():
        pytest.skip("needs the pages: npm ci && npm run build in bridge/web")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def scripted() -> Iterator[ScriptedBridge]:
    with ScriptedBridge() as bridge:
        yield bridge


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page whose console stays clean: a failed test says what it logged."""
    context = browser.new_context(viewport={"width": 800, "height": 500}, color_scheme="dark")
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: _note(problems, line))
    yield page
    context.close()
    assert problems == []


def _note(problems: list[str], line: Any) -> None:
    # A bridge that is away on purpose is logged by the browser itself; a screenshot, by the driver.
    expected = ("ERR_CONNECTION", "Failed to load resource", "GPU stall due to ReadPixels")
    if line.type in ("error", "warning") and not any(word in line.text for word in expected):
        problems.append(line.text)
