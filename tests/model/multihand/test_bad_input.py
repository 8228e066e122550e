"""Input that cannot be used: pictures that spoil nothing, and errors that say what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bridge.errors import InputError, ModelError
from bridge.model.ensemble import MultiHand
from bridge.model.multihand import multihand_loss
from bridge.model.multihand.scoring import score_scenes
from bridge.model.training.schedule import Moment
from bridge.model.training.weights import load_network, save_weights
from tests.model.multihand.tiny import SIZE, hand, network, pasted, scenes, spoilt, tiny

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("value", [NAN, INF, -INF])
def test_a_picture_with_a_number_that_is_not_finite_has_no_hands(value: float) -> None:
    batch, net = scenes(3), network().eval()
    bad = spoilt(batch, "images", (1, 0, 0, 0), value)
    found, whole = net.detect(bad.images, threshold=1e-6), net.detect(batch.images, threshold=1e-6)
    assert found.usable.tolist() == [True, False, True]
    assert (whole.picture == 1).any()
    assert not (found.picture == 1).any()
    rows = whole.picture != 1
    torch.testing.assert_close(found.hands.joints_m, whole.hands.joints_m[rows])


@pytest.mark.parametrize(
    ("name", "place"),
    [("images", (1, 0, 0, 0)), ("keypoints_px", (1, 0, 3, 0)), ("box_px", (1, 0, 2))],
)
@pytest.mark.parametrize("value", [NAN, INF])
def test_what_is_spoilt_spoils_no_gradient(name: str, place: tuple[int, ...], value: float) -> None:
    batch, config = scenes(3), tiny()
    bad = spoilt(batch, name, place, value)
    net = network(config)
    output = net(bad)
    hands = (output.picture == 1).sum()
    assert hands < batch.valid[1].sum()
    losses = multihand_loss(output, bad, config, Moment(9, 10))
    losses["total"].backward()
    assert all(loss.isfinite() for loss in losses.values())
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


def test_labels_of_hands_that_are_not_there_may_hold_anything() -> None:
    batch, config = scenes(3), tiny()
    bare = batch.keypoints_px.clone()
    bare[~batch.valid] = NAN
    bad = replace(batch, keypoints_px=bare)
    net = network(config).eval()
    good = multihand_loss(net(batch), batch, config, Moment(9, 10))
    same = multihand_loss(net(bad), bad, config, Moment(9, 10))
    torch.testing.assert_close(same["total"], good["total"])


def test_an_empty_picture_goes_through() -> None:
    net = network().eval()
    for value in (0.0, 1.0):
        output = net.detect(torch.full((1, 3, SIZE, SIZE), value), threshold=0.9)
        assert len(output.picture) == 0
        assert output.hands.vertices_m.shape == (0, 1609, 3)


def unusable() -> dict[str, tuple[Any, str]]:
    batch = scenes(2)
    return {
        "no pictures": (replace(batch, images=batch.images[:0]), "pictures"),
        "one colour": (replace(batch, images=batch.images[:, :1]), r"\(B, 3, H, W\).*\(2, 1, "),
        "bytes": (replace(batch, images=batch.images.byte()), "pictures"),
        "side": (replace(batch, images=batch.images[..., :40]), "multiples of 32"),
        "small": (replace(batch, images=batch.images[..., :0, :0]), "multiples of 32"),
        "valid": (replace(batch, valid=batch.valid[:1]), r"valid must be \(2, 10\)"),
        "left": (replace(batch, left=batch.left[:, :3]), r"left must be \(2, 10\).*\(2, 3\)"),
        "points": (
            replace(batch, keypoints_px=batch.keypoints_px[:, :, :20]),
            r"keypoints_px must be \(2, 10, 21, 2\)",
        ),
        "visible": (replace(batch, visible=batch.visible[..., 0]), "visible must be"),
        "box": (replace(batch, box_px=batch.box_px[..., :2]), "box_px must be"),
        "focal": (replace(batch, focal_px=500.0), "focal length is 64 pixels, .*500"),
    }


@pytest.mark.parametrize("case", unusable())
def test_unusable_input_is_one_clear_error(case: str) -> None:
    batch, message = unusable()[case]
    with pytest.raises(InputError, match=message):
        network().eval()(batch)


def test_pictures_without_truth_are_scored_in_2d_alone() -> None:
    scores = score_scenes(network().eval(), pasted(truth=False), pictures=2, located=True)
    assert set(scores.metrics) == {"side", "pixel", "photometric"}


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "multihand.safetensors"
    save_weights(path, network(), name="multihand", config=tiny(hidden=48), about={})
    with pytest.raises(ModelError, match=r"multihand\.safetensors"):
        load_network(path, hand())
    save_weights(path, network(), name="multihand", config=tiny(), about={})
    net, about = load_network(path, hand())
    assert about["network"] == "multihand"
    batch = scenes(1)
    with torch.no_grad():
        a, b = net(batch), network().eval()(batch)
    torch.testing.assert_close(a.hands.joints_m, b.hands.joints_m, atol=1e-3, rtol=0)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ModelError, match="damaged"):
        load_network(path, hand())


def test_a_network_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        MultiHand(tmp_path / "nowhere.onnx")
    path = tmp_path / "net.onnx"
    path.write_bytes(b"nothing")
    with pytest.raises(ModelError, match="cannot open"):
        MultiHand(path)
    from importlib import resources

    other = Path(str(resources.files("bridge.model.nets"))) / "palm_detection.onnx"
    with pytest.raises(ModelError, match="not a multi-hand network"):
        MultiHand(other)


def test_pictures_for_the_finder_are_checked() -> None:
    from bridge.model.ensemble.finder import fitted

    small, scale, corner = fitted(np.zeros((100, 50, 3), np.uint8), 64)
    assert small.shape == (64, 64, 3)
    assert (scale, corner) == (0.64, [16, 0])
    assert small[0, 0].tolist() == [127] * 3
