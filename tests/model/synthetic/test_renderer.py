from __future__ import annotations

import pytest
import torch

from bridge.errors import InputError
from bridge.model.hand.layer import HandLayer, open_hand_layer
from bridge.model.synthetic import SyntheticImages, SyntheticLandmarks
from bridge.model.synthetic.draws import Draws
from bridge.model.synthetic.meshes import random_arm, random_object, vertex_normals
from bridge.model.synthetic.rasteriser import rasterise
from bridge.model.synthetic.renderer import render
from bridge.model.synthetic.scene import HandScene, random_scene

NUMBERS = list(range(12))
SIZE = 64


@pytest.fixture(scope="module")
def hand() -> HandLayer:
    return open_hand_layer()


@pytest.fixture(scope="module")
def scene(hand: HandLayer) -> HandScene:
    return random_scene(Draws(0, NUMBERS), hand, views=2, augment=True, mesh=True)


@pytest.fixture(scope="module")
def batch() -> object:
    return SyntheticImages(0, size=SIZE).batch(NUMBERS, views=2, augment=True)


def _alone(scene: HandScene, hand: HandLayer, size: int) -> torch.Tensor:
    """Silhouettes of the hands with nothing else there."""
    assert scene.vertices_m is not None
    seen = scene.cameras.to_camera(scene.vertices_m).flatten(0, 1)
    focal = scene.cameras.focal.flatten()[:, None, None]
    points = (focal * seen[..., :2] / seen[..., 2:] + 1) * size / 2 - 0.5
    face = rasterise(points, seen[..., 2], hand.faces, (size, size)).face
    return (face >= 0).unflatten(0, scene.cameras.focal.shape)


def test_masks_are_the_hand_less_what_is_before_it(scene: HandScene, batch, hand) -> None:  # type: ignore[no-untyped-def]
    alone = _alone(scene, hand, SIZE)
    masks = batch.masks > 0.5
    # Nothing outside the silhouette, up to pixels on its edge.
    assert float((masks & ~alone).float().mean()) < 0.01
    share = (masks & alone).sum((2, 3)) / alone.sum((2, 3))
    assert float(share.median()) > 0.93
    # Some hands are partly hidden: objects and second hands are cut out.
    assert float(share.min()) < 0.85


def test_batches_do_not_change_samples(batch) -> None:  # type: ignore[no-untyped-def]
    again = SyntheticImages(0, size=SIZE).batch([5, 3], views=1, augment=True)
    for name in ("images", "masks", "joints_m", "vertices_m", "wrist_rotation", "focal"):
        whole, part = getattr(batch, name)[[5, 3], :1], getattr(again, name)
        assert torch.allclose(whole, part, atol=1e-4), name


def test_pictures_show_the_hands_of_the_landmark_source(batch) -> None:  # type: ignore[no-untyped-def]
    exact = SyntheticLandmarks(0, noise=False, mesh=True).batch(NUMBERS, views=2, augment=True)
    assert torch.equal(exact.joints_m, batch.joints_m)
    assert torch.equal(exact.vertices_m, batch.vertices_m)
    # The hand differs from what is behind it, and pictures from each other.
    assert batch.images.shape == (12, 2, 3, SIZE, SIZE)
    assert float(batch.images.min()) >= 0
    assert float(batch.images.max()) <= 1
    assert float(batch.images.mean((2, 3, 4)).std()) > 0.05


def test_visible_keypoints(scene: HandScene, hand: HandLayer) -> None:
    pictures = render(Draws(0, NUMBERS), scene, hand, size=SIZE)
    share = float(pictures.visible.float().mean())
    assert 0.5 < share < 0.9
    # A keypoint that is seen has the hand's silhouette around it.
    at = ((scene.cameras.project(scene.keypoints_m) + 1) * SIZE / 2 - 0.5).round().long()
    at = at.clamp(0, SIZE - 1)
    on_hand = _alone(scene, hand, SIZE).flatten(2).gather(2, at[..., 1] * SIZE + at[..., 0])
    assert float(on_hand[pictures.visible].float().mean()) > 0.97


def test_the_arm_goes_on_where_the_hand_ends(hand: HandLayer, scene: HandScene) -> None:
    assert scene.vertices_m is not None
    arm = random_arm(Draws(0, NUMBERS), hand, scene.vertices_m)
    ring = len(arm.loop)
    assert torch.equal(arm.vertices_m[:, :ring], scene.vertices_m[:, arm.loop])
    assert float(arm.vertices_m[:, -1].norm(dim=-1).min()) > 0.2
    assert float(arm.vertices_m[:, -1, 0].median()) > 0.2
    # Closed at the seam: every edge of the hand's rim is an edge of the arm, the other way round.
    both = torch.cat([hand.faces, torch.where(arm.faces < ring, arm.loop[arm.faces % ring], -1)])
    both = both[(both >= 0).sum(1) >= 2]
    edges = {(int(f[i]), int(f[(i + 1) % 3])) for f in both for i in range(3)}
    rim = {(a, b) for a, b in edges if a >= 0 and b >= 0 and (b, a) not in edges}
    assert not rim
    # Outward: a ring's normals point away from its middle.
    normals = vertex_normals(arm.vertices_m, arm.faces)
    third = slice(2 * ring, 3 * ring)
    outward = arm.vertices_m[:, third] - arm.vertices_m[:, third].mean(1, keepdim=True)
    assert float(((outward * normals[:, third]).sum(-1) > 0).float().mean()) > 0.95


def test_objects_are_closed_outward_and_beside_the_hand() -> None:
    centre = torch.zeros(40, 3)
    prism = random_object(Draws(0, list(range(40))), centre)
    a, b, c = (prism.vertices_m[:, prism.faces[:, i]] for i in range(3))
    volume = (a * torch.linalg.cross(b, c)).sum((1, 2)) / 6
    extent = prism.vertices_m - prism.vertices_m.mean(1, keepdim=True)
    assert bool((volume > 0).all())
    assert float(volume.max()) < 0.25**3
    assert 0.02 < float(extent.norm(dim=-1).amax(1).min()) < 0.25


def test_refuses_sizes_that_are_no_pictures() -> None:
    for size in (0, 31, 65):
        with pytest.raises(InputError, match="even size"):
            SyntheticImages(size=size)
