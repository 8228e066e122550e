"""Size of the paper's network against its Table 4."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from bridge.model.a3net import A3Net, A3NetConfig, Complexity, complexity
from tests.model.a3net.tiny import hand, tiny

PARAMETERS = {1: 25.18e6, 2: 27.88e6, 3: 30.58e6, 4: 33.28e6}
FLOPS = {1: 8.93e9, 2: 11.03e9, 3: 13.11e9, 4: 15.21e9}


@pytest.fixture(scope="module")
def sizes() -> dict[int, Complexity]:
    return {
        k: complexity(A3Net(A3NetConfig.paper(iterations=k), hand()), views=3) for k in PARAMETERS
    }


def test_the_papers_network_is_as_large_as_the_paper_says(sizes) -> None:
    assert sizes[3].parameters == pytest.approx(PARAMETERS[3], rel=0.1)
    assert sizes[3].flops == pytest.approx(FLOPS[3], rel=0.1)
    assert (sizes[3].views, sizes[3].iterations) == (3, 3)


@pytest.mark.parametrize("iterations", [2, 3, 4])
def test_an_iteration_adds_what_the_paper_says(sizes, iterations: int) -> None:
    more, less = sizes[iterations], sizes[iterations - 1]
    assert more.parameters - less.parameters == pytest.approx(2.70e6, rel=0.1)
    assert more.flops - less.flops == pytest.approx(2.10e9, rel=0.1)


def test_work_grows_with_the_views_and_parameters_do_not() -> None:
    net = A3Net(tiny(), hand())
    one, two, three = (complexity(net, views) for views in (1, 2, 3))
    assert one.parameters == two.parameters == three.parameters
    # All but what is done once for a hand is done once for a view.
    assert three.flops - two.flops == two.flops - one.flops
    assert 0 < two.flops - one.flops <= one.flops


class Counted(nn.Module):
    """A convolution, a linear layer, a product: what is multiplied can be counted by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.config = SimpleNamespace(stem="rgb", crop_px=8, iterations=2)
        self.convolution = nn.Conv2d(3, 5, 3, padding=1)
        self.linear = nn.Linear(64, 7)
        self.frozen = nn.Parameter(torch.zeros(99), requires_grad=False)
        self.asked: list[bool] = []

    def export_forward(self, data: Tensor, *_: Tensor) -> Tensor:
        self.asked.append(self.training)
        x = self.linear(self.convolution(data[0]).flatten(2))
        return x.transpose(1, 2) @ x


def test_the_counter_counts_multiplications_with_their_addition_as_one() -> None:
    net = Counted()
    views = 4
    by_hand = views * (5 * 8 * 8 * 3 * 9 + 5 * 64 * 7 + 7 * 5 * 7)
    found = complexity(net, views)
    assert found.flops == by_hand
    assert found.parameters == 5 * 3 * 9 + 5 + 64 * 7 + 7
    assert (found.views, found.iterations) == (4, 2)
    # Counted in evaluation mode; the network is as it was.
    assert net.asked == [False]
    assert net.training
    assert "accumulate" in Complexity.__doc__
