"""The network as one ONNX file: a picture in, all of its hands out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bridge.errors import InputError, ModelError
from bridge.model.layers.onnx_files import write_onnx
from bridge.model.multihand.network import MultiHandNet
from bridge.model.nets.providers import CPU
from bridge.model.nets.session import open_session
from bridge.optional import require

__all__ = ["INPUT", "OUTPUTS", "export_onnx", "parity"]

INPUT = "images"
OUTPUTS = (
    "scores",
    "right",
    "keypoints_px",
    "joints_m",
    "vertices_m",
    "albedo",
    "light",
    "rotations",
    "betas",
)
"""Names of the outputs, as ``MultiHandNet.export_forward`` gives them."""


class _Exported(nn.Module):
    def __init__(self, network: MultiHandNet) -> None:
        super().__init__()
        self._network = network

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return self._network.export_forward(images)


def export_onnx(
    network: MultiHandNet, path: Path, *, about: Mapping[str, Any] | None = None
) -> None:
    """Writes a network as ONNX for one picture of its own size at a time.

    Args:
        network: In evaluation mode.
        path: The file to write.
        about: Put into the file's metadata as JSON, with the network's configuration.

    Raises:
        InputError: The network is in training mode.
        MissingDependencyError: onnxscript is not installed.
    """
    if network.training:
        raise InputError("put the network into evaluation mode first: network.eval()")
    write_onnx(
        _Exported(network).eval(),
        (_example(network),),
        path,
        inputs=[INPUT],
        outputs=OUTPUTS,
        about={**(about or {}), "config": network.config.to_dict()},
    )


def parity(network: MultiHandNet, exported: bytes, pictures: int = 3) -> float:
    """How far an exported network is from the one in PyTorch, on random pictures.

    Returns:
        The largest difference of any output, relative to that output's largest absolute value.

    Raises:
        ModelError: An output is not finite, or the file cannot be opened.
    """
    session = open_session(require("onnxruntime", extra="bridge"), exported, [CPU], 0)
    worst = 0.0
    for seed in range(pictures):
        picture = _example(network, seed)
        with torch.no_grad():
            wanted = network.export_forward(picture)
        for ours, theirs in zip(
            session.run(OUTPUTS, {INPUT: picture.numpy()}), wanted, strict=True
        ):
            if not np.isfinite(ours).all():
                raise ModelError(
                    "the exported network gives numbers that are not finite: did its training"
                    " diverge?"
                )
            scale = max(float(theirs.abs().max()), 1e-6)
            worst = max(worst, float(np.abs(ours - theirs.numpy()).max()) / scale)
    return worst


def _example(network: MultiHandNet, seed: int = 0) -> Tensor:
    size = network.config.size
    return torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(seed))
