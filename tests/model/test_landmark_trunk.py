"""The landmark net's convolutions as an encoder: the same numbers, and it can go on learning."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from bridge.errors import InputError, ModelError
from bridge.model.layers import landmark_trunk
from bridge.model.layers.landmark_trunk import LandmarkTrunk
from bridge.model.multihand import MultiHandConfig
from bridge.model.nets import CROP_SIZE, net_file
from tests.model.multihand.tiny import network, tiny

LEVELS = ("Add_34", "Add_57", "Add_127", "Add_174")
"""The last sums of each level in the shipped file."""


def test_it_says_what_the_shipped_net_says() -> None:
    graph = onnx.load_from_string(net_file("hand_landmarks"))
    for name in LEVELS:
        graph.graph.output.append(
            onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        )
    session = onnxruntime.InferenceSession(
        graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    image = np.random.default_rng(0).random((1, CROP_SIZE, CROP_SIZE, 3), dtype=np.float32)
    expected = session.run(LEVELS, {"image": image})
    with torch.no_grad():
        found = LandmarkTrunk(pretrained=True)(torch.from_numpy(image).permute(0, 3, 1, 2))
    for ours, theirs, channels in zip(found, expected, LandmarkTrunk.channels, strict=True):
        assert ours.shape[1] == channels
        np.testing.assert_allclose(ours.numpy(), theirs, atol=1e-4)


def test_pictures_of_other_sizes_go_through() -> None:
    with torch.no_grad():
        maps = LandmarkTrunk()(torch.rand(2, 3, 64, 96))
    assert [tuple(m.shape[2:]) for m in maps] == [(16, 24), (8, 12), (4, 6), (2, 3)]


@pytest.mark.parametrize("frozen", [0, 2, 4])
def test_frozen_levels_do_not_learn_and_the_others_do(frozen: int) -> None:
    trunk = LandmarkTrunk(pretrained=True, frozen=frozen)
    maps = trunk(torch.rand(1, 3, 64, 64))
    assert [m.requires_grad for m in maps] == [level >= frozen for level in range(4)]
    assert trunk.stem.weight.requires_grad == (frozen == 0)


def test_a_missing_net_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(_: str) -> bytes:
        raise ModelError("the net hand_landmarks cannot be read")

    monkeypatch.setattr(landmark_trunk, "net_file", nothing)
    with pytest.raises(ModelError, match=r"cannot be an encoder.*cannot be read"):
        LandmarkTrunk(pretrained=True)


def test_the_multi_hand_network_takes_it() -> None:
    config = tiny(trunk="landmark_net", weights="shipped", frozen_levels=4)
    net = network(config)
    assert net.pretrained == ("encoder.net.",)
    learning = {name.split(".")[0] for name, p in net.named_parameters() if p.requires_grad}
    assert learning == {"encoder", "centre", "keypoints", "heads"}
    assert not any(p.requires_grad for p in net.encoder.net.parameters())
    assert len(net.eval().detect(torch.rand(1, 3, 64, 64), threshold=1e-6).picture) > 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"trunk": "palm"}, "trunk"),
        ({"frozen_levels": 2}, "frozen_levels must be 0 for a ResNet"),
        ({"trunk": "landmark_net", "weights": "imagenet"}, "weights must be shipped, or nothing"),
    ],
)
def test_what_does_not_go_together_is_an_error(changes, message) -> None:
    with pytest.raises(InputError, match=message):
        MultiHandConfig.weak(**changes)
