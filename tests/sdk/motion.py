"""Piano-like motion as a function of lesson time, with exactly known angles."""

from __future__ import annotations

import numpy as np

from bridge.protocol.joints import FINGERS, JOINT_NAMES, Side
from sdk_python.features.angles import ANGLE_NAMES
from sdk_python.features.reference import reference_hand

BAR_S = 2.0
NOTES_A_BAR = 8


class Piece:
    """Both hands play random notes; the same seed is the same piece."""

    def __init__(self, seed: int, bars: int) -> None:
        rng = np.random.default_rng(seed)
        self.bars = bars
        self.duration_s = bars * BAR_S
        count = bars * NOTES_A_BAR
        self.times = (np.arange(count)[:, None] + rng.uniform(-0.1, 0.1, (count, 2))) * (
            BAR_S / NOTES_A_BAR
        )
        self.fingers = rng.integers(0, 5, (count, 2))
        self.depth = rng.uniform(0.6, 1.3, (count, 2))
        # Where hands are and how wide they are spread changes with every half bar.
        self.knots = np.arange(-1, 2 * bars + 2) * (BAR_S / 2)
        self.spread = rng.normal(0, 6, (len(self.knots), 2, 5))
        self.place = np.cumsum(rng.normal(0, 0.05, (len(self.knots), 2)), axis=0) * 0.7
        self.bend = rng.normal(0, 7, (len(self.knots), 2, 5))

    def angles(self, lesson_s: np.ndarray) -> np.ndarray:
        """``(T, 2, 21)`` radians."""
        strokes = np.zeros((len(lesson_s), 2, 5))
        for hand in range(2):
            for time, finger, depth in zip(
                self.times[:, hand], self.fingers[:, hand], self.depth[:, hand], strict=True
            ):
                a, b = np.searchsorted(lesson_s, [time - 0.3, time + 0.3]) if _rising(lesson_s) else (0, len(lesson_s))  # fmt: skip # noqa: E501
                off = (lesson_s[a:b] - time) / 0.07
                strokes[a:b, hand, finger] += depth * np.exp(-0.5 * off * off)
        spread, bend = self._between(self.spread, lesson_s), self._between(self.bend, lesson_s)
        angles = np.zeros((len(lesson_s), 2, len(ANGLE_NAMES)))
        for k, name in enumerate(ANGLE_NAMES):
            finger, joint, motion = name.split("_")
            f = FINGERS.index(finger)
            stroke = strokes[..., f]
            if motion == "abduction":
                angles[..., k] = spread[..., f] * (0.7 if joint == "cmc" else 1.0)
            elif joint in ("mcp", "cmc"):
                angles[..., k] = 18 + 0.6 * bend[..., f] + 26 * stroke
            else:
                angles[..., k] = 24 + bend[..., f] + 11 * stroke
        return np.radians(angles)

    def wrists(self, lesson_s: np.ndarray) -> np.ndarray:
        """``(T, 2, 3)`` metres: hands side by side, moving along x."""
        wrist = np.zeros((len(lesson_s), 2, 3))
        wrist[..., 0] = self._between(self.place, lesson_s) + np.array([-0.2, 0.2])
        wrist[..., 1], wrist[..., 2] = 0.05, -0.4
        return wrist

    def _between(self, values: np.ndarray, lesson_s: np.ndarray) -> np.ndarray:
        """Smooth between knots: rises and falls like a cosine."""
        k = np.clip(np.searchsorted(self.knots, lesson_s, "right") - 1, 0, len(self.knots) - 2)
        u = np.clip((lesson_s - self.knots[k]) / (BAR_S / 2), 0, 1)
        u = 0.5 - 0.5 * np.cos(np.pi * np.clip((u - 0.6) / 0.4, 0, 1))
        u = u.reshape(-1, *[1] * (values.ndim - 1))
        return values[k] * (1 - u) + values[k + 1] * u


def _rising(times: np.ndarray) -> bool:
    return bool((np.diff(times) >= 0).all())


def pose_of_angles(angles_rad: np.ndarray) -> np.ndarray:
    """Rotations ``(T, 2, 16, 4)`` of which ``joint_angles`` gives these angles."""
    quat = np.zeros((len(angles_rad), 2, 16, 4))
    quat[..., 3] = 1
    # Hands that play: palms down, fingers away from the player.
    for side in Side:
        hand = reference_hand(side)
        for joint in range(1, 16):
            finger, level = JOINT_NAMES[joint][:-1], int(JOINT_NAMES[joint][-1])
            names = ("cmc", "mcp", "ip") if finger == "thumb" else ("mcp", "pip", "dip")
            rows = (hand.before, hand.towards, hand.aside)
            before, towards, aside = (axis[joint - 1] for axis in rows)
            bone = hand.bone[joint - 1]
            flexion = angles_rad[:, side, ANGLE_NAMES.index(f"{finger}_{names[level - 1]}_flexion")]
            abducts = f"{finger}_{names[level - 1]}_abduction"
            if abducts in ANGLE_NAMES:
                out = np.sin(angles_rad[:, side, ANGLE_NAMES.index(abducts)])
            else:
                out = np.full(len(flexion), bone @ aside)
            plane = np.cos(flexion)[:, None] * before + np.sin(flexion)[:, None] * towards
            target = np.sqrt(1 - out**2)[:, None] * plane + out[:, None] * aside
            turn = np.concatenate(
                [np.cross(np.broadcast_to(bone, target.shape), target), 1 + target @ bone[:, None]],
                1,
            )
            quat[:, side, joint] = turn / np.linalg.norm(turn, axis=1, keepdims=True)
    return quat
