"""Things of known size that a device sees: keyboards and rectangles, and the frame they carry.

The instrument's frame is OpenXR's, as its player sees it: the origin is the front left corner (of
the whole keyboard), x runs to the right along the front edge, y up, z towards the player. Corners
are in the order front left, front right, back right, back left, again as the player sees them.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

import numpy as np

from bridge.errors import InputError
from bridge.model.pose import FloatArray

__all__ = ["INSTRUMENTS", "KEY_DEPTH_M", "KEY_PITCH_M", "Instrument", "keyboard", "rectangle"]

KEY_PITCH_M = 0.0235
"""From one white key to the next. No standard binds makers, but they agree within half a percent:
an octave is 164 to 165 mm, 88 keys (52 white ones) are 1,216 to 1,229 mm wide. With this pitch
they are 1,222 mm."""

KEY_DEPTH_M = 0.150
"""How long the visible part of a white key is: 147 to 153 mm on pianos and full-size keyboards."""

_PITCH_SPREAD = 0.004
_DEPTH_SPREAD = 0.02

_WHITE_NAMES = "CDEFGAB"
_NOTE = re.compile(r"([A-Ga-g])([0-8])")
# Lowest and highest key, C4 being the middle C.
_COMPASS = {88: ("A0", "C8"), 76: ("E1", "G7"), 61: ("C2", "C7"), 49: ("C2", "C6")}
_PAPER_M = {"a3": (0.420, 0.297), "a4": (0.297, 0.210), "letter": (0.2794, 0.2159)}
_SMALLEST_M, _LARGEST_M = 0.1, 10.0
_LEAST_WHITE_KEYS = 5

INSTRUMENTS = (*(f"piano-{keys}" for keys in _COMPASS), *_PAPER_M)
"""Names that ``Instrument.parse`` knows."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """A flat rectangle whose corners are tapped.

    Attributes:
        name: How ``parse`` finds it again.
        left_m: x of the left edge.
        right_m: x of the right edge.
        depth_m: How far the back edge is behind the front edge.
        width_spread: Relative standard deviation of the width from one such thing to the next.
        depth_spread: The same of the depth.
        first_white: Lowest white key between the edges, counted from C0; None for no keyboard.
    """

    name: str
    left_m: float
    right_m: float
    depth_m: float
    width_spread: float = 0.0
    depth_spread: float = 0.0
    first_white: int | None = None

    @property
    def width_m(self) -> float:
        """From the left to the right edge."""
        return self.right_m - self.left_m

    @property
    def corners_m(self) -> FloatArray:
        """``(4, 3)`` front left, front right, back right, back left, in the instrument's frame."""
        left, right, back = self.left_m, self.right_m, -self.depth_m
        return np.array([[left, 0, 0], [right, 0, 0], [right, 0, back], [left, 0, back]])

    @property
    def white_keys(self) -> int:
        """White keys between the edges; 0 for what is no keyboard."""
        return 0 if self.first_white is None else round(self.width_m / KEY_PITCH_M)

    @classmethod
    def parse(cls, text: str) -> Instrument:
        """The instrument that a name means.

        Args:
            text: ``piano-88``, ``-76``, ``-61`` or ``-49``; a part of one, ``piano-88:C3-B5``, from
                the left edge of one white key to the right edge of another (C4 is the middle C);
                ``a3``, ``a4`` or ``letter``, lying across; or ``WIDTHxDEPTH`` in metres.

        Raises:
            InputError: It is none of these, or no size that a device could see.
        """
        name = text.strip().lower()
        if name in _PAPER_M:
            return replace(rectangle(*_PAPER_M[name]), name=name)
        kind, colon, part = name.partition(":")
        for keys in _COMPASS:
            if kind == f"piano-{keys}":
                return keyboard(keys, part if colon else None)
        try:
            width, depth = (float(side) for side in name.split("x"))
        except ValueError:
            raise InputError(
                f"no instrument is called {text[:60]!r}: give {', '.join(INSTRUMENTS)}, a part of "
                "a keyboard such as piano-88:C3-B5, or WIDTHxDEPTH in metres such as 0.40x0.30"
            ) from None
        return rectangle(width, depth)


def rectangle(width_m: float, depth_m: float) -> Instrument:
    """A rectangle of known size: its front edge, where x runs, is ``width_m`` long.

    Raises:
        InputError: A side is not between 0.1 and 10 m.
    """
    for side in (width_m, depth_m):
        if not (math.isfinite(side) and _SMALLEST_M <= side <= _LARGEST_M):
            raise InputError(
                f"a rectangle's sides are between {_SMALLEST_M} and {_LARGEST_M:g} m, "
                f"not {side:g} m: give both in metres"
            )
    return Instrument(f"{width_m}x{depth_m}", 0.0, width_m, depth_m)


def keyboard(keys: int, part: str | None = None) -> Instrument:
    """The white keys of a full-size keyboard; the frame is the whole keyboard's in any case.

    Args:
        keys: 88, 76, 61 or 49.
        part: Where only some keys are in the picture: the first and last white one, ``C3-B5``.

    Raises:
        InputError: There is no such keyboard, or it has no such part.
    """
    if keys not in _COMPASS:
        raise InputError(f"keyboards have {', '.join(map(str, _COMPASS))} keys, not {keys}")
    low, high = (_white(note) for note in _COMPASS[keys])
    first, last = low, high
    if part is not None:
        notes = part.split("-")
        if len(notes) != 2 or not all(_NOTE.fullmatch(note) for note in notes):
            raise InputError(
                f"{part[:40]!r} is no part of a keyboard: give its first and last white key, "
                "such as C3-B5 (C4 is the middle C)"
            )
        first, last = (_white(note) for note in notes)
        if not low <= first <= last <= high:
            raise InputError(
                f"{part.upper()} is not on a keyboard of {keys} keys, which runs from "
                f"{_COMPASS[keys][0]} to {_COMPASS[keys][1]}"
            )
        if last - first + 1 < _LEAST_WHITE_KEYS:
            raise InputError(
                f"{part.upper()} is too narrow to measure by: take at least {_LEAST_WHITE_KEYS} "
                "white keys"
            )
    return Instrument(
        name=f"piano-{keys}" + (f":{part.upper()}" if part else ""),
        left_m=(first - low) * KEY_PITCH_M,
        right_m=(last + 1 - low) * KEY_PITCH_M,
        depth_m=KEY_DEPTH_M,
        width_spread=_PITCH_SPREAD,
        depth_spread=_DEPTH_SPREAD,
        first_white=first,
    )


def _white(note: str) -> int:
    """A white key's place, counted in white keys from C0."""
    return 7 * int(note[1]) + _WHITE_NAMES.index(note[0].upper())
