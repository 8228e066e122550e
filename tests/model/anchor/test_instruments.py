from __future__ import annotations

import numpy as np
import pytest

from bridge.errors import InputError
from bridge.model.anchor import INSTRUMENTS, Instrument, keyboard, rectangle


@pytest.mark.parametrize(
    ("keys", "white", "width_m"),
    [(88, 52, 1.222), (76, 45, 1.0575), (61, 36, 0.846), (49, 29, 0.6815)],
)
def test_keyboards_have_their_white_keys(keys, white, width_m):
    found = keyboard(keys)
    assert found.white_keys == white
    assert found.width_m == pytest.approx(width_m, abs=1e-12)
    assert found.depth_m == 0.15


def test_corners_go_round_from_the_front_left_as_the_player_sees_them():
    # The player is at +z and looks along -z: left is -x, the far edge is -z, above is +y.
    expected = [[0, 0, 0], [0.4, 0, 0], [0.4, 0, -0.3], [0, 0, -0.3]]
    np.testing.assert_allclose(rectangle(0.4, 0.3).corners_m, expected)
    front, side = np.diff(expected, axis=0)[:2]
    assert np.cross(front, side)[1] > 0


def test_a_part_of_a_keyboard_keeps_the_keyboards_frame():
    octave = Instrument.parse("piano-88:c4-b4")
    assert octave.name == "piano-88:C4-B4"
    assert octave.white_keys == 7
    # A0, B0 and three octaves lie below C4: 23 white keys of 52.
    assert octave.left_m == pytest.approx(23 * 0.0235)
    assert keyboard(88, "A0-C8").left_m == pytest.approx(keyboard(88).left_m)


@pytest.mark.parametrize(
    "name", [*INSTRUMENTS, "0.4x0.3", "1.2345678901x0.2", "piano-61:C2-G3", " A4 "]
)
def test_a_name_finds_its_instrument_again(name):
    found = Instrument.parse(name)
    assert Instrument.parse(found.name) == found


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "no instrument"),
        ("piano-87", "no instrument"),
        ("violin", "no instrument"),
        ("1x2x3", "no instrument"),
        ("0.4xbroad", "no instrument"),
        ("400x300", "in metres"),
        ("nanx0.3", "in metres"),
        ("infx0.3", "in metres"),
        ("-0.4x0.3", "in metres"),
        ("0x0.3", "in metres"),
        ("piano-88:", "no part of a keyboard"),
        ("piano-88:C4", "no part of a keyboard"),
        ("piano-88:C4-H4", "no part of a keyboard"),
        ("piano-49:A0-C4", "not on a keyboard of 49 keys"),
        ("piano-88:B4-C4", "not on a keyboard"),
        ("piano-88:C4-E4", "too narrow"),
    ],
)
def test_wrong_names_say_what_to_give(name, says):
    with pytest.raises(InputError, match=says):
        Instrument.parse(name)


def test_there_is_no_keyboard_of_other_sizes():
    with pytest.raises(InputError, match="not 25"):
        keyboard(25)
