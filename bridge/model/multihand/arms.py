"""Forearms for hands that were cut out: no camera sees a hand that ends at its wrist.

Rendered hands have arms, but a set's masks are of the hand alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Arm", "draw_arm"]

Pixels = NDArray[np.float32]

_WRIST, _MIDDLE = 0, 9
_KNUCKLES = (5, 17)
_PALM = 1.45
"""From the wrist to the middle knuckle, in widths of the knuckles: the longer of both is measured,
as either may point at the camera."""

_AT_WRIST, _AT_ELBOW, _LENGTH = 0.30, 0.44, 2.7
"""Half of the arm's width at its ends, and its length, in lengths of the palm."""

_UNDER = 0.15
"""So far it begins under the hand, in lengths of the palm."""

_DARK = 0.5
"""Its brightness at the edges."""


@dataclass(frozen=True, slots=True)
class Arm:
    """How an arm is drawn.

    Attributes:
        bend: Radians from the palm's direction, in the picture.
        reach: Share of the arm's length that is seen; the rest is foreshortened away.
        sleeve: Share of it after which a sleeve begins; none from 1 on.
        cloth: ``(3,)`` the sleeve's colour, RGB.
    """

    bend: float
    reach: float
    sleeve: float
    cloth: Pixels


def draw_arm(
    paper: Pixels, keypoints: NDArray[np.float64], skin: Pixels, arm: Arm
) -> NDArray[np.bool_]:
    """Draws the forearm of a hand that is then to be drawn over it.

    Args:
        paper: ``(S, S, 3)`` RGB, drawn on.
        keypoints: ``(21, 2)`` of the hand, pixels.
        skin: ``(3,)`` colour of its wrist, RGB.
        arm: How.

    Returns:
        ``(S, S)``, where the arm is.
    """
    wrist = keypoints[_WRIST]
    along = wrist - keypoints[_MIDDLE]
    across = np.linalg.norm(keypoints[_KNUCKLES[0]] - keypoints[_KNUCKLES[1]])
    palm = max(float(np.linalg.norm(along)), float(_PALM * across), 1.0)
    angle = np.arctan2(along[1], along[0]) + arm.bend
    ahead = np.array([np.cos(angle), np.sin(angle)])
    y, x = np.mgrid[: len(paper), : paper.shape[1]].astype(np.float32)
    x, y = x - wrist[0] + _UNDER * palm * ahead[0], y - wrist[1] + _UNDER * palm * ahead[1]
    far = x * ahead[0] + y * ahead[1]
    aside = y * ahead[0] - x * ahead[1]
    length = palm * (_UNDER + _LENGTH * arm.reach)
    done = np.clip(far / length, 0, 1)
    half = palm * (_AT_WRIST + (_AT_ELBOW - _AT_WRIST) * done)
    half = half * np.where(done > arm.sleeve, 1.12, 1.0)
    share = np.clip(half - np.abs(aside) + 0.5, 0, 1) * np.clip(far + 0.5, 0, 1)
    share *= np.clip(length - far + 0.5, 0, 1)
    # A cylinder: its sides turn away from the light.
    round_ = np.sqrt(np.clip(1 - (aside / half) ** 2, 0, 1))
    light = (_DARK + (1 - _DARK) * round_)[..., None]
    colour = np.where((done > arm.sleeve)[..., None], arm.cloth, skin)
    paper += share[..., None].astype(np.float32) * (light * colour - paper).astype(np.float32)
    return np.asarray(share > 0.5)
