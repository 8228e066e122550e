"""Landmarks: mapping back to the image by closed forms, and photos turned by known angles."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from bridge.model.landmarks import find
from bridge.model.nets import CROP_SIZE, HandNets, LandmarkOutputs
from bridge.model.palm import detect
from bridge.model.roi import Roi


class RecordingNets:
    """Nets that keep the crops they get and always see the same hand."""

    def __init__(self) -> None:
        self.calls: list[np.ndarray] = []

    def find_landmarks(self, crops: np.ndarray) -> LandmarkOutputs:
        self.calls.append(crops.copy())
        n = len(crops)
        corner = np.tile(np.float32([CROP_SIZE, 0, 0]), (n, 21, 1))
        ahead = np.tile(np.float32([0.1, 0.0, 0.05]), (n, 21, 1))
        return LandmarkOutputs(corner, np.full(n, 0.9), np.linspace(0, 1, n), ahead)


def test_all_crops_of_all_images_go_through_the_net_in_one_call() -> None:
    nets = RecordingNets()
    dark, light = np.zeros((50, 40, 3), np.uint8), np.full((30, 60, 3), 255, np.uint8)
    roi = Roi(10, 10, 20, 0.0)
    found = find(nets, [(dark, roi), (light, roi), (dark, roi)])
    (batch,) = nets.calls
    assert batch.shape == (3, CROP_SIZE, CROP_SIZE, 3)
    assert batch.dtype == np.float32
    np.testing.assert_array_equal(batch.max(axis=(1, 2, 3)), [0, 1, 0])
    assert [seen.right for seen in found] == [0, 0.5, 1]


def test_no_crops_need_no_net() -> None:
    nets = RecordingNets()
    assert find(nets, []) == []
    assert nets.calls == []


def test_points_and_axes_return_to_the_image() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    (seen,) = find(RecordingNets(), [(image, Roi(50, 40, 20, math.pi / 2))])
    # The crop's top right corner; turned by a quarter it is the square's bottom right.
    np.testing.assert_allclose(seen.landmarks_px, [[60, 50]] * 21, atol=1e-9)
    np.testing.assert_allclose(seen.world_m, [[0.0, 0.1, 0.05]] * 21, atol=1e-8)


@pytest.mark.shared
@pytest.mark.parametrize("degrees", [-120, -40, 25, 90, 180])
def test_landmarks_and_world_follow_a_turned_photo(shared_dir, degrees) -> None:
    nets = HandNets()
    photo = cv2.imread(str(shared_dir / "assets" / "photos" / "nocurl.jpg"))[..., ::-1]
    photo = cv2.copyMakeBorder(photo, 80, 80, 160, 160, cv2.BORDER_REPLICATE)
    size = photo.shape[0]
    matrix = cv2.getRotationMatrix2D((size / 2, size / 2), -degrees, 1.0)
    turned = cv2.warpAffine(photo, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE)

    sightings = []
    for image in (photo, turned):
        ((palm, *_),) = detect(nets, [image])
        (seen,) = find(nets, [(image, palm.roi)])
        assert seen.presence > 0.9
        sightings.append(seen)
    before, after = sightings
    linear = matrix[:, :2]
    hand = np.ptp(before.landmarks_px, axis=0).max()
    expected = before.landmarks_px @ linear.T + matrix[:, 2]
    error = np.linalg.norm(after.landmarks_px - expected, axis=1).mean()
    assert error < 0.05 * hand
    world = before.world_m.copy()
    world[:, :2] = world[:, :2] @ linear.T
    assert np.linalg.norm(after.world_m - world, axis=1).mean() < 0.01


@pytest.mark.shared
def test_the_same_crop_turned_by_quarters_gives_the_same_landmarks(shared_dir) -> None:
    """Exact where nothing is interpolated anew: the region turns with the image."""
    nets = HandNets()
    photo = cv2.imread(str(shared_dir / "assets" / "photos" / "nocurl.jpg"))[..., ::-1]
    photo = np.ascontiguousarray(photo)
    height = photo.shape[0]
    roi = detect(nets, [photo])[0][0].roi
    upright = find(nets, [(photo, roi)])[0]
    # Turned clockwise, the pixel (x, y) comes to (height - 1 - y, x).
    turned = np.ascontiguousarray(np.rot90(photo, -1))
    moved = Roi(height - 1 - roi.y_px, roi.x_px, roi.size_px, roi.angle_rad + math.pi / 2)
    seen = find(nets, [(turned, moved)])[0]
    expected = np.stack(
        [height - 1 - upright.landmarks_px[:, 1], upright.landmarks_px[:, 0]], axis=1
    )
    np.testing.assert_allclose(seen.landmarks_px, expected, atol=1.0)
    x, y, z = upright.world_m.T
    np.testing.assert_allclose(seen.world_m, np.stack([-y, x, z], axis=1), atol=2e-3)
