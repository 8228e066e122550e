"""What several folders of tests share because it takes long to make."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def exported_a3net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``tests.model.a3net.tiny``'s landmark network as ONNX: most of a minute on one core."""
    from bridge.model.a3net.export import export_onnx
    from tests.model.a3net.tiny import network, tiny

    path = tmp_path_factory.mktemp("a3net") / "folder" / "tiny.onnx"
    export_onnx(network(tiny()), path, about={"data": "synthetic"})
    return path
