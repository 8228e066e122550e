"""A recording that nobody annotated, in small."""

from __future__ import annotations

from functools import cache

import numpy as np

from bridge.model.hamuco.recording import Recorded, cut_hands
from bridge.model.pose import ViewHand, ViewHands
from bridge.protocol.joints import Side
from tests.model.hamuco.tiny import samples

SIZE_PX = (320, 240)


def view_hand(landmarks_px: np.ndarray, side: Side) -> ViewHand:
    return ViewHand(side, landmarks_px, np.zeros((21, 3)), np.full(21, 0.9))


def seen(name: str, landmarks_px: np.ndarray, side: Side = Side.RIGHT) -> ViewHands:
    found = view_hand(landmarks_px, side)
    hands = (found, None) if side is Side.LEFT else (None, found)
    return ViewHands(name, SIZE_PX, hands)


def landmarks_px(seed: int) -> np.ndarray:
    """A hand's keypoints somewhere in a picture."""
    exact = samples(1, 1, first=seed).landmarks[0, 0].numpy()
    return exact * 60 + np.array([150.0, 120.0])


def picture_of(points: np.ndarray, bright: int) -> np.ndarray:
    """A dark picture with a spot at one keypoint."""
    x, y = np.meshgrid(np.arange(SIZE_PX[0]), np.arange(SIZE_PX[1]))
    away = (x + 0.5 - points[bright, 0]) ** 2 + (y + 0.5 - points[bright, 1]) ** 2
    grey = (255 * np.exp(-away / 20)).astype(np.uint8)
    return np.repeat(grey[..., None], 3, -1)


@cache
def recording(count: int, views: int = 2) -> list[Recorded]:
    """Hands at ten instants a second; not to be written to."""
    hands = []
    for k in range(count):
        points = [landmarks_px(k * 10 + v) for v in range(views)]
        pictures = [picture_of(p, 8) for p in points]
        hands += cut_hands(
            k / 10, pictures, [seen(f"v{i}", p) for i, p in enumerate(points)], crop_px=32
        )
    return hands
