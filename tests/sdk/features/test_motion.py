"""Speeds, smoothness, key presses and lags of motion that was made to have them."""

from __future__ import annotations

import numpy as np
import pytest

import sdk_python as sdk
from sdk_python.features import hand_lag, key_presses, sparc, speed

RATE_HZ = 60
TIMES = np.arange(0, 12, 1 / RATE_HZ)


def strokes(at: np.ndarray, depth_m: float = 0.01) -> np.ndarray:
    """Heights of a finger that goes down within 60 ms, stays for 150 ms and rises slowly."""
    height = np.full(len(TIMES), 0.03)
    for when in at:
        since = TIMES - when
        down = np.clip((since + 0.06) / 0.06, 0, 1)
        up = np.clip((since - 0.15) / 0.25, 0, 1)
        height -= depth_m * (down - up)
    return height


def test_speed_of_a_circle():
    around = np.stack([np.cos(2 * TIMES), np.sin(2 * TIMES), 0 * TIMES], axis=-1) * 0.1
    inner = speed(around, TIMES)[2:-2]
    np.testing.assert_allclose(inner, 0.2, rtol=1e-3)


def test_halting_movement_is_less_smooth_at_any_size_and_speed():
    t = np.linspace(0, 1, 101)
    reach = 30 * (t**2 - 2 * t**3 + t**4)
    halting = reach * (1 + 0.7 * np.sin(2 * np.pi * 4 * t))
    assert sparc(halting, 100) < sparc(reach, 100) - 0.3
    assert sparc(7 * reach, 100) == pytest.approx(sparc(reach, 100))
    long = np.linspace(0, 1, 201)
    slow = 15 * (long**2 - 2 * long**3 + long**4)
    assert sparc(slow, 100) == pytest.approx(sparc(reach, 100), abs=0.05)


def test_presses_are_found_at_the_bottom_and_nothing_else():
    at = np.arange(1.0, 11, 0.5)
    heights = np.full((len(TIMES), 2, 5), 0.03)
    heights[:, sdk.Side.RIGHT, 2] = strokes(at)
    heights += np.random.default_rng(2).normal(0, 0.0005, heights.shape)
    found = key_presses(heights, TIMES)
    assert {(press.hand, press.finger) for press in found} == {(sdk.Side.RIGHT, 2)}
    assert len(found) == len(at)
    np.testing.assert_allclose([press.time_s for press in found], at, atol=0.04)
    assert np.median([press.depth_m for press in found]) == pytest.approx(0.01, rel=0.3)


def test_gaps_are_not_strokes():
    heights = np.full((len(TIMES), 2, 5), 0.03)
    heights[200:230] = np.nan
    heights[230:] = 0.01
    assert key_presses(heights, TIMES) == ()


@pytest.mark.parametrize("late_s", [-0.04, 0.0, 0.05])
def test_a_hand_that_is_late_is_told(late_s):
    at = np.arange(1.0, 11, 0.5)
    heights = np.full((len(TIMES), 2, 5), 0.03)
    heights[:, sdk.Side.LEFT, 1] = strokes(at)
    heights[:, sdk.Side.RIGHT, 3] = strokes(at + late_s)
    median, spread = hand_lag(key_presses(heights, TIMES))
    assert median == pytest.approx(late_s, abs=0.01)
    assert spread < 0.03


def test_hands_that_never_play_together_have_no_lag():
    heights = np.full((len(TIMES), 2, 5), 0.03)
    heights[:, sdk.Side.LEFT, 1] = strokes(np.arange(1.0, 11, 1.0))
    assert hand_lag(key_presses(heights, TIMES)) is None
    heights[:, sdk.Side.RIGHT, 1] = strokes(np.arange(1.5, 11, 1.0))
    assert hand_lag(key_presses(heights, TIMES)) is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: speed(np.zeros((3, 3)), [0, 2, 1]), "rise strictly"),
        (lambda: speed(np.zeros((1, 3)), [0]), "at least two"),
        (lambda: sparc([1, np.nan, 1, 1], 60), "without a gap"),
        (lambda: sparc(np.zeros(10), 60), "nothing moves"),
        (lambda: key_presses(np.zeros((9, 2, 4)), np.arange(9)), r"\(T, 2, 5\)"),
        (lambda: key_presses(np.zeros((9, 2, 5)), np.arange(9)), "too few"),
    ],
)
def test_bad_input_is_one_clear_error(call, message):
    with pytest.raises(sdk.InputError, match=message):
        call()
