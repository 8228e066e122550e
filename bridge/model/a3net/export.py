"""A3-Net as one ONNX file for any number of views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bridge.errors import InputError
from bridge.model.a3net.network import A3Net
from bridge.model.layers.onnx_files import OPSET
from bridge.model.layers.view_export import INPUTS, export_views, parity_of_views

__all__ = ["INPUTS", "OPSET", "OUTPUTS", "export_onnx", "parity"]

OUTPUTS = ("joints_m", "vertices_m", "rotations", "betas", "to_first", "camera")
"""Names of the outputs, as ``A3Net.export_forward`` gives them."""


def export_onnx(network: A3Net, path: Path, *, about: Mapping[str, Any] | None = None) -> None:
    """Writes a network as ONNX; arguments and errors as for `export_views`.

    Raises:
        InputError: The network aligns by true extrinsics: a camera rig that knows its rotations
            has no use for this file.
    """
    if network.config.alignment == "extrinsics":
        raise InputError("a network that is aligned by true extrinsics cannot be exported")
    export_views(network, path, outputs=OUTPUTS, about=about or {})


def parity(
    network: A3Net, exported: bytes, views: Sequence[int] = (1, 2, 3, 4)
) -> dict[int, float]:
    """How far an exported network is from the one in PyTorch; see `parity_of_views`."""
    return parity_of_views(network, exported, outputs=OUTPUTS, views=views)
