"""The hand nets, on the device that a user names."""

from __future__ import annotations

from bridge.errors import InputError
from bridge.model.nets.hand_nets import HandNets

__all__ = ["PROVIDERS", "load_nets"]

PROVIDERS = {"auto": None, "cpu": ("CPUExecutionProvider",), "cuda": ("CUDAExecutionProvider",)}
"""onnxruntime providers by the name that ``--provider`` takes."""


def load_nets(provider: str = "auto") -> HandNets:
    """Loads the nets.

    Args:
        provider: ``"auto"`` (CUDA where it works, else the CPU), ``"cpu"`` or ``"cuda"``.

    Raises:
        InputError: Another name, or CUDA where this onnxruntime has none.
        ModelError: A net is missing or damaged, or CUDA does not start.
    """
    if provider not in PROVIDERS:
        raise InputError(f"unknown provider {provider!r}; choose one of: {', '.join(PROVIDERS)}")
    return HandNets(providers=PROVIDERS[provider])
