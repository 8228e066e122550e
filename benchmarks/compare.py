"""Comparing recordings: `sdk.compare` of ten minutes, its cost against length, and other aligners.

    python benchmarks/compare.py [--uv uv]

Each measurement is a process of its own, one at a time. librosa and tslearn align the same features
within the same band, in an environment that uv makes; ten minutes would take librosa 10 GB, so they
are given 10,000 frames. Nothing else may run meanwhile.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from _report import write_report

ROOT = Path(__file__).resolve().parents[1]
WORKER = Path(__file__).with_name("_alignment_worker.py")
PEERS = {"librosa": "librosa==0.11.0", "tslearn": "tslearn==0.6.4"}
RATE_HZ = 60
FRAMES, BAND = 10_000, 500
MINUTES = (1, 2, 5, 10, 20)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--uv", default=shutil.which("uv") or "uv")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part is not None:
        print(json.dumps(measure(*json.loads(options.part))))
        return
    results = {
        "compare": {str(minutes): own("compare", minutes) for minutes in MINUTES},
        "band": {str(band): own("band", band) for band in (125, 250, 500, 1000)},
        "follower": {str(minutes): own("follower", minutes) for minutes in (1, 10)},
        "aligners": aligners(options.uv),
    }
    print(write_report("compare", results))


def own(kind: str, size: float) -> dict[str, object]:
    """One measurement in a process of its own."""
    program = [sys.executable, __file__, "--part", json.dumps([kind, size])]
    done = subprocess.run(program, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def measure(kind: str, size: float) -> dict[str, object]:
    """A measurement in this process."""
    if kind == "compare":
        return measure_compare(size)
    return measure_band(int(size)) if kind == "band" else measure_follower(size)


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def recording(minutes: float, seed: int):
    """Both hands play; takes of one piece differ by noise and a slowly changing tempo."""
    sys.path.insert(0, str(ROOT))
    import sdk_python as sdk
    from tests.sdk.motion import BAR_S, Piece, pose_of_angles

    piece = Piece(1, round(minutes * 60 / BAR_S))
    rng = np.random.default_rng(seed)
    time_s = np.arange(0, piece.duration_s, 1 / RATE_HZ)
    lesson_s = np.minimum(time_s + seed * 0.8 * np.sin(time_s / 20), piece.duration_s)
    angles = piece.angles(np.maximum.accumulate(lesson_s)).astype(np.float32)
    angles += rng.normal(0, np.radians(3), angles.shape).astype(np.float32)
    pose = np.concatenate([pose_of_angles(part) for part in np.array_split(angles, 60)])
    return sdk.Recording.from_arrays(
        time_s, pose_quat=pose.astype(np.float32), wrist_m=piece.wrists(lesson_s)
    )


def measure_compare(minutes: float) -> dict[str, object]:
    """Time and memory of a comparison, the recordings themselves not counted."""
    import sdk_python as sdk

    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{seed}.mcap" for seed in (0, 1)]
        for seed, path in enumerate(paths):
            program = f"import sys; sys.path.insert(0, {str(WORKER.parent)!r}); import compare; "
            program += f"compare.recording({minutes}, {seed}).save({str(path)!r})"
            subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)
        start = time.perf_counter()
        takes = [sdk.Recording.open(path) for path in paths]
        read_s = time.perf_counter() - start
        short = [take.slice(0, 5) for take in takes]
        sdk.compare(*short)
        before, start = peak_mb(), time.perf_counter()
        found = sdk.compare(*takes)
        seconds = time.perf_counter() - start
    return {
        "poses": len(takes[0]),
        "read_s": round(read_s, 3),
        "compare_s": round(seconds, 3),
        "compare_peak_mb": round(peak_mb() - before, 1),
        "process_peak_mb": round(peak_mb(), 1),
        "within": round(found.within, 4),
    }


def features(count: int) -> tuple[np.ndarray, np.ndarray]:
    sys.path.insert(0, str(ROOT))
    from tests.sdk.motion import BAR_S, Piece

    seconds = count / RATE_HZ
    piece = Piece(1, round(seconds / BAR_S) + 2)
    rng = np.random.default_rng(0)
    time_s = np.arange(count) / RATE_HZ
    found = []
    for warp in (0.0, 0.8):
        angles = piece.angles(np.maximum.accumulate(time_s + warp * np.sin(time_s / 20)))
        angles = angles.reshape(count, -1)
        found.append(angles + rng.normal(0, np.radians(3), angles.shape))
    return found[0], found[1]


def measure_band(band: int) -> dict[str, object]:
    """The close alignment alone, with other bands."""
    from sdk_python.alignment import banded_dtw

    first, second = features(FRAMES)
    banded_dtw(first[:600], second[:600], np.arange(600), band)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        banded_dtw(first, second, np.arange(FRAMES), band)
        times.append(time.perf_counter() - start)
    return {"seconds": round(float(np.median(times)), 3)}


def measure_follower(minutes: float) -> dict[str, object]:
    """Time of each frame of a learner."""
    import sdk_python as sdk

    lesson, learner = recording(minutes, 0), recording(minutes, 1).slice(0, 120)
    follower = sdk.Follower(lesson)
    times, off = [], []
    for time_s, pose in zip(learner.time_s, learner.pose_quat, strict=True):
        start = time.perf_counter()
        found = follower.follow(float(time_s), pose)
        times.append((time.perf_counter() - start) * 1e3)
        off.append(abs(found.position_s - (time_s + 0.8 * np.sin(time_s / 20))))
    p50, p99 = np.percentile(times[60:], [50, 99])
    return {
        "frames": len(times) - 60,
        "p50_ms": round(float(p50), 3),
        "p99_ms": round(float(p99), 3),
        "position_error_p95_ms": round(float(np.percentile(off[180:], 95)) * 1e3, 1),
    }


def aligners(uv: str) -> dict[str, object]:
    """Ours and others on the same features and band."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "features.npz"
        first, second = features(FRAMES)
        np.savez(path, first=first, second=second)
        task = [str(path), str(BAND)]
        found = {"frames": FRAMES, "features": first.shape[1], "half_band": BAND}
        found["ours"] = _json([sys.executable, str(WORKER), "ours", *task])
        for name, package in PEERS.items():
            environment = [uv, "run", "-q", "--no-project", "--python", "3.11", "--with", package]
            found[name] = _json([*environment, "python", str(WORKER), name, *task])
            for what in ("seconds", "peak_mb"):
                ratio = found[name][what] / max(found["ours"][what], 1e-9)
                found[name][f"{what}_over_ours"] = round(ratio, 1)
    return found


def _json(program: list[str]) -> dict[str, float]:
    done = subprocess.run(program, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()
