"""A learner in an emulated headset: in, calibrate, follow, be scored, play, leave."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from playwright.sync_api import Page

from bridge.protocol import (
    Anchor,
    HandPacket,
    Hello,
    LearnerHands,
    PlaybackControl,
    PlaybackState,
    Side,
)
from bridge.protocol.kinematics import keypoints_from_pose, matrix_from_quat
from tests.web.headset.emulator import DEPTH_M, KEYS_M, TIP_RADIUS_M, Headset
from tests.web.scripted_bridge import ScriptedBridge, hand_packet, shape_packet
from tests.web.waiting import wait_until

pytestmark = pytest.mark.browser

WIDTH_M = KEYS_M["piano-61"]
MIDDLE_C_ASIDE_M = 9 * 0.0235
"""An 88-key keyboard begins 9 white keys further down than one with 61."""


def anchor(turn_rad: float = 0.0) -> Anchor:
    """An 88-key keyboard, somewhere in the stage."""
    quat = np.array([0, np.sin(turn_rad / 2), 0, np.cos(turn_rad / 2)])
    return Anchor("piano-88", np.array([1.222, 0.15]), np.array([-0.6, -0.1, -0.4]), quat)


def playing(**fields: object) -> PlaybackState:
    values = {
        "time_ns": 0, "recording": "etude", "duration_s": 60.0, "position_s": 20.0,
        "playing": False, "rate": 1.0, "recordings": ("etude",),
    }  # fmt: skip
    return PlaybackState(**values | fields)  # type: ignore[arg-type]


def still(side: Side, _time_s: float) -> HandPacket:
    return hand_packet(side, 0.7)


def sent(bridge: ScriptedBridge, kind: type) -> list:
    return [message for message in bridge.received if isinstance(message, kind)]


def into_teachers_frame(points: np.ndarray, placed: Anchor) -> np.ndarray:
    return (points - placed.position_m) @ matrix_from_quat(placed.rotation_quat)


def test_a_lesson_from_enter_to_leave(
    page: Page, scripted: ScriptedBridge, axe: Callable[..., None]
) -> None:
    scripted.hand_at = still
    scripted.greeting = (anchor(0.3), playing())
    headset = Headset(page)
    page.goto(f"{scripted.url}/learn")
    page.select_option("#instrument", "piano-61")
    page.locator("#enter:enabled").wait_for()
    axe(page)
    assert page.locator("#lesson").input_value() == "etude"
    headset.enter()
    assert [hello.role for hello in sent(scripted, Hello)] == ["learn"]
    assert "front left corner" in headset.hook("words.guide")

    headset.calibrate("piano-61", keep=False)
    headset.wait("g.flow === 'check'")
    assert "fit within 0 mm" in headset.hook("words.guide")
    headset.poke("guide", "nudge-up")
    headset.poke("guide", "nudge-down")
    assert sent(scripted, LearnerHands) == []  # nobody knows yet where they would be
    headset.poke("guide", "keep")
    headset.wait("g.flow === 'done'")
    pose = headset.hook("pose")
    np.testing.assert_allclose(pose["positionM"], [-WIDTH_M / 2, 0.75, -0.3], atol=3e-4)

    # Ghosts lie where the teacher's hands lie on the teacher's keys, by the same keys.
    for side in Side:
        packet, shape = hand_packet(side, 0.7), shape_packet(side)
        stage = keypoints_from_pose(shape.rest_joints_m, packet.pose_quat, packet.wrist_m)
        expected = into_teachers_frame(stage, anchor(0.3)) - [MIDDLE_C_ASIDE_M, 0, 0]
        np.testing.assert_allclose(headset.ghost(side.name.lower()), expected, atol=1e-3)

    own_hands_arrive(headset, scripted, pose["positionM"])
    menu_controls(headset, scripted)

    headset.poke("menu", "leave")
    headset.wait("g.flow === null")
    page.locator("#enter:enabled").wait_for()
    assert "You have left" in page.locator("#enter-hint").inner_text()
    axe(page)

    # Entered again, the place is where it was kept.
    headset.enter()
    headset.wait("g.flow === 'check'")
    np.testing.assert_allclose(headset.hook("pose")["positionM"], pose["positionM"], atol=1e-3)
    # What was kept does not come back while it is touched anew.
    headset.poke("guide", "again")
    headset.calibrate("piano-61", middle=(0.05, 0.72, -0.35))
    moved = headset.hook("pose")["positionM"]
    np.testing.assert_allclose(moved, [0.05 - WIDTH_M / 2, 0.72, -0.35], atol=1e-3)
    hands = len(sent(scripted, LearnerHands))
    wait_until(lambda: len(sent(scripted, LearnerHands)) > hands, "hands once more")
    seqs = [message.seq for message in sent(scripted, LearnerHands)]
    assert seqs == sorted(set(seqs))  # a bridge takes no number twice


def own_hands_arrive(headset: Headset, bridge: ScriptedBridge, corner: Sequence[float]) -> None:
    """The learner's fingertip on a key is in the stage where the same key is there."""
    headset.tip("right", (0.1, 0.75 + TIP_RADIUS_M, -0.4))
    headset.tip("left", (-0.1, 0.75 + TIP_RADIUS_M, -0.4))
    on_keys = np.array([0.1, 0.75 + TIP_RADIUS_M, -0.4]) - corner + [MIDDLE_C_ASIDE_M, 0, 0]
    placed = anchor(0.3)
    expected = matrix_from_quat(placed.rotation_quat) @ on_keys + placed.position_m

    def arrived() -> bool:
        hands = sent(bridge, LearnerHands)[-1]
        if [hand.side for hand in hands.openxr] != [Side.LEFT, Side.RIGHT]:
            return False
        return bool(np.allclose(hands.openxr[1].joints_m[10], expected, atol=1e-3))

    wait_until(lambda: sent(bridge, LearnerHands) and arrived(), "own hands in the stage")
    last, before = sent(bridge, LearnerHands)[-1:-3:-1]
    assert last.seq > before.seq
    assert last.time_ns > before.time_ns > 1_000_000_000_000_000  # the bridge's clock
    # Bones of the tracked hand point along -z in the stage, too.
    right = last.openxr[1]
    bone = right.joints_m[8] - right.joints_m[7]
    assert -matrix_from_quat(right.joint_quat[7])[:, 2] @ bone / np.linalg.norm(bone) > 0.97


def menu_controls(headset: Headset, bridge: ScriptedBridge) -> None:
    def told(command: str) -> PlaybackControl:
        wait_until(lambda: command in [c.command for c in sent(bridge, PlaybackControl)], command)
        return sent(bridge, PlaybackControl)[-1]

    headset.menu()
    assert "0:20 of 1:00" in headset.hook("words.menu")
    headset.poke("menu", "play")
    told("play")
    headset.poke("menu", "slower")
    assert told("rate").rate == 0.75
    headset.poke("menu", "back")
    assert told("seek").position_s == pytest.approx(15)
    headset.poke("menu", "loop")
    assert told("loop").loop_s == pytest.approx((12, 20))
    # A pinch of the hand that has the menu is play or pause, too.
    commands = len(sent(bridge, PlaybackControl))
    headset.page.evaluate("headset.device.hands.left.updatePinchValue(1)")
    wait_until(lambda: len(sent(bridge, PlaybackControl)) == commands + 1, "pinched")
    assert sent(bridge, PlaybackControl)[-1].command == "play"
    headset.page.evaluate("headset.device.hands.left.updatePinchValue(0)")
    # Beside the keys, the ghosts have keys of their own.
    headset.poke("menu", "place")
    headset.wait("g.place === 'beside'")


def test_a_mirrored_learner_is_compared_with_the_hand_that_is_followed(
    page: Page, scripted: ScriptedBridge
) -> None:
    """A learner's left hand follows the teacher's right one, and is sent as a right one."""
    scripted.hand_at = still
    placed = Anchor("piano-61", np.array([WIDTH_M, DEPTH_M]), np.zeros(3), np.array([0, 0, 0, 1]))
    scripted.greeting = (placed,)
    headset = Headset(page)
    page.goto(f"{scripted.url}/learn")
    page.select_option("#instrument", "piano-61")
    page.check("#mirrored")
    page.select_option("#sides", "left")
    headset.enter()
    headset.calibrate("piano-61")
    packet, shape = hand_packet(Side.RIGHT, 0.7), shape_packet(Side.RIGHT)
    expected = keypoints_from_pose(shape.rest_joints_m, packet.pose_quat, packet.wrist_m)
    expected[:, 0] = WIDTH_M - expected[:, 0]
    np.testing.assert_allclose(headset.ghost("left"), expected, atol=1e-3)
    assert headset.hook("hands.right") is None

    headset.tip("left", (-0.1, 0.8, -0.4))
    tip = np.array([WIDTH_M - (-0.1 + WIDTH_M / 2), 0.05, -0.1])

    def arrived() -> bool:
        hands = sent(scripted, LearnerHands)
        if not hands or [hand.side for hand in hands[-1].openxr] != [Side.RIGHT]:
            return False
        return bool(np.allclose(hands[-1].openxr[0].joints_m[10], tip, atol=1e-3))

    wait_until(arrived, "the left hand as a right one")
