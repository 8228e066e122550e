"""An anchor drawn into its picture, so that a person sees at once whether it fits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from bridge.model.anchor.anchor import AnchoredView, ViewPose
from bridge.model.anchor.instruments import KEY_PITCH_M, Instrument
from bridge.model.pose import FloatArray

__all__ = ["Picture", "black_keys_m", "draw_anchor", "project", "side_by_side"]

Picture = NDArray[np.uint8]
"""``(height, width, 3)`` RGB."""

# Black keys reach this far from the back edge, where the fallboard hides the first centimetre.
_BLACK_REACH_M, _BLACK_HIDDEN_M = 0.090, 0.010
_BLACK_WIDTH_M, _BLACK_HEIGHT_M = 0.010, 0.012
# Centres of black keys from the gap after C, D, F, G, A: keys pass the fallboard in equal steps.
_BLACK_ASIDE_M = {0: -0.0023, 1: 0.0023, 3: -0.0034, 4: 0.0, 5: 0.0034}
_AXIS_M = 0.08
_NEAREST_M = 0.02
_SHIFT = 4

_OUTLINE, _KEYS, _BLACK, _TAPS = (255, 214, 10), (10, 200, 120), (60, 170, 255), (255, 60, 160)
_AXES = ((240, 70, 60), (70, 210, 70), (70, 120, 255))


def project(pose: ViewPose, size_px: tuple[int, int], points_m: FloatArray) -> FloatArray:
    """Pixels ``(..., 2)`` of points ``(..., 3)``; NaN behind the camera."""
    there = points_m @ pose.rotation.T + pose.offset_m
    depth = np.where(there[..., 2:] > _NEAREST_M, there[..., 2:], np.nan)
    pixels: FloatArray = (
        np.asarray(size_px) / 2 + pose.focal * max(size_px) * there[..., :2] / depth
    )
    return pixels


def black_keys_m(instrument: Instrument) -> FloatArray:
    """``(N, 4, 3)`` visible tops of the black keys between the edges, corners in order."""
    if instrument.first_white is None:
        return np.empty((0, 4, 3))
    tops = []
    for gap in range(1, instrument.white_keys):
        aside = _BLACK_ASIDE_M.get((instrument.first_white + gap - 1) % 7)
        if aside is None:
            continue
        x = instrument.left_m + gap * KEY_PITCH_M + aside
        left, right = x - _BLACK_WIDTH_M / 2, x + _BLACK_WIDTH_M / 2
        front = _BLACK_REACH_M - instrument.depth_m
        back = _BLACK_HIDDEN_M - instrument.depth_m
        y = _BLACK_HEIGHT_M
        tops.append([[left, y, front], [right, y, front], [right, y, back], [left, y, back]])
    return np.array(tops).reshape(-1, 4, 3)


def draw_anchor(picture: Picture, instrument: Instrument, view: AnchoredView) -> Picture:
    """A copy of a picture with the outline, all keys, the frame's axes and the taps."""
    drawn: Picture = np.ascontiguousarray(picture).copy()
    size = (drawn.shape[1], drawn.shape[0])
    unit = max(1, round(max(size) / 960))

    def line(points_m: FloatArray, colour: Sequence[int], width: int) -> None:
        _polyline(drawn, project(view.pose, size, points_m), colour, width)

    corners = instrument.corners_m
    for key in range(1, instrument.white_keys):
        x = instrument.left_m + key * KEY_PITCH_M
        line(np.array([[x, 0, 0], [x, 0, -instrument.depth_m]]), _KEYS, unit)
    for top in black_keys_m(instrument):
        line(np.concatenate([top, top[:1]]), _BLACK, unit)
    for colour, width in (((0, 0, 0), 4 * unit), (_OUTLINE, 2 * unit)):
        line(np.concatenate([corners, corners[:1]]), colour, width)
    for axis, colour in zip(np.eye(3), _AXES, strict=True):
        ends = project(view.pose, size, np.stack([np.zeros(3), _AXIS_M * axis]))
        if np.isfinite(ends).all() and (ends[0] >= 0).all() and (ends[0] <= size).all():
            start, end = (tuple(map(int, np.rint(p))) for p in ends)
            cv2.arrowedLine(drawn, start, end, colour, 2 * unit, cv2.LINE_AA, tipLength=0.15)
    for number, corner in enumerate(view.taps.corners_px, start=1):
        _mark(drawn, corner, str(number), unit)
    return drawn


def side_by_side(pictures: Iterable[Picture], *, height_px: int = 720) -> Picture:
    """Pictures of any sizes in one row; a single one keeps its own size."""
    row = list(pictures)
    if len(row) == 1:
        return row[0]
    scaled = [
        cv2.resize(
            p, (round(p.shape[1] * height_px / p.shape[0]), height_px), None, 0, 0, cv2.INTER_AREA
        )
        for p in row
    ]
    return np.asarray(np.concatenate(scaled, axis=1), dtype=np.uint8)


def _polyline(picture: Picture, points_px: FloatArray, colour: Sequence[int], width: int) -> None:
    far = 8 * max(picture.shape)
    for start, end in pairwise(points_px):
        # Lines that leave the picture by far overflow OpenCV's coordinates.
        if np.isfinite([start, end]).all() and max(np.abs(start).max(), np.abs(end).max()) < far:
            ends = [tuple(map(int, np.rint(p * 2**_SHIFT))) for p in (start, end)]
            cv2.line(picture, ends[0], ends[1], colour, width, cv2.LINE_AA, _SHIFT)


def _mark(picture: Picture, corner: FloatArray, text: str, unit: int) -> None:
    place = (round(float(corner[0])), round(float(corner[1])))
    cv2.circle(picture, place, 7 * unit, (0, 0, 0), 3 * unit, cv2.LINE_AA)
    cv2.circle(picture, place, 7 * unit, _TAPS, 2 * unit, cv2.LINE_AA)
    height, width = picture.shape[:2]
    at = (
        int(np.clip(place[0] + 10 * unit, 0, width - 16 * unit)),
        int(np.clip(place[1] - 10 * unit, 18 * unit, height - 4)),
    )
    for colour, thick in (((0, 0, 0), 4 * unit), (_TAPS, 2 * unit)):
        cv2.putText(
            picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.7 * unit, colour, thick, cv2.LINE_AA
        )
