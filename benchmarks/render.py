"""How fast the demo's input is made, and whether real nets find its hands.

Renders frames of both views in one process (seconds of processor time a frame), renders both clips
with all cores into an empty folder, and runs the bridge's own tracker over them: how often each
hand is found, on its own side, and how far its landmarks are from the projected truth.

Run: ``python benchmarks/render.py [--frames N]``
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import av
import numpy as np
from _report import write_report

from bridge.demo.cameras import CAMERAS
from bridge.demo.clips import FRAME_RATE, N_FRAMES, demo_clips, scene_of
from bridge.demo.motion import hands_at
from bridge.model.nets import HandNets
from bridge.model.tracker import HandTracker
from bridge.protocol.joints import Side

WARM_UP = 3


def time_frames(view: str, frames: int) -> dict[str, float]:
    """Median and quartiles of the processor time of a frame, and of setting the scene."""
    started = time.process_time()
    scene = scene_of(view)
    set_up = time.process_time() - started
    motion = hands_at(np.arange(frames + WARM_UP) / FRAME_RATE)
    times = []
    for k in range(frames + WARM_UP):
        started = time.process_time()
        scene.render(k / FRAME_RATE, motion.at(slice(k, k + 1)))
        times.append(time.process_time() - started)
    low, middle, high = np.percentile(times[WARM_UP:], [25, 50, 75]) * 1000
    return {
        "scene_cpu_s": set_up,
        "frame_cpu_ms": middle,
        "frame_cpu_ms_q1": low,
        "frame_cpu_ms_q3": high,
    }


def track(paths: dict[str, Path], frames: int) -> dict[str, object]:
    """What the tracker finds in the clips, by view and side."""
    tracker = HandTracker(HandNets())
    joints = hands_at(np.arange(frames) / FRAME_RATE).joints_m
    true = {view: CAMERAS[view].project(joints)[0] for view in paths}
    error = {view: np.full((frames, 2), np.nan) for view in paths}
    swapped = dict.fromkeys(paths, 0)
    pictures = {view: av.open(str(path)).decode(video=0) for view, path in paths.items()}
    for k in range(frames):
        images = {view: next(frame).to_ndarray(format="rgb24") for view, frame in pictures.items()}
        for seen in tracker.track(images):
            for side in Side:
                hand = seen.hands[side]
                if hand is None:
                    continue
                # Landmarks count from the image's corner, the renderer from a pixel's centre.
                offset = hand.landmarks_px - 0.5 - true[seen.view][k]
                distances = np.linalg.norm(offset, axis=-1).mean(-1)
                if distances[1 - side] < distances[side]:
                    swapped[seen.view] += 1
                else:
                    error[seen.view][k, side] = distances[side]
    out: dict[str, object] = {}
    for view in paths:
        span = np.linalg.norm(np.ptp(true[view], axis=2), axis=-1)
        out[view] = {
            "swapped_frames": swapped[view],
            **{
                side.name.lower(): {
                    "found": float(np.isfinite(error[view][:, side]).mean()),
                    "error_px": float(np.nanmean(error[view][:, side])),
                    "error_percent_of_hand": float(
                        np.nanmean(error[view][:, side] / span[:, side]) * 100
                    ),
                }
                for side in Side
            },
        }
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=N_FRAMES)
    frames = parser.parse_args().frames
    results: dict[str, object] = {
        "render": {view: time_frames(view, min(frames, 60)) for view in CAMERAS}
    }
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        paths = demo_clips(Path(folder))
        results["clips"] = {
            "frames": N_FRAMES * len(paths),
            "wall_s": time.perf_counter() - started,
            "bytes": {view: path.stat().st_size for view, path in paths.items()},
        }
        results["tracker"] = track(paths, frames)
    print(write_report("render", results))


if __name__ == "__main__":
    main()
