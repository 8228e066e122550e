"""Palm detection: anchors, decoding and suppression by closed forms, detection on photos."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from bridge.model.nets import HandNets
from bridge.model.palm import Palm, anchors, decode, detect, suppress


def boxes_of(*corners: tuple[float, float, float, float]) -> np.ndarray:
    """Candidates ``(K, 9, 2)`` with these boxes; all keypoints lie on the first corner."""
    points = np.zeros((len(corners), 9, 2))
    for i, (x0, y0, x1, y1) in enumerate(corners):
        points[i] = x0, y0
        points[i, 1] = x1, y1
    return points


def test_anchors_are_the_centres_of_two_grids() -> None:
    found = anchors()
    assert found.shape == (2016, 2)
    fine, coarse = found[: 24 * 24 * 2], found[24 * 24 * 2 :]
    np.testing.assert_allclose(fine[:4] * 24, [[0.5, 0.5], [0.5, 0.5], [1.5, 0.5], [1.5, 0.5]])
    np.testing.assert_allclose(fine[48] * 24, [0.5, 1.5])
    np.testing.assert_allclose(fine[-1] * 24, [23.5, 23.5])
    np.testing.assert_allclose(coarse[5:7] * 12, [[0.5, 0.5], [1.5, 0.5]])
    np.testing.assert_allclose(coarse[-1] * 12, [11.5, 11.5])


def test_boxes_and_keypoints_are_relative_to_their_anchor() -> None:
    boxes, logits = np.zeros((2016, 18)), np.full(2016, -100.0)
    # The third anchor lies at (12, 4) pixels of 192.
    logits[2] = 2.0
    boxes[2] = [8, 16, 20, 40, *([1, 2] * 7)]
    scores, points = decode(boxes, logits)
    np.testing.assert_allclose(scores, [1 / (1 + np.exp(-2.0))])
    np.testing.assert_allclose(points[0, :2] * 192, [[10, 0], [30, 40]], atol=1e-5)
    np.testing.assert_allclose(points[0, 2:] * 192, [[13, 6]] * 7)


def test_candidates_come_by_falling_score_from_one_half_up() -> None:
    logits = np.full(2016, -100.0)
    logits[[3, 7, 9]] = -0.01, 0.0, 3.0
    scores, points = decode(np.zeros((2016, 18)), logits)
    np.testing.assert_allclose(scores, [1 / (1 + np.exp(-3.0)), 0.5])
    assert points.shape == (2, 9, 2)


def test_extreme_logits_neither_overflow_nor_warn() -> None:
    scores, _ = decode(np.zeros((2016, 18)), np.where(np.arange(2016) == 4, 1e30, -1e30))
    np.testing.assert_allclose(scores, [1.0])


def test_overlapping_candidates_become_their_weighted_mean() -> None:
    scores = np.array([0.9, 0.6])
    # Intersection 3 x 4 over union 4 x 4 + 4 x 4 - 12: 0.6.
    found, points = suppress(scores, boxes_of((0, 0, 4, 4), (1, 0, 5, 4)))
    np.testing.assert_allclose(found, [0.9])
    np.testing.assert_allclose(points[0, :2], [[0.4, 0], [4.4, 4]])
    np.testing.assert_allclose(points[0, 2:], [[0.4, 0]] * 7)


def test_candidates_that_overlap_little_stay_apart() -> None:
    # Intersection 2 x 4 over union 24 is a third (merged), 1 x 4 over 28 a seventh (not).
    merged, _ = suppress(np.array([0.9, 0.8]), boxes_of((0, 0, 4, 4), (2, 0, 6, 4)))
    apart, points = suppress(np.array([0.9, 0.8]), boxes_of((0, 0, 4, 4), (3, 0, 7, 4)))
    assert len(merged) == 1
    np.testing.assert_allclose(apart, [0.9, 0.8])
    np.testing.assert_allclose(points, boxes_of((0, 0, 4, 4), (3, 0, 7, 4)))


def test_suppression_compares_with_the_best_of_a_group_only() -> None:
    # A chain: the third overlaps the second by 0.6, the first (the best) by a third less.
    chain = boxes_of((0, 0, 4, 4), (1, 0, 5, 4), (2.5, 0, 6.5, 4))
    found, _ = suppress(np.array([0.9, 0.8, 0.7]), chain)
    np.testing.assert_allclose(found, [0.9, 0.7])


def test_empty_boxes_and_no_boxes_end() -> None:
    found, _ = suppress(np.array([0.9, 0.8]), boxes_of((1, 1, 1, 1), (1, 1, 1, 1)))
    np.testing.assert_allclose(found, [0.9, 0.8])
    scores, points = suppress(np.array([]), np.zeros((0, 9, 2)))
    assert scores.shape == (0,)
    assert points.shape == (0, 9, 2)


def test_a_palm_gives_the_region_of_its_hand() -> None:
    keypoints = np.full((7, 2), 50.0)
    keypoints[0], keypoints[2] = (50, 70), (50, 40)
    roi = Palm(0.9, np.array([50, 55, 30, 30]), keypoints).roi
    assert (roi.x_px, roi.y_px, roi.size_px, roi.angle_rad) == pytest.approx((50, 40, 78, 0))


@pytest.fixture(scope="module")
def nets() -> HandNets:
    return HandNets()


def test_no_palms_in_noise_in_nothing_and_in_no_images(nets) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (90, 160, 3), dtype=np.uint8)
    assert detect(nets, [noise, np.zeros((1, 1, 3), np.uint8)]) == [[], []]
    assert detect(nets, []) == []


@pytest.mark.shared
def test_a_palm_stays_where_it_is_when_its_photo_is_put_on_a_canvas(nets, shared_dir) -> None:
    photo = cv2.imread(str(shared_dir / "assets" / "photos" / "nocurl.jpg"))[..., ::-1]
    height, width = photo.shape[:2]
    canvas = np.zeros((height, width + 160, 3), np.uint8)
    canvas[:, 160:] = photo
    alone, on_canvas = (palms[0] for palms in detect(nets, [np.ascontiguousarray(photo), canvas]))
    assert alone.score > 0.8
    # Both are scaled to 192 pixels, so a pixel of the net is 3.3 of the photo.
    np.testing.assert_allclose(on_canvas.box_px - (160, 0, 0, 0), alone.box_px, atol=8)
    np.testing.assert_allclose(on_canvas.keypoints_px - (160, 0), alone.keypoints_px, atol=10)
