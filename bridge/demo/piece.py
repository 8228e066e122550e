"""The piece: after the ground of Pachelbel's Canon (about 1680), eight chords that go round.

Notes with fingers, and from them how far each key is down and what each finger is doing at any
time. Time is periodic, so a clip of one period loops without a seam.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.demo.keyboard import key_number
from bridge.protocol.joints import Side

__all__ = ["PERIOD_S", "PIECE", "Note", "contact", "depression", "smooth_step", "time_since"]

Array = NDArray[np.float64]

_BEAT_S = 0.625
PERIOD_S = 16 * _BEAT_S
"""Length of the piece, seconds: 300 frames at 30 a second."""

_PRESS_S, _RELEASE_S = 0.07, 0.10
_APPROACH_S, _LEAVE_S = 0.24, 0.24


@dataclass(frozen=True, slots=True)
class Note:
    """One note.

    Attributes:
        side: The hand that plays it.
        finger: 0 thumb to 4 little, the order of ``FINGERS``.
        key: MIDI key number.
        start_s: When the key is down, within the period.
        duration_s: How long it stays down.
    """

    side: Side
    finger: int
    key: int
    start_s: float
    duration_s: float


def _compose() -> tuple[Note, ...]:
    # Per chord, two beats: left hand in eighths up and back, right hand melody and two below it.
    # Two chords are other inversions than Pachelbel's, so that thumbs stay off the black keys.
    left = (
        ("D3", "F#3", "A3"),
        ("A2", "C#3", "E3"),
        ("F#2", "B2", "D3"),
        ("C#3", "E3", "A3"),
        ("G2", "B2", "D3"),
        ("F#2", "A2", "D3"),
        ("G2", "B2", "D3"),
        ("A2", "C#3", "E3"),
    )
    right = (
        ("F#5", "D5", "A4"),
        ("E5", "C#5", "A4"),
        ("D5", "B4", "A4"),
        ("C#5", "A4", "E4"),
        ("B4", "G4", "D4"),
        ("A4", "F#4", "D4"),
        ("B4", "G4", "D4"),
        ("C#5", "A4", "E4"),
    )
    notes = []
    for bar, (low, high) in enumerate(zip(left, right, strict=True)):
        start = 2 * bar * _BEAT_S
        for eighth, (finger, name) in enumerate(
            ((4, low[0]), (2, low[1]), (0, low[2]), (2, low[1]))
        ):
            at = start + eighth * _BEAT_S / 2
            notes.append(Note(Side.LEFT, finger, key_number(name), at, 0.20))
        fingers = (4, 2, 0) if bar % 2 == 0 else (3, 1, 0)
        for finger, name, beat, beats in zip(
            fingers, high, (0.0, 1.0, 1.5), (0.80, 0.36, 0.26), strict=True
        ):
            at = start + beat * _BEAT_S
            notes.append(Note(Side.RIGHT, finger, key_number(name), at, beats * _BEAT_S))
    return tuple(sorted(notes, key=lambda note: (note.start_s, note.side)))


def smooth_step(x: ArrayLike) -> Array:
    """0 to 1 as x goes 0 to 1, with no velocity and no acceleration at either end."""
    c = np.clip(np.asarray(x, np.float64), 0.0, 1.0)
    return c**3 * (10.0 + c * (6.0 * c - 15.0))


def time_since(time_s: ArrayLike, moment_s: float) -> Array:
    """Time from a moment of the piece, the nearest time it comes round; -period/2 to period/2."""
    half = PERIOD_S / 2
    return np.mod(np.asarray(time_s, np.float64) - moment_s + half, PERIOD_S) - half


def depression(note: Note, time_s: ArrayLike) -> Array:
    """How far the note's key is down for it, 0 to 1, at times ``(T,)`` seconds.

    The key reaches the bottom at the note's start and leaves it at its end.
    """
    since = time_since(time_s, note.start_s)
    down = smooth_step(1.0 + since / _PRESS_S)
    return down * (1.0 - smooth_step((since - note.duration_s) / _RELEASE_S))


def contact(note: Note, time_s: ArrayLike) -> Array:
    """How much the finger is at the note's key, 0 to 1, at times ``(T,)`` seconds.

    1 from before the key moves until it is up again, with a smooth way there and back.
    """
    since = time_since(time_s, note.start_s)
    there = smooth_step(1.0 + (since + _PRESS_S) / _APPROACH_S)
    return there * (1.0 - smooth_step((since - note.duration_s - 0.3 * _RELEASE_S) / _LEAVE_S))


PIECE = _compose()
"""All notes, in order of start."""
