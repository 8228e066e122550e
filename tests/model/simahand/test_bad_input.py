"""Input that the network cannot use: views that spoil nothing, and errors that say what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from bridge.errors import InputError, ModelError
from bridge.model.simahand import LossWeights, SimaHand, SimaHandConfig, simahand_loss
from bridge.model.training.sample import HandViews
from bridge.model.training.schedule import Moment
from bridge.model.training.weights import load_network, save_weights
from tests.model.simahand.tiny import close, hand, network, said, samples, tiny, tiny_rgb

NAN, INF = float("nan"), float("inf")
LABELS = ("joints_m", "vertices_m", "wrist_rotation")
SPOILT = [
    (tiny(views=4), "landmarks", NAN),
    (tiny(views=4), "confidence", INF),
    (tiny(views=4), "focal", NAN),
    (tiny(views=4), "focal", -3.0),
    (tiny_rgb(views=4), "images", NAN),
]


def spoilt(views: HandViews, view: int, value: float, *names: str) -> HandViews:
    """One number of a view of both hands is not one that can be used."""
    changes = {}
    for name in names:
        changes[name] = getattr(views, name).clone()
        changes[name][:, view].view(2, -1)[:, 0] = value
    return replace(views, **changes)


@pytest.mark.parametrize(("config", "name", "value"), SPOILT)
def test_a_view_with_a_number_that_is_not_finite_is_absent(config, name, value) -> None:
    net, views = network(config), samples(2, 3)
    present = torch.tensor([[True, True, False]] * 2)
    absent, bad = (
        said(net, replace(views, present=present)),
        said(net, spoilt(views, 2, value, name)),
    )
    assert torch.equal(bad.present, present)
    close(bad.vertices, absent.vertices)
    close(bad.joints_m, absent.joints_m)
    assert torch.isfinite(bad.rotation).all()


@pytest.mark.parametrize(("config", "name", "value"), SPOILT)
def test_a_first_view_that_cannot_be_used_is_an_error(config, name, value) -> None:
    with pytest.raises(InputError, match="first view of sample 0 is absent or not finite"):
        network(config)(spoilt(samples(2, 3), 0, value, name))


@pytest.mark.parametrize("views_of_network", [1, 4])
def test_a_spoilt_view_spoils_no_gradient(views_of_network: int) -> None:
    config = tiny(views=views_of_network, view_mask_probability=0.0)
    views = samples(2, 3)
    present = torch.tensor([[True, True, False]] * 2)
    bad = spoilt(views, 2, NAN, "landmarks", "focal", *LABELS)
    gradients = []
    for batch in (bad, replace(views, present=present), replace(bad, present=present)):
        torch.manual_seed(0)
        net = SimaHand(config, hand()).train()
        simahand_loss(net(batch), batch, config, Moment(9, 10))["total"].backward()
        gradients.append([p.grad for p in net.parameters() if p.grad is not None])
    for bad_step, absent_step, both_step in zip(*gradients, strict=True):
        assert torch.isfinite(bad_step).all()
        close(bad_step, absent_step, 1e-4)
        close(both_step, absent_step, 1e-4)


def test_labels_that_are_not_finite_leave_their_hand_out() -> None:
    config, views = tiny(), samples(2, 3)
    output = said(network(config), views)
    label = views.vertices_m.clone()
    label[1, 0, 5] = NAN
    found = simahand_loss(output, replace(views, vertices_m=label), config, Moment(9, 10))
    assert all(torch.isfinite(value) for value in found.values())


def test_no_present_view_gives_no_numbers_that_are_not_finite() -> None:
    net, views = network(tiny(views=4)), samples(2, 3)
    inputs = net.check(views)
    with torch.no_grad():
        data, confidence = inputs.data
        none = torch.zeros(2, 3, dtype=torch.bool)
        said_of_nothing = net.export_forward(data, confidence, inputs.focal, none)
    assert all(torch.isfinite(part).all() for part in said_of_nothing)


def unusable() -> dict[str, tuple[Any, HandViews, str]]:
    views = samples(2, 3)
    first = views.present.clone()
    first[0, 0] = False
    return {
        "first absent": (tiny(), replace(views, present=first), "first view of sample 0"),
        "focal": (tiny(), replace(views, focal=views.focal[0]), r"focal and present .*\(3,\)"),
        "kind": (tiny(), replace(views, present=first.float()), "present must be bool"),
        "landmarks": (
            tiny(),
            replace(views, landmarks=views.landmarks[:, :, :20]),
            r"landmarks must be \(2, 3, 21, 2\).*\(2, 3, 20, 2\)",
        ),
        "no trust": (tiny(), replace(views, confidence=None), "landmarks stem needs confidence"),
        "no images": (tiny_rgb(), replace(views, images=None), "rgb stem needs images"),
        "images": (
            tiny_rgb(),
            replace(views, images=views.images[..., :16, :16]),
            r"images must be \(2, 3, 3, 32, 32\).*\(2, 3, 3, 16, 16\)",
        ),
    }


@pytest.mark.parametrize("case", unusable())
def test_unusable_input_is_one_clear_error(case: str) -> None:
    config, views, message = unusable()[case]
    with pytest.raises(InputError, match=message):
        network(config)(views)


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "svr.safetensors"
    config = tiny(vertex_channels=16)
    save_weights(path, network(tiny()), name="simahand-svr", config=config, about={})
    with pytest.raises(ModelError, match=r"svr\.safetensors has another network's weights"):
        load_network(path, hand())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stem": "depth"}, "stem must be one of rgb, landmarks: 'depth'"),
        ({"image_fusion": "pool"}, "image_fusion must be one of cat, none"),
        ({"views": 0}, "views must be a whole number of at least 1"),
        ({"map_size": 7}, "map_size must be a multiple of 2"),
        ({"map_size": 12}, "map_size must be a divisor of 32 for landmarks"),
        ({"decoder_channels": [8.5, 4]}, "decoder_channels must be at least one level"),
        ({"channels": 6}, "channels must be a multiple of 4"),
        ({"decoder_channels": [True]}, "decoder_channels must be at least one level"),
        ({"teacher": 5}, "teacher must be a text"),
        ({"teacher": "x", "distil": []}, "distil must be at least one feature"),
        ({"distil": "vertex"}, "distil must be a list"),
        ({"decoder_channels": []}, "decoder_channels must be at least one level"),
        ({"distil": ["mesh"]}, "distil must be among vertex_last, vertex"),
        ({"orientation_from": 1.0}, r"orientation_from must be in \[0, 1\)"),
        ({"views": 2, "teacher": "x"}, "an MVR is a teacher"),
        ({"colour": 1}, "SimaHandConfig has no colour"),
        ({"loss": {"mesh": -1}}, "loss weight mesh must be 0 or more"),
        ({"loss": {"meshes": 1}}, "LossWeights has no meshes"),
        ({"loss": 3}, "loss must be a table"),
        ({"heads": None}, "heads must be a whole number"),
        ({"distil": 3}, "cannot be made"),
    ],
)
def test_configurations_that_cannot_be_used(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        SimaHandConfig.from_dict(tiny().to_dict() | changes)


def test_rgb_crops_fit_their_maps() -> None:
    with pytest.raises(InputError, match="crop_px must be 4 x map_size = 32 for RGB"):
        tiny_rgb(crop_px=64)


def test_a_configuration_survives_its_dict() -> None:
    config = tiny(views=3, loss=LossWeights(edge=2), distil=("vertex", "joint"))
    assert SimaHandConfig.from_dict(config.to_dict()) == config
