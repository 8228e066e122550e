"""Nets and tracking of two views: this tracker against MediaPipe's own Python video pipeline.

Usage: ``python benchmarks/trackers.py VIDEO_A VIDEO_B``; needs uv, which makes MediaPipe's
environment. Both see the same pictures, decoded before. They take turns, set by set, so that both
meet the same load; each tracks the video from its start, as in use. The budget is a ratio of
medians of at most 0.7.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from _frames import read_frame_sets
from _report import write_report

from bridge.model.nets import HandNets
from bridge.model.tracker import HandTracker

SCENES = ("two_hands", "one_hand")
WORKER = Path(__file__).with_name("_mediapipe_worker.py")


def start_worker(uv: str, scene: str, sets: int, videos: list[str]) -> subprocess.Popen:
    """MediaPipe in an environment of its own, ready to be asked."""
    environment = ["--python", "3.11", "--with", "mediapipe==0.10.21", "--with", "av"]
    program = ["python", str(WORKER), scene, str(sets), *videos]
    worker = subprocess.Popen(
        [uv, "run", "-q", "--no-project", *environment, *program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    ready = worker.stdout.readline()
    if not ready:
        sys.exit("MediaPipe's environment does not start; try: uv run --with mediapipe==0.10.21")
    return worker


def summary(times_ms: list[float]) -> dict[str, float]:
    """Median and quartiles."""
    return {f"p{q}": round(float(np.percentile(times_ms, q)), 2) for q in (25, 50, 75)}


def measure(uv: str, scene: str, videos: list[str], warm_up: int, count: int) -> dict[str, object]:
    """Both pipelines on one scene, taking turns."""
    sets = read_frame_sets(videos, scene, warm_up + count)
    worker = start_worker(uv, scene, len(sets), videos)
    nets = HandNets()
    tracker = HandTracker(nets)
    ours, theirs, hands_ours, hands_theirs = [], [], [], []
    for i, images in enumerate(sets):
        views = {f"view{j}": image for j, image in enumerate(images)}
        start = time.perf_counter()
        seen = tracker.track(views)
        ours.append((time.perf_counter() - start) * 1e3)
        hands_ours.append(sum(hand is not None for view in seen for hand in view.hands))
        worker.stdin.write(f"{i}\n")
        worker.stdin.flush()
        answer = json.loads(worker.stdout.readline())
        theirs.append(answer["ms"])
        hands_theirs.append(sum(answer["hands"]))
    worker.stdin.close()
    worker.wait()
    ours, theirs = ours[warm_up:], theirs[warm_up:]
    return {
        "provider": nets.provider,
        "picture": f"{sets[0][0].shape[1]}x{sets[0][0].shape[0]}",
        "frame_sets": len(ours),
        "ours_ms": summary(ours),
        "mediapipe_ms": summary(theirs),
        "ratio_of_medians": round(float(np.median(ours) / np.median(theirs)), 3),
        "hands_per_set_ours": round(float(np.mean(hands_ours[warm_up:])), 2),
        "hands_per_set_mediapipe": round(float(np.mean(hands_theirs[warm_up:])), 2),
    }


def main() -> None:
    """Measures both scenes and writes ``results/trackers.json``."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("videos", nargs=2, metavar="VIDEO")
    parser.add_argument("--sets", type=int, default=150, help="frame sets measured (150)")
    parser.add_argument("--warm-up", type=int, default=20, help="frame sets before them (20)")
    parser.add_argument("--uv", default=shutil.which("uv"), help="path of uv")
    arguments = parser.parse_args()
    if arguments.uv is None:
        parser.error("uv is not on the path; give it with --uv")
    results = {
        scene: measure(arguments.uv, scene, arguments.videos, arguments.warm_up, arguments.sets)
        for scene in SCENES
    }
    print(json.dumps(results, indent=2))
    print(write_report("trackers", results))


if __name__ == "__main__":
    main()
