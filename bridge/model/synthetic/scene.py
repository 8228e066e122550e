"""What there is to see in each sample: a hand's pose and shape, and the cameras around it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from bridge.model.hand.layer import HandLayer
from bridge.model.synthetic.cameras import (
    STEADY_CROPS,
    TRAINING_CROPS,
    CropCameras,
    random_cameras,
)
from bridge.model.synthetic.draws import Draws
from bridge.model.synthetic.poses import (
    joint_rotations,
    motion_angles,
    random_angles,
    random_betas,
)
from bridge.model.training.sample import HandViews
from bridge.protocol.joints import KEYPOINT_OF_JOINT, N_JOINTS

__all__ = ["HandScene", "known_scene", "random_scene", "to_device", "true_views"]

_MOVING = 0.25
_LONGEST_S = 1.0
_CHAINS = torch.tensor(
    [[KEYPOINT_OF_JOINT[j] + level for level in range(4)] for j in range(1, N_JOINTS, 3)]
)
"""Keypoints of the fingers, knuckles first, in joint order ``(5, 4)``."""


@dataclass(frozen=True, slots=True)
class HandScene:
    """B hands and what looks at them, wrist at the origin, axes of the rest hand.

    Attributes:
        betas: ``(B, 10)``.
        angles: ``(B, 30)`` joint angles, radians.
        pose: ``(B, 15, 3, 3)`` local joint rotations.
        keypoints_m: ``(B, 21, 3)``.
        vertices_m: ``(B, V, 3)``.
        cameras: The crop cameras.
    """

    betas: Tensor
    angles: Tensor
    pose: Tensor
    keypoints_m: Tensor
    vertices_m: Tensor | None
    cameras: CropCameras


def random_scene(
    draws: Draws, hand: HandLayer, *, views: int, augment: bool, mesh: bool
) -> HandScene:
    """Draws hands and cameras.

    Args:
        draws: Random numbers.
        hand: The right hand's model.
        views: Cameras for each hand.
        augment: Jitter the crops.
        mesh: Whether vertices are wanted too.
    """
    angles = random_angles(draws)
    # A quarter is caught in motion, between everyday poses.
    moving = draws.below("moving", _MOVING)
    if moving.any():
        time_s = draws.uniform("time", 1, high=_LONGEST_S)
        angles = torch.where(moving[:, None], motion_angles(draws, time_s)[:, 0], angles)
    betas = random_betas(draws)
    pose = joint_rotations(angles)
    keypoints, vertices = _posed(hand, betas, pose, mesh=mesh)
    crops = TRAINING_CROPS if augment else STEADY_CROPS
    cameras = random_cameras(draws, keypoints, views=views, crops=crops)
    return HandScene(betas, angles, pose, keypoints, vertices, cameras)


def known_scene(
    hand: HandLayer, *, betas: Tensor, angles: Tensor, cameras: CropCameras, mesh: bool
) -> HandScene:
    """The scene that stored parameters ``betas (B, 10)`` and ``angles (B, 30)`` describe."""
    pose = joint_rotations(angles)
    keypoints, vertices = _posed(hand, betas, pose, mesh=mesh)
    return HandScene(betas, angles, pose, keypoints, vertices, cameras)


def true_views(scene: HandScene) -> HandViews:
    """What is exactly known of a scene, in each camera's axes; every view sees its hand."""
    cameras = scene.cameras
    joints = cameras.to_camera(scene.keypoints_m)
    return HandViews(
        focal=cameras.focal,
        present=torch.ones(cameras.focal.shape, dtype=torch.bool),
        joints_m=joints,
        joint_valid=torch.ones(joints.shape[:-1], dtype=torch.bool),
        vertices_m=None if scene.vertices_m is None else cameras.to_camera(scene.vertices_m),
        wrist_rotation=cameras.rotation,
        pose=scene.pose,
        betas=scene.betas,
    )


@torch.no_grad()
def _posed(
    hand: HandLayer, betas: Tensor, pose: Tensor, *, mesh: bool
) -> tuple[Tensor, Tensor | None]:
    """Keypoints ``(B, 21, 3)`` and, where wanted, vertices ``(B, V, 3)``."""
    if not mesh:
        return _posed_keypoints(hand, betas, pose), None
    rotations = torch.cat([torch.eye(3).expand(len(pose), 1, 3, 3), pose], 1)
    posed = hand(betas, rotations)
    return posed.keypoints, posed.vertices


def _posed_keypoints(hand: HandLayer, betas: Tensor, pose: Tensor) -> Tensor:
    """Keypoints ``(B, 21, 3)`` alone, ten times faster than with the mesh."""
    rest = hand.rest_keypoints(betas)
    chains = rest[:, _CHAINS]
    base = chains[:, :, 0]
    turn = pose.reshape(-1, 5, 3, 3, 3)
    points = [base]
    carried = torch.eye(3)
    for level in range(3):
        carried = carried @ turn[:, :, level]
        bone = (chains[:, :, level + 1] - chains[:, :, level])[..., None]
        points.append(points[-1] + (carried @ bone)[..., 0])
    keypoints = rest.clone()
    keypoints[:, _CHAINS] = torch.stack(points, 2)
    return keypoints


def to_device(scene: HandScene, device: torch.device) -> HandScene:
    """The same scene on another device."""
    cameras = scene.cameras
    return HandScene(
        betas=scene.betas.to(device),
        angles=scene.angles.to(device),
        pose=scene.pose.to(device),
        keypoints_m=scene.keypoints_m.to(device),
        vertices_m=None if scene.vertices_m is None else scene.vertices_m.to(device),
        cameras=CropCameras(
            cameras.rotation.to(device),
            cameras.translation_m.to(device),
            cameras.focal.to(device),
            cameras.source_px.to(device),
        ),
    )
