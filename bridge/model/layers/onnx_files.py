"""Networks as ONNX files: PyTorch's exporter, kept quiet, and weights stored small."""

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
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from bridge.errors import ModelError
from bridge.optional import require

__all__ = ["OPSET", "difference", "halve", "write_onnx"]

OPSET = 18
"""ONNX opset: the first that PyTorch's exporter writes without conversion."""

_LARGE = 1024


def write_onnx(
    network: nn.Module,
    example: tuple[Tensor, ...],
    path: Path,
    *,
    inputs: Sequence[str],
    outputs: Sequence[str],
    about: Mapping[str, Any],
    dynamic_shapes: Any = None,
) -> None:
    """Writes a module from tensors to tensors.

    Arithmetic is in single precision; weights that came from a shipped file stay half as large.

    Args:
        network: In evaluation mode.
        example: Its inputs, once.
        path: The file to write.
        inputs: Their names.
        outputs: Names of what it gives.
        about: Put into the file's metadata as JSON, under ``ghosthands``.
        dynamic_shapes: Axes that are left open, as ``torch.onnx.export`` takes them.

    Raises:
        MissingDependencyError: onnxscript is not installed.
        ModelError: The exporter gave nothing.
    """
    require("onnxscript", extra="train")
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        # The exporter's progress and its notes on its own parts are not for the user.
        warnings.simplefilter("ignore")
        for name in ("onnx_ir", "onnxscript"):
            logging.getLogger(name).setLevel(logging.WARNING)
        program = torch.onnx.export(
            network,
            example,
            dynamo=True,
            opset_version=OPSET,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes=dynamic_shapes,
            verbose=False,
        )
    if program is None:
        raise ModelError("PyTorch's exporter gave no ONNX program")
    model = program.model_proto
    halve(model)
    forget_source(model)
    entry = model.metadata_props.add()
    entry.key = "ghosthands"
    entry.value = json.dumps(dict(about))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())


def difference(exported: NDArray[Any], wanted: Tensor) -> float:
    """How far an exported network's output is from PyTorch's.

    Returns:
        The largest difference, relative to the largest absolute value.

    Raises:
        ModelError: The output is not finite.
    """
    if not np.isfinite(exported).all():
        raise ModelError(
            "the exported network gives numbers that are not finite: did its training diverge?"
        )
    scale = max(float(wanted.abs().max()), 1e-6)
    return float(np.abs(exported - wanted.numpy()).max()) / scale


def forget_source(model: onnx.ModelProto) -> None:
    """Drops what the exporter wrote of the code behind every node.

    Those are paths of this machine, and in a network of many small steps more than the steps.
    """
    graph = model.graph
    for part in (graph, *graph.node, *graph.value_info, *graph.input, *graph.output):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")


def halve(model: onnx.ModelProto) -> None:
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
