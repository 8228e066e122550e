"""A keyboard of 49 keys: where each key lies, and its shape when it is down.

The stage is the one the project uses with an instrument: origin at the front left corner of the
white keys' top, x along the front edge, y up, z towards the player. Sizes are those of a piano:
octaves of 165 mm, white keys 150 mm long, 10 mm of key dip.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bridge.demo.solids import Solid, from_corners
from bridge.errors import InputError

__all__ = [
    "FIRST_KEY",
    "KEYBOARD_WIDTH_M",
    "KEY_DIP_M",
    "LAST_KEY",
    "Key",
    "key_at",
    "key_number",
    "keys",
]

FIRST_KEY, LAST_KEY = 36, 84
"""C2 to C6, as MIDI key numbers."""

KEY_DIP_M = 0.010

_PITCH_M = 0.0235
_GAP_M = 0.0009
_WHITE_LENGTH_M = 0.150
_WHITE_HEIGHT_M = 0.020
_BLACK_LENGTH_M = 0.096
_BLACK_HEIGHT_M = 0.0115
_BLACK_WIDTH_M = 0.0130
_BLACK_TOP_M = 0.0095
_BLACK_SLOPE_M = 0.006
_PIVOT_Z_M = -0.23

_WHITES = (0, 2, 4, 5, 7, 9, 11)
_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
# How far black keys stand off the middle of the gap they cover, in black key widths, C# to A#.
_BLACK_OFFSETS = {1: -0.22, 3: 0.22, 6: -0.28, 8: 0.0, 10: 0.28}

_WHITE_LINEAR = (0.80, 0.78, 0.72)
_BLACK_LINEAR = (0.022, 0.022, 0.025)


@dataclass(frozen=True, slots=True)
class Key:
    """One key.

    Attributes:
        number: MIDI key number, 60 is middle C.
        black: Whether it is a black key.
        x_m: ``(left, right)`` of its top.
        z_m: ``(back, front)`` of its top.
        top_m: Height of its top when up; its front rim's, where the top slopes.
    """

    number: int
    black: bool
    x_m: tuple[float, float]
    z_m: tuple[float, float]
    top_m: float

    @property
    def middle_x_m(self) -> float:
        """Middle of its width."""
        return (self.x_m[0] + self.x_m[1]) / 2

    def surface_m(self, z_m: float, depression: float) -> float:
        """Height of its top at a place along it.

        Args:
            z_m: The place.
            depression: 0 up, 1 down.
        """
        return self.top_m - KEY_DIP_M * depression * _swing(z_m)

    def solid(self, depression: float) -> Solid:
        """Its surface.

        Args:
            depression: 0 up, 1 down.
        """
        foot = (_BLACK_WIDTH_M - _BLACK_TOP_M) / 2 if self.black else 0.0
        slope = _BLACK_SLOPE_M if self.black else 0.0
        corners = np.array(
            [
                (x + (foot * (1 if x == self.x_m[1] else -1) if low else 0.0), y, z)
                for z in self.z_m
                for y, low in ((-_WHITE_HEIGHT_M, True), (self.top_m, False))
                for x in self.x_m
            ]
        )
        corners[[4, 5], 2] += slope
        corners[:, 1] -= KEY_DIP_M * depression * np.array([_swing(z) for z in corners[:, 2]])
        return from_corners(corners, _BLACK_LINEAR if self.black else _WHITE_LINEAR)


def keys() -> tuple[Key, ...]:
    """All keys, lowest first."""
    return _KEYS


def key_at(number: int) -> Key:
    """The key of a MIDI number.

    Raises:
        InputError: The keyboard has no such key.
    """
    if not FIRST_KEY <= number <= LAST_KEY:
        raise InputError(f"the keyboard has keys {FIRST_KEY} to {LAST_KEY}, not {number}")
    return _KEYS[number - FIRST_KEY]


def key_number(name: str) -> int:
    """MIDI number of a note's name, such as ``"F#4"`` (C4 is middle C, 60).

    Raises:
        InputError: Not a note's name.
    """
    note, octave = name[:-1], name[-1:]
    if note not in _NAMES or not octave.isdigit():
        raise InputError(f"{name!r} is no note; notes look like C4 or F#3")
    return 12 * (int(octave) + 1) + _NAMES.index(note)


def _swing(z_m: float) -> float:
    """Share of the key dip at a place: a key turns about its far end."""
    return (z_m - _PIVOT_Z_M) / -_PIVOT_Z_M


def _white_index(number: int) -> int:
    octave, note = divmod(number - FIRST_KEY, 12)
    return 7 * octave + sum(white < note for white in _WHITES)


def _make(number: int) -> Key:
    note = (number - FIRST_KEY) % 12
    left = _white_index(number) * _PITCH_M
    if note in _WHITES:
        edges = (left + _GAP_M / 2, left + _PITCH_M - _GAP_M / 2)
        return Key(number, False, edges, (-_WHITE_LENGTH_M, 0.0), 0.0)
    middle = left + _BLACK_OFFSETS[note] * _BLACK_WIDTH_M
    edges = (middle - _BLACK_TOP_M / 2, middle + _BLACK_TOP_M / 2)
    return Key(
        number, True, edges, (-_WHITE_LENGTH_M, _BLACK_LENGTH_M - _WHITE_LENGTH_M), _BLACK_HEIGHT_M
    )


_KEYS = tuple(_make(number) for number in range(FIRST_KEY, LAST_KEY + 1))

KEYBOARD_WIDTH_M = _white_index(LAST_KEY) * _PITCH_M + _PITCH_M
