"""The network as one ONNX file: a picture in, all of its hands out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from bridge.errors import InputError
from bridge.model.ensemble.finder import OUTPUTS
from bridge.model.layers.onnx_files import difference, write_onnx
from bridge.model.multihand.network import MultiHandNet
from bridge.model.nets.providers import CPU
from bridge.model.nets.session import open_session
from bridge.optional import require

__all__ = ["INPUT", "OUTPUTS", "export_onnx", "parity"]

INPUT = "images"


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


def parity(
    network: MultiHandNet, exported: bytes, pictures: Sequence[int] = (0, 1, 2)
) -> dict[int, float]:
    """How far an exported network is from the one in PyTorch, on random pictures.

    Args:
        network: The network that was exported.
        exported: What `export_onnx` wrote.
        pictures: Seeds.

    Returns:
        For each picture the largest difference of any output, relative to that output's largest
        absolute value.

    Raises:
        ModelError: An output is not finite, or the file cannot be opened.
    """
    session = open_session(require("onnxruntime", extra="bridge"), exported, [CPU], 0)
    found = {}
    for seed in pictures:
        picture = _example(network, seed)
        with torch.no_grad():
            wanted = network.export_forward(picture)
        given = session.run(OUTPUTS, {INPUT: picture.numpy()})
        found[seed] = max(
            difference(ours, theirs) for ours, theirs in zip(given, wanted, strict=True)
        )
    return found


def _example(network: MultiHandNet, seed: int = 0) -> Tensor:
    size = network.config.size
    return torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(seed))
