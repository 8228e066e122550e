"""What the headset page says, and does, where there is no headset, no hand, or no bridge."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from bridge.protocol import LearnerHands
from tests.web.headset.emulator import KEYS_M, TIP_RADIUS_M, Headset
from tests.web.scripted_bridge import ScriptedBridge
from tests.web.waiting import wait_until

pytestmark = pytest.mark.browser


def notice(page: Page) -> str:
    page.locator("#notice").wait_for()
    return page.locator("#notice").inner_text()


def test_where_no_headset_is(
    page: Page, scripted: ScriptedBridge, axe: Callable[..., None]
) -> None:
    """A desktop's browser: words, a next step, and everything within reach of the keyboard."""
    page.goto(f"{scripted.url}/learn")
    said = notice(page)
    assert "No headset" in said
    assert "headset’s own browser" in said
    assert page.locator("#enter").is_disabled()
    axe(page)
    page.emulate_media(color_scheme="light")
    axe(page)
    page.keyboard.press("Tab")
    reached = []
    for _ in range(7):
        reached.append(
            page.evaluate("document.activeElement.id || document.activeElement.className")
        )
        page.keyboard.press("Tab")
    assert reached == [
        "brand",
        "notice-retry",
        "instrument",
        "sides",
        "place",
        "lesson",
        "mirrored",
    ]
    page.locator("#instrument").focus()
    page.keyboard.press("ArrowDown")
    page.reload()
    assert page.locator("#instrument").input_value() == "piano-76"  # kept


def test_an_insecure_page_says_how_to_open_it(page: Page, scripted: ScriptedBridge) -> None:
    page.goto(f"http://insecure.test:{scripted.port}/learn?room=lesson")
    assert "not secure" in notice(page)
    link = page.locator("#notice-link").get_attribute("href")
    assert link == f"https://insecure.test:{scripted.port}/learn?room=lesson"


def test_a_browser_without_webxr(page: Page, scripted: ScriptedBridge) -> None:
    page.add_init_script("delete Navigator.prototype.xr")
    page.goto(f"{scripted.url}/learn")
    assert "no WebXR" in notice(page)


def test_a_refused_session_can_be_asked_for_again(page: Page, scripted: ScriptedBridge) -> None:
    headset = Headset(page)
    page.goto(f"{scripted.url}/learn")
    page.evaluate(
        "() => { const { xr } = navigator; const ask = xr.requestSession.bind(xr);"
        " let first = true; Object.defineProperty(xr, 'requestSession', { value: (...args) =>"
        " first ? (first = false, Promise.reject(new DOMException('no', 'NotAllowedError')))"
        " : ask(...args) }); }"
    )
    page.locator("#enter:enabled").click()
    assert "Allow virtual reality and hand tracking" in notice(page)
    headset.enter()
    assert page.locator("#notice").is_hidden()
    headset.wait("g.flow === 'touch'")


def test_a_drawn_room_without_hand_tracking(page: Page, scripted: ScriptedBridge) -> None:
    """A headset that neither shows the room nor tracks hands: what to do is said in both places."""
    headset = Headset(
        page, modes=["inline", "immersive-vr"], features=["viewer", "local", "local-floor"]
    )
    page.goto(f"{scripted.url}/learn")
    page.locator("#enter:enabled").wait_for()
    assert "drawn room" in page.locator("#enter-hint").inner_text()
    headset.enter()
    headset.wait("g.words.guide.includes('Put controllers down')")
    page.evaluate("headset.device.activeSession.end()")
    headset.wait("g.flow === null")
    assert "Switch hand tracking on" in notice(page)


def test_touches_that_are_no_keyboard_and_what_is_lost_on_the_way(
    page: Page, scripted: ScriptedBridge
) -> None:
    headset = Headset(page)
    page.goto(f"{scripted.url}/learn")
    page.select_option("#instrument", "piano-49")
    headset.enter()
    # A hand that lies still does not touch; neither does one that is not seen.
    headset.tip("right", (0.1, 0.8, -0.3), "default")
    headset.tip("left", (-0.1, 0.8, -0.3), "default")
    frames = headset.hook("frames")
    headset.wait("g.frames > a + 5", frames)
    assert headset.hook("corner") == "frontLeft"
    # Touches of a wider keyboard are refused, and it is said which it may be.
    width = KEYS_M["piano-61"]
    for x, z in ((-width / 2, -0.3), (width / 2, -0.3), (-width / 2, -0.45)):
        headset.touch((x, 0.75, z))
    headset.wait("g.flow === 'refused'")
    said = headset.hook("words.guide")
    assert "846 mm is not the width of this keyboard with 49 keys" in said
    assert "Yours may be a keyboard with 61 keys" in said
    headset.poke("guide", "again")
    headset.wait("g.corner === 'frontLeft'")
    # No instrument: one is drawn in the air.
    headset.poke("guide", "in-front")
    headset.wait("g.flow === 'check'")
    headset.poke("guide", "keep")
    headset.wait("g.flow === 'done' && g.counts.sent > 1")

    # Away from the headset's view, nothing is sent; hands that are not seen are asked for.
    page.evaluate("headset.lose('left'); headset.lose('right')")
    headset.wait("g.words.hud.includes('Your hands are not seen')")

    def sent() -> int:
        return len([m for m in scripted.received if isinstance(m, LearnerHands)])

    before = sent()
    headset.tip("right", (0.1, 0.8 + TIP_RADIUS_M, -0.35), "default")
    wait_until(lambda: sent() > before, "hands once they are seen again")
    # The headset's own menu lies over the page: hands that point at it are nobody's business.
    page.evaluate("headset.device.updateVisibilityState('visible-blurred')")
    page.wait_for_timeout(300)
    before, frames = sent(), headset.hook("frames")
    headset.wait("g.frames > a + 10", frames)
    assert sent() == before
    page.evaluate("headset.device.updateVisibilityState('visible')")
    wait_until(lambda: sent() > before, "hands once the page is back")
    # The bridge goes and comes back: said inside, and followed again.
    scripted.go_down()
    headset.wait("g.words.hud.includes('Connection lost')")
    scripted.come_back()
    poses = headset.hook("counts.poses")
    headset.wait("g.counts.poses > a + 5 && !g.words.hud.includes('lost')", poses)
    assert headset.hook("flow") == "done"
