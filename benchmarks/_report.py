"""Writes a benchmark's results beside what they were measured on."""

from __future__ import annotations

import datetime
import json
import os
import platform
import shlex
import sys
from importlib import metadata
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results"
LIBRARIES = ("aiortc", "av", "numpy", "onnxruntime-gpu", "onnxruntime", "opencv-python-headless")


def machine() -> dict[str, object]:
    """CPU model, usable cores, system, Python, and versions of the libraries that matter."""
    allowed = getattr(os, "sched_getaffinity", None)
    return {
        "cpu": _cpu_model(),
        "cores": len(allowed(0)) if allowed is not None else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: version for name in LIBRARIES if (version := _version(name))},
    }


def write_report(name: str, results: dict[str, object]) -> Path:
    """Writes ``benchmarks/results/NAME.json`` and returns its path.

    Args:
        name: Name of the benchmark.
        results: What it measured, ready for JSON, with units in the keys.
    """
    program = Path(sys.argv[0])
    shown = program.name if program.is_absolute() else str(program)
    report = {
        "benchmark": name,
        "command": shlex.join(["python", shown, *sys.argv[1:]]),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "results": results,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return path


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else "unknown"


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
