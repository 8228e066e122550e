"""The device itself: what its camera can do, and what it suffers from."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from playwright.sync_api import Page

from tests.web.scripted_bridge import ScriptedBridge
from tests.web.waiting import wait_until

pytestmark = pytest.mark.browser

SLOW = """
const getStats = RTCPeerConnection.prototype.getStats;
RTCPeerConnection.prototype.getStats = async function () {
  const report = new Map(await getStats.call(this));
  for (const entry of report.values()) {
    if (entry.type === 'outbound-rtp' && window.slow) {
      report.set(entry.id, { ...entry, framesPerSecond: 9, qualityLimitationReason: 'cpu' });
    }
  }
  return report;
};
navigator.getBattery = async () => ({ level: 0.12, charging: false });
// Chromium's fake camera claims modes and ignores what it is told. This one obeys, but takes
// the focus only by itself.
const track = MediaStreamTrack.prototype;
const { getCapabilities, getSettings, applyConstraints } = track;
window.modes = {};
track.getCapabilities = function () { return { ...getCapabilities.call(this), torch: true }; };
track.getSettings = function () { return { ...getSettings.call(this), ...window.modes }; };
track.applyConstraints = async function (wanted) {
  const [{ ...set }] = wanted.advanced;
  if (!('torch' in set)) await applyConstraints.call(this, wanted);
  if (Object.keys(set).some((name) => !name.startsWith('focus'))) delete set.focusMode;
  Object.assign(window.modes, set);
};
// Time runs eight times as fast for the page: what lasts five seconds lasts less here.
const now = performance.now.bind(performance), began = now();
performance.now = () => began + 8 * (now() - began);
"""


def text(page: Page, selector: str) -> str:
    return page.locator(selector).inner_text()


def mode(page: Page, name: str) -> str:
    found: str = page.evaluate(f"preview.srcObject.getVideoTracks()[0].getSettings().{name}")
    return found


def test_locks_light_battery_and_a_device_that_cannot_keep_up(
    page: Page, scripted: ScriptedBridge, axe: Callable[..., None]
) -> None:
    page.add_init_script(SLOW)
    page.goto(f"{scripted.url}/capture?view=phone&autostart=1")
    wait_until(lambda: text(page, "#state") == "Sending", "the stream")

    lock = page.locator("#lock")
    assert "exposure and focus" in (lock.get_attribute("title") or "")
    assert lock.get_attribute("aria-pressed") == "true"
    lock.click()
    # One after the other: some cameras refuse both at once.
    for name in ("exposureMode", "focusMode"):
        wait_until(partial(lambda name: mode(page, name) == "continuous", name), f"its {name}")
    lock.click()
    wait_until(lambda: mode(page, "exposureMode") == "manual", "the camera to be held")
    # What was asked of the picture still holds.
    assert page.evaluate("preview.srcObject.getVideoTracks()[0].getSettings().width") == 1280

    torch = page.locator("#torch")
    torch.click()
    wait_until(lambda: torch.get_attribute("aria-pressed") == "true", "the light")
    assert page.evaluate("window.modes.torch") is True

    wait_until(lambda: "Battery at 12 %" in text(page, "#warnings"), "the battery")
    page.evaluate("window.slow = true")
    wait_until(lambda: "sends 9 of" in text(page, "#warnings"), "the slow device")
    axe(page)
    page.emulate_media(color_scheme="light")
    axe(page)
    page.locator("#warnings button").click()
    wait_until(lambda: scripted.sources[0].stats().size_px == (640, 480), "the smaller picture")
    assert page.locator("#quality").input_value() == "480p30"
    page.evaluate("window.slow = false")
    wait_until(lambda: "sends 9" not in text(page, "#warnings"), "the warning to go")
    # One session throughout.
    assert [method for method, _ in scripted.whip_requests] == ["POST"]


def test_a_camera_that_can_do_nothing_offers_nothing(page: Page, scripted: ScriptedBridge) -> None:
    page.add_init_script("delete MediaStreamTrack.prototype.getCapabilities")
    page.goto(f"{scripted.url}/capture?view=phone&autostart=1")
    wait_until(lambda: text(page, "#state") == "Sending", "the stream")
    assert page.locator("#lock").is_hidden()
    assert page.locator("#torch").is_hidden()
    # This bridge tells nothing of what it sees: the guide says so, and nothing breaks.
    assert text(page, "#guide") == "Waiting for the bridge"
    assert page.locator("#facts").is_hidden()


def test_nothing_but_the_keyboard(page: Page, scripted: ScriptedBridge) -> None:
    page.goto(f"{scripted.url}/capture?view=phone")
    wait_until(lambda: text(page, "#state") == "Not sending", "the page")
    for _ in range(4):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "start":
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert (page.evaluate("document.activeElement.id"), outline) == ("start", "solid")
    page.keyboard.press("Enter")
    wait_until(lambda: text(page, "#state") == "Sending", "the stream")
    page.keyboard.press("Enter")
    wait_until(lambda: text(page, "#state") == "Not sending", "the end")
