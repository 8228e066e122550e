"""The capture page in a real browser, publishing to the real WHIP endpoint."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from ..scripted_bridge import ScriptedBridge
from ..waiting import wait_until

pytestmark = pytest.mark.browser


def text(page: Page, selector: str) -> str:
    return page.locator(selector).inner_text()


def wait_for_state(page: Page, words: str) -> None:
    wait_until(lambda: text(page, "#state") == words, f"the state {words}")


def fail_camera(page: Page, name: str) -> None:
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia = async () => "
        f"{{ throw new DOMException('as the test says', '{name}') }}"
    )


def fake_peers(page: Page) -> None:
    """Hands the page's peer connections to the test, to break them."""
    page.add_init_script(
        """window.peers = [];
        window.RTCPeerConnection = class extends RTCPeerConnection {
          constructor(...args) { super(...args); window.peers.push(this); }
        };"""
    )


def test_sends_full_resolution_from_the_start_and_leaves_cleanly(
    page: Page, scripted: ScriptedBridge
) -> None:
    page.goto(f"{scripted.url}/capture?room=lesson&view=phone")
    assert text(page, "#room") == "lesson"
    assert page.locator("#view").input_value() == "phone"
    page.locator("#start").click()
    wait_for_state(page, "Sending")
    source = scripted.sources[0]
    wait_until(lambda: source.stats().decoded > 30, "30 frames")
    stats = source.stats()
    assert stats.size_px == (1280, 720)
    assert source.view == "phone"
    # Stamped by sender reports and clock pings: the page answers on the clock channel.
    wait_until(lambda: source.stats().clock == "sender_report", "the clock channel")
    wait_until(lambda: text(page, "#size") == "1280×720", "the figures")
    assert float(text(page, "#fps")) > 10
    page.locator("#start").click()
    wait_for_state(page, "Not sending")
    wait_until(lambda: source.ended, "the session to end")
    methods = [method for method, _ in scripted.whip_requests]
    assert methods == ["POST", "DELETE"]


def test_offers_h264_first_and_vp8_on_request(page: Page, scripted: ScriptedBridge) -> None:
    fake_peers(page)
    for query, codec in (("", "H264"), ("&codec=vp8", "VP8")):
        page.goto(f"{scripted.url}/capture?view=phone&autostart=1{query}")
        wait_for_state(page, "Sending")
        offer: str = page.evaluate("window.peers[0].localDescription.sdp")
        first = next(line for line in offer.splitlines() if line.startswith("m=video")).split()[3]
        assert f"a=rtpmap:{first} {codec}/90000" in offer
        assert "AV1" not in offer


def test_leaving_the_page_ends_the_session(page: Page, scripted: ScriptedBridge) -> None:
    page.goto(f"{scripted.url}/capture?view=phone&autostart=1")
    wait_for_state(page, "Sending")
    page.goto("about:blank")
    wait_until(lambda: scripted.sources[0].ended, "the session to end")
    assert [method for method, _ in scripted.whip_requests] == ["POST", "DELETE"]


def test_reconnects_by_itself(page: Page, scripted: ScriptedBridge) -> None:
    page.goto(f"{scripted.url}/capture?view=phone&autostart=1")
    wait_for_state(page, "Sending")
    scripted.go_down()
    wait_for_state(page, "Reconnecting")
    assert text(page, "#start") == "Stop"
    scripted.come_back()
    wait_for_state(page, "Sending")
    wait_until(lambda: scripted.sources[-1].stats().decoded > 5, "frames again")


def test_a_full_bridge_is_tried_again_a_refusal_is_not(
    page: Page, scripted: ScriptedBridge
) -> None:
    scripted.whip_refusals = [(503, {"Retry-After": "1"}), (403, {})]
    page.goto(f"{scripted.url}/capture?view=phone&autostart=1")
    wait_for_state(page, "Reconnecting")
    assert "no place left" in text(page, "#notice")
    wait_for_state(page, "Refused")
    assert "does not let this device in" in text(page, "#notice")
    assert text(page, "#start") == "Start"
    page.locator("#start").click()
    wait_for_state(page, "Sending")
    assert page.locator("#notice").is_hidden()


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("NotAllowedError", "The camera was refused"),
        ("NotFoundError", "No camera found"),
        ("NotReadableError", "The camera is busy"),
    ],
)
def test_says_why_there_is_no_picture(
    page: Page, scripted: ScriptedBridge, name: str, title: str
) -> None:
    fail_camera(page, name)
    page.goto(f"{scripted.url}/capture?autostart=1")
    wait_for_state(page, "No camera")
    assert text(page, "#notice-title") == title
    assert page.locator("#start").is_enabled()
    assert scripted.whip_requests == []


def test_a_page_that_is_not_secure_says_so(page: Page, scripted: ScriptedBridge) -> None:
    page.goto(f"http://insecure.test:{scripted.port}/capture?autostart=1")
    wait_until(lambda: text(page, "#notice-title") == "The page is not secure", "the notice")


def test_without_webrtc_it_says_so(page: Page, scripted: ScriptedBridge) -> None:
    page.add_init_script("delete window.RTCPeerConnection")
    page.goto(f"{scripted.url}/capture?autostart=1")
    wait_for_state(page, "Refused")
    assert "no WebRTC" in text(page, "#notice")


def test_a_camera_that_is_unplugged_ends_the_session(page: Page, scripted: ScriptedBridge) -> None:
    page.goto(f"{scripted.url}/capture?view=phone&autostart=1")
    wait_for_state(page, "Sending")
    page.evaluate(
        "document.querySelector('video').srcObject.getVideoTracks()[0]"
        ".dispatchEvent(new Event('ended'))"
    )
    wait_for_state(page, "No camera")
    wait_until(lambda: scripted.sources[0].ended, "the session to end")


def test_changing_the_quality_keeps_the_session(page: Page, scripted: ScriptedBridge) -> None:
    page.goto(f"{scripted.url}/capture?view=phone&autostart=1")
    wait_for_state(page, "Sending")
    page.locator("#quality").select_option("480p30")
    wait_until(lambda: scripted.sources[0].stats().size_px == (640, 480), "the smaller picture")
    assert [method for method, _ in scripted.whip_requests] == ["POST"]
    wait_for_state(page, "Sending")


def test_the_preview_is_not_mirrored_and_the_name_is_kept(
    page: Page, scripted: ScriptedBridge
) -> None:
    page.goto(f"{scripted.url}/capture")
    transform: Any = page.evaluate("getComputedStyle(document.querySelector('video')).transform")
    assert transform == "none"
    field = page.locator("#view")
    assert field.input_value().startswith("camera-")
    field.fill("Anna’s Tablet!")
    field.blur()
    assert field.input_value() == "anna-s-tablet"
    page.reload()
    assert page.locator("#view").input_value() == "anna-s-tablet"
