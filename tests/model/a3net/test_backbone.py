"""The two stems of section 3.1, and where the RGB one's weights come from."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch

from bridge.errors import MissingDependencyError, ModelError
from bridge.model.a3net.backbone import ImageStem
from bridge.model.a3net.landmark_stem import LandmarkStem
from bridge.model.layers.resnet import torchvision_models


@pytest.mark.parametrize("size", [64, 128])
def test_the_rgb_stem_is_resnet18_down_to_an_eighth(size: int) -> None:
    stem = ImageStem(24).eval()
    f_vis, pooled = stem(torch.rand(2, 3, size, size))
    assert f_vis.shape == (2, 24, size // 8, size // 8)
    assert pooled.shape == (2, stem.features) == (2, 512)
    resnet = torchvision_models().resnet18()
    own = [p.shape for p in stem.encoder.parameters()]
    assert own == [p.shape for name, p in resnet.named_parameters() if not name.startswith("fc")]


def test_the_rgb_stem_encodes_as_resnet18_does(tmp_path: Path) -> None:
    torch.manual_seed(3)
    resnet = torchvision_models().resnet18().eval()
    torch.save(resnet.state_dict(), tmp_path / "resnet18.pt")
    stem = ImageStem(8, str(tmp_path / "resnet18.pt")).eval()
    resnet.fc = torch.nn.Identity()
    images = torch.rand(2, 3, 64, 64)
    mean, spread = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    normalised = (images - mean[:, None, None]) / spread[:, None, None]
    torch.testing.assert_close(stem(images)[1], resnet(normalised))


def test_weights_that_cannot_be_had_are_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nowhere\.pt.*give weights='imagenet'"):
        ImageStem(8, str(tmp_path / "nowhere.pt"))
    torch.save({"conv1.weight": torch.zeros(1)}, tmp_path / "other.pt")
    with pytest.raises(ModelError, match=r"other\.pt"):
        ImageStem(8, str(tmp_path / "other.pt"))
    (tmp_path / "broken.pt").write_bytes(b"no weights at all")
    with pytest.raises(ModelError, match=r"broken\.pt"):
        ImageStem(8, str(tmp_path / "broken.pt"))


def test_without_torchvision_the_error_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingDependencyError, match=r"ghosthands\[train\]"):
        torchvision_models()


def test_the_landmark_stem_gives_a_map_and_a_feature() -> None:
    stem = LandmarkStem(16, 12, 40).eval()
    f_vis, feature = stem(torch.rand(3, 21, 2) - 0.5, torch.ones(3, 21))
    assert f_vis.shape == (3, 16, 12, 12)
    assert feature.shape == (3, stem.features) == (3, 40)


def test_the_landmark_stem_sees_confidence() -> None:
    torch.manual_seed(0)
    stem = LandmarkStem(16, 8, 40).eval()
    landmarks = torch.rand(1, 21, 2) - 0.5
    sure, unsure = torch.ones(1, 21), torch.full((1, 21), 0.3)
    for a, b in zip(stem(landmarks, sure), stem(landmarks, unsure), strict=True):
        assert (a - b).abs().max() > 1e-3
