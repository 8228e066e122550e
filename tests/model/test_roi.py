"""Regions of interest: geometry against closed forms and against ramps that tell where they lie."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bridge.model.roi import (
    Roi,
    letterbox_roi,
    overlap,
    roi_from_landmarks,
    roi_from_palm,
    warp,
)

ANGLES = np.deg2rad([0.0, 30.0, 90.0, -135.0, 179.0])


def upright_hand() -> np.ndarray:
    """21 points of a hand pointing up, wrist at (100, 200), middle knuckle at (100, 120)."""
    points = np.zeros((21, 2))
    points[0] = 100, 200
    for finger, x in enumerate((60, 80, 100, 120, 140)):
        points[1 + 4 * finger : 5 + 4 * finger, 0] = x
        points[1 + 4 * finger : 5 + 4 * finger, 1] = 120, 100, 80, 60
    return points


def ramp(width: int = 250, height: int = 240) -> np.ndarray:
    """An image whose red is x and whose green is y."""
    image = np.zeros((height, width, 3), dtype=np.uint8)
    image[..., 0] = np.arange(width)
    image[..., 1] = np.arange(height)[:, None]
    return image


def rotation(angle: float) -> np.ndarray:
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


def test_corners_of_a_turned_square() -> None:
    roi = Roi(10.0, 20.0, 4.0, math.pi / 2)
    corners = roi.to_image(np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 0.5]]))
    # Turned clockwise by a quarter: its top left corner is now at the top right.
    np.testing.assert_allclose(corners, [[12, 18], [12, 22], [8, 22], [10, 20]], atol=1e-12)


def test_vectors_turn_about_the_viewing_axis() -> None:
    turned = Roi(5.0, 5.0, 3.0, math.pi / 2).turn(np.array([[1.0, 2.0, 3.0]]))
    np.testing.assert_allclose(turned, [[-2.0, 1.0, 3.0]], atol=1e-12)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((640, 480), Roi(320, 240, 640, 0.0)), ((1, 1), Roi(0.5, 0.5, 1, 0.0))],
)
def test_a_letterbox_holds_the_image(size, expected) -> None:
    assert letterbox_roi(*size) == expected


def test_region_of_an_upright_palm() -> None:
    roi = roi_from_palm(np.array([100, 100, 30, 40]), np.array([100, 120]), np.array([100, 80]))
    # 2.6 times the longer side, moved up by half the height.
    assert (roi.x_px, roi.y_px, roi.angle_rad) == pytest.approx((100, 80, 0))
    assert roi.size_px == pytest.approx(2.6 * 40)


def test_region_of_an_upright_hand() -> None:
    roi = roi_from_landmarks(upright_hand())
    # Box of wrist, knuckles, next joints and thumb to its third joint: x 60 to 140, y 80 (thumb)
    # to 200; twice its longer side, moved up by a tenth of its height.
    assert (roi.x_px, roi.y_px, roi.angle_rad) == pytest.approx((100, 140 - 12, 0))
    assert roi.size_px == pytest.approx(2 * 120)


def test_fingertips_do_not_move_the_region() -> None:
    hand = upright_hand()
    hand[[4, 8, 12, 16, 20]] += (300, -500)
    assert roi_from_landmarks(hand) == roi_from_landmarks(upright_hand())


@pytest.mark.parametrize("angle", ANGLES)
def test_the_region_follows_a_turned_scaled_moved_hand(angle) -> None:
    at_rest = roi_from_landmarks(upright_hand())
    moved = roi_from_landmarks(1.7 * upright_hand() @ rotation(angle).T + (40, -30))
    centre = 1.7 * rotation(angle) @ (at_rest.x_px, at_rest.y_px) + (40, -30)
    np.testing.assert_allclose((moved.x_px, moved.y_px), centre, atol=1e-9)
    assert moved.size_px == pytest.approx(1.7 * at_rest.size_px)
    assert math.remainder(moved.angle_rad - angle, math.tau) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("angle", ANGLES)
def test_a_crop_shows_what_lies_where_the_region_says(angle) -> None:
    roi = Roi(123.4, 117.9, 96.0, angle)
    crop = warp(ramp(), roi, 64, replicate=True).astype(float)
    v, u = np.mgrid[:64, :64]
    expected = roi.to_image(np.stack([u, v], axis=-1) / 64)
    # Half a grey level from the result's rounding, 1/64 from that of the sampling points.
    np.testing.assert_allclose(crop[..., :2], expected, atol=0.54)


def test_a_crop_of_the_whole_image_is_the_image() -> None:
    image = np.random.default_rng(1).integers(0, 256, (48, 48, 3), dtype=np.uint8)
    np.testing.assert_array_equal(warp(image, letterbox_roi(48, 48), 48, replicate=False), image)


@pytest.mark.parametrize(("replicate", "outside"), [(True, 200), (False, 0)])
def test_what_lies_outside_the_image(replicate, outside) -> None:
    image = np.full((20, 20, 3), 200, dtype=np.uint8)
    crop = warp(image, Roi(10.0, 10.0, 80.0, 0.0), 80, replicate=replicate)
    assert crop[40, 40, 0] == 200
    assert (crop[:25] == outside).all()


def test_sampling_points_are_rounded_to_a_32nd_of_a_pixel() -> None:
    """As in OpenCV 4, which MediaPipe has: 0.51/32 px to the right of a step counts as 1/32."""
    image = np.zeros((8, 8, 3), dtype=np.uint8)
    image[:, 4:] = 255
    offset = 3 + 0.51 / 32
    crop = warp(image, Roi(offset + 4.0, 4.0, 8.0, 0.0), 8, replicate=True)
    assert crop[0, 0, 0] == round(255 / 32)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (Roi(50, 50, 20, 1.0), 1.0),
        (Roi(60, 50, 20, 0.0), 1 / 3),
        (Roi(60, 60, 20, 0.0), 1 / 7),
        (Roi(70, 50, 20, 0.0), 0.0),
        (Roi(500, 50, 20, 0.0), 0.0),
        (Roi(50, 50, 10, 0.0), 1 / 4),
    ],
)
def test_overlap(other, expected) -> None:
    assert overlap(Roi(50, 50, 20, 0.0), other) == pytest.approx(expected)
    assert overlap(other, Roi(50, 50, 20, 0.0)) == pytest.approx(expected)


def test_regions_without_area_do_not_overlap() -> None:
    assert overlap(Roi(1, 1, 0, 0.0), Roi(1, 1, 0, 0.0)) == 0.0
