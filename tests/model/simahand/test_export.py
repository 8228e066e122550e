"""SVR-Hand as ONNX: the same numbers; and the shipped files are one network, good for something."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
import onnx
import pytest

from bridge.errors import InputError
from bridge.model.simahand.export import OUTPUTS, export_onnx, parity
from bridge.model.training.scoring import score
from bridge.model.training.weights import load_network, shipped_weights
from tests.model.simahand.tiny import network, tiny

FOLDER = resources.files("bridge.model") / "simahand/weights"


def test_it_says_the_same_as_pytorch(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "tiny.onnx"
    export_onnx(network(tiny()), path, about={"data": "synthetic"})
    found = parity(network(tiny()), path.read_bytes(), [1, 3])
    assert list(found) == [1, 3]
    assert max(found.values()) < 1e-3
    assert min(parity(network(tiny(), seed=1), path.read_bytes(), [1]).values()) > 0.01
    assert [value.name for value in onnx.load(path).graph.output] == list(OUTPUTS)


def test_only_a_trained_svr_hand_is_exported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="only an SVR-Hand"):
        export_onnx(network(tiny(views=4)), tmp_path / "x.onnx")
    net = load_network(shipped_weights("simahand-svr"))[0].train()
    with pytest.raises(InputError, match="evaluation mode"):
        export_onnx(net, tmp_path / "x.onnx")


def test_the_shipped_onnx_file_is_the_weights_file() -> None:
    net, about = load_network(shipped_weights("simahand-svr"))
    exported = (FOLDER / "simahand_svr_landmarks.onnx").read_bytes()
    assert max(parity(net, exported, [1, 2]).values()) < 1e-3
    assert about["network"] == "simahand-svr"
    assert load_network(shipped_weights("simahand-mvr"))[1]["network"] == "simahand-mvr"


def test_the_shipped_files_are_small() -> None:
    sizes = {path.name: len(path.read_bytes()) for path in FOLDER.iterdir()}
    assert sum(sizes.values()) < 6e6
    assert "README.md" in sizes


def test_several_views_beat_one() -> None:
    error = {}
    for name, views in (("simahand-svr", 1), ("simahand-mvr", 4)):
        found = score(name, None, data="synthetic", views=[views], samples=60)[views][name]
        error[name] = found.metrics["pa_mpjpe_mm"].mean
        assert np.isfinite(found.per_sample["f_5"]).all()
    assert error["simahand-mvr"] < error["simahand-svr"] < 25
