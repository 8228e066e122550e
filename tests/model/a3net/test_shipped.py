"""The shipped network: what is in the two files is the same, and is good for something."""

from __future__ import annotations

from importlib import resources

import numpy as np
import pytest

from bridge.model.a3net.export import parity
from bridge.model.fusion import make_fuser
from bridge.model.synthetic.clips import simulate_clip
from bridge.model.training.scoring import score
from bridge.model.training.weights import load_network, shipped_weights


def exported() -> bytes:
    return (resources.files("bridge.model") / "a3net/weights/a3net_landmarks.onnx").read_bytes()


def test_the_onnx_file_is_the_weights_file() -> None:
    network, _ = load_network(shipped_weights("a3net"))
    assert max(parity(network, exported()).values()) < 1e-3


def test_no_file_is_larger_than_16_mib() -> None:
    folder = shipped_weights("a3net").parent
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert max(sizes.values()) <= 16 * 2**20
    assert {"README.md", "a3net.safetensors", "a3net_landmarks.onnx"} <= set(sizes)


def test_two_views_beat_one_and_the_aligned_mean() -> None:
    found = score("a3net", None, data="synthetic", views=[2], samples=60)[2]
    error = {name: result.metrics["pa_mpjpe_mm"].mean for name, result in found.items()}
    assert error["a3net"] < 0.95 * min(error["first_view"], error["aligned_mean"])


def test_it_fuses() -> None:
    clip = simulate_clip(4, seconds=1.0, noise=0.5)
    fuser = make_fuser("a3net")
    hands = [
        fuser.fuse(round(t * 1e9), views)
        for t, views in zip(clip.time_s, clip.frame_sets, strict=True)
    ]
    shown = [pose for frame in hands for pose in frame.hands if pose is not None]
    assert len(shown) > len(hands)
    assert all(np.isfinite(pose.joints_m).all() for pose in shown)
    middle = np.linalg.norm(shown[0].joints_m[9] - shown[0].joints_m[0])
    assert middle == pytest.approx(0.09, abs=0.03)
