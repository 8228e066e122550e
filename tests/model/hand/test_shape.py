"""The running estimate of the betas, on frames whose information is known."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.errors import InputError
from bridge.model.hand.shape import ShapeEstimate
from bridge.protocol.joints import N_BETAS


def see(estimate: ShapeEstimate, betas: np.ndarray, information: np.ndarray) -> None:
    """One frame that says ``betas`` with so much information, fitted jointly with the estimate."""
    joint = information + estimate.stiffness
    optimum = np.linalg.solve(joint, information @ betas + estimate.stiffness @ estimate.betas)
    estimate.update(optimum, information)


def test_it_starts_as_the_population():
    estimate = ShapeEstimate(enough_frames=1, freeze_after=None)
    np.testing.assert_array_equal(estimate.betas, 0)
    np.testing.assert_array_equal(estimate.stiffness, np.eye(N_BETAS))


def test_sharp_frames_lead_to_the_truth_from_the_first_on(rng):
    truth, estimate = rng.normal(size=N_BETAS), ShapeEstimate(enough_frames=1, freeze_after=None)
    for _ in range(30):
        see(estimate, truth, 1e4 * np.eye(N_BETAS))
        np.testing.assert_allclose(estimate.betas, truth, atol=0.01)


def test_what_frames_do_not_show_stays_at_the_mean(rng):
    truth, estimate = rng.normal(size=N_BETAS), ShapeEstimate(enough_frames=1, freeze_after=None)
    information = np.diag([1e4] * 3 + [0.0] * 7)
    for _ in range(30):
        see(estimate, truth, information)
    np.testing.assert_allclose(estimate.betas[:3], truth[:3], atol=0.01)
    np.testing.assert_allclose(estimate.betas[3:], 0, atol=1e-12)


def test_frames_with_the_same_error_never_overrule_the_population():
    """A bias all frames share counts as one frame's: half way for information of one."""
    estimate = ShapeEstimate(enough_frames=1, freeze_after=None)
    for _ in range(500):
        see(estimate, np.full(N_BETAS, 4.0), np.eye(N_BETAS))
    np.testing.assert_allclose(estimate.betas, 2.0, atol=0.01)


def test_single_frames_move_it_less_and_less(rng):
    estimate, moves = ShapeEstimate(enough_frames=1, freeze_after=None), []
    for _ in range(100):
        before = estimate.betas
        see(estimate, rng.normal(size=N_BETAS), 100 * np.eye(N_BETAS))
        moves.append(np.linalg.norm(estimate.betas - before))
    assert np.mean(moves[50:]) < 0.25 * np.mean(moves[:5])


def test_it_freezes_after_enough_frames():
    estimate = ShapeEstimate(enough_frames=1, freeze_after=3)
    for k in range(3):
        assert not estimate.frozen
        see(estimate, np.full(N_BETAS, float(k)), np.eye(N_BETAS))
    assert estimate.frozen
    before = estimate.betas
    see(estimate, np.full(N_BETAS, 50.0), np.eye(N_BETAS))
    np.testing.assert_array_equal(estimate.betas, before)


def test_known_betas_can_be_set():
    estimate = ShapeEstimate(enough_frames=1, freeze_after=None)
    estimate.freeze(np.arange(10.0))
    assert estimate.frozen
    np.testing.assert_array_equal(estimate.betas, np.arange(10.0))
    for wrong in (np.zeros(9), np.full(10, np.nan)):
        with pytest.raises(InputError, match="betas"):
            estimate.freeze(wrong)
