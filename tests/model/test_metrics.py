"""Hand metrics against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from bridge.errors import InputError
from bridge.model import metrics


@pytest.fixture
def hand() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(21, 3)) * 0.05


def test_a_shift_is_the_absolute_error_and_no_relative_one(hand: np.ndarray) -> None:
    moved = hand + np.array([0.003, 0.004, 0.0])
    assert metrics.mpjpe_mm(moved, hand).value == pytest.approx(5.0)
    assert metrics.mpjpe_mm(moved, hand, root=0).value == pytest.approx(0.0, abs=1e-9)


def test_root_relative_error_counts_the_root(hand: np.ndarray) -> None:
    bent = hand.copy()
    bent[8] += [0.0, 0.021, 0.0]
    assert metrics.mpjpe_mm(bent, hand, root=0).value == pytest.approx(1.0)
    # A wrong root moves every other joint.
    wrong_root = hand.copy()
    wrong_root[0] += [0.021, 0.0, 0.0]
    assert metrics.mpjpe_mm(wrong_root, hand, root=0).value == pytest.approx(20.0)


def test_absent_hands_are_excluded_and_counted(hand: np.ndarray) -> None:
    true = np.stack([hand, hand, hand])
    predicted = true + np.array([0.0, 0.0, 0.002])
    predicted[1, 4, 2] = np.nan
    true[2] = np.nan
    score = metrics.mpjpe_mm(predicted, true)
    assert score == (pytest.approx(2.0), 1, 2)
    nothing = metrics.pa_mpjpe_mm(predicted[1:2], true[1:2])
    assert np.isnan(nothing.value)
    assert nothing[1:] == (0, 1)


@pytest.mark.parametrize("scale", [True, False])
def test_procrustes_finds_a_known_similarity(scale: bool) -> None:
    rng = np.random.default_rng(2)
    source = rng.normal(size=(4, 2, 21, 3))
    rotation = Rotation.random(8, rng=rng).as_matrix().reshape(4, 2, 3, 3)
    size = rng.uniform(0.5, 2.0, (4, 2)) if scale else np.ones((4, 2))
    move = rng.normal(size=(4, 2, 3))
    target = size[..., None, None] * source @ np.swapaxes(rotation, -1, -2) + move[:, :, None]
    found = metrics.procrustes(source, target, scale=scale)
    np.testing.assert_allclose(found.rotation, rotation, atol=1e-12)
    np.testing.assert_allclose(found.scale, size, atol=1e-12)
    np.testing.assert_allclose(found.translation, move, atol=1e-12)
    np.testing.assert_allclose(found.apply(source), target, atol=1e-12)


def test_procrustes_never_mirrors(hand: np.ndarray) -> None:
    found = metrics.procrustes(hand * [-1, 1, 1], hand)
    assert np.linalg.det(found.rotation) == pytest.approx(1.0)
    assert metrics.pa_mpjpe_mm(hand * [-1, 1, 1], hand).value > 10.0


def test_procrustes_of_a_flat_hand_is_a_rotation() -> None:
    flat = np.random.default_rng(3).normal(size=(21, 3)) * [1, 1, 0]
    turn = Rotation.from_rotvec([0.3, -0.2, 2.0]).as_matrix()
    np.testing.assert_allclose(metrics.procrustes(flat, flat @ turn.T).rotation, turn, atol=1e-9)


def test_procrustes_error_of_one_square_is_worked_out_by_hand() -> None:
    # Corners of a square of half-diagonal 1 against one corner at 2: centroid moves by 1/4.
    square = np.array([[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]], float) / 1000
    stretched = square.copy()
    stretched[0, 0] = 0.002
    # The best scale of the square is <a,b>/<a,a> = 5/4, the best shift (1/4, 0).
    residuals = [2 - 1.5, np.hypot(0.25, 0.25), 0.0, np.hypot(0.25, 0.25)]
    score = metrics.pa_mpjpe_mm(square, stretched)
    assert score.value == pytest.approx(np.mean(residuals))


def test_vertex_error_with_and_without_roots() -> None:
    true = np.zeros((2, 5, 3))
    predicted = true + np.array([0.0, 0.01, 0.0])
    assert metrics.mpvpe_mm(predicted, true).value == pytest.approx(10.0)
    roots = predicted[:, 0]
    score = metrics.mpvpe_mm(predicted, true, predicted_root=roots, true_root=true[:, 0])
    assert score.value == pytest.approx(0.0)
    with pytest.raises(InputError, match="both roots"):
        metrics.mpvpe_mm(predicted, true, true_root=roots)


def test_pa_vertex_error_ignores_a_similarity(hand: np.ndarray) -> None:
    moved = 1.3 * hand @ Rotation.from_rotvec([0.1, 2.0, 0.3]).as_matrix() + 1.0
    assert metrics.pa_mpvpe_mm(moved, hand).value == pytest.approx(0.0, abs=1e-9)


def test_f_score_counts_both_directions() -> None:
    true = np.array([[0.0, 0, 0], [0.1, 0, 0], [0.2, 0, 0], [0.3, 0, 0]])
    predicted = np.array([[0.004, 0, 0], [0.0, 0.004, 0], [0.004, 0.001, 0], [0.32, 0, 0]])
    # Precision 3/4 (three by the first vertex), recall 1/4 (only the first is reached).
    assert metrics.f_score(predicted, true, threshold_m=0.005).value == pytest.approx(0.375)
    assert metrics.f_score(predicted, true, threshold_m=0.001).value == 0.0
    assert metrics.f_score(true, true, threshold_m=0.005).value == 1.0


def test_auc_of_a_constant_error_is_what_remains_of_the_range() -> None:
    true = np.zeros((3, 21, 3))
    step = 50.0 / 99.0
    predicted = true + np.array([20.5 * step / 1000, 0.0, 0.0])
    # 0 up to the 20th threshold, 1 from the 21st on: half a trapezoid, then 78 whole ones.
    assert metrics.auc(predicted, true).value == pytest.approx((78 + 0.5) / 99, abs=1e-9)
    assert metrics.auc(true, true).value == pytest.approx(1.0)
    assert metrics.auc(true + 1.0, true).value == 0.0


def test_jitter_of_a_cubic_is_its_jerk_and_of_a_parabola_none() -> None:
    t = np.arange(20)[:, None, None] / 50.0
    direction = np.array([[2.0, 0.0, 0.0], [0.0, 0.0, 4.0]])
    assert metrics.jitter_m_s3(t**3 * direction, rate_hz=50.0).value == pytest.approx(18.0)
    assert metrics.jitter_m_s3(t**2 * direction, rate_hz=50.0).value == pytest.approx(0, abs=1e-8)


def test_jitter_leaves_out_windows_with_a_gap() -> None:
    x = np.zeros((10, 2, 21, 3))
    x[4, 1] = np.nan
    score = metrics.jitter_m_s3(x, rate_hz=30.0)
    assert score == (0.0, 10, 4)


def test_acceleration_error_in_mm_per_square_second() -> None:
    t = np.arange(12)[:, None, None] / 30.0
    true = np.broadcast_to(t * [0.1, 0.0, 0.0], (12, 21, 3))
    predicted = true + 0.5 * 0.007 * t**2 * np.array([0.0, 1.0, 0.0])
    score = metrics.acceleration_error_mm_s2(predicted, true, rate_hz=30.0)
    assert score.value == pytest.approx(7.0)
    assert score.used == 10


@pytest.mark.parametrize(
    ("a", "b"), [((21, 3), (20, 3)), ((21, 2), (21, 2)), ((3,), (3,)), ((0, 3), (0, 3))]
)
def test_wrong_shapes_are_named(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"\(\.\.\., N, 3\)"):
        metrics.mpjpe_mm(np.zeros(a), np.zeros(b))


def test_wrong_rates_and_thresholds_are_refused() -> None:
    with pytest.raises(InputError, match="rate"):
        metrics.jitter_m_s3(np.zeros((5, 1, 3)), rate_hz=0.0)
    with pytest.raises(InputError, match="sequence"):
        metrics.jitter_m_s3(np.zeros((5, 3)), rate_hz=1.0)
    with pytest.raises(InputError, match="threshold"):
        metrics.f_score(np.zeros((5, 3)), np.zeros((5, 3)), threshold_m=0.0)
