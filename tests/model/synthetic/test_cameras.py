from __future__ import annotations

import numpy as np
import pytest
import torch

from bridge.model.hand.layer import open_hand_layer
from bridge.model.synthetic.cameras import TRAINING_CROPS, CropRanges, random_cameras
from bridge.model.synthetic.draws import Draws
from bridge.model.synthetic.scene import HandScene, random_scene


@pytest.fixture(scope="module")
def scene() -> HandScene:
    draws = Draws(5, list(range(600)))
    return random_scene(draws, open_hand_layer(), views=4, augment=True, mesh=False)


def test_hands_fill_their_crops_as_told(scene: HandScene) -> None:
    seen = scene.cameras.project(scene.keypoints_m)
    half = ((seen.amax(2) - seen.amin(2)) / 2).amax(-1)
    low, high = TRAINING_CROPS.fill
    assert low - 1e-3 < float(half.min()) < low + 0.02
    assert high - 0.02 < float(half.max()) < high + 1e-3
    assert float(seen.abs().max()) < 1.0
    middle = (seen.amax(2) + seen.amin(2)) / 2 / half[..., None]
    # The turn to the crop's middle keeps it there to second order.
    assert float(middle.abs().max()) < TRAINING_CROPS.shift + 0.06


def test_exact_crops_are_centred() -> None:
    draws = Draws(5, list(range(50)))
    keypoints = random_scene(
        draws, open_hand_layer(), views=1, augment=True, mesh=False
    ).keypoints_m
    cameras = random_cameras(draws, keypoints, views=3, crops=CropRanges((0.7, 0.7), 0.0))
    seen = cameras.project(keypoints)
    half = ((seen.amax(2) - seen.amin(2)) / 2).amax(-1)
    assert torch.allclose(half, torch.full_like(half, 0.7), atol=1e-4)
    assert float(((seen.amax(2) + seen.amin(2)) / 2).abs().max()) < 0.05


def test_cameras_are_rotations_at_the_distances_of_devices(scene: HandScene) -> None:
    r = scene.cameras.rotation
    assert torch.allclose(r @ r.transpose(-1, -2), torch.eye(3).expand_as(r), atol=1e-5)
    assert bool((torch.linalg.det(r) > 0).all())
    middle = (scene.keypoints_m.amax(1) + scene.keypoints_m.amin(1)) / 2
    distance = scene.cameras.to_camera(middle[:, None].flatten(1, 2)[:, None]).norm(dim=-1)
    assert 0.249 < float(distance.min()) < 0.3
    assert 1.1 < float(distance.max()) < 1.201


def test_views_stand_everywhere_but_behind_the_forearm(scene: HandScene) -> None:
    r = scene.cameras.rotation
    first = r[:, 0, 2]
    assert float(first.mean(0)[1:].abs().max()) < 0.1
    behind = (-r[:, :, 2, 0] > np.cos(np.radians(30))).float().mean()
    assert float(behind) < 0.02
    cosine = (r[:, :1, 2] * r[:, 1:, 2]).sum(-1)
    degrees = torch.rad2deg(cosine.clamp(-1, 1).acos()).flatten()
    counts = torch.histc(degrees, bins=6, min=0, max=180) / len(degrees)
    assert float(counts.min()) > 0.05
    assert 0.02 < float((degrees < 10).float().mean()) < 0.12
    assert 0.05 < float((degrees > 150).float().mean()) < 0.25


def test_more_views_keep_the_first_ones() -> None:
    draws, hand = Draws(5, [3, 8]), open_hand_layer()
    two, four = (
        random_scene(draws, hand, views=n, augment=True, mesh=False).cameras for n in (2, 4)
    )
    for a, b in zip((two.rotation, two.focal), (four.rotation, four.focal), strict=True):
        assert torch.equal(a, b[:, :2])
