from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bridge.errors import InputError
from bridge.model.anchor import Instrument, keyboard
from bridge.model.anchor.keys import doubt_of_keys, key_scores
from bridge.model.anchor.simulated import look_at, taps_of
from tests.model.anchor.keyboard_picture import keyboard_picture


@pytest.mark.parametrize("keys", [88, 76, 61, 49])
@pytest.mark.parametrize(("azimuth", "elevation"), [(90, 50), (50, 40), (140, 35), (270, 60)])
def test_keys_are_recognised_from_everywhere(keys, azimuth, elevation):
    shown = keyboard(keys)
    distance_m = 1.0 * shown.width_m
    pose = look_at(shown, azimuth=azimuth, elevation=elevation, distance_m=distance_m, focal=0.62)
    picture = keyboard_picture(shown, pose)
    taps = taps_of(shown, pose, noise_px=1.0, rng=np.random.default_rng(keys))
    assert doubt_of_keys(picture, shown, taps) is None
    behind = replace(taps, corners_px=np.roll(taps.corners_px, 2, axis=0))
    assert "not from behind" in doubt_of_keys(picture, shown, behind)
    wrong = keyboard(61 if keys != 61 else 49)
    assert f"look like those of {shown.name}" in doubt_of_keys(picture, wrong, taps)


def test_a_part_of_a_keyboard_is_compared_with_itself():
    part = Instrument.parse("piano-88:C3-B4")
    pose = look_at(part, azimuth=80, elevation=50, distance_m=0.6)
    picture, taps = keyboard_picture(part, pose), taps_of(part, pose)
    assert set(key_scores(picture, part, taps)) == {(part.name, False), (part.name, True)}
    assert doubt_of_keys(picture, part, taps) is None


def test_a_blank_picture_says_nothing():
    piano = keyboard(61)
    taps = taps_of(piano, look_at(piano, azimuth=80, elevation=50, distance_m=1.0))
    assert doubt_of_keys(np.full((720, 1280, 3), 90, np.uint8), piano, taps) is None
    noise = np.random.default_rng(0).integers(0, 255, (720, 1280, 3), dtype=np.uint8)
    assert doubt_of_keys(noise, piano, taps) is None


def test_a_sheet_has_no_keys_to_doubt():
    sheet = Instrument.parse("a4")
    pose = look_at(sheet, azimuth=80, elevation=50, distance_m=0.5)
    picture = np.zeros((720, 1280, 3), np.uint8)
    assert doubt_of_keys(picture, sheet, taps_of(sheet, pose)) is None
    with pytest.raises(InputError, match="no keys"):
        key_scores(picture, sheet, taps_of(sheet, pose))
