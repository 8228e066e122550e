"""Configurations: what is refused, and the way through TOML and JSON."""

from __future__ import annotations

import json

import pytest

from bridge.errors import InputError
from bridge.model.a3net import A3NetConfig, LossWeights


@pytest.mark.parametrize("config", [A3NetConfig.paper(weights="a.pt"), A3NetConfig.landmarks()])
def test_a_configuration_survives_json(config: A3NetConfig) -> None:
    assert A3NetConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_the_papers_choices_are_the_papers() -> None:
    config = A3NetConfig.paper()
    assert (config.stem, config.crop_px, config.iterations) == ("rgb", 256, 3)
    assert (config.alignment, config.fusion, config.image_alignment) == (
        "learned",
        "gcn",
        "heatmap2d",
    )
    assert config.position
    assert config.global_context
    # What the paper does not have is off.
    assert not config.refine_alignment
    assert not config.keypoint_feedback


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alignment": "icp"}, "alignment must be one of learned, procrustes, extrinsics"),
        ({"fusion": "sum"}, "fusion must be one of"),
        ({"stem": "depth"}, "stem must be one of"),
        ({"image_alignment": "3d"}, "image_alignment must be one of"),
        ({"image_convolution": 5}, "image_convolution must be one of 1, 3"),
        ({"iterations": 0}, "iterations must be a whole number"),
        ({"iterations": 5}, "iterations must be from 1 to 4"),
        ({"points": 2.5}, "points must be a whole number"),
        ({"ball_radii": ()}, "ball_radii must be positive"),
        ({"ball_radii": (0.1, -0.2)}, "ball_radii must be positive"),
        ({"cube_half_m": 0.0}, "cube_half_m must be positive"),
        ({"view_mask_probability": 1.0}, "view_mask_probability must be in"),
        ({"channels": 12}, "channels must be a multiple of 8"),
        ({"map_size": 30}, "map_size must be a multiple of 4"),
        ({"crop_px": 128}, "crop_px must be 8 x map_size = 256"),
        ({"interpolation_neighbours": 22}, "at most 21"),
    ],
)
def test_what_cannot_be_built_is_refused(change, message: str) -> None:
    with pytest.raises(InputError, match=message):
        A3NetConfig.paper(**change)


def test_unknown_names_and_weights_are_refused() -> None:
    with pytest.raises(InputError, match="A3NetConfig has no chanels"):
        A3NetConfig.from_dict({"chanels": 8})
    with pytest.raises(InputError, match="LossWeights has no joint"):
        A3NetConfig.from_dict({"loss": {"joint": 1.0}})
    with pytest.raises(InputError, match="cannot be made"):
        A3NetConfig.from_dict({"cube_half_m": "wide"})
    for value in (-1.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match="loss weight joints"):
            LossWeights(joints=value)


def test_losses_that_are_no_table_are_refused() -> None:
    with pytest.raises(InputError, match="table of weights"):
        A3NetConfig.from_dict({"loss": 5})
