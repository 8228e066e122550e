"""Which of onnxruntime's execution providers can run here."""

from __future__ import annotations

import contextlib
import ctypes
import io
import logging
import os
import sys
from types import ModuleType

__all__ = ["CPU", "CUDA", "default_threads", "usable_providers"]

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"

_MAX_THREADS = 4
"""Nets this small stop gaining beyond it (and a bridge has video to decode)."""

_log = logging.getLogger(__name__)


def usable_providers(ort: ModuleType) -> list[str]:
    """Providers to ask for, best first: CUDA where a driver reports a device, then the CPU.

    onnxruntime writes errors to stderr when it is asked for CUDA on a machine without it, so the
    driver is asked first.

    Args:
        ort: The module ``onnxruntime``.
    """
    if CUDA not in ort.get_available_providers() or not _has_cuda_device():
        return [CPU]
    # CUDA's libraries may lie in the nvidia-* packages, where the loader does not look. What this
    # prints about missing ones is not for the user: session creation decides.
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            ort.preload_dlls()
        except (AttributeError, OSError) as error:
            _log.info("CUDA libraries were not preloaded: %s", error)
    return [CUDA, CPU]


def default_threads() -> int:
    """Threads within one net call: the CPUs this process may use, at most 4."""
    # Python 3.11 and 3.12 tell the allowed CPUs on Linux only.
    allowed = getattr(os, "sched_getaffinity", None)
    cpus = len(allowed(0)) if allowed is not None else os.cpu_count() or 1
    return min(cpus, _MAX_THREADS)


def _has_cuda_device() -> bool:
    """Whether NVIDIA's driver is installed and sees at least one device."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        count = ctypes.c_int(0)
        return (
            driver.cuInit(0) == 0
            and driver.cuDeviceGetCount(ctypes.byref(count)) == 0
            and count.value > 0
        )
    except (OSError, AttributeError):
        return False
