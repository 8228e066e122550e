"""Pages and a bridge that asks for tokens: links, join codes and refusals.

The bridge is named before the page in each test, so that the page goes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from bridge.access import Keyring
from bridge.access.codes import join_code
from tests.serving import serving

from .waiting import wait_until

pytestmark = pytest.mark.browser


class Invited:
    """A running bridge, its links and its keys."""

    def __init__(self, printed: str, keyring: Keyring) -> None:
        self.links = dict(re.findall(r"(?m)^(\w+) +(http\S+)$", printed))
        self.url = self.links["Overview"]
        self.keyring = keyring


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Invited]:
    with serving(tmp_path, "--access", "token") as (printed, _):
        yield Invited(printed, Keyring(tmp_path / "config" / "ghosthands" / "access"))


def uninvited(page: Page) -> None:
    """Makes it a browser of another machine: the bridge's own is shown links, not the form."""
    page.route("**/lobby*", lambda route: route.fulfill(json={"invited": False}))


def text(page: Page, selector: str) -> str:
    return page.locator(selector).inner_text()


def wait_for(page: Page, selector: str, words: str) -> None:
    wait_until(lambda: words in text(page, selector), f"{words!r} in {selector}")


def test_the_links_let_in_and_do_not_keep_the_token_in_sight(bridge: Invited, page: Page) -> None:
    page.goto(bridge.links["Phone"])
    assert "token" not in page.url
    page.locator("#start").click()
    wait_for(page, "#state", "Sending")
    page.reload()  # The tab has kept it.
    page.locator("#start").click()
    wait_for(page, "#state", "Sending")
    page.goto(bridge.links["Viewer"])
    wait_for(page, "#state", "Connected")
    assert "token" not in page.url
    assert "token" not in page.content()


def test_without_a_token_pages_say_what_to_do(bridge: Invited, page: Page) -> None:
    page.goto(f"{bridge.url}/viewer?room=lesson")
    wait_for(page, "#state", "Refused")
    assert text(page, "#notice-title") == "This room asks for a link or a join code"
    page.goto(f"{bridge.url}/capture?room=lesson&view=phone&autostart=1")
    wait_for(page, "#state", "Refused")
    assert "does not let this device in" in text(page, "#notice")
    page.locator("#notice-link").click()
    page.wait_for_url("**/?room=lesson")
    assert page.locator("#join-room").input_value() == "lesson"


def test_a_link_to_another_room_or_page_says_so(bridge: Invited, page: Page) -> None:
    token = bridge.keyring.make("studio", "watch", lifetime_s=60)
    page.goto(f"{bridge.url}/viewer?room=lesson#token={token}")
    wait_for(page, "#notice", "This token is for another room.")
    assert text(page, "#notice-title") == "This link does not open this room"
    # A right link in the same tab is only another fragment to the browser.
    page.goto(bridge.links["Viewer"])
    wait_for(page, "#state", "Connected")


def test_a_join_code_opens_its_page(bridge: Invited, page: Page) -> None:
    uninvited(page)
    page.goto(bridge.url)
    page.locator("#join").wait_for()
    assert page.locator("#rooms-section").is_hidden()
    assert page.locator("#ways").is_hidden()
    page.locator("#join-code").fill("AAAA-AAAA")
    page.locator("#join-enter").click()
    wait_for(page, "#join-note", "That is not the code of this room.")
    for scope, path in (("watch", "viewer"), ("publish", "capture")):
        page.goto(bridge.url)
        page.locator("#join-room").fill("Lesson")
        page.locator("#join-code").fill(join_code(bridge.keyring.secret, "lesson", scope).lower())
        page.locator("#join-enter").click()
        page.wait_for_url(f"**/{path}?room=lesson")
        if scope == "watch":
            wait_for(page, "#state", "Connected")
    page.locator("#start").click()
    wait_for(page, "#state", "Sending")


def test_a_guesser_is_told_to_wait(bridge: Invited, page: Page) -> None:
    uninvited(page)
    page.goto(bridge.url)
    page.locator("#join-code").fill("AAAA-AAAA")
    for _ in range(11):
        page.locator("#join-enter").click()
        wait_until(lambda: text(page, "#join-note"), "an answer")
    wait_for(page, "#join-note", "Too many attempts. Try again in ")


def test_a_revoked_viewer_leaves_and_is_told_why(bridge: Invited, page: Page) -> None:
    page.goto(bridge.links["Viewer"])
    wait_for(page, "#state", "Connected")
    for one in bridge.keyring.issued():
        bridge.keyring.revoke(one.id)
    wait_for(page, "#state", "Refused")
    assert "revoked" in text(page, "#notice")
