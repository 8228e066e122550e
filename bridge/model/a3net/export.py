"""A3-Net as one ONNX file for any number of views."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.export import Dim

from bridge.errors import InputError, ModelError
from bridge.model.a3net.network import A3Net
from bridge.model.nets.providers import CPU
from bridge.model.nets.session import open_session
from bridge.optional import require

__all__ = ["INPUTS", "OPSET", "OUTPUTS", "export_onnx", "parity"]

OPSET = 18
"""ONNX opset: the first that PyTorch's exporter writes without conversion."""

INPUTS = {"landmarks": ("landmarks", "confidence", "focal"), "rgb": ("images", "focal")}
"""Names of the inputs by stem, each ``(batch, views, ...)`` as in ``HandViews``."""

OUTPUTS = ("joints_m", "vertices_m", "rotations", "betas", "to_first", "camera")
"""Names of the outputs, as ``A3Net.export_forward`` gives them."""


_MOST = 64
_LARGE = 1024


class _Exported(nn.Module):
    """The network with plain inputs; a view without any confidence is absent."""

    def __init__(self, network: A3Net) -> None:
        super().__init__()
        self._network = network

    def forward(self, data: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        *confidence, focal = rest
        present = confidence[0].amax(-1) > 0 if confidence else torch.isfinite(focal)
        return self._network.export_forward(
            data, confidence[0] if confidence else None, focal, present
        )


def export_onnx(network: A3Net, path: Path, *, about: Mapping[str, Any] | None = None) -> None:
    """Writes a network as ONNX, with batch size and number of views left open.

    Arithmetic is in single precision; weights that came from a shipped file stay half as large.

    Args:
        network: In evaluation mode; ``extrinsics`` alignment cannot be exported, as a camera rig
            that knows its rotations has no use for this file.
        path: The file to write.
        about: Put into the file's metadata as JSON, with the network's configuration.

    Raises:
        InputError: The network aligns by true extrinsics, or is in training mode.
        MissingDependencyError: onnxscript is not installed.
    """
    config = network.config
    if config.alignment == "extrinsics":
        raise InputError("a network that is aligned by true extrinsics cannot be exported")
    if network.training:
        raise InputError("put the network into evaluation mode first: network.eval()")
    require("onnxscript", extra="train")
    names = INPUTS[config.stem]
    batch, views = Dim("batch", min=1, max=_MOST), Dim("views", min=1, max=_MOST)
    axes = {0: batch, 1: views}
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        # The exporter's progress and its notes on its own parts are not for the user.
        warnings.simplefilter("ignore")
        for name in ("onnx_ir", "onnxscript"):
            logging.getLogger(name).setLevel(logging.WARNING)
        program = torch.onnx.export(
            _Exported(network).eval(),
            _example(config.stem, config.crop_px, 3),
            dynamo=True,
            opset_version=OPSET,
            input_names=list(names),
            output_names=list(OUTPUTS),
            dynamic_shapes={"data": axes, "rest": (axes,) * (len(names) - 1)},
            verbose=False,
        )
    if program is None:
        raise ModelError("PyTorch's exporter gave no ONNX program")
    model = program.model_proto
    _halve(model)
    entry = model.metadata_props.add()
    entry.key = "ghosthands"
    entry.value = json.dumps({**(about or {}), "config": config.to_dict()})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())


def parity(
    network: A3Net, exported: bytes, views: Sequence[int] = (1, 2, 3, 4)
) -> dict[int, float]:
    """How far an exported network is from the one in PyTorch, on random inputs.

    Args:
        network: The network that was exported.
        exported: What `export_onnx` wrote.
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
        given = {name: value.numpy() for name, value in zip(names, example, strict=True)}
        with torch.no_grad():
            wanted = _Exported(network)(*example)
        differences = []
        for ours, theirs in zip(session.run(OUTPUTS, given), wanted, strict=True):
            if not np.isfinite(ours).all():
                raise ModelError(
                    f"the exported network gives numbers that are not finite ({count}"
                    " views): did its training diverge?"
                )
            scale = max(float(theirs.abs().max()), 1e-6)
            differences.append(float(np.abs(ours - theirs.numpy()).max()) / scale)
        found[count] = max(differences)
    return found


def _halve(model: onnx.ModelProto) -> None:
    """Stores in half precision what loses nothing by it: weights that were shipped so.

    Runtimes turn them back once, when they load.
    """
    casts = []
    for weight in model.graph.initializer:
        values = numpy_helper.to_array(weight)
        with np.errstate(over="ignore"):  # what overflows is not equal, and stays as it is
            half = values.astype(np.float16)
        if values.dtype != np.float32 or values.size < _LARGE or (half != values).any():
            continue
        name = weight.name
        weight.CopyFrom(numpy_helper.from_array(half, f"{name}_fp16"))
        casts.append(
            onnx.helper.make_node("Cast", [weight.name], [name], to=onnx.TensorProto.FLOAT)
        )
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _example(stem: str, size: int, views: int, seed: int = 0) -> tuple[Tensor, ...]:
    """Random inputs: two hands, so that with some views no axis to trace has length one."""
    generator = torch.Generator().manual_seed(seed)
    focal = torch.full((2, views), 5.0)
    if stem == "rgb":
        return torch.rand(2, views, 3, size, size, generator=generator), focal
    landmarks = torch.rand(2, views, 21, 2, generator=generator) - 0.5
    return landmarks, torch.full((2, views, 21), 0.9), focal
