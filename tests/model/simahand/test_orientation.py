"""Eq. 5 against a hand calculation; the branch gives rotations."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from bridge.model.simahand.orientation_branch import (
    Attention,
    Enhancement,
    OrientationBranch,
    attend,
)
from tests.model.simahand.tiny import close, tiny


def test_attention_is_a_mean_weighted_by_likeness() -> None:
    f = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    a, b = math.exp(1 / 2**0.5), math.exp(4 / 2**0.5)
    expected = [[a / (a + 1), 2 / (a + 1)], [1 / (1 + b), 2 * b / (1 + b)]]
    close(attend(f, f, f), torch.tensor(expected))


def test_a_block_adds_what_its_heads_heard() -> None:
    torch.manual_seed(0)
    block = Attention(4, heads=2, head_channels=2)
    block.norm = nn.Identity()
    asking, asked = torch.randn(1, 3, 4), torch.randn(1, 5, 4)
    q, k, v = (
        layer(x) for layer, x in ((block.query, asking), (block.key, asked), (block.value, asked))
    )
    heard = torch.cat([attend(q[..., s], k[..., s], v[..., s]) for s in (slice(2), slice(2, 4))], 2)
    close(block(asking, asked), asking + block.join(heard))


def test_eq_5_is_self_attention_twice_and_then_cross_attention() -> None:
    torch.manual_seed(0)
    enhance = Enhancement("attention", 8, 2, 4)
    f_j, f_o = torch.randn(2, 2, 3, 8).unbind(0)
    h_j, h_o = enhance.joint(f_j, f_j), enhance.orientation(f_o, f_o)
    close(enhance(f_j, f_o), enhance.cross(h_j, h_o))


@pytest.mark.parametrize(("kind", "hears"), [("attention", True), ("cat", True), ("none", False)])
def test_what_the_orientation_hears_of_the_joints(kind: str, hears: bool) -> None:
    torch.manual_seed(0)
    enhance = Enhancement(kind, 8, 2, 4)
    f_j, f_o = torch.randn(2, 2, 3, 8).unbind(0)
    moved = enhance(f_j + torch.randn(8), f_o) - enhance(f_j, f_o)
    assert (moved.abs().max() > 1e-3) == hears


def test_it_gives_rotations_and_tokens() -> None:
    torch.manual_seed(0)
    config = tiny()
    branch = OrientationBranch(config)
    turn, f_o, enhanced = branch(torch.randn(3, 16, 8, 8), torch.randn(3, 32, 4, 4))
    close(turn @ turn.transpose(-1, -2), torch.eye(3).expand(3, 3, 3))
    close(torch.linalg.det(turn), torch.ones(3))
    assert f_o.shape == enhanced.shape == (3, 16, 32)
    assert (turn[0] - turn[1]).abs().max() > 1e-3
