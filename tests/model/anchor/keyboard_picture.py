"""A rendered keyboard on a table, as a camera sees it: picture, camera and corners."""

from __future__ import annotations

import cv2
import numpy as np

from bridge.model.anchor.anchor import ViewPose
from bridge.model.anchor.drawing import Picture, black_keys_m, project
from bridge.model.anchor.instruments import KEY_PITCH_M, Instrument

_TABLE, _WOOD, _WHITE, _GAP, _BLACK = (
    (96, 84, 74),
    (38, 34, 34),
    (238, 236, 230),
    (120,) * 3,
    (24,) * 3,
)
_SIDE = (10,) * 3
_FINE = 3


def keyboard_picture(
    instrument: Instrument, pose: ViewPose, size_px: tuple[int, int] = (1280, 720)
) -> Picture:
    """Drawn at three times the size, then made small: smooth edges."""
    size = (size_px[0] * _FINE, size_px[1] * _FINE)
    picture = np.full((size[1], size[0], 3), _TABLE, dtype=np.uint8)

    def fill(points_m, colour) -> None:
        pixels = np.rint(project(pose, size, np.asarray(points_m, dtype=float))).astype(np.int32)
        cv2.fillPoly(picture, [pixels], colour, cv2.LINE_AA)

    def block(left, right, front, back, y, colour) -> None:
        fill([[left, y, front], [right, y, front], [right, y, back], [left, y, back]], colour)

    left, right, depth = instrument.left_m, instrument.right_m, instrument.depth_m
    block(left - 0.04, right + 0.04, 0.03, -depth - 0.10, 0.0, _WOOD)
    block(left, right, 0.0, -depth, 0.0, _GAP)
    for key in range(instrument.white_keys):
        start = left + key * KEY_PITCH_M
        block(start + 0.0006, start + KEY_PITCH_M - 0.0006, 0.0, -depth, 0.0, _WHITE)
    for top in black_keys_m(instrument):
        base = top * [1, 0, 1]
        for a, b in ((0, 1), (1, 2), (3, 0)):
            fill([base[a], base[b], top[b], top[a]], _SIDE)
        fill(top, _BLACK)
    rng = np.random.default_rng(0)
    small = cv2.resize(picture, size_px, None, 0, 0, cv2.INTER_AREA).astype(float)
    return np.clip(small + rng.normal(0, 3, small.shape), 0, 255).astype(np.uint8)
