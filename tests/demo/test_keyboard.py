"""The keyboard's sizes and names."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from bridge.demo.keyboard import (
    FIRST_KEY,
    KEY_DIP_M,
    KEYBOARD_WIDTH_M,
    LAST_KEY,
    key_at,
    key_number,
    keys,
)
from bridge.demo.solids import box, cylinder, merge
from bridge.errors import InputError


def test_keys_lie_side_by_side_over_the_whole_width() -> None:
    whites = [key for key in keys() if not key.black]
    assert len(keys()) == 49
    assert len(whites) == 29
    assert whites[0].x_m[0] == pytest.approx(0.0, abs=0.001)
    assert whites[-1].x_m[1] == pytest.approx(KEYBOARD_WIDTH_M, abs=0.001)
    gaps = [b.x_m[0] - a.x_m[1] for a, b in itertools.pairwise(whites)]
    assert min(gaps) > 0
    assert max(gaps) < 0.0015
    octave = key_at(60).middle_x_m - key_at(48).middle_x_m
    assert octave == pytest.approx(0.1645, abs=1e-9)


def test_black_keys_stand_above_the_gap_between_their_neighbours() -> None:
    for key in keys():
        if key.black:
            below, above = key_at(key.number - 1), key_at(key.number + 1)
            assert below.middle_x_m < key.x_m[0] < below.x_m[1] + 0.006
            assert above.x_m[0] - 0.006 < key.x_m[1] < above.middle_x_m
            assert key.top_m > 0.01
            assert key.z_m[1] < -0.05


def test_a_key_goes_down_by_its_dip_at_its_front() -> None:
    key = key_at(60)
    assert key.surface_m(0.0, 1.0) == pytest.approx(-KEY_DIP_M)
    assert key.surface_m(-0.1, 1.0) == pytest.approx(-KEY_DIP_M * 0.13 / 0.23)
    assert key.surface_m(-0.03, 0.0) == 0.0
    front = key.solid(1.0).vertices
    top_front = front[(front[:, 2] > -0.001)][:, 1].max()
    assert top_front == pytest.approx(key.surface_m(0.0, 1.0))


def test_note_names() -> None:
    assert key_number("C4") == 60
    assert key_number("A4") == 69
    assert key_number("F#3") == 54
    for wrong in ("H3", "C", "", "Cb4", "4"):
        with pytest.raises(InputError, match="no note"):
            key_number(wrong)
    for outside in (FIRST_KEY - 1, LAST_KEY + 1):
        with pytest.raises(InputError, match="keyboard"):
            key_at(outside)


@pytest.mark.parametrize(
    "solid",
    [
        box((0, 1), (0, 2), (0, 3), (0.5, 0.5, 0.5), turn_rad=0.4),
        key_at(60).solid(0.5),
        key_at(61).solid(0.0),
    ],
)
def test_solids_are_closed_and_seen_from_outside(solid) -> None:
    a, b, c = (solid.vertices[solid.faces[:, k]] for k in range(3))
    volume = np.sum(a * np.cross(b, c)) / 6
    assert volume > 0
    # Flat shading: the normal of each corner is its face's.
    normal = np.cross(b - a, c - a)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    for k in range(3):
        np.testing.assert_allclose(solid.normals[solid.faces[:, k]], normal, atol=0.02)


def test_a_box_has_its_volume_and_merging_keeps_faces_apart() -> None:
    first = box((0, 1), (0, 2), (0, 3), (0.5, 0.5, 0.5))
    both = merge(first, cylinder((5, 0, 0), 2.0, 1.0, (1, 0, 0), top_albedo=(0, 1, 0), sides=400))
    a, b, c = (both.vertices[both.faces[:, k]] for k in range(3))
    # The cylinder has no bottom, which adds nothing: it lies in the plane y = 0.
    assert np.sum(a * np.cross(b, c)) / 6 == pytest.approx(6 + 2 * np.pi, rel=1e-3)
    assert both.faces.max() == len(both.vertices) - 1
    assert (both.albedo[-1] == (0, 1, 0)).all()
