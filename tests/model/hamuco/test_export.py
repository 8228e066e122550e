"""The exported network says what the one in PyTorch says."""

from __future__ import annotations

import pytest

from bridge.errors import InputError
from bridge.model.hamuco import HaMuCo
from bridge.model.hamuco.export import export_onnx, parity
from tests.model.hamuco.tiny import hand, network, tiny


def test_onnx_is_the_same_for_any_number_of_views(tmp_path) -> None:
    net = network(tiny())
    export_onnx(net, tmp_path / "net.onnx", about={"network": "hamuco"})
    differences = parity(net, (tmp_path / "net.onnx").read_bytes(), views=(1, 3))
    assert set(differences) == {1, 3}
    assert max(differences.values()) < 1e-3


def test_a_network_in_training_is_not_exported(tmp_path) -> None:
    with pytest.raises(InputError, match="evaluation mode"):
        export_onnx(HaMuCo(tiny(), hand()).train(), tmp_path / "net.onnx")
