"""Four corners that a person tapped in one view, and what can be wrong with them at first sight."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from bridge.errors import InputError
from bridge.model.pose import FloatArray

__all__ = [
    "CORNERS",
    "LEAST_TAP_PX",
    "MOST_TAP_PX",
    "TAP_PX",
    "Taps",
    "check_taps",
    "parse_corners",
]

CORNERS = ("front left", "front right", "back right", "back left")
"""Order of the corners, as the instrument's player sees them."""

TAP_PX = 2.0
"""How far a careful tap is off, standard deviation in x and in y, pixels."""

LEAST_TAP_PX, MOST_TAP_PX = 1e-4, 100.0
"""What may be said of a tap's error."""

_ORDER = "tap front left, front right, back right, back left, as the player sees them"
_NEAREST_TAPS = 4.0
_FLATTEST_TAPS = 3.0


@dataclass(frozen=True, slots=True)
class Taps:
    """Where one view shows the instrument's corners.

    Attributes:
        view: The view's name.
        size_px: Image ``(width, height)``.
        corners_px: ``(4, 2)`` in the order of ``CORNERS``, pixels, x right, y down.
        focal: Focal length in longer image sides, where the publisher knows it.
    """

    view: str
    size_px: tuple[int, int]
    corners_px: FloatArray
    focal: float | None = None

    @property
    def image(self) -> FloatArray:
        """``(4, 2)`` the corners in longer image sides from the centre."""
        centre = np.asarray(self.size_px, dtype=np.float64) / 2
        image: FloatArray = (self.corners_px - centre) / max(self.size_px)
        return image


def parse_corners(text: str) -> FloatArray:
    """Reads ``"x,y x,y x,y x,y"``, pixels, as ``(4, 2)``.

    Raises:
        InputError: It is not four pairs of numbers.
    """
    try:
        corners = np.array([[float(n) for n in pair.split(",")] for pair in text.split()])
    except ValueError:
        corners = np.empty(0)
    if corners.shape != (4, 2) or not np.isfinite(corners).all():
        raise InputError(
            f'corners are four pixel positions, "x,y x,y x,y x,y", not {text[:80]!r}: {_ORDER}'
        )
    return corners


def check_taps(taps: Taps, *, tap_px: float = TAP_PX) -> None:
    """Refuses corners that no picture of a rectangle seen from above has.

    Seen from above, the order of ``CORNERS`` runs anticlockwise in every upright picture.

    Raises:
        InputError: What is wrong with them, and what to do.
    """
    where = f"view {taps.view}: "
    corners, size = taps.corners_px, np.array(taps.size_px)
    if corners.shape != (4, 2) or not np.isfinite(corners).all():
        raise InputError(f"{where}there must be four corners, each two numbers: {_ORDER}")
    if size.min() < 1:
        raise InputError(f"{where}a picture of {size[0]} x {size[1]} pixels has no corners")
    for name, corner in zip(CORNERS, corners, strict=True):
        if (corner < 0).any() or (corner > size).any():
            raise InputError(
                f"{where}the {name} corner ({corner[0]:.0f}, {corner[1]:.0f}) is outside the "
                f"picture of {size[0]} x {size[1]} pixels: turn the device until all four corners "
                "are in view, or tap a part of the keyboard (piano-88:C3-B5)"
            )
    for (one, here), (other, there) in combinations(zip(CORNERS, corners, strict=True), 2):
        if np.hypot(*(here - there)) < _NEAREST_TAPS * tap_px:
            raise InputError(
                f"{where}the {one} and {other} corners are too close together to measure by: "
                "bring the device nearer, or look more from above"
            )
    _check_shape(where, corners, tap_px)


def _check_shape(where: str, corners: FloatArray, tap_px: float) -> None:
    before, after = np.roll(corners, 1, axis=0), np.roll(corners, -1, axis=0)
    # Twice the area of each corner's triangle: negative where the outline turns anticlockwise.
    turns = _cross(corners - before, after - corners)
    if (turns < 0).sum() == 2:
        raise InputError(f"{where}the outline crosses itself: two corners are swapped; {_ORDER}")
    heights = np.abs(turns) / np.linalg.norm(after - before, axis=1)
    flattest = int(heights.argmin())
    if heights[flattest] < _FLATTEST_TAPS * tap_px:
        raise InputError(
            f"{where}the {CORNERS[flattest]} corner lies on the line between its neighbours: look "
            "at the instrument more from above, and tap its four corners"
        )
    if (turns < 0).sum() in (1, 3):
        inner = int((turns > 0).argmax() if (turns < 0).sum() == 3 else (turns < 0).argmax())
        raise InputError(
            f"{where}the {CORNERS[inner]} corner lies inside the other three, where no rectangle "
            f"has one: tap it again; {_ORDER}"
        )
    if (turns > 0).all():
        raise InputError(
            f"{where}the corners run the wrong way round: either they were tapped mirrored "
            f"(left and right exchanged), or the video is mirrored as a selfie is. {_ORDER}, and "
            "film without mirroring"
        )


def _cross(a: FloatArray, b: FloatArray) -> FloatArray:
    product: FloatArray = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return product
