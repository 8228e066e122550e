"""Multi-view networks as one ONNX file each, for any number of hands and of views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim

from bridge.errors import InputError
from bridge.model.layers.onnx_files import difference, write_onnx
from bridge.model.nets.providers import CPU
from bridge.model.nets.session import open_session
from bridge.optional import require

__all__ = ["INPUTS", "export_views", "parity_of_views"]

INPUTS = {"landmarks": ("landmarks", "confidence", "focal"), "rgb": ("images", "focal")}
"""Names of the inputs by stem, each ``(batch, views, ...)`` as in ``HandViews``."""

_MOST = 64


class _Exported(nn.Module):
    """The network with plain inputs; a view without any confidence is absent."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self._network = network

    def forward(self, data: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        *confidence, focal = rest
        present = confidence[0].amax(-1) > 0 if confidence else torch.isfinite(focal)
        said: tuple[Tensor, ...] = self._network.export_forward(
            data, confidence[0] if confidence else None, focal, present
        )
        return said


def export_views(
    network: Any, path: Path, *, outputs: Sequence[str], about: Mapping[str, Any]
) -> None:
    """Writes a network as ONNX, with batch size and number of views left open.

    Args:
        network: In evaluation mode. It has ``config`` (with ``stem``, ``crop_px`` and ``to_dict``)
            and ``export_forward(data, confidence, focal, present)``.
        path: The file to write.
        outputs: Names of what that gives.
        about: Put into the file's metadata as JSON, with the network's configuration.

    Raises:
        InputError: The network is in training mode.
        MissingDependencyError: onnxscript is not installed.
    """
    if network.training:
        raise InputError("put the network into evaluation mode first: network.eval()")
    config = network.config
    names = INPUTS[config.stem]
    batch, views = Dim("batch", min=1, max=_MOST), Dim("views", min=1, max=_MOST)
    axes = {0: batch, 1: views}
    write_onnx(
        _Exported(network).eval(),
        _example(config.stem, config.crop_px, 3),
        path,
        inputs=names,
        outputs=outputs,
        about={**about, "config": config.to_dict()},
        dynamic_shapes={"data": axes, "rest": (axes,) * (len(names) - 1)},
    )


def parity_of_views(
    network: Any, exported: bytes, *, outputs: Sequence[str], views: Sequence[int]
) -> dict[int, float]:
    """How far an exported network is from the one in PyTorch, on random inputs.

    Args:
        network: The network that was exported.
        exported: What `export_views` wrote.
        outputs: Names of its outputs.
        views: Numbers of views to compare for.

    Returns:
        For each number of views the largest difference of any output, relative to the largest
        absolute value of that output.

    Raises:
        ModelError: An output is not finite, or the file cannot be opened.
    """
    session = open_session(require("onnxruntime", extra="bridge"), exported, [CPU], 0)
    config, found = network.config, {}
    for count in views:
        example = _example(config.stem, config.crop_px, count, seed=count)
        names = INPUTS[config.stem]
        feed = {name: value.numpy() for name, value in zip(names, example, strict=True)}
        with torch.no_grad():
            wanted = _Exported(network)(*example)
        given = session.run(outputs, feed)
        found[count] = max(
            difference(ours, theirs) for ours, theirs in zip(given, wanted, strict=True)
        )
    return found


def _example(stem: str, size: int, views: int, seed: int = 0) -> tuple[Tensor, ...]:
    """Random inputs: two hands, so that with some views no axis to trace has length one."""
    generator = torch.Generator().manual_seed(seed)
    focal = torch.full((2, views), 5.0)
    if stem == "rgb":
        return torch.rand(2, views, 3, size, size, generator=generator), focal
    landmarks = torch.rand(2, views, 21, 2, generator=generator) - 0.5
    return landmarks, torch.full((2, views, 21), 0.9), focal
