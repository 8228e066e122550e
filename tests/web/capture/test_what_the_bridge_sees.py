"""A filmed desk, sent from Chromium to a real bridge: hands over the preview, corners, the keys.

One page sends throughout; the tests look at it one after the other.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from bridge.model.nets import load_nets
from bridge.model.tracker import HandTracker
from tests.web.waiting import wait_until

from .conftest import ThreadedBridge, phone_page

pytestmark = [pytest.mark.browser, pytest.mark.shared]

COLOURS = {0: (0x56, 0xB4, 0xE9), 1: (0xE6, 0x9F, 0x00)}
KEYPOINTS = (5, 8, 17)
SIZE = (1280, 640)
MAT = [(738, 563), (1254, 563), (1210, 304), (768, 303)]
"""Corners of the right mouse mat in the picture, seen from below it."""


@pytest.fixture(scope="module")
def sending(desk_browser: Browser, real_bridge: ThreadedBridge) -> Iterator[Page]:
    """A phone's page that sends the desk."""
    with phone_page(desk_browser) as page:
        page.goto(f"{real_bridge.url}/capture?room=lesson&view=phone")
        page.locator("#start").click()
        wait_until(lambda: text(page, "#state") == "Sending", "the stream")
        wait_until(lambda: text(page, "#poses") != "–", "word from the bridge", 30)
        yield page


@pytest.fixture(scope="module")
def hands_px(desk_pictures: list[np.ndarray]) -> dict[int, np.ndarray]:
    """Where the bridge's nets see both hands in the picture that stands still."""
    tracker = HandTracker(load_nets("cpu"))
    for picture in desk_pictures[-8:]:
        (seen,) = tracker.track({"desk": picture}, None, frames=1)
    return {side: hand.landmarks_px for side, hand in enumerate(seen.hands) if hand is not None}


def text(page: Page, selector: str) -> str:
    return page.locator(selector).inner_text()


def drawn_at(page: Page, hands_px: dict[int, np.ndarray]) -> list[tuple[int, int]]:
    """Which hands' keypoints are where they belong on the overlay, in their own colour."""
    return page.evaluate(
        """([hands, colours, picture]) => {
          const canvas = document.querySelector('#overlay');
          const ratio = canvas.width / canvas.clientWidth;
          const scale = Math.min(canvas.width / picture[0], canvas.height / picture[1]);
          const left = (canvas.width - picture[0] * scale) / 2;
          const top = (canvas.height - picture[1] * scale) / 2;
          const copy = new OffscreenCanvas(canvas.width, canvas.height);
          const context = copy.getContext('2d', { willReadFrequently: true });
          context.drawImage(canvas, 0, 0);
          const found = [];
          for (const [side, point, x, y] of hands) {
            const radius = Math.round(4 * ratio);
            const { data } = context.getImageData(
              Math.round(left + x * scale) - radius, Math.round(top + y * scale) - radius,
              2 * radius + 1, 2 * radius + 1);
            for (let at = 0; at < data.length; at += 4) {
              const off = colours[side].map((c, k) => Math.abs(c - data[at + k]));
              if (data[at + 3] > 200 && Math.max(...off) < 24) { found.push([side, point]); break; }
            }
          }
          return found;
        }""",
        [
            [
                [side, point, float(px[point, 0]), float(px[point, 1])]
                for side, px in hands_px.items()
                for point in KEYPOINTS
            ],
            COLOURS,
            SIZE,
        ],
    )


def test_hands_are_drawn_where_the_bridge_sees_them(
    sending: Page, hands_px: dict[int, np.ndarray], real_bridge: ThreadedBridge
) -> None:
    assert set(hands_px) == {0, 1}
    for side, name in ((0, "left"), (1, "right")):
        # The left hand is in the left half, as the mirror puts it there.
        assert (hands_px[side][:, 0] < 640).all() == (side == 0), name
    for viewport in ({"width": 390, "height": 844}, {"width": 844, "height": 390}):
        sending.set_viewport_size(viewport)
        wait_until(lambda: len(drawn_at(sending, hands_px)) == 6, f"both hands at {viewport}")
    # And in no other colour: left and right are not exchanged.
    assert drawn_at(sending, {0: hands_px[1], 1: hands_px[0]}) == []
    sending.set_viewport_size({"width": 390, "height": 844})
    wait_until(lambda: text(sending, "#guide") == "Good: both hands are seen", "the advice")
    with urllib.request.urlopen(f"{real_bridge.url}/rooms/lesson") as answer:
        room = json.load(answer)
    assert room["pose_rate_hz"] > 3
    assert room["views"][0]["hands"] == 3


def test_figures_and_facts(sending: Page, axe: Callable[..., None]) -> None:
    assert float(text(sending, "#poses")) > 3
    assert 1 < float(text(sending, "#delay")) < 2000
    wait_until(lambda: "matched" in text(sending, "#fact-clock"), "the clock")
    assert "none" in text(sending, "#fact-others")
    assert text(sending, "#fact-instrument") == "Keyboard: not set"
    # Nothing is mirrored.
    assert sending.evaluate("getComputedStyle(preview).transform") == "none"
    axe(sending)


def on_screen(page: Page, x: float, y: float) -> tuple[float, float]:
    box = page.locator("#anchor-still").bounding_box()
    assert box is not None
    scale = min(box["width"] / SIZE[0], box["height"] / SIZE[1])
    left = box["x"] + (box["width"] - SIZE[0] * scale) / 2
    top = box["y"] + (box["height"] - SIZE[1] * scale) / 2
    return left + x * scale, top + y * scale


def test_corners_are_tapped_corrected_and_set(sending: Page, axe: Callable[..., None]) -> None:
    page, said = sending, sending.locator("#anchor-said")
    page.locator("#anchor-open").click()
    page.locator("#anchor-instrument").select_option("rectangle")
    page.locator("#anchor-width").fill("40")
    page.locator("#anchor-depth").fill("32")
    assert "front left" in text(page, "#anchor-step")
    crossed = [MAT[1], MAT[0], MAT[2], MAT[3]]
    for corner in crossed:
        page.mouse.move(*on_screen(page, *corner))
        page.mouse.down()
        assert page.locator("#anchor-loupe").is_visible()
        page.mouse.up()
    assert page.locator("#anchor-loupe").is_hidden()
    page.locator("#anchor-set").click()
    wait_until(lambda: said.is_visible() and "crosses itself" in said.inner_text(), "a refusal")
    for _ in range(4):
        page.locator("#anchor-undo").click()
    assert page.locator("#anchor-undo").is_disabled()
    assert said.is_hidden()
    for corner in MAT[:3]:
        page.mouse.click(*on_screen(page, *corner))
    page.mouse.click(*on_screen(page, MAT[3][0] + 60, MAT[3][1]))
    # The last one was off: it is dragged to where it belongs.
    page.mouse.move(*on_screen(page, MAT[3][0] + 60, MAT[3][1]))
    page.mouse.down()
    page.mouse.move(*on_screen(page, *MAT[3]), steps=4)
    page.mouse.up()
    page.locator("#anchor-set").click()
    wait_until(lambda: "A rectangle, 40 × 32 cm" in text(page, "#anchor-step"), "the answer")
    assert "on the player’s side" in text(page, "#anchor-step")
    axe(page)
    page.locator("#anchor-cancel").click()
    wait_until(lambda: "from this device" in text(page, "#fact-instrument"), "word of it")
    page.locator("#anchor-open").click()
    page.locator("#anchor-forget").click()
    wait_until(lambda: text(page, "#fact-instrument") == "Keyboard: not set", "word of that")


def test_corners_by_the_keyboard_alone(sending: Page) -> None:
    page = sending
    page.locator("#anchor-open").focus()
    page.keyboard.press("Enter")
    wait_until(lambda: page.locator("#anchor").is_visible(), "the dialog")
    for _ in range(6):
        if page.evaluate("document.activeElement.id") == "anchor-still":
            break
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "anchor-still"
    # From the middle of the picture, 12 pixels a step with Shift.
    at = [SIZE[0] // 2, SIZE[1] // 2]
    for corner in MAT:
        for axis, keys in enumerate((("ArrowLeft", "ArrowRight"), ("ArrowUp", "ArrowDown"))):
            steps = round((corner[axis] - at[axis]) / 12)
            at[axis] += 12 * steps
            for _ in range(abs(steps)):
                page.keyboard.press(f"Shift+{keys[steps > 0]}")
        page.keyboard.press("Enter")
    assert "Drag a corner" in text(page, "#anchor-step")
    # A corner is taken by its number and nudged by single pixels.
    page.keyboard.press("2")
    assert "front right" in text(page, "#anchor-step")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.press("Backspace")  # takes the move back
    page.locator("#anchor-set").focus()
    page.keyboard.press("Enter")
    wait_until(lambda: "40 × 32 cm" in text(page, "#anchor-step"), "the answer")
    page.keyboard.press("Escape")
    wait_until(lambda: page.locator("#anchor").is_hidden(), "the dialog to close")
    assert page.evaluate("document.activeElement.id") == "anchor-open"


def test_a_page_that_was_hidden_says_so_and_goes_on(sending: Page) -> None:
    show = """(state) => {
      Object.defineProperty(document, 'visibilityState', { get: () => state, configurable: true });
      const now = performance.now;
      if (state === 'visible') performance.now = () => now.call(performance) + 12_000;
      document.dispatchEvent(new Event('visibilitychange'));
      performance.now = now;
    }"""
    sending.evaluate(show, "hidden")
    sending.evaluate(show, "visible")
    wait_until(lambda: "in the background for 12\u00a0s" in text(sending, "#notice"), "the notice")
    assert text(sending, "#state") == "Sending"
