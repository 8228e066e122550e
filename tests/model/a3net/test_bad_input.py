"""Input that the network cannot use: views that spoil nothing, and errors that say what to do."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from bridge.errors import InputError, ModelError
from bridge.model.a3net import A3Net, a3net_loss
from bridge.model.training.sample import HandViews
from bridge.model.training.weights import load_network, save_weights
from tests.model.a3net.tiny import (
    changed,
    close,
    hand,
    network,
    pick,
    said,
    samples,
    tiny,
    tiny_rgb,
)

NAN, INF = float("nan"), float("inf")
SPOILT = [
    (tiny, "landmarks", NAN),
    (tiny, "landmarks", -INF),
    (tiny, "confidence", NAN),
    (tiny, "confidence", INF),
    (tiny, "focal", NAN),
    (tiny, "focal", INF),
    (tiny, "focal", 0.0),
    (tiny, "focal", -3.0),
    (tiny_rgb, "images", NAN),
    (tiny_rgb, "images", INF),
]


def spoilt(views: HandViews, view: int, name: str, value: float) -> HandViews:
    """One number of sample 1 in one view is not one that can be used."""
    tensor = getattr(views, name).clone()
    tensor[1, view].view(-1)[0] = value
    return replace(views, **{name: tensor})


@pytest.mark.parametrize(("stem", "name", "value"), SPOILT)
def test_a_view_with_a_number_that_is_not_finite_is_absent(stem, name, value) -> None:
    net, views = network(stem()), samples(2, 3)
    present = torch.ones(2, 3, dtype=torch.bool)
    present[1, 2] = False
    absent = said(net, replace(views, present=present))
    bad = said(net, spoilt(views, 2, name, value))
    assert torch.equal(bad.present, present)
    close(bad.joints_m, absent.joints_m)
    close(bad.vertices_m, absent.vertices_m)


@pytest.mark.parametrize(("stem", "name", "value"), SPOILT)
def test_a_first_view_that_cannot_be_used_is_an_error(stem, name, value) -> None:
    net = network(stem())
    with pytest.raises(InputError, match="first view of sample 1 is absent or not finite"):
        net(spoilt(samples(2, 3), 0, name, value))


def test_extrinsics_that_are_not_finite_make_a_view_absent() -> None:
    net, views = network(tiny(alignment="extrinsics")), samples(2, 3)
    kept = said(net, pick(views, order=[0, 1]))
    bad = said(net, changed(views, 2, NAN, "wrist_rotation"))
    assert not bad.present[:, 2].any()
    close(bad.joints_m, kept.joints_m)
    with pytest.raises(InputError, match="first view of sample 0"):
        net(changed(views, 0, NAN, "wrist_rotation"))


@pytest.mark.parametrize("task", ["heatmap2d", "segmentation"])
def test_a_spoilt_view_spoils_no_gradient(task: str) -> None:
    config = tiny(iterations=2, image_alignment=task, view_mask_probability=0.0)
    views = replace(samples(2, 3), images=None)
    present = torch.tensor([[True, True, False]]).expand(2, 3)
    fields = "landmarks", "focal", "joints_m", "vertices_m", "wrist_rotation", "masks"
    bad = changed(views, 2, NAN, *fields)
    gradients = []
    for batch in (bad, replace(views, present=present), replace(bad, present=present)):
        net = copy.deepcopy(network(config))
        a3net_loss(net(batch), batch, config)["total"].backward()
        gradients.append([p.grad for p in net.parameters()])
    for bad_step, absent_step, both_step in zip(*gradients, strict=True):
        assert torch.isfinite(bad_step).all()
        close(bad_step, absent_step, 1e-4)
        close(both_step, absent_step, 1e-4)


def test_a_landmark_that_was_not_found_may_hold_anything() -> None:
    net, views = network(tiny()), samples(2, 3)
    views = replace(views, confidence=views.confidence.clone())
    views.confidence[0, 1, 4] = 0
    lost = views.landmarks.clone()
    lost[0, 1, 4] = 0
    outputs = []
    for value in (0.0, NAN, 17.0):
        lost[0, 1, 4] = value
        outputs.append(said(net, replace(views, landmarks=lost.clone())))
    for output in outputs:
        assert output.present.all()
        assert torch.equal(output.joints_m, outputs[0].joints_m)


def unusable() -> dict[str, tuple[Any, HandViews, str]]:
    views = samples(2, 3)
    extrinsics = tiny(alignment="extrinsics")
    flags = views.present
    return {
        "no views": (tiny(), pick(views, order=[]), "at least one hand and one view"),
        "no hands": (tiny(), pick(views, hands=[]), "at least one hand and one view"),
        "first absent": (tiny(), changed(views, 0, 0, "present"), "first view of sample 0"),
        "focal": (tiny(), replace(views, focal=views.focal[0]), r"focal and present .*\(3,\)"),
        "present": (tiny(), replace(views, present=flags[:, :2]), r"focal and present .*\(2, 2\)"),
        "kind": (tiny(), replace(views, present=flags.float()), "present must be bool"),
        "landmarks": (
            tiny(),
            replace(views, landmarks=views.landmarks[:, :, :20]),
            r"landmarks must be \(2, 3, 21, 2\).*\(2, 3, 20, 2\)",
        ),
        "no landmarks": (tiny(), replace(views, landmarks=None), "landmarks stem needs landmarks"),
        "no trust": (tiny(), replace(views, confidence=None), "landmarks stem needs confidence"),
        "no images": (tiny_rgb(), replace(views, images=None), "rgb stem needs images"),
        "images": (
            tiny_rgb(),
            replace(views, images=views.images[..., :32, :32]),
            r"images must be \(2, 3, 3, 64, 64\).*\(2, 3, 3, 32, 32\)",
        ),
        "no truth": (extrinsics, replace(views, wrist_rotation=None), "needs the true rotations"),
    }


@pytest.mark.parametrize("case", unusable())
def test_unusable_input_is_one_clear_error(case: str) -> None:
    config, views, message = unusable()[case]
    with pytest.raises(InputError, match=message):
        A3Net(config, hand()).eval()(views)


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a3net.safetensors"
    save_weights(path, network(tiny()), name="a3net", config=tiny(channels=24), about={})
    with pytest.raises(ModelError, match=r"a3net\.safetensors"):
        load_network(path, hand())
    with pytest.raises(ModelError, match="nowhere"):
        load_network(tmp_path / "nowhere.safetensors", hand())


def test_the_hand_model_is_not_among_the_weights() -> None:
    config = tiny()
    keys = A3Net(config, hand()).state_dict()
    assert not [key for key in keys if key.startswith("hand.") or key == "point_index"]
