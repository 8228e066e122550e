"""Browsers that cannot read the pages' scripts: words instead of a blank page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from bridge.pages import PAGES
from tests.web.scripted_bridge import ScriptedBridge

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    "lacks",
    [
        "delete Object.hasOwn",  # Safari 15.3
        "delete HTMLScriptElement.prototype.noModule",  # Chrome 60
    ],
)
def test_an_old_browser_is_told(
    page: Page, scripted: ScriptedBridge, axe: Callable[..., None], lacks: str
) -> None:
    page.add_init_script(lacks)
    # Such a browser gives up on the page's own script at its first line.
    page.route(
        "**/static/*.js",
        lambda route: route.continue_() if "old_browser" in route.request.url else route.abort(),
    )
    for path in PAGES:
        page.goto(f"{scripted.url}{path}?room=lesson#token=secret")
        said = page.locator("main").inner_text()
        assert "This browser is too old for this page" in said
        assert "Update it" in said
        assert f"{path}?room=lesson" in said
        assert "secret" not in said
    axe(page)


def test_a_current_browser_is_not(page: Page, scripted: ScriptedBridge) -> None:
    page.goto(scripted.url)
    page.locator(".room").first.wait_for()
    assert page.locator("#old-browser").count() == 0
