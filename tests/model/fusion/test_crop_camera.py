"""The crop camera against a hand projected the long way round."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.model.fusion.crop_camera import MIRROR, CropCamera
from bridge.model.hand import open_hand
from bridge.model.lens import FOCAL_PRIOR
from bridge.model.pose import ViewHand
from bridge.protocol.joints import Side

SIZE = (1280, 720)
REST = np.tile([0.0, 0.0, 0.0, 1.0], (16, 1))


def seen(side: Side, wrist_m: tuple[float, float, float]) -> tuple[ViewHand, np.ndarray]:
    """A resting hand in front of a camera with the prior's lens, and its keypoints, metres."""
    keypoints = open_hand(side).keypoints(np.zeros(10), REST, np.array(wrist_m))
    pixels = keypoints[:, :2] / keypoints[:, 2:] * FOCAL_PRIOR * max(SIZE) + np.array(SIZE) / 2
    return ViewHand(side, pixels, keypoints, np.ones(21)), keypoints


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("wrist_m", [(0.0, 0.0, 0.5), (0.25, -0.1, 0.5), (-0.3, 0.15, 0.4)])
def test_it_sees_what_the_turned_camera_would_see(side, wrist_m) -> None:
    hand, keypoints = seen(side, wrist_m)
    crop = CropCamera.around(hand, SIZE)
    mirrored = keypoints * MIRROR if side is Side.LEFT else keypoints
    turned = mirrored @ crop.rotation.T
    np.testing.assert_allclose(
        crop.landmarks, crop.focal * turned[:, :2] / turned[:, 2:], atol=1e-9
    )


def test_the_rotation_is_proper_and_looks_at_the_hand() -> None:
    hand, _ = seen(Side.RIGHT, (0.3, 0.2, 0.4))
    crop = CropCamera.around(hand, SIZE)
    np.testing.assert_allclose(crop.rotation @ crop.rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(crop.rotation) == pytest.approx(1)
    assert np.abs(crop.landmarks).max() == pytest.approx(0.7)
    assert np.abs(crop.landmarks.min(0) + crop.landmarks.max(0)).max() < 0.2


def test_a_hand_in_the_middle_turns_nothing() -> None:
    keypoints = np.zeros((21, 2))
    keypoints[0], keypoints[1] = (540, 360), (740, 360)
    keypoints[2:] = (640, 360)
    crop = CropCamera.around(ViewHand(Side.RIGHT, keypoints, keypoints, np.ones(21)), SIZE)
    np.testing.assert_allclose(crop.rotation, np.eye(3), atol=1e-12)


def test_mirrored_hands_look_the_same() -> None:
    left, _ = seen(Side.LEFT, (-0.2, 0.1, 0.5))
    flipped = left.landmarks_px * [-1, 1] + [SIZE[0], 0]
    right = ViewHand(Side.RIGHT, flipped, left.world_m, left.confidence)
    np.testing.assert_allclose(
        CropCamera.around(left, SIZE).landmarks, CropCamera.around(right, SIZE).landmarks
    )


def test_one_point_has_a_finite_crop() -> None:
    pixels = np.tile([100.0, 100.0], (21, 1))
    crop = CropCamera.around(ViewHand(Side.RIGHT, pixels, np.zeros((21, 3)), np.ones(21)), SIZE)
    assert np.isfinite(crop.landmarks).all()
    assert np.isfinite(crop.focal)
