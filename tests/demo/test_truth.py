"""The truth in the cameras' frames and in the stage."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.demo.cameras import CAMERAS
from bridge.demo.truth import STAGE_VIEW, joints_in_stage, joints_in_view
from bridge.errors import InputError

TIMES = [0.0, 2.7, 31.4]


def test_two_views_see_the_same_hands() -> None:
    # Each keypoint is where the rays of its two pixels meet.
    views = list(CAMERAS)
    starts, rays = [], []
    for view in views:
        camera = CAMERAS[view]
        inside = joints_in_view(TIMES, view)
        world = (inside - camera.translation_m) @ camera.rotation
        direction = camera.rays(camera.project(world)[0])
        starts.append(camera.position_m)
        rays.append(direction / np.linalg.norm(direction, axis=-1, keepdims=True))
    a, b = rays
    normal = np.cross(a, b)
    gap = np.abs(np.sum((starts[1] - starts[0]) * normal, -1)) / np.linalg.norm(normal, axis=-1)
    assert gap.max() < 1e-5
    assert np.linalg.norm(normal, axis=-1).min() > 0.5, "the views differ by 30 degrees and more"


def test_the_stage_is_the_first_camera_with_y_up() -> None:
    assert next(iter(CAMERAS)) == STAGE_VIEW == "phone"
    np.testing.assert_allclose(
        joints_in_stage(TIMES), joints_in_view(TIMES, "phone") * [1, -1, -1], atol=1e-9
    )
    stage = joints_in_stage(TIMES)
    assert stage.shape == (3, 2, 21, 3)
    assert (stage[..., 2] < 0).all(), "in front of the camera is -z"


def test_another_view_may_be_the_stage() -> None:
    other = joints_in_stage(TIMES, "tablet")
    np.testing.assert_allclose(other, joints_in_view(TIMES, "tablet") * [1, -1, -1], atol=1e-9)
    with pytest.raises(InputError, match="phone, tablet"):
        joints_in_stage(TIMES, "webcam")


def test_cameras_differ_as_devices_do() -> None:
    phone, tablet = CAMERAS["phone"], CAMERAS["tablet"]
    assert phone.size_px[0] / phone.size_px[1] != tablet.size_px[0] / tablet.size_px[1]
    assert phone.focal_px != tablet.focal_px
    assert phone.distortion != tablet.distortion
    for camera in (phone, tablet):
        assert camera.size_px[0] % 16 == 0, "whole macroblocks"
        assert camera.size_px[1] % 16 == 0
