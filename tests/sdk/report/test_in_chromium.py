"""The report in a real browser: loads nothing, breaks no rule of its own, fits a phone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.sdk.report.pairs import known

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip("needs chromium (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("report") / "r.html"
    names = ("a-very-long-name-without-any-space-" * 3 + "teacher.mcap", "student.mcap")
    path.write_text(known().page(names=names), "utf-8")
    return path


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (820, "light")])
def test_it_fits_and_loads_nothing(browser, path, width, scheme):
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    messages, requests = [], []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wider) == 0
    assert messages == []
    assert requests == [path.as_uri()]
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(238, 241, 245)", "dark": "rgb(11, 14, 20)"}[scheme]
    letters = page.evaluate(
        "Math.min(...[...document.querySelectorAll('svg text')].map(t =>"
        " parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().a))"
    )
    assert letters >= 9  # pictures shrink on a phone, their letters do not
    page.close()


def test_no_card_is_cut_when_printed(browser, path):
    page = browser.new_page()
    page.goto(path.as_uri())
    page.emulate_media(media="print")
    rules = (
        "[...document.querySelectorAll('.card, tr, figure')]"
        ".map(e => getComputedStyle(e).breakInside)"
    )
    assert set(page.evaluate(rules)) == {"avoid"}
    page.close()
