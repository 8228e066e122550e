"""HaMuCo as one ONNX file for any number of views; what it gives is still to be fused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bridge.model.hamuco.network import HaMuCo
from bridge.model.layers.view_export import export_views, parity_of_views

__all__ = ["OUTPUTS", "export_onnx", "parity"]

OUTPUTS = ("joints_m", "vertices_m", "reprojection", "single_joints_m", "single_reprojection")
"""Names of the outputs, as ``HaMuCo.export_forward`` gives them."""


def export_onnx(network: HaMuCo, path: Path, *, about: Mapping[str, Any] | None = None) -> None:
    """Writes a network as ONNX; arguments and errors as for `export_views`."""
    export_views(network, path, outputs=OUTPUTS, about=about or {})


def parity(network: HaMuCo, exported: bytes, views: Sequence[int] = (1, 2, 4)) -> dict[int, float]:
    """How far an exported network is from the one in PyTorch; see `parity_of_views`."""
    return parity_of_views(network, exported, outputs=OUTPUTS, views=views)
