"""Eq. 1 to 3 against sums written out by hand, and views that are absent."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from bridge.model.simahand.view_fusion import (
    MapFusion,
    VertexFusion,
    concatenated,
    statistics,
    view_weights,
)
from tests.model.simahand.tiny import close

C, N = 6, 3
ALL = torch.ones(2, N, dtype=torch.bool)
TWO = torch.tensor([[True, False, True]] * 2)


def maps(seed: int = 0) -> torch.Tensor:
    torch.manual_seed(seed)
    return torch.randn(2, N, C, 4, 4)


def test_statistics_are_max_mean_and_spread_of_the_present_views() -> None:
    x = torch.tensor([[[1.0], [100.0], [4.0]]])
    found = statistics(x, TWO[:1])
    close(found, torch.tensor([[4.0, 2.5, 1.5]]), 2e-3)
    one = statistics(x, torch.tensor([[True, False, False]]))
    close(one, torch.tensor([[1.0, 1.0, 0.0]]), 2e-3)


def test_one_view_has_a_spread_of_nothing_and_a_gradient() -> None:
    x = torch.randn(2, 1, C, requires_grad=True)
    statistics(x, ALL[:, :1]).sum().backward()
    assert torch.isfinite(x.grad).all()


def test_the_target_view_comes_first_and_zeros_last() -> None:
    x = torch.arange(1.0, 4.0).view(1, 3, 1)
    found = concatenated(x, ALL[:1], slots=5)
    close(found, torch.tensor([[[1.0, 2, 3, 0, 0], [2, 1, 3, 0, 0], [3, 1, 2, 0, 0]]]))
    assert concatenated(x, TWO[:1], slots=3)[0].tolist() == [[1, 3, 0], [0, 1, 3], [3, 1, 0]]


def test_eq_1_is_an_mlp_on_what_is_concatenated() -> None:
    fusion, f = MapFusion("cat", C, 4), maps()
    joined = torch.cat([f[:, 1], f[:, 0], f[:, 2], torch.zeros_like(f[:, 0])], dim=1)
    close(fusion(f, ALL)[:, 1], f[:, 1] + fusion.mix(joined))


def test_eq_2_is_an_mlp_on_statistics() -> None:
    fusion, f = MapFusion("pool", C, 4), maps()
    spread = f.std(dim=1, correction=0)
    heard = fusion.mix(torch.cat([f.amax(1), f.mean(1), spread], dim=1))
    close(fusion(f, ALL), f + heard[:, None], 1e-3)


def test_without_fusion_a_view_hears_only_itself() -> None:
    fusion, f = MapFusion("none", C, 4), maps()
    other = f.clone()
    other[:, 1:] += 1
    close(fusion(f, ALL)[:, 0], fusion(other, ALL)[:, 0])
    alone = MapFusion("cat", C, 1)
    assert alone.kind == "none"


def test_eq_3_weighs_each_feature_over_the_views() -> None:
    fusion = VertexFusion("attention", 2, N)
    for layer in (fusion.query, fusion.key, fusion.value):
        nn.init.eye_(layer.weight)
        nn.init.zeros_(layer.bias)
    f = torch.tensor([[[[1.0, 0.0]], [[0.0, 2.0]]]])  # one hand, two views, one vertex
    present = torch.ones(1, 2, dtype=torch.bool)
    # Attention among the views: likeness [[1, 0], [0, 4]] / sqrt(2).
    a, b = math.exp(1 / 2**0.5), math.exp(4 / 2**0.5)
    scores = [[a / (a + 1), 2 / (a + 1)], [1 / (1 + b), 2 * b / (1 + b)]]
    close(fusion.scores(f, present)[0, :, 0], torch.tensor(scores))
    expected = []
    for k, value in ((0, 1.0), (1, 2.0)):
        weights = [math.exp(scores[view][k]) for view in (0, 1)]
        expected.append(value * weights[k] / sum(weights))
    close(fusion(f, present)[0, 0], torch.tensor(expected))


def test_one_view_alone_stays_as_it_is() -> None:
    f = torch.randn(2, 1, 5, C)
    close(VertexFusion("attention", C, 4)(f, ALL[:, :1]), f[:, 0])


def test_weights_over_views_sum_to_one_among_the_present() -> None:
    weights = view_weights(torch.randn(2, N, 5, C), TWO)
    close(weights.sum(1), torch.ones(2, 5, C))
    assert not weights[:, 1].any()


@pytest.mark.parametrize("kind", ["attention", "cat", "pool"])
def test_vertices_hear_every_present_view_and_no_absent_one(kind: str) -> None:
    torch.manual_seed(1)
    fusion, f = VertexFusion(kind, C, 4), torch.randn(2, N, 5, C)
    assert fusion(f, ALL).shape == (2, 5, C)
    for view, heard in ((0, True), (1, False), (2, True)):
        other = f.clone()
        other[:, view] += 1
        assert ((fusion(other, TWO) - fusion(f, TWO)).abs().max() > 1e-3) == heard


@pytest.mark.parametrize("kind", ["attention", "pool"])
def test_the_order_of_views_does_not_matter_to_vertices(kind: str) -> None:
    torch.manual_seed(1)
    fusion, f = VertexFusion(kind, C, 4), torch.randn(2, N, 5, C)
    close(fusion(f.flip(1), ALL), fusion(f, ALL))
