"""Windows of real pictures to learn from: turned, scaled, mirrored and with other colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from bridge.model.multihand.labelled import LabelledPictures
from bridge.model.synthetic.draws import Draws

__all__ = ["Window", "WindowRanges", "draw_windows"]

_GREY = 127
_SOFT = 0.6
"""Below this scale pictures are shrunk before they are sampled, which else leaves out pixels."""

Pixels = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class WindowRanges:
    """How windows are drawn.

    Attributes:
        sides: Least and greatest length of the box around one hand's keypoints, pixels.
        turn_deg: Most that pictures are turned, either way.
        elsewhere: Share of windows that are anywhere in the picture, with or without a hand; the
            others are around one.
        flip: Share of windows that are mirrored.
        light: Most that the exponent of brightness differs from 1.
        colour: Most that a colour's brightness changes, as a share.
    """

    sides: tuple[float, float]
    turn_deg: float = 30.0
    elsewhere: float = 0.4
    flip: float = 0.5
    light: float = 0.3
    colour: float = 0.12


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a picture.

    Attributes:
        picture: ``(S, S, 3)`` RGB, 0 to 1; grey outside of the picture.
        keypoints_px: ``(K, 21, 2)`` pixels of the window.
        shown: ``(K, 21)`` bool, whether they are within the picture.
        left: ``(K,)`` bool.
    """

    picture: Pixels
    keypoints_px: Pixels
    shown: NDArray[np.bool_]
    left: NDArray[np.bool_]


def draw_windows(
    pictures: LabelledPictures, draws: Draws, size: int, ranges: WindowRanges
) -> list[Window]:
    """One window for each row of the draws.

    Args:
        pictures: What they are windows of.
        draws: Random numbers.
        size: Width and height, pixels.
        ranges: How they are drawn.

    Raises:
        InputError: A picture's file is missing or damaged.
    """
    chances = draws.fork("window").uniform("chances", 12).double().numpy()
    return [_window(pictures, row, size, ranges) for row in chances]


def _window(
    pictures: LabelledPictures, chances: Sequence[float], size: int, ranges: WindowRanges
) -> Window:
    which, whose, scale, turn, x, y, flip, away, light, *colour = chances
    picture, labels = pictures.picture(_pick(which, len(pictures)))
    points = np.array([hand.keypoints_px for hand in labels.hands], np.float64)
    left = np.array([hand.left for hand in labels.hands])
    limits = np.array(picture.shape[1::-1]) - 0.5
    shown: NDArray[np.bool_] = np.all((points >= -0.5) & (points <= limits), axis=-1)
    hand = points[_pick(whose, len(points))]
    low, high = hand.min(0), hand.max(0)
    shortest, longest = ranges.sides
    side = shortest * (longest / shortest) ** scale
    zoom = side / max(1.0, float((high - low).max()))
    place = np.array([x, y])
    if away < ranges.elsewhere:
        seen, middle = place * picture.shape[1::-1], np.full(2, size / 2)
    else:
        # The hand is within the window where it is small enough, but for what turning moves out.
        seen, middle = (low + high) / 2, size / 2 + (place - 0.5) * max(0.0, size - side)
    angle = np.radians(ranges.turn_deg * (2 * turn - 1))
    cos, sin = zoom * np.cos(angle), zoom * np.sin(angle)
    linear = np.array([[cos, -sin], [sin, cos]])
    if flip < ranges.flip:
        linear = linear @ np.diag([-1.0, 1.0])
        left = ~left
    shift = middle - linear @ seen
    shrunk = np.ones(2)
    if zoom < _SOFT:
        picture, shrunk = _shrunk(picture, zoom)
    # Shrinking keeps the edges of pixels; places count from their middles.
    moved = linear / shrunk, shift + linear @ (0.5 / shrunk - 0.5)
    window = cv2.warpAffine(
        picture,
        np.column_stack(moved),
        (size, size),
        flags=cv2.INTER_LINEAR,
        borderValue=(_GREY, _GREY, _GREY),
    ) / np.float32(255)
    gain = 1 + ranges.colour * (2 * np.asarray(colour) - 1)
    drawn: Pixels = np.clip(
        np.power(window, 1 + ranges.light * (2 * light - 1)) * gain, 0, 1
    ).astype(np.float32)
    return Window(drawn, (points @ linear.T + shift).astype(np.float32), shown, left)


def _pick(chance: float, count: int) -> int:
    """One of so many; a chance of 1 - 1e-8 is 1 in single precision."""
    return min(int(chance * count), count - 1)


def _shrunk(
    picture: NDArray[np.uint8], zoom: float
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The picture as large as it will be drawn, and by how much it was shrunk across and down."""
    height, width = picture.shape[:2]
    small = max(1, round(width * zoom)), max(1, round(height * zoom))
    found = cv2.resize(picture, small, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return found, np.array([small[0] / width, small[1] / height])
