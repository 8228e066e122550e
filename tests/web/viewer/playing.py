"""What the viewer's tests show it: a keyboard, hands that press keys, a learner, a lesson."""

from __future__ import annotations

from typing import Any

import numpy as np
from playwright.sync_api import Page

from bridge.protocol import (
    Anchor,
    HandPacket,
    HandScore,
    LearnerHands,
    OpenXRHand,
    PlaybackState,
    Score,
    Side,
)
from tests.web.scripted_bridge import hand_packet
from tests.web.waiting import wait_until

WIDTH_M = 36 * 0.0235
"""Of 61 keys."""

KEYBOARD = Anchor(
    "piano-61",
    np.array([WIDTH_M, 0.15], np.float32),
    np.array([-WIDTH_M / 2, -0.1, -0.45], np.float32),
    np.array([0, 0, 0, 1], np.float32),
)


def still(side: Side, _time_s: float) -> HandPacket:
    return hand_packet(side, 0.7)


def pressing(side: Side, time_s: float) -> HandPacket:
    """A hand that goes down 2 cm in 0.1 s, twice a second, and comes up again."""
    packet = hand_packet(side, 0.7)
    phase = time_s % 0.5
    down = np.clip(phase / 0.1, 0, 1) - np.clip((phase - 0.25) / 0.15, 0, 1)
    wrist = packet.wrist_m + np.array([0, 0.04 - 0.02 * down, 0])
    return HandPacket(side, wrist, packet.pose_quat, packet.finger_confidence)


def learner_hands(now_ns: int, seq: int, *, shift_m: float = 0.03) -> LearnerHands:
    """The still hands a little to the right."""
    hands = []
    for side in Side:
        packet = hand_packet(side, 0.7)
        wrist = packet.wrist_m + np.array([shift_m, 0.01, 0])
        hands.append(HandPacket(side, wrist, packet.pose_quat, packet.finger_confidence))
    return LearnerHands(seq, now_ns, "learner-12345678", tuple(hands))


def openxr_hands(now_ns: int, seq: int) -> LearnerHands:
    """A headset's joints: a flat right hand, fingers away from the viewer."""
    joints = np.zeros((26, 3))
    joints[:, 1] = -0.05
    for finger in range(5):
        length = 4 if finger == 0 else 5
        first = 2 if finger == 0 else 6 + 5 * (finger - 1)
        for k in range(length):
            joints[first + k] = [-0.04 + 0.02 * finger, -0.05, -0.45 - 0.03 * k]
    joints[0:2] = [0, -0.05, -0.42]
    quat = np.tile([0.0, 0.0, 0.0, 1.0], (26, 1))
    return LearnerHands(
        seq, now_ns, "learner-12345678", (), (OpenXRHand(Side.RIGHT, joints, quat),)
    )


def scored(now_ns: int) -> Score:
    """Close thumbs, far little fingers, middle fingers that were not seen."""
    error_m = np.array([0.002, 0.015, 0.02, 0.03, 0.09])
    confidence = np.array([1, 1, 0, 1, 1.0])
    hands = tuple(HandScore(side, error_m, error_m * 15, confidence) for side in Side)
    return Score(now_ns, "learner-12345678", 73.0, hands, 4.0)


def lesson(now_ns: int, **changes: Any) -> PlaybackState:
    """A room whose watchers may play two recordings."""
    state = {
        "time_ns": now_ns,
        "recording": "etude",
        "duration_s": 60.0,
        "position_s": 12.5,
        "playing": False,
        "rate": 1.0,
        "loop_s": None,
        "recordings": ("etude", "scales"),
        "problem": None,
    }
    return PlaybackState(**(state | changes))


def passages() -> dict[str, Any]:
    """What of a comparison's JSON the viewer reads, as ``ghosthands compare --json`` writes it."""
    found = [
        ((10.0, 12.0), (11.0, 13.5), "right", "index_base_flexion", 22.4, 31.0),
        ((40.0, 43.0), (44.0, 47.0), "left", "thumb_base_abduction", -15.2, 12.0),
    ]
    return {
        "teachers": [{"duration_s": 60.0}],
        "student": {"duration_s": 66.0},
        "passages": [
            {
                "teacher_s": list(teacher),
                "student_s": list(student),
                "hand": hand,
                "angle": angle,
                "difference_deg": degrees,
                "others": [],
                "severity": severity,
            }
            for teacher, student, hand, angle, degrees, severity in found
        ],
    }


def hook(page: Page, expression: str) -> Any:
    return page.evaluate(f"() => window.ghosthands?.{expression}")


def wait_for_hands(page: Page) -> None:
    wait_until(
        lambda: hook(page, "hands.left?.opacity") == hook(page, "hands.right?.opacity") == 1,
        "both hands",
    )
