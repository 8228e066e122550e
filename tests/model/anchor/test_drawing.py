from __future__ import annotations

import numpy as np
import pytest

from bridge.model.anchor import Instrument, find_anchor, keyboard
from bridge.model.anchor.drawing import (
    black_keys_m,
    draw_anchor,
    project,
    side_by_side,
)
from bridge.model.anchor.simulated import look_at, taps_of

PIANO = keyboard(61)
SEEN = look_at(PIANO, azimuth=70, elevation=50, distance_m=0.9, focal=0.72)


def test_points_project_as_a_pinhole_has_them():
    down = look_at(PIANO, azimuth=90, elevation=90, distance_m=1.0, focal=0.5)
    middle = PIANO.corners_m.mean(axis=0)
    pixels = project(down, (1000, 600), middle + np.array([[0, 0, 0], [0.1, 0, 0], [0, 0, -0.1]]))
    # 0.5 x 1000 px at 1 m: 50 px a decimetre, right to the right, away from the player upwards.
    np.testing.assert_allclose(pixels, [[500, 300], [550, 300], [500, 250]], atol=1e-5)
    assert np.isnan(project(down, (1000, 600), np.array([0.0, 2.0, 0.0]))).all()


@pytest.mark.parametrize(("keys", "black"), [(88, 36), (76, 31), (61, 25), (49, 20)])
def test_keyboards_have_their_black_keys(keys, black):
    assert len(black_keys_m(keyboard(keys))) == black


def test_a_sheet_has_no_keys():
    assert black_keys_m(Instrument.parse("a4")).shape == (0, 4, 3)


def test_outline_and_keys_are_drawn_where_they_are():
    view = find_anchor(PIANO, [taps_of(PIANO, SEEN)]).views[0]
    blank = np.zeros((720, 1280, 3), dtype=np.uint8)
    drawn = draw_anchor(blank, PIANO, view)
    assert not blank.any()
    left = PIANO.corners_m[[0, 3]].mean(axis=0)
    gap = np.array([PIANO.left_m + 3 * 0.0235, 0.0, -0.02])
    for point, colour in ((left, (255, 214, 10)), (gap, (10, 200, 120))):
        x, y = np.rint(project(SEEN, (1280, 720), point)).astype(int)
        near = drawn[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3).astype(int)
        assert np.abs(near - colour).sum(1).min() < 60


def test_pictures_of_all_sizes_stand_in_one_row():
    one, other = np.zeros((480, 640, 3), np.uint8), np.zeros((1280, 720, 3), np.uint8)
    assert side_by_side([one]) is one
    assert side_by_side([one, other]).shape == (720, 960 + 405, 3)
