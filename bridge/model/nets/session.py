"""A net in onnxruntime, opened as a bridge needs it: quiet, and without spinning workers."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import ModelError
from bridge.model.nets.providers import CPU, CUDA

__all__ = ["BoundSession", "open_session"]

_FATAL = 4
_ERROR = 3

_log = logging.getLogger(__name__)


def open_session(ort: ModuleType, net: bytes, providers: list[str], threads: int) -> Any:
    """Opens a net in onnxruntime.

    Args:
        ort: The module ``onnxruntime``.
        net: An ONNX file's content.
        providers: Execution providers, best first; the CPU stands last if it is not named.
        threads: CPU threads within one call.

    Returns:
        The ``InferenceSession``; ``get_providers`` tells which provider runs it. On CUDA, a
        `BoundSession` of it.

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
        session = ort.InferenceSession(net, options, providers=chain, enable_fallback=0)
    except Exception as error:  # onnxruntime raises classes of its own, without a common base
        raise ModelError(f"onnxruntime cannot open a net with {providers[0]}: {error}") from error
    finally:
        ort.set_default_logger_severity(_ERROR)
    return BoundSession(ort, session) if session.get_providers()[0] == CUDA else session


class BoundSession:
    """A session whose inputs and outputs lie in the device's own memory (I/O binding).

    ``InferenceSession.run`` takes new memory for them on every call. Here each shape of input keeps
    its buffer. Should binding fail, plain ``run`` takes over, with a warning.

    Args:
        ort: The module ``onnxruntime``.
        session: The ``InferenceSession``.
        device: Where buffers lie, as onnxruntime names it.
    """

    def __init__(self, ort: ModuleType, session: Any, *, device: str = "cuda") -> None:
        self._ort, self._session, self._device = ort, session, device
        self._inputs: dict[tuple[str, tuple[int, ...]], Any] = {}
        self._lock = threading.Lock()
        self._bound = True

    def get_providers(self) -> list[str]:
        """As ``InferenceSession.get_providers``."""
        return list(self._session.get_providers())

    def run(
        self, names: Sequence[str], inputs: Mapping[str, NDArray[np.float32]]
    ) -> list[NDArray[np.float32]]:
        """As ``InferenceSession.run``; safe to call from several threads."""
        if self._bound:
            try:
                with self._lock:  # buffers are shared
                    return self._run_bound(names, inputs)
            except Exception as error:  # onnxruntime's own classes, without a common base
                self._bound = False
                _log.warning("I/O binding does not work here, nets run without: %s", error)
        return list(self._session.run(names, dict(inputs)))

    def _run_bound(
        self, names: Sequence[str], inputs: Mapping[str, NDArray[np.float32]]
    ) -> list[NDArray[np.float32]]:
        binding = self._session.io_binding()
        for name, array in inputs.items():
            binding.bind_ortvalue_input(name, self._on_device(name, np.ascontiguousarray(array)))
        for name in names:
            binding.bind_output(name, self._device)
        self._session.run_with_iobinding(binding)
        return list(binding.copy_outputs_to_cpu())

    def _on_device(self, name: str, array: NDArray[np.float32]) -> Any:
        """The array in the buffer kept for its shape."""
        held = self._inputs.get((name, array.shape))
        if held is None:
            held = self._ort.OrtValue.ortvalue_from_numpy(array.copy(), self._device, 0)
            self._inputs[name, array.shape] = held
        else:
            held.update_inplace(array)
        return held
