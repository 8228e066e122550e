from __future__ import annotations

import numpy as np
import pytest

from bridge.errors import InputError
from bridge.model.anchor import Instrument, Taps, parse_corners
from bridge.model.anchor.simulated import random_device, taps_of
from bridge.model.anchor.taps import check_taps

GOOD = np.array([[300.0, 600.0], [1000.0, 610.0], [800.0, 200.0], [400.0, 190.0]])


def checked(corners) -> None:
    check_taps(Taps("phone", (1280, 720), np.asarray(corners, dtype=float)))


def test_good_corners_pass():
    checked(GOOD)


@pytest.mark.parametrize("seed", range(30))
def test_whatever_a_device_sees_passes(seed):
    rng = np.random.default_rng(seed)
    instrument = Instrument.parse(("a4", "piano-49", "0.8x0.3")[seed % 3])
    pose, size = random_device(rng, instrument)
    check_taps(taps_of(instrument, pose, size))


@pytest.mark.parametrize("start", range(4))
@pytest.mark.parametrize(
    ("order", "says"),
    [
        ((1, 0, 3, 2), "mirrored"),
        ((3, 2, 1, 0), "mirrored"),
        ((0, 2, 1, 3), "crosses itself"),
        ((1, 0, 2, 3), "crosses itself"),
    ],
)
def test_wrong_orders_are_named(order, says, start):
    with pytest.raises(InputError, match=f"view phone: .*{says}"):
        checked(np.roll(GOOD[list(order)], start, axis=0))


@pytest.mark.parametrize("corner", range(4))
def test_a_corner_within_the_others_is_named(corner):
    corners = GOOD.copy()
    corners[corner] = 0.25 * GOOD[corner] + 0.75 * GOOD[(corner + 2) % 4]
    name = ("front left", "front right", "back right", "back left")[corner]
    with pytest.raises(InputError, match=f"the {name} corner lies inside"):
        checked(corners)


@pytest.mark.parametrize("corner", range(4))
def test_three_corners_on_a_line_are_named(corner):
    corners = GOOD.copy()
    corners[corner] = (GOOD[corner - 1] + GOOD[(corner + 1) % 4]) / 2 + [0.5, 0.5]
    name = ("front left", "front right", "back right", "back left")[corner]
    with pytest.raises(InputError, match=f"the {name} corner lies on the line"):
        checked(corners)


def test_corners_that_are_one_are_named():
    corners = GOOD.copy()
    corners[2] = corners[3] + [3.0, 0.0]
    with pytest.raises(InputError, match="back right and back left corners are too close"):
        checked(corners)


@pytest.mark.parametrize("place", [(-1.0, 600.0), (300.0, 721.0), (1e9, 600.0)])
def test_a_corner_outside_the_picture_is_named(place):
    corners = GOOD.copy()
    corners[0] = place
    with pytest.raises(InputError, match=r"front left corner .* outside the picture"):
        checked(corners)


@pytest.mark.parametrize("bad", [np.full((4, 2), np.nan), GOOD[:3], np.zeros((4, 3))])
def test_what_is_not_four_corners_is_refused(bad):
    with pytest.raises(InputError, match="four corners"):
        checked(bad)


def test_corners_are_read_from_text():
    np.testing.assert_array_equal(
        parse_corners(" 1,2 3.5,4  5,6 7,-8"), [[1, 2], [3.5, 4], [5, 6], [7, -8]]
    )


@pytest.mark.parametrize(
    "text", ["", "1,2 3,4 5,6", "1,2 3,4 5,6 7", "1;2 3;4 5;6 7;8", "1,2 3,4 5,6 nan,8", "1 2 3 4"]
)
def test_text_that_is_not_four_corners_is_refused(text):
    with pytest.raises(InputError, match="four pixel positions"):
        parse_corners(text)
