"""Arch, span, heights and wrist angles on hands that were made to have them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import sdk_python as sdk
from sdk_python.features import fingertip_height, palm_arch, span, wrist_angles
from sdk_python.features.reference import reference_hand

REST = reference_hand(sdk.Side.RIGHT).rest_m
KNUCKLES = [5, 9, 13, 17]


def test_a_flat_palm_has_no_arch_and_a_raised_one_has():
    flat = REST.copy()
    flat[KNUCKLES] = np.linspace([0, 0, 0], [0, 0, 0.06], 4)
    assert palm_arch(flat) == pytest.approx(0, abs=1e-12)
    flat[[9, 13], 1] = 0.006
    assert palm_arch(flat) == pytest.approx(0.1)
    assert palm_arch(3 * flat) == pytest.approx(0.1)


def test_span_counts_palms():
    hand = REST.copy()
    hand[4], hand[20] = [0.1, 0, 0], [-0.1, 0, 0]
    palm = np.linalg.norm(hand[9] - hand[0])
    assert span(hand) == pytest.approx(0.2 / palm)
    assert span(1.3 * hand) == pytest.approx(0.2 / palm)
    assert np.isnan(span(np.full((4, 21, 3), np.nan))).all()


def test_heights_are_over_the_instruments_plane():
    turn = Rotation.from_euler("xyz", [0.3, -0.8, 0.2])
    corner = np.array([0.4, -0.2, 1.0])
    hand = np.zeros((2, 21, 3))
    hand[..., 1] = 0.03
    hand[1, 8, 1] = 0.0  # the index finger's tip is on a key
    hand[..., 0] = np.arange(21) * 0.01
    found = fingertip_height(
        turn.apply(hand.reshape(-1, 3)).reshape(2, 21, 3) + corner, corner, turn.as_quat()
    )
    np.testing.assert_allclose(found, [[0.03] * 5, [0.03, 0, 0.03, 0.03, 0.03]], atol=1e-12)


@pytest.mark.parametrize("extension", [-0.6, 0.0, 0.5])
@pytest.mark.parametrize("deviation", [-0.3, 0.0, 0.2])
def test_wrist_angles_are_those_it_was_turned_by(extension, deviation):
    # A right hand, palm down, fingers away (-z): the thumb is on the left (-x).
    hand = np.zeros((21, 3))
    hand[9], hand[5], hand[17] = [0, 0, -0.09], [-0.02, 0, -0.09], [0.04, 0, -0.08]
    turn = Rotation.from_rotvec([extension, 0, 0]) * Rotation.from_rotvec([0, deviation, 0])
    turned, up = turn.apply(hand), turn.apply([0, 1, 0])
    found = wrist_angles(turned, [0, 0, 0.25], up)
    straight = wrist_angles(hand, [0, 0, 0.25], [0, 1, 0])
    np.testing.assert_allclose(straight, 0, atol=1e-9)
    np.testing.assert_allclose(found, [extension, deviation], atol=1e-9)
