"""Chromium for the page tests, and a scripted bridge for it to talk to."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from bridge.pages import STATIC_FOLDER

from .scripted_bridge import ScriptedBridge

AXE = STATIC_FOLDER.parent / "node_modules" / "axe-core" / "axe.min.js"
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
def playwright() -> Iterator[Playwright]:
    """The driver of browsers: a process has one at a time."""
    if not Path(CHROMIUM).exists():
        pytest.skip("needs chromium (Debian: apt-get install chromium)")
    if not (STATIC_FOLDER / "viewer.js").exists():
        pytest.skip("needs the pages: npm ci && npm run build in bridge/web")
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
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


@pytest.fixture(scope="session")
def axe() -> Callable[..., None]:
    """``axe(page)`` fails where axe-core has serious or critical findings on a page as it is now.

    The page must be in the middle of no fade: half a colour has half a contrast. ``within`` narrows
    it to a CSS selector, as for a dialog.
    """
    if not AXE.exists():
        pytest.skip("needs axe-core: npm ci in bridge/web")
    script = AXE.read_text(encoding="utf-8")

    def check(page: Page, within: str | None = None) -> None:
        # Run by the driver, past the page's policy, which forbids such scripts.
        if page.evaluate("typeof window.axe") == "undefined":
            page.evaluate(script)
        found = page.evaluate(
            "async (within) => (await axe.run(within ?? document, {resultTypes: ['violations']}))"
            ".violations.filter(({impact}) => impact === 'serious' || impact === 'critical')"
            ".map(({id, help, nodes}) => `${id}: ${help}: ${nodes.map((n) => n.html).join(' ')}`)",
            within,
        )
        assert found == []

    return check


def _note(problems: list[str], line: Any) -> None:
    # A bridge that is away on purpose is logged by the browser itself, and so is a page that is
    # left while it connects; a screenshot, by the driver.
    expected = (
        "ERR_CONNECTION",
        "Failed to load resource",
        "closed before the connection is established",
        "GPU stall due to ReadPixels",
    )
    if line.type in ("error", "warning") and not any(word in line.text for word in expected):
        problems.append(line.text)
