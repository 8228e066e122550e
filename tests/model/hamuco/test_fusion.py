"""Alignment and fusion, against similarities that are known."""

from __future__ import annotations

import math

import pytest
import torch

from bridge.model.hamuco.fusion import Similarity, fit, fuse
from tests.model.hamuco.tiny import close, samples


def known(count: int = 3) -> Similarity:
    angle = torch.arange(1.0, count + 1)
    c, s, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    rows = ((c, -s, zero), (s, c, zero), (zero, zero, zero + 1))
    rotation = torch.stack([torch.stack(row, -1) for row in rows], -2)
    return Similarity(rotation, 0.5 + angle, torch.stack([angle, -angle, angle / 2], -1))


def test_a_similarity_moves_points_as_worked_out_by_hand() -> None:
    quarter = torch.tensor([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    similarity = Similarity(quarter, torch.tensor(2.0), torch.tensor([1.0, 0, 0]))
    point = torch.tensor([[1.0, 2.0, 3.0]])
    close(similarity.apply(point), torch.tensor([[-3.0, 2.0, 6.0]]))
    close(similarity.inverse(similarity.apply(point)), point)


@pytest.mark.parametrize("told", [True, False])
def test_fit_finds_the_similarity_with_and_without_the_rotation(told: bool) -> None:
    points = torch.randn(3, 21, 3)
    true = known()
    found = fit(points, true.apply(points), true.rotation if told else None)
    for a, b in zip(found, true, strict=True):
        close(a, b, 1e-4)


def test_the_scale_stays_positive_where_a_known_rotation_contradicts_the_hands() -> None:
    points = torch.randn(1, 21, 3)
    opposite = torch.diag(torch.tensor([-1.0, -1.0, 1.0]))[None]
    assert fit(points, points, opposite).scale == pytest.approx(1.0, abs=1e-5)


def test_true_hands_of_all_views_fuse_to_the_first_views() -> None:
    views = samples(3, 4)
    assert views.joints_m is not None
    relative = views.joints_m - views.joints_m[:, :, 9:10]
    sizes = torch.tensor([1.0, 0.8, 1.3, 2.0])[:, None, None]
    to_first = fit(relative * sizes, relative[:, :1].expand_as(relative), views.to_first)
    fused = fuse(relative * sizes, to_first, views.present)
    close(fused, relative[:, 0], 1e-6)
    close(to_first.scale, (1 / sizes[:, 0, 0]).expand(3, 4), 1e-4)


def test_only_views_that_are_present_are_fused() -> None:
    points = torch.randn(1, 3, 21, 3)
    eye = torch.eye(3).expand(1, 3, 3, 3)
    as_is = Similarity(eye, torch.ones(1, 3), torch.zeros(1, 3, 3))
    present = torch.tensor([[True, False, True]])
    close(fuse(points, as_is, present), (points[:, 0] + points[:, 2]) / 2)


def test_no_gradient_flows_into_the_alignment() -> None:
    points = torch.randn(2, 21, 3, requires_grad=True)
    assert not any(part.requires_grad for part in fit(points, points, None))
    assert math.isfinite(float(fit(torch.zeros(1, 21, 3), points[:1], None).scale.detach()))
