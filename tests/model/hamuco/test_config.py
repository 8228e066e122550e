"""What a configuration takes, and how large its networks are beside the paper's."""

from __future__ import annotations

import pytest

from bridge.errors import InputError
from bridge.model.hamuco import HaMuCo, HaMuCoConfig, complexity
from tests.model.hamuco.tiny import hand, tiny


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"depth": 34}, "depth must be one of 18, 50"),
        ({"crop_px": 100}, "multiple of 32"),
        ({"width": 0.01}, "width must be"),
        ({"alignment": "magic"}, "alignment must be one of extrinsics, procrustes"),
        ({"warm_up": 1.5}, "share of the run"),
        ({"layers": 0}, "layers must be a whole number"),
        ({"layers": True}, "layers must be a whole number"),
        ({"weights": 5}, "weights must be a text"),
        ({"heads": 7}, "heads must divide"),
        ({"interaction": 1}, "true or false"),
        ({"prior": float("nan")}, "prior must be"),
        (
            {"location": False, "global_features": False, "local_features": False},
            "at least one kind",
        ),
    ],
)
def test_a_value_that_cannot_be_used_is_named(changes, said) -> None:
    with pytest.raises(InputError, match=said):
        HaMuCoConfig.cpu(**changes)


def test_a_configuration_survives_its_dict() -> None:
    config = HaMuCoConfig.cpu(alignment="procrustes", layers=2)
    assert HaMuCoConfig.from_dict(config.to_dict()) == config
    with pytest.raises(InputError, match="has no colour"):
        HaMuCoConfig.from_dict({"colour": 1})


@pytest.mark.parametrize(("depth", "whole", "single"), [(18, 32.5e6, 12.0e6), (50, 134.7e6, None)])
def test_the_size_is_the_papers(depth: int, whole: float, single: float | None) -> None:
    net = HaMuCo(HaMuCoConfig.paper(depth=depth), hand())
    assert sum(p.numel() for p in net.parameters()) == pytest.approx(whole, rel=0.02)
    if single is not None:
        own = sum(p.numel() for p in net.single_view.parameters())
        assert own == pytest.approx(single, rel=0.01)


def test_complexity_grows_with_the_views() -> None:
    net = HaMuCo(tiny(), hand())
    two, four = complexity(net, 2), complexity(net, 4)
    assert two.parameters == four.parameters == sum(p.numel() for p in net.parameters())
    assert two.single_view_flops == four.single_view_flops < two.flops < four.flops


@pytest.mark.parametrize(
    "switch", ["interaction", "attention", "shared_features", "location", "global_features"]
)
def test_a_part_that_is_left_out_has_no_parameters(switch: str) -> None:
    whole, less = (HaMuCo(config, hand()) for config in (tiny(), tiny(**{switch: False})))
    assert sum(p.numel() for p in less.parameters()) < sum(p.numel() for p in whole.parameters())
