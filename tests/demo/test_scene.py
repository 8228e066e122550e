"""The pictures: hands where the truth says, keys that move, the same every time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from bridge.demo.arm import arm_shape, grow_arm
from bridge.demo.cameras import CAMERAS
from bridge.demo.keyboard import key_at
from bridge.demo.motion import hands_at
from bridge.demo.piece import PERIOD_S, PIECE
from bridge.demo.scene import Scene
from bridge.model.hand.open_hand import open_hand
from bridge.model.render import Camera
from bridge.protocol.joints import N_BETAS, Side

TIME_S = 1.3
BACK_OF_HAND = [0, 5, 9, 13]


def half(camera: Camera) -> Camera:
    width, height = camera.size_px
    x, y = camera.centre_px
    return replace(
        camera,
        size_px=(width // 2, height // 2),
        focal_px=camera.focal_px / 2,
        centre_px=((x + 0.5) / 2 - 0.5, (y + 0.5) / 2 - 0.5),
    )


@pytest.fixture(scope="module", params=list(CAMERAS))
def scene(request: pytest.FixtureRequest) -> tuple[Camera, Scene]:
    camera = half(CAMERAS[request.param])
    return camera, Scene(camera)


def skin(picture: np.ndarray) -> np.ndarray:
    red, green, blue = np.moveaxis(picture.astype(int), -1, 0)
    return (red > 95) & (red > green + 12) & (green > blue) & (red < green + 90)


def at(mask: np.ndarray, pixels: np.ndarray, reach: int = 0) -> np.ndarray:
    """Whether the mask holds within some pixels of each point."""
    found = []
    for x, y in np.round(pixels.reshape(-1, 2)).astype(int):
        part = mask[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1]
        found.append(bool(part.any()))
    return np.array(found)


def test_hands_are_drawn_where_the_truth_says(scene) -> None:
    camera, view = scene
    for time_s in (TIME_S, 4.0):
        mask = skin(view.render(time_s))
        joints = hands_at([time_s]).joints_m[0]
        assert at(mask, camera.project(joints[:, BACK_OF_HAND])[0]).all()
        assert at(mask, camera.project(joints[:, 4::4])[0], reach=4).mean() >= 0.8
        # Where no hand is there is no skin: the keys between the hands.
        between = (joints[0, 4] + joints[1, 4]) / 2 + [0, 0, -0.02]
        assert not at(mask, camera.project(between)[0]).any()


def test_left_and_right_are_as_on_the_person(scene) -> None:
    camera, _ = scene
    joints = hands_at([TIME_S]).joints_m[0]
    pixels, _ = camera.project(joints[:, [0, 9, 17, 5]])
    for side in Side:
        wrist, middle, little, index = pixels[side]
        across, along = little - index, middle - wrist
        # Backs up, a right hand's little finger is clockwise of its index finger.
        turn = along[0] * across[1] - along[1] * across[0]
        assert (turn > 0) == (side is Side.RIGHT)


def test_pictures_are_the_same_every_time_and_move(scene) -> None:
    camera, view = scene
    first = view.render(TIME_S)
    assert first.shape == (camera.size_px[1], camera.size_px[0], 3)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, view.render(TIME_S))
    later = view.render(TIME_S + 0.4).astype(int)
    assert (np.abs(later - first).max(-1) > 40).sum() > 500


def test_another_scene_of_the_same_camera_paints_the_same_picture() -> None:
    camera = half(half(CAMERAS["tablet"]))
    np.testing.assert_array_equal(Scene(camera).render(TIME_S), Scene(camera).render(TIME_S))


def test_a_pressed_key_is_drawn_lower(scene) -> None:
    camera, view = scene
    note = next(n for n in PIECE if not key_at(n.key).black and n.finger == 4)
    key = key_at(note.key)
    # The front of the neighbour's side shows where the pressed key has left its place.
    x = key.x_m[0] if camera.position_m[0] > key.middle_x_m else key.x_m[1]
    spot = np.round(camera.project([x, -0.004, -0.002])[0]).astype(int)
    up, down = (
        view.render(t)[spot[1] - 3 : spot[1] + 4, spot[0] - 3 : spot[0] + 4].astype(int)
        for t in (note.start_s - 0.3, note.start_s + 0.05)
    )
    assert np.abs(up - down).max() > 25


def test_the_room_is_textured_and_neither_dark_nor_burnt_out(scene) -> None:
    _, view = scene
    picture = view.render(TIME_S)
    assert 60 < picture.mean() < 180
    assert picture.std() > 35
    assert (picture.min(-1) > 250).mean() < 0.02


@pytest.mark.parametrize("view", CAMERAS)
def test_arms_end_outside_the_picture(view: str) -> None:
    camera, motion = CAMERAS[view], hands_at(np.arange(0, PERIOD_S, 0.25))
    for side in Side:
        vertices = open_hand(side).vertices(
            np.zeros(N_BETAS), motion.pose_quat[:, side], motion.wrist_m[:, side]
        )
        turns = Rotation.from_quat(motion.pose_quat[:, side, 0]).as_matrix()
        for posed, turn in zip(vertices, turns, strict=True):
            end = grow_arm(side, posed, turn)[-len(arm_shape(side).loop) :]
            pixels, _ = camera.project(end)
            assert not ((pixels >= 0) & (pixels < camera.size_px)).all(-1).any()


@pytest.mark.parametrize("side", Side)
def test_the_forearm_continues_the_wrist_and_leaves_towards_the_player(side: Side) -> None:
    hand = open_hand(side)
    motion = hands_at([TIME_S])
    pose = motion.pose_quat[0, side]
    vertices = hand.vertices(np.zeros(N_BETAS), pose, motion.wrist_m[0, side])

    arm = grow_arm(side, vertices, Rotation.from_quat(pose[0]).as_matrix())
    shape = arm_shape(side)
    np.testing.assert_array_equal(arm[: len(shape.loop)], vertices[shape.loop])
    assert arm[:, 2].max() > motion.wrist_m[0, side, 2] + 0.5
    # Faces look outwards: away from the arm's middle line.
    ring = arm[-len(shape.loop) :]
    middle = ring.mean(0)
    last = shape.faces[(shape.faces >= len(arm) - len(shape.loop)).any(-1)]
    a, b, c = (arm[last[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    outward = (a + b + c) / 3 - middle
    outward[:, 2] = 0
    assert (np.sum(normal * outward, -1) > 0).mean() > 0.95
