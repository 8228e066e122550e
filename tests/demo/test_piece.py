"""The piece: playable, periodic, smooth."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from bridge.demo.keyboard import key_at
from bridge.demo.piece import (
    PERIOD_S,
    PIECE,
    contact,
    depression,
    smooth_step,
    time_since,
)
from bridge.protocol.joints import Side

NOTES = pytest.mark.parametrize("note", PIECE[::7], ids=lambda n: f"{n.side.name}-{n.start_s}")


def test_both_hands_play_most_of_the_fingers_and_thumbs_stay_off_black_keys() -> None:
    for side in Side:
        notes = [note for note in PIECE if note.side is side]
        assert len(notes) >= 20
        assert len({note.finger for note in notes}) >= 3
        assert not any(key_at(note.key).black for note in notes if note.finger == 0)


def test_notes_begin_within_the_period_which_is_whole_frames() -> None:
    assert all(0 <= note.start_s < PERIOD_S for note in PIECE)
    assert (PERIOD_S * 30).is_integer()


def test_no_finger_is_on_two_keys_and_no_key_under_two_fingers() -> None:
    times = np.arange(0, PERIOD_S, 0.005)
    down = [depression(note, times) > 0 for note in PIECE]
    for (i, a), (j, b) in itertools.combinations(enumerate(PIECE), 2):
        same_finger = (a.side, a.finger) == (b.side, b.finger) and a.key != b.key
        if same_finger or (a.key == b.key and (a.side, a.finger) != (b.side, b.finger)):
            assert not (down[i] & down[j]).any(), f"{a} meets {b}"


@NOTES
def test_a_key_is_down_from_the_note_to_its_end_and_the_finger_on_it(note) -> None:
    during = note.start_s + np.linspace(0, note.duration_s, 20)
    np.testing.assert_allclose(depression(note, during), 1.0)
    before, after = note.start_s - 0.1, note.start_s + note.duration_s + 0.15
    np.testing.assert_allclose(depression(note, [before, after]), 0.0)
    times = np.arange(0, PERIOD_S, 0.002)
    pressing = depression(note, times) > 0
    assert (contact(note, times)[pressing] > 0.5).all()
    assert contact(note, [note.start_s - 0.07, note.start_s]).min() == pytest.approx(1.0)


@NOTES
def test_the_end_of_the_period_is_its_beginning(note) -> None:
    times = np.linspace(-1, 1, 41)
    for curve in (contact, depression):
        np.testing.assert_allclose(curve(note, times), curve(note, times + PERIOD_S), atol=1e-9)


def test_time_since_takes_the_nearest_turn() -> None:
    assert time_since(0.1, PERIOD_S - 0.1) == pytest.approx(0.2)
    assert time_since(PERIOD_S - 0.1, 0.1) == pytest.approx(-0.2)
    assert time_since(3.0, 1.0) == pytest.approx(2.0)


def test_smooth_step_has_no_velocity_at_its_ends() -> None:
    h = 1e-4
    np.testing.assert_allclose(smooth_step([-1, 0, 0.5, 1, 2]), [0, 0, 0.5, 1, 1])
    assert smooth_step(h) < 1e-10
    assert 1 - smooth_step(1 - h) < 1e-10
