"""What A3-Net must beat, where it is known what it should say."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor, nn

from bridge.errors import InputError
from bridge.model.a3net.baselines import BASELINES
from bridge.model.training.sample import ROOT, HandViews
from tests.model.a3net.tiny import samples


@dataclass
class Initial:
    mesh_joints: Tensor
    vertices: Tensor

    @property
    def initial(self) -> Initial:
        return self


class Told(nn.Module):
    """Single views that are the truth plus an error for each view, metres."""

    def __init__(self, *errors_m: float) -> None:
        super().__init__()
        self.errors_m = torch.tensor(errors_m)

    def forward(self, views: HandViews) -> Initial:
        root = views.joints_m[:, :, ROOT : ROOT + 1]
        noise = torch.randn(21, 3, generator=torch.Generator().manual_seed(0))
        noise = self.errors_m[:, None, None] * (noise - noise[ROOT])
        return Initial(views.joints_m - root + noise, views.vertices_m - root)


@pytest.fixture(scope="module")
def views() -> HandViews:
    return samples(4, 3)


@pytest.fixture(scope="module")
def truth(views: HandViews) -> Tensor:
    return (views.joints_m - views.joints_m[:, :, ROOT : ROOT + 1])[:, 0]


@pytest.mark.parametrize("name", sorted(BASELINES))
def test_from_the_truth_every_baseline_says_the_truth(name: str, views, truth) -> None:
    joints, vertices = BASELINES[name](Told(0.0, 0.0, 0.0), views)
    torch.testing.assert_close(joints, truth, atol=2e-5, rtol=0)
    if vertices is not None:
        expected = (views.vertices_m - views.joints_m[:, :, ROOT : ROOT + 1])[:, 0]
        torch.testing.assert_close(vertices, expected, atol=2e-5, rtol=0)


def test_the_best_view_is_the_one_nearest_to_the_truth(views, truth) -> None:
    for errors in ((0.0, 0.02, 0.03), (0.02, 0.0, 0.03), (0.03, 0.02, 0.0)):
        joints, _ = BASELINES["best_view"](Told(*errors), views)
        torch.testing.assert_close(joints, truth, atol=1e-5, rtol=0)
    # But for one that sees nothing.
    present = torch.tensor([[True, True, False]]).expand(4, 3)
    joints, _ = BASELINES["best_view"](Told(0.02, 0.03, 0.0), replace(views, present=present))
    first, _ = BASELINES["first_view"](Told(0.02, 0.03, 0.0), views)
    torch.testing.assert_close(joints, first, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", ["aligned_mean", "extrinsic_mean", "triangulated"])
def test_absent_views_do_not_count(name: str, views, truth) -> None:
    far = views.landmarks.clone()
    far[:, 2] += 0.3
    present = torch.tensor([[True, True, False]]).expand(4, 3)
    spoilt = replace(views, landmarks=far, present=present)
    joints, _ = BASELINES[name](Told(0.0, 0.0, 0.1), spoilt)
    # The median: where two rays are nearly one line, no triangulation finds the point on it.
    assert (joints - truth).abs().median() < 1e-5
    joints, _ = BASELINES[name](Told(0.0, 0.0, 0.1), replace(spoilt, present=views.present))
    assert (joints - truth).abs().median() > 1e-4


def test_the_mean_with_true_rotations_is_the_mean(views, truth) -> None:
    joints, _ = BASELINES["extrinsic_mean"](Told(0.03, 0.0, 0.0), views)
    alone, _ = BASELINES["first_view"](Told(0.03, 0.0, 0.0), views)
    torch.testing.assert_close(joints - truth, (alone - truth) / 3, atol=1e-5, rtol=0)


def test_without_truth_or_landmarks_they_say_what_they_need(views) -> None:
    with pytest.raises(InputError, match="true joints and rotations"):
        BASELINES["best_view"](Told(0.0, 0.0, 0.0), replace(views, wrist_rotation=None))
    with pytest.raises(InputError, match="detected landmarks"):
        BASELINES["triangulated"](Told(0.0, 0.0, 0.0), replace(views, landmarks=None))
