"""From ``ghosthands serve`` to streaming: at most four taps on the phone after the QR code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from bridge.config import Settings
from bridge.reach import addresses
from tests.web.lobby.first_steps import accept_and_send, open_lobby, phone, scan, serve
from tests.web.waiting import wait_until

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[3]
MOST_TAPS = 4


def documented() -> dict[str, list[str]]:
    """What docs/pages.md tells people to tap, by kind of device."""
    text = (ROOT / "docs" / "pages.md").read_text(encoding="utf-8")
    text = text[text.index("## Teacher") : text.index("### Why the browser warns")]
    return {
        part.splitlines()[0]: re.findall(r"^\d\. \*(.+?)\*", part, re.MULTILINE)
        for part in text.split("\n### ")[1:]
    }


def test_a_phone_sends_after_at_most_four_taps(browser: Browser, tmp_path: Path) -> None:
    ways = documented()
    assert all(1 <= len(taps) <= MOST_TAPS for taps in ways.values())
    assert len(ways) == 2
    with serve(tmp_path) as own_page:
        lobby = open_lobby(browser, own_page)
        link = scan(lobby, "capture")
        assert link.startswith(addresses(Settings(), int(own_page.rpartition(":")[2]))[0].url)
        device = phone(browser)
        page = device.new_page()
        taps = accept_and_send(page, link)
        assert taps == ways["Android, Chrome"]
        wait_until(
            lambda: re.search(r"phone-\w+ live", lobby.locator(".facts").inner_text()),
            "the computer to show the phone",
        )
        # The next time nothing but the address: the browser remembers.
        page.goto("about:blank")
        page.goto(link)
        wait_until(lambda: page.locator("#state").inner_text() == "Sending", "it to send again")
        assert "token" not in page.url
        device.close()
        lobby.context.close()
