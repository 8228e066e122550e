"""A net in onnxruntime, opened as a bridge needs it: quiet, and without spinning workers."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from bridge.errors import ModelError
from bridge.model.nets.providers import CPU

__all__ = ["open_session"]

_FATAL = 4
_ERROR = 3


def open_session(ort: ModuleType, net: bytes, providers: list[str], threads: int) -> Any:
    """Opens a net in onnxruntime.

    Args:
        ort: The module ``onnxruntime``.
        net: An ONNX file's content.
        providers: Execution providers, best first; the CPU stands last if it is not named.
        threads: CPU threads within one call.

    Returns:
        The ``InferenceSession``; ``get_providers`` tells which provider runs it.

    Raises:
        ModelError: onnxruntime cannot open the net.
    """
    options = ort.SessionOptions()
    options.log_severity_level = _ERROR
    options.intra_op_num_threads = threads
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    # Spinning workers would hold the cores that decode the next frames.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # What a provider that does not start writes to stderr is no news here: get_providers tells.
    ort.set_default_logger_severity(_FATAL)
    try:
        chain = providers if CPU in providers else [*providers, CPU]
        return ort.InferenceSession(net, options, providers=chain, enable_fallback=0)
    except Exception as error:  # onnxruntime raises classes of its own, without a common base
        raise ModelError(f"onnxruntime cannot open a net with {providers[0]}: {error}") from error
    finally:
        ort.set_default_logger_severity(_ERROR)
