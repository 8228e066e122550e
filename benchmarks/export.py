"""Exporting an hour of two hands at 60 Hz: time, most memory and size of each format.

``python benchmarks/export.py`` records the hour into a temporary folder, by seed, then exports it
part by part in a process of its own for each format. Rerun is measured where it is installed. It
needs Linux, which tells the most memory a process had.

Results go to benchmarks/results/export.json.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from _report import write_report

import sdk_python as sdk
from sdk_python.export.formats import FORMATS

SEED = 8
RATE_HZ = 60

EXPORT = """
import json, os, re, sys, time
import sdk_python as sdk
from sdk_python.export.formats import FORMATS
name, source, output = sys.argv[1:]
began = time.perf_counter()
with sdk.RecordingFile(source) as recording:
    FORMATS[name](recording, output)
# Not getrusage: its maximum begins with the parent's.
peak_kib = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
print(json.dumps({
    "seconds": round(time.perf_counter() - began, 1),
    "peak_mb": round(peak_kib * 1024 / 1e6),
    "file_mb": round(os.path.getsize(output) / 1e6, 1),
}))
"""


def hour(poses: int) -> sdk.Recording:
    """Two hands whose joints all turn; each is away for a second in every minute."""
    rng = np.random.default_rng(SEED)
    time_s = np.arange(poses) / RATE_HZ
    rate, phase = rng.uniform(0.2, 1.5, (2, 16, 3)), rng.uniform(0, 6, (2, 16, 3))
    quat = np.empty((poses, 2, 16, 4), np.float32)
    for start in range(0, poses, 10_000):
        now = slice(start, start + 10_000)
        turn = 0.4 * np.sin(2 * np.pi * rate * time_s[now, None, None, None] + phase)
        angle = np.linalg.norm(turn, axis=-1, keepdims=True)
        quat[now, ..., :3] = turn / angle * np.sin(angle / 2)
        quat[now, ..., 3:] = np.cos(angle / 2)
    wrist = 0.1 * np.sin(time_s[:, None, None] * rng.uniform(0.5, 2, (2, 3))) + [0, 0.2, -0.3]
    for side in sdk.Side:
        wrist[(time_s % 60 >= 30 * side) & (time_s % 60 < 30 * side + 1), side] = np.nan
    return sdk.Recording.from_arrays(time_s, pose_quat=quat, wrist_m=wrist)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    options = parser.parse_args()
    poses = round(60 * options.minutes * RATE_HZ)
    results: dict[str, Any] = {
        "seed": SEED,
        "poses": poses,
        "load_average_before": round(os.getloadavg()[0], 2),
        "formats": {},
    }
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "hour.mcap"
        began = time.perf_counter()
        hour(poses).save(source)
        print(f"recorded {poses} poses in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        results["recording_mb"] = round(source.stat().st_size / 1e6, 1)
        for name in FORMATS:
            if name == "rerun" and importlib.util.find_spec("rerun") is None:
                continue
            output = Path(folder) / f"hour.{name}"
            done = subprocess.run(
                [sys.executable, "-c", EXPORT, name, str(source), str(output)],
                capture_output=True,
                text=True,
                check=True,
            )
            results["formats"][name] = json.loads(done.stdout)
            print(name, results["formats"][name], file=sys.stderr)
            output.unlink()
    results["load_average_after"] = round(os.getloadavg()[0], 2)
    print(write_report("export", results))


if __name__ == "__main__":
    main()
