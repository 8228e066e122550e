from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from bridge.errors import InputError, ModelError
from bridge.model.hand.layer import open_hand_layer
from bridge.model.roi import roi_from_landmarks
from bridge.model.synthetic import SyntheticLandmarks
from bridge.model.synthetic.draws import Draws
from bridge.model.synthetic.noise import (
    LandmarkNoise,
    landmark_noise,
    read_parameters,
    shipped_noise,
    to_crop,
    to_region,
)
from bridge.model.synthetic.scene import random_scene, true_views
from bridge.model.synthetic.sight import Sight, sight_of

RESULT = Path(__file__).parents[3] / "benchmarks/results/landmark_noise.json"


@pytest.fixture(scope="module")
def sight() -> Sight:
    scene = random_scene(
        Draws(9, list(range(500))), open_hand_layer(), views=2, augment=True, mesh=False
    )
    views = true_views(scene)
    assert views.joints_m is not None
    assert views.wrist_rotation is not None
    return sight_of(
        views.joints_m.flatten(0, 1), views.focal.flatten(), views.wrist_rotation.flatten(0, 1)
    )


def test_the_region_is_the_trackers(sight: Sight) -> None:
    for i in range(20):
        roi = roi_from_landmarks(sight.exact[i].double().numpy())
        assert float(sight.region.size[i]) == pytest.approx(roi.size_px, rel=1e-4)
        assert sight.region.centre[i].tolist() == pytest.approx([roi.x_px, roi.y_px], abs=1e-4)
        corner = roi.to_image(np.array([1.0, 0.5])) - [roi.x_px, roi.y_px]
        assert sight.region.turn[i, :, 0].tolist() == pytest.approx(
            (corner / np.linalg.norm(corner)).tolist(), abs=1e-4
        )


def test_errors_go_to_the_region_and_back(sight: Sight) -> None:
    error = torch.randn(len(sight.exact), 42, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(to_region(to_crop(error, sight), sight), error, atol=1e-5)


def test_a_finger_before_another_hides_it() -> None:
    """Flat hand seen from the thumb's side: the index hides the other fingers, nothing it."""
    rest = open_hand_layer().rest_keypoints(torch.zeros(1, 10))
    # Camera on +z looking along -z: x right is -x of the hand, y down is -y.
    turn = torch.tensor([[-1.0, 0, 0], [0, -1, 0], [0, 0, -1]])
    assert float(torch.linalg.det(turn)) < 0  # a mirror would do here, but take a camera
    turn = torch.tensor([[1.0, 0, 0], [0, -1, 0], [0, 0, -1]])
    seen = rest @ turn.T + torch.tensor([0.0, 0.0, 0.5])
    hidden = sight_of(seen, torch.tensor([3.0]), turn[None]).hidden[0]
    assert hidden[[9, 10, 14, 18]].sum() >= 3
    assert not hidden[[6, 7, 8]].any()
    above = torch.tensor([[-1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    seen = rest @ above.T + torch.tensor([0.0, 0.0, 0.5])
    assert not sight_of(seen, torch.tensor([3.0]), above[None]).hidden.any()


def test_draws_are_repeatable_and_correlated_as_fitted(sight: Sight) -> None:
    noise = shipped_noise()
    draws = Draws(1, list(range(len(sight.exact))))
    seen = noise.draw(draws, sight)
    assert torch.equal(noise.draw(draws, sight).landmarks, seen.landmarks)
    rest = to_region(seen.landmarks - sight.exact, sight) - noise.bias(sight)
    unit = rest / rest.square().mean(1, keepdim=True).sqrt()
    # Neighbouring keypoints of a finger err together, fingers far from each other less so.
    c = torch.corrcoef(unit.T)
    assert float(c[2 * 7, 2 * 8]) > 0.5
    assert float(c[2 * 7, 2 * 8]) > float(c[2 * 8, 2 * 20])
    assert (seen.confidence >= 0.25).all()
    assert (seen.confidence <= 1).all()
    assert 0.8 < float(seen.found.float().mean()) < 0.99


def test_hidden_keypoints_are_less_exact(sight: Sight) -> None:
    seen = shipped_noise().draw(Draws(1, list(range(len(sight.exact)))), sight)
    error = (seen.landmarks - sight.exact).norm(dim=-1)
    assert float(error[seen.hidden].median()) > 1.3 * float(error[~seen.hidden].median())


def test_the_model_is_the_measured_one() -> None:
    """The committed comparison: the model's quantiles of new views near the measured ones."""
    report = json.loads(RESULT.read_text(encoding="utf-8"))["results"]
    assert report["views_fitted"] >= 1500
    assert report["views_compared"] >= 300
    for name, levels in report["error_crop_units"].items():
        for level in ("25%", "50%", "75%"):
            pair = levels[level]
            assert pair["model"] == pytest.approx(pair["measured"], rel=0.3), (name, level)
    for pair in (report["found_share"], report["hidden_share"]):
        assert pair["model"] == pytest.approx(pair["measured"], abs=0.05)


def test_the_source_gives_what_the_model_says() -> None:
    source = SyntheticLandmarks(4, epoch=10, mesh=True)
    assert len(source) == 10
    batch = source.batch([0, 1, 2, 300], views=3, augment=True)
    exact = SyntheticLandmarks(4, noise=False).batch([0, 1, 2, 300], views=3, augment=True)
    assert batch.landmarks is not None
    assert batch.confidence is not None
    assert batch.vertices_m is not None
    assert exact.vertices_m is None
    assert batch.vertices_m.shape == (4, 3, 1609, 3)
    assert bool(batch.present[:, 0].all())
    assert bool((batch.confidence[~batch.present] == 0).all())
    assert bool((batch.confidence[batch.present] > 0).all())
    assert torch.equal(batch.joints_m, exact.joints_m)
    error = (batch.landmarks - exact.landmarks).norm(dim=-1)
    assert 0.01 < float(error.median()) < 0.15
    alone = source.batch([300], views=1, augment=True)
    assert alone.landmarks is not None
    assert torch.allclose(alone.landmarks[0], batch.landmarks[3, :1], atol=1e-5)
    # Turning the first camera's axes by its rotation to the first is what `to_first` says.
    assert batch.joints_m is not None
    assert batch.to_first is not None
    local = batch.joints_m - batch.joints_m[:, :, 9:10]
    turned = local @ batch.to_first.transpose(-1, -2)
    assert torch.allclose(turned, local[:, :1].expand_as(turned), atol=1e-5)


def test_refuses_views_without_truth() -> None:
    views = true_views(
        random_scene(Draws(0, [0]), open_hand_layer(), views=1, augment=True, mesh=False)
    )
    from dataclasses import replace

    with pytest.raises(InputError, match="joints_m"):
        landmark_noise(Draws(0, [0]), replace(views, joints_m=None))


def test_refuses_damaged_files(tmp_path: Path) -> None:
    file = tmp_path / "noise.npz"
    with pytest.raises(ModelError, match="cannot be read"):
        read_parameters(file)
    file.write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(ModelError, match="cannot be read"):
        read_parameters(file)
    np.savez(file, bias=np.zeros(3))
    with pytest.raises(ModelError, match="measure_landmark_noise"):
        read_parameters(file)
    good = LandmarkNoise(read_parameters())
    assert good.parameters.bias.shape[1] == 42
