from __future__ import annotations

import pytest
import torch

from bridge.errors import InputError
from bridge.model.synthetic.draws import Draws


def test_a_sample_is_the_same_in_every_batch() -> None:
    together = Draws(3, [4, 9, 2]).fork("x")
    alone = Draws(3, [9]).fork("x")
    assert torch.equal(together.normal("a", 5, 2)[1:2], alone.normal("a", 5, 2))
    assert torch.equal(together.spread("v", 4).uniform("a")[4:8], alone.spread("v", 4).uniform("a"))


def test_more_rows_keep_the_ones_there_were() -> None:
    draws = Draws(0, [1, 2])
    assert torch.equal(draws.uniform("a", 4, 3)[:, :2], draws.uniform("a", 2, 3))
    two, four = draws.spread("v", 2), draws.spread("v", 4)
    assert torch.equal(four.uniform("a").reshape(2, 4)[:, :2], two.uniform("a").reshape(2, 2))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (Draws(0, [1]), Draws(1, [1])),
        (Draws(0, [1]), Draws(0, [2])),
        (Draws(0, [1]), Draws(0, [1]).fork("x")),
        (Draws(0, [1]).fork("x"), Draws(0, [1]).fork("y")),
    ],
)
def test_other_seeds_samples_and_names_are_independent(a: Draws, b: Draws) -> None:
    pair = torch.stack([a.normal("n", 20_000)[0], b.normal("n", 20_000)[0]])
    assert abs(float(torch.corrcoef(pair)[0, 1])) < 0.03


def test_distributions() -> None:
    draws = Draws(0, list(range(400)))
    u = draws.uniform("u", 250, low=-1.0, high=3.0)
    assert -1 <= float(u.min()) < -0.999
    assert 2.999 < float(u.max()) <= 3
    # 100,000 draws: the mean's standard error is 0.0037.
    assert float(u.mean()) == pytest.approx(1.0, abs=0.015)
    n = draws.normal("n", 250)
    assert float(n.mean()) == pytest.approx(0.0, abs=0.013)
    assert float(n.std()) == pytest.approx(1.0, abs=0.01)
    assert float((n.abs() > 2).float().mean()) == pytest.approx(0.0455, abs=0.003)
    assert (
        torch.bincount(draws.integers("i", 5, 250).flatten())
        .float()
        .div(20_000)
        .allclose(torch.ones(5), atol=0.03)
    )
    share = torch.bincount(draws.choice("c", torch.tensor([1.0, 0.0, 3.0]), 250).flatten())
    assert share[1] == 0
    assert float(share[2] / share[0]) == pytest.approx(3.0, rel=0.05)
    # Sample by sample they are even too, not only all together.
    assert float(draws.uniform("u", 250).mean(1).std()) == pytest.approx(0.2887 / 250**0.5, rel=0.2)


def test_rotations_are_rotations_evenly_over_all() -> None:
    r = Draws(0, list(range(3000))).rotations("r")
    assert torch.allclose(r @ r.transpose(-1, -2), torch.eye(3).expand_as(r), atol=1e-5)
    assert torch.allclose(torch.linalg.det(r), torch.ones(3000), atol=1e-5)
    assert float(r.mean(0).abs().max()) < 0.05
    # E[trace^2] of an even rotation is 1.
    trace = r.diagonal(dim1=-2, dim2=-1).sum(-1)
    assert float(trace.square().mean()) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("numbers", [[], [3, -1]])
def test_refuses_what_is_no_batch(numbers: list[int]) -> None:
    with pytest.raises(InputError, match="samples numbered from 0"):
        Draws(0, numbers)
