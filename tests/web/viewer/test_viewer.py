"""The viewer page in a real browser: what it shows, and what it says when it cannot."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest
from playwright.sync_api import Page

from bridge.model.ensemble import write_colours
from bridge.protocol import Ack, HandPacket, Hello, Side, Subscribe
from bridge.protocol.kinematics import keypoints_from_pose
from tests.web.scripted_bridge import ScriptedBridge, hand_packet, shape_packet
from tests.web.viewer.playing import hook, still, wait_for_hands
from tests.web.waiting import wait_until

pytestmark = pytest.mark.browser


def joints(page: Page, side: str) -> np.ndarray | None:
    shown = hook(page, f"hands.{side}")
    return None if shown is None else np.array(shown["joints"])


def stage_pixels(page: Page) -> np.ndarray:
    """The stage as the user sees it, RGB ``(H, W, 3)``."""
    png = page.locator("section.stage").screenshot()
    with av.open(io.BytesIO(png)) as image:
        pixels = next(image.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    # Without the legend, which has the hands' colours, and the frame of keyboard focus.
    return pixels[48:-8, 8:-8]


def differ(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Which pixels of two pictures of the stage clearly differ, ``(H, W)``."""
    return np.abs(one - other).max(axis=2) > 40


def still_pixels(page: Page) -> np.ndarray:
    """:func:`stage_pixels` once the camera has come to rest."""
    pictures = [stage_pixels(page)]

    def rests() -> bool:
        page.wait_for_timeout(150)
        pictures.append(stage_pixels(page))
        return bool(differ(*pictures[-2:]).mean() < 1e-4)

    wait_until(rests, "the camera to rest")
    return pictures[-1]


def blue_and_orange(page: Page) -> tuple[int, int]:
    """Pixels clearly of the left hand's and of the right hand's colour."""
    red, _, blue = np.moveaxis(stage_pixels(page), -1, 0)
    return int((blue - red > 60).sum()), int((red - blue > 60).sum())


COMPACT_M = 3e-4
"""How near compact poses are."""


def test_shows_both_hands_where_the_poses_put_them(page: Page, scripted: ScriptedBridge) -> None:
    scripted.hand_at = still
    page.goto(f"{scripted.url}/viewer")
    wait_for_hands(page)
    for side in Side:
        packet, shape = hand_packet(side, 0.7), shape_packet(side)
        expected = keypoints_from_pose(shape.rest_joints_m, packet.pose_quat, packet.wrist_m)
        shown = joints(page, side.name.lower())
        assert shown is not None
        np.testing.assert_allclose(shown, expected, atol=COMPACT_M)
    blue, orange = blue_and_orange(page)
    assert min(blue, orange) > 3000, (blue, orange)
    assert page.locator("#notice").is_hidden()


def test_hands_have_a_players_skin_and_keep_their_own_rims(page: Page, tmp_path: Path) -> None:
    colours = {side: np.full((1609, 3), (40, 220, 40), np.uint8) for side in Side}
    write_colours(tmp_path / "hands.npz", colours)
    with ScriptedBridge(hand_colours=tmp_path / "hands.npz") as bridge:
        bridge.hand_at = still
        page.goto(f"{bridge.url}/viewer")
        wait_for_hands(page)
        red, green, blue = np.moveaxis(stage_pixels(page), -1, 0)
    assert int((green - np.maximum(red, blue) > 40).sum()) > 3000
    assert int((red - blue > 60).sum()) < 1000


def test_interpolates_between_poses(page: Page, scripted: ScriptedBridge) -> None:
    """The wrist follows the script's curve, also between the 30 poses a second."""
    page.goto(f"{scripted.url}/viewer")
    wait_for_hands(page)
    xs = page.evaluate(
        """() => new Promise((resolve) => {
          const xs = [];
          const step = () => {
            xs.push(window.ghosthands.hands.right.joints[0][0]);
            if (xs.length < 40) requestAnimationFrame(step); else resolve(xs);
          };
          step();
        })"""
    )
    assert 0.08 <= min(xs) <= max(xs) <= 0.12
    assert len({round(x, 9) for x in xs}) > 20
    # 18 mm/s at most: no frame may jump by more than half a second's motion.
    assert np.abs(np.diff(xs)).max() < 0.009


def test_acknowledges_poses_and_reports_honestly(page: Page, scripted: ScriptedBridge) -> None:
    page.goto(f"{scripted.url}/viewer")
    wait_for_hands(page)
    wait_until(lambda: hook(page, "poses") > 45, "45 poses")
    wait_until(lambda: hook(page, "poseRate") > 20, "the rate of the last second")
    # Its clock is 10^15 ns ahead of the browser's: only clock sync makes sense of a pose's age.
    assert scripted.age_ms - 5 < hook(page, "latencyMs") < scripted.age_ms + 500
    assert page.locator("#latency").inner_text() != "–"
    assert isinstance(scripted.received[0], Hello)
    assert scripted.received[0].role == "watch"
    assert scripted.received[1] == Subscribe(None)
    acks = [message.seq for message in scripted.received if isinstance(message, Ack)]
    assert acks == list(range(4, 5 * len(acks), 5))  # half the window at once
    assert len(acks) >= 9


def test_status_panel_says_what_the_bridge_says(page: Page, scripted: ScriptedBridge) -> None:
    page.goto(f"{scripted.url}/viewer")
    cards = page.locator(".view")
    wait_until(lambda: cards.count() == 2, "two views")
    phone, tablet = (" ".join(card.inner_text().split()) for card in cards.all())
    assert phone == "phone Live 30 fps · 1280×720 · none dropped Left seen Right seen"
    assert tablet == "tablet Live 25 fps · 1280×720 · 12 dropped Left not seen Right seen"
    assert page.locator("#state").inner_text() == "Connected"


def test_an_absent_hand_fades_out_and_returns(page: Page, scripted: ScriptedBridge) -> None:
    scripted.hand_at = still
    page.goto(f"{scripted.url}/viewer")
    wait_for_hands(page)
    scripted.hands = (Side.RIGHT,)
    wait_until(lambda: joints(page, "left") is None, "the left hand to leave")
    blue, orange = blue_and_orange(page)
    assert blue < 10 < 3000 < orange
    scripted.hands = (Side.LEFT, Side.RIGHT)
    wait_for_hands(page)


def test_takes_a_new_shape(page: Page, scripted: ScriptedBridge) -> None:
    betas = np.linspace(-1.5, 1.5, 10)
    scripted.hand_at = still
    scripted.shapes = (shape_packet(Side.LEFT, betas), shape_packet(Side.RIGHT, betas))
    page.goto(f"{scripted.url}/viewer")
    wait_for_hands(page)
    packet = hand_packet(Side.RIGHT, 0.7)
    average, shaped = (
        keypoints_from_pose(s.rest_joints_m, packet.pose_quat, packet.wrist_m)
        for s in (shape_packet(Side.RIGHT), scripted.shapes[1])
    )
    assert np.abs(shaped - average).max() > 2e-3
    np.testing.assert_allclose(joints(page, "right"), shaped, atol=COMPACT_M)


def test_comes_back_after_the_bridge_was_gone(page: Page, scripted: ScriptedBridge) -> None:
    page.goto(f"{scripted.url}/viewer")
    wait_for_hands(page)
    scripted.go_down()
    wait_until(lambda: hook(page, "state") == "reconnecting", "the loss to be noticed")
    title = page.locator("#notice-title")
    wait_until(lambda: title.inner_text() == "Connection lost", "the notice")
    assert page.locator(".view").count() == 0
    wait_until(lambda: joints(page, "left") is None, "the hands to leave")
    scripted.come_back()
    # It may be back by itself already, and the button gone: then this does nothing.
    page.locator("#notice-retry").dispatch_event("click")
    wait_for_hands(page)
    wait_until(lambda: page.locator("#notice").is_hidden(), "the notice to go")


def test_waits_for_an_unknown_room_and_starts_with_it(page: Page, scripted: ScriptedBridge) -> None:
    page.goto(f"{scripted.url}/viewer?room=piano")
    title = page.locator("#notice-title")
    wait_until(lambda: title.inner_text() == "Waiting for room “piano”", "the notice")
    assert page.locator("#notice-link").get_attribute("href") == "/capture?room=piano"
    scripted.rooms.add("piano")
    wait_for_hands(page)


def test_a_room_without_devices_says_how_to_begin(page: Page, scripted: ScriptedBridge) -> None:
    scripted.views, scripted.hands = (), ()
    page.goto(f"{scripted.url}/viewer")
    title = page.locator("#notice-title")
    wait_until(lambda: title.inner_text() == "No device is publishing yet", "the notice")
    assert "/capture" in page.locator("#notice-text").inner_text()
    assert page.locator("#no-views").inner_text() == "No device has joined yet."
    assert page.locator("#skeleton").get_attribute("aria-pressed") == "false"


def test_works_by_keyboard_alone(page: Page, scripted: ScriptedBridge) -> None:
    scripted.hand_at = still
    page.goto(f"{scripted.url}/viewer")
    wait_for_hands(page)
    before = still_pixels(page)
    page.keyboard.press("k")
    assert page.locator("#skeleton").get_attribute("aria-pressed") == "true"
    assert differ(stage_pixels(page), before).sum() > 300
    page.keyboard.press("k")
    page.locator("#canvas").focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    assert differ(stage_pixels(page), before).sum() > 3000
    page.keyboard.press("r")
    wait_until(
        lambda: differ(stage_pixels(page), before).mean() < 0.01,
        "the view to be reset",
    )


def test_keeps_hands_in_sight_until_the_user_takes_the_camera(
    page: Page, scripted: ScriptedBridge
) -> None:
    def far_right(side: Side, _time_s: float) -> HandPacket:
        packet = hand_packet(side, 0.7)
        wrist = packet.wrist_m + np.array([0.6, 0.0, 0.0])
        return HandPacket(side, wrist, packet.pose_quat, packet.finger_confidence)

    scripted.hand_at = still
    page.goto(f"{scripted.url}/viewer")
    wait_for_hands(page)
    scripted.hand_at = far_right
    wait_until(lambda: joints(page, "left")[0, 0] > 0.4, "the hands to move")
    wait_until(lambda: min(blue_and_orange(page)) > 3000, "the camera to follow")
    page.locator("#canvas").press("ArrowLeft")
    scripted.hand_at = still
    wait_until(lambda: joints(page, "left")[0, 0] < 0, "the hands to move back")
    wait_until(lambda: max(blue_and_orange(page)) < 10, "the hands to be out of sight")
    page.locator("#reset").click()
    wait_until(lambda: min(blue_and_orange(page)) > 3000, "the view to be reset")


MOVES = """window.shift = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.shift += entry.value;
    }).observe({ type: "layout-shift", buffered: true });"""


def test_nothing_moves_while_it_starts(page: Page, scripted: ScriptedBridge) -> None:
    """On a slow machine, which shows every notice on the way."""
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 8})
    page.add_init_script(MOVES)
    page.goto(f"{scripted.url}/viewer")
    wait_for_hands(page)
    wait_until(lambda: page.locator("#latency").inner_text() != "–", "the figures")
    assert page.evaluate("window.shift") < 0.01


def test_nothing_moves_as_notices_come_and_go(page: Page, scripted: ScriptedBridge) -> None:
    page.add_init_script(MOVES)
    scripted.rooms.clear()
    scripted.hands = ()
    views, scripted.views = scripted.views, ()
    page.goto(f"{scripted.url}/viewer")
    title = page.locator("#notice-title")
    wait_until(lambda: title.inner_text().startswith("Waiting for room"), "the first notice")
    scripted.rooms.add("lesson")
    wait_until(lambda: title.inner_text() == "No device is publishing yet", "the second notice")
    assert page.locator("#notice.hint").count() == 0
    scripted.views = views
    page.locator("#notice.hint").wait_for()
    assert page.evaluate("window.shift") < 0.01


def test_without_webgl_it_says_so(page: Page, scripted: ScriptedBridge) -> None:
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    # three.js logs its failure; the page's own words are what is tested here.
    page.add_init_script("console.error = () => {}")
    page.goto(f"{scripted.url}/viewer")
    title = page.locator("#notice-title")
    wait_until(lambda: title.inner_text() == "This browser cannot draw in 3D", "the notice")


def test_a_hand_shape_that_cannot_be_had_is_tried_again(
    page: Page, scripted: ScriptedBridge
) -> None:
    page.route("**/hands/left.msgpack", lambda route: route.fulfill(status=500))
    page.goto(f"{scripted.url}/viewer")
    title = page.locator("#notice-title")
    wait_until(lambda: title.inner_text().startswith("The hands"), "the notice")
    page.unroute("**/hands/left.msgpack")
    wait_for_hands(page)
