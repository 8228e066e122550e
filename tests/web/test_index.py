"""The front page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from .scripted_bridge import ScriptedBridge
from .waiting import wait_until

pytestmark = pytest.mark.browser


def test_lists_rooms_and_follows_them(page: Page, scripted: ScriptedBridge) -> None:
    page.goto(scripted.url)
    rooms = page.locator(".room")
    wait_until(lambda: rooms.count() == 1, "the room")
    assert "phone, tablet live · 30 poses/s" in rooms.inner_text()
    assert rooms.get_by_role("link", name="Watch").get_attribute("href") == "/viewer?room=lesson"
    page.goto(f"{scripted.url}/?room=studio")
    note = page.locator("#rooms-note")
    wait_until(lambda: "no room “studio” yet" in note.inner_text(), "the room to be missed")
    assert page.locator("#capture").get_attribute("href") == "/capture?room=studio"
    page.goto(scripted.url)
    wait_until(lambda: rooms.count() == 1, "the room again")
    scripted.rooms.clear()
    wait_until(lambda: note.inner_text().startswith("None yet."), "the room to close")
    assert rooms.count() == 0
    scripted.go_down()
    notice = page.locator("#notice")
    wait_until(lambda: "does not answer" in notice.inner_text(), "the bridge to be missed")
    assert "ghosthands serve" in notice.inner_text()
    scripted.come_back()
    wait_until(notice.is_hidden, "the bridge to be found again")


def test_leads_to_both_pages(page: Page, scripted: ScriptedBridge) -> None:
    page.goto(scripted.url)
    page.locator("#viewer").click()
    page.wait_for_url("**/viewer?room=lesson")
    page.go_back()
    page.locator("#capture").click()
    page.wait_for_url("**/capture?room=lesson")
    assert page.locator("#start").inner_text() == "Start"
