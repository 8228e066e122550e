"""One camera for all hands (eq. 6)."""

from __future__ import annotations

import math

import pytest
import torch

from bridge.model.multihand.camera import Camera

CAMERA = Camera(100.0, 64, 96)


def test_projection_is_eq_6() -> None:
    # f X / Z + c, with c in the middle of pixels 0 to 95 and 0 to 63.
    found = CAMERA.project(torch.tensor([[0.1, -0.2, 2.0]]))
    assert found.tolist() == [[100 * 0.05 + 47.5, pytest.approx(-100 * 0.1 + 31.5)]]


def test_a_pixel_and_a_depth_give_the_point_that_projects_there() -> None:
    pixel = torch.tensor([[3.0, 60.0], [90.0, 5.0]])
    point = CAMERA.at(pixel, torch.tensor([0.3, 2.0]))
    torch.testing.assert_close(CAMERA.project(point), pixel)
    assert point[:, 2].tolist() == pytest.approx([0.3, 2.0])


def test_turns_are_the_smallest_rotations_onto_the_ray() -> None:
    pixel = torch.tensor([[47.5, 31.5], [147.5, 31.5], [10.0, 50.0]])
    turn = CAMERA.turn_to(pixel)
    torch.testing.assert_close(turn @ turn.mT, torch.eye(3).expand(3, 3, 3))
    assert torch.linalg.det(turn).tolist() == pytest.approx([1.0] * 3)
    torch.testing.assert_close(turn[0], torch.eye(3))
    # One focal length to the right is 45 degrees about the vertical axis.
    s = math.sqrt(0.5)
    wanted = torch.tensor([[s, 0, s], [0, 1, 0], [-s, 0, s]])
    torch.testing.assert_close(turn[1], wanted)
    ray = torch.nn.functional.normalize(CAMERA.at(pixel, torch.ones(3)), dim=-1)
    torch.testing.assert_close(turn[:, :, 2], ray)
    # The axis of the smallest rotation is across the optical axis.
    axis = torch.linalg.cross(torch.tensor([[0.0, 0.0, 1.0]]), ray)
    torch.testing.assert_close((turn @ axis[..., None])[..., 0], axis)


def test_a_placed_root_is_at_its_pixel_and_a_left_hand_is_the_mirror_image() -> None:
    points = 0.05 * torch.randn(1, 5, 3, generator=torch.Generator().manual_seed(0))
    points[:, 0] = 0
    pixel, depth = torch.tensor([[70.0, 12.0]]), torch.tensor([0.6])
    right = CAMERA.place(points, torch.tensor([False]), pixel, depth)
    torch.testing.assert_close(CAMERA.project(right)[:, 0], pixel)
    assert right[0, 0, 2].item() == pytest.approx(0.6)
    # Mirroring the picture across its middle makes the left hand of it.
    mirrored = torch.stack([95 - pixel[:, 0], pixel[:, 1]], -1)
    left = CAMERA.place(points, torch.tensor([True]), mirrored, depth)
    torch.testing.assert_close(left * torch.tensor([-1.0, 1.0, 1.0]), right)
    seen, other = CAMERA.project(right), CAMERA.project(left)
    torch.testing.assert_close(other[..., 0], 95 - seen[..., 0])
