"""How far the joint angles of live reconstruction are from the truth, on drawn clips.

    python benchmarks/angle_error.py [--clips 24] [--keep FOLDER]

What two recordings of one playing differ by, seen from two different places, is this times the
square root of two: what `sdk.compare` may call a difference has to be larger. Clips are drawn as by
``fusion.py --rendered``, about a minute each; ``--keep`` keeps them, and takes up what it kept.
"""

from __future__ import annotations

import argparse
import pickle
from pathlib import Path

import numpy as np
from _report import write_report

from bridge.bench.drawn.clips import DrawnClip, draw_clip
from bridge.model.fusion import SelfCalFuser
from bridge.model.nets import load_nets
from bridge.model.selfcal.worker import in_this_thread
from bridge.model.smooth import OneEuroSmoother
from bridge.protocol.joints import Side
from sdk_python import Recording
from sdk_python.alignment.sampling import averaged
from sdk_python.features import ANGLE_NAMES, joint_angles

FIRST_SEED = 1000
AFTER_S, OVER_S = 4.0, 0.5


def drawn(seed: int, keep: Path | None) -> DrawnClip:
    path = None if keep is None else keep / f"{seed}.pkl"
    if path is not None and path.exists():
        return pickle.loads(path.read_bytes())
    clip = draw_clip(seed, load_nets("auto"))
    if path is not None:
        path.write_bytes(pickle.dumps(clip))
    return clip


def errors_deg(drawing: DrawnClip) -> tuple[np.ndarray, np.ndarray]:
    """Times and errors ``(T, 42)`` of smoothed live reconstruction, from when cameras are known."""
    clip = drawing.clip
    time_s = np.asarray(clip.time_s, dtype=float)
    truth = joint_angles(Recording.from_arrays(time_s, np.asarray(clip.keypoints_m)).pose_quat)
    found = np.full((len(time_s), 2, 16, 4), np.nan)
    fuser, smoother = SelfCalFuser(in_this_thread), OneEuroSmoother()
    for k, (when, views) in enumerate(zip(time_s, clip.frame_sets, strict=True)):
        hands = smoother.smooth(fuser.fuse(round(when * 1e9), views)).hands
        for side in Side:
            if (pose := hands[side]) is not None:
                found[k, side] = pose.pose_quat
    late = time_s > time_s[0] + AFTER_S
    off = np.degrees(joint_angles(found) - truth)[late]
    return time_s[late], off.reshape(len(off), -1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=24)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    parts: dict[str, list[np.ndarray]] = {"constant": [], "slow": [], "fast": []}
    for seed in range(FIRST_SEED, FIRST_SEED + options.clips):
        time_s, off = errors_deg(drawn(seed, options.keep))
        slow = averaged(time_s, off, OVER_S)
        constant = np.nanmean(slow, axis=0)
        parts["constant"].append(np.broadcast_to(constant, off.shape))
        parts["slow"].append(slow - constant)
        parts["fast"].append(off - slow)
    arrays = {name: np.concatenate(found) for name, found in parts.items()}
    of_clip = {name: [float(np.nanstd(clip)) for clip in found] for name, found in parts.items()}
    results = {
        "clips": options.clips,
        "averaged_over_s": OVER_S,
        "of_a_clip_deg": {
            name: {f"p{q}": round(float(np.percentile(of_clip[name], q)), 1) for q in (25, 50, 75)}
            for name in parts
        },
        "median_size_deg": {
            name: round(float(np.nanmedian(np.abs(values))), 1) for name, values in arrays.items()
        },
        "of_an_angle_deg": {
            name: {
                angle: round(float(np.nanstd(values.reshape(-1, 2, 21)[..., k])), 1)
                for k, angle in enumerate(ANGLE_NAMES)
            }
            for name, values in arrays.items()
        },
    }
    print(write_report("angle_error", results))


if __name__ == "__main__":
    main()
