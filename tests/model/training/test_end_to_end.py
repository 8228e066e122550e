"""From a dataset on disk to a network that onnxruntime runs, by the commands a researcher types."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from typer.testing import CliRunner

from bridge.commands import app
from bridge.model.datasets import open_dataset
from bridge.model.nets.providers import CPU
from bridge.model.nets.session import open_session
from tests.model.datasets.layouts import write_dexycb

RUN = CliRunner()


@pytest.fixture(scope="module")
def dexycb(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("dexycb")
    write_dexycb(root)
    return root


def invoke(*words: object) -> str:
    result = RUN.invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def test_from_dexycb_to_onnx(dexycb: Path, tmp_path: Path) -> None:
    run, onnx = tmp_path / "run", tmp_path / "a3net.onnx"
    weights = run / "weights.safetensors"
    fixture = ("train", "a3net", "--config", "fixture", "--set", f"data.path={dexycb}")

    invoke("data", "check", dexycb)
    invoke(*fixture, "-o", run, "--device", "cpu")
    log = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log] == [1, 2, 3, 4]
    assert all(np.isfinite(line["total"]) for line in log)

    scores = json.loads(
        invoke("eval", "a3net", "--weights", weights, "--data", dexycb, "--views", "2", "--json")
    )
    found = scores["results"]["2 views"]
    assert found["a3net"]["samples"] == len(open_dataset("dexycb", dexycb, "test"))
    assert found["a3net"]["failed"] == 0
    # A dataset's landmarks are its truth: what they would triangulate to is no result.
    assert "triangulated" not in found
    assert found["a3net"]["metrics"]["mpjpe_mm"]["mean"] > 5

    invoke("models", "export", "a3net", "--weights", weights, "-o", onnx)
    views = open_dataset("dexycb", dexycb, "test", size=64).batch([0], views=3, augment=False)
    session = open_session(onnxruntime, onnx.read_bytes(), [CPU], 1)
    feed = {"images": views.images.numpy(), "focal": views.focal.numpy()}
    joints, mesh = session.run(["joints_m", "vertices_m"], feed)
    assert joints.shape == (1, 21, 3)
    assert mesh.shape == (1, 1609, 3)
    assert np.isfinite(joints).all()
    # A hand's size, whatever four steps have taught.
    assert 0.02 < np.ptp(mesh[0], axis=0).max() < 0.4
