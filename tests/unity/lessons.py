"""A recorded lesson of two hands that move all their joints, for the console's client to follow."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bridge.model.hand import open_hand
from bridge.protocol import HandPacket, PosePacket, ShapePacket, Side
from tests.playback.lessons import ORIGIN_NS, STEP_NS, write

_BETAS = np.array([0.8, -0.5, 0.3, 0, 0.2, 0, 0, -0.4, 0, 0.1])


def lesson(path: Path, count: int = 250) -> Path:
    """Writes so many poses, at 50 a second.

    Pose ``k`` has its right wrist at x = ``k`` centimetres, the left one beside it.
    """
    numbers = np.random.default_rng(11)
    start, speed = numbers.normal(size=(2, 2, 16, 4))
    packets: list[ShapePacket | PosePacket] = [
        ShapePacket(side, _BETAS, open_hand(side).rest_keypoints(_BETAS)) for side in Side
    ]
    for k in range(count):
        quaternions = start / 3 + speed / 3 * np.sin(k / 15) + [0, 0, 0, 2]
        quaternions /= np.linalg.norm(quaternions, axis=-1, keepdims=True)
        hands = tuple(
            HandPacket(
                side, [k / 100 - 0.3 * (1 - side), 0.2, -0.4], quaternions[side], np.full(5, 0.9)
            )
            for side in Side
        )
        packets.append(PosePacket(k, ORIGIN_NS + k * STEP_NS, hands))
    return write(path, packets)


def number(keypoints_m: np.ndarray, side: int) -> int:
    """Which pose of the recording these keypoints are of."""
    return round(float(keypoints_m[0, 0] + 0.3 * (1 - side)) * 100)
