"""SVR-Hand as an ONNX file, which the bridge runs for a single view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bridge.errors import InputError
from bridge.model.layers.view_export import export_views, parity_of_views
from bridge.model.simahand.network import SimaHand

__all__ = ["OUTPUTS", "export_onnx", "parity"]

OUTPUTS = ("joints_m", "vertices_m", "rotation")
"""Names of the outputs, as ``SimaHand.export_forward`` gives them."""


def export_onnx(network: SimaHand, path: Path, *, about: Mapping[str, Any] | None = None) -> None:
    """Writes an SVR-Hand as ONNX; arguments and errors as for `export_views`.

    Raises:
        InputError: It is an MVR-Hand, whose fusion has a fixed number of views.
    """
    if network.config.views > 1:
        raise InputError("only an SVR-Hand can be exported: MVR-Hand is its teacher in training")
    export_views(network, path, outputs=OUTPUTS, about=about or {})


def parity(
    network: SimaHand, exported: bytes, views: Sequence[int] = (1, 2, 3, 4)
) -> dict[int, float]:
    """How far an exported network is from the one in PyTorch; see `parity_of_views`."""
    return parity_of_views(network, exported, outputs=OUTPUTS, views=views)
