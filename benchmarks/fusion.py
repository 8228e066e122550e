"""Fusers on simulated clips with exact truth, and on the desk recording.

    python benchmarks/fusion.py
    python benchmarks/fusion.py --desk
    python benchmarks/fusion.py --rendered

Simulated clips take half an hour on 2 quiet cores, the desk recording (``--desk``, reported as
``fusion_desk``) a minute, drawn clips (``--rendered``, ``fusion_rendered``) about an hour.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from _desk import RATE_HZ, VIEWS, reference_m, track
from _report import write_report

from bridge.bench.fusion import FAIR_NOISE, measure_fusion
from bridge.bench.rendered import measure_rendered
from bridge.model.fusion import SelfCalFuser
from bridge.model.metrics import jitter_m_s3, pa_mpjpe_mm
from bridge.model.nets import load_nets
from bridge.model.pose import Hands, ViewHands
from bridge.model.selfcal.calibrate import Calibration
from bridge.model.selfcal.clip import reconstruct_clip
from bridge.model.selfcal.rays import triangulated
from bridge.model.selfcal.tracks import tracks_of
from bridge.model.selfcal.worker import in_this_thread
from bridge.model.smooth import OneEuroSmoother
from bridge.model.synthetic.clips import simulate_clip
from bridge.protocol.joints import BONES, Side

RIGHT, AFTER_S = Side.RIGHT, 5.0


def desk() -> dict[str, Any]:
    """The real recording, against calibrated triangulation of the same keypoints."""
    seen = track()
    both = [f for f, views in enumerate(seen) if all(v.hands[RIGHT] is not None for v in views)]
    pixels = [np.array([seen[f][k].hands[RIGHT].landmarks_px for f in both]) for k in (0, 1)]
    truth = reference_m(pixels[0].astype(float), pixels[1].astype(float))
    times = [f * 1_000_000_000 // RATE_HZ for f in range(len(seen))]
    smoother, fuser = OneEuroSmoother(), SelfCalFuser(in_this_thread)
    live, known = [], []
    for time_ns, views in zip(times, seen, strict=True):
        live.append(smoother.smooth(fuser.fuse(time_ns, views)))
        known.append(fuser.calibration)
    began = time.perf_counter()
    whole = reconstruct_clip(list(zip(times, seen, strict=True)), VIEWS)
    seconds = time.perf_counter() - began
    parent, child = np.array(BONES).T
    bones = np.linalg.norm(truth[:, child] - truth[:, parent], axis=-1)
    return {
        "reference": "calibrated triangulation of the same 2D keypoints",
        "reference_bone_spread_mm": round(float(1000 * np.median(bones.std(0))), 2),
        "live_after_5_s": scores(live, truth, both, AFTER_S)
        | {"keypoints_by_cameras_found_pa_mpjpe_mm": by_cameras(seen, known, truth, both, AFTER_S)},
        "offline": scores(list(whole.hands), truth, both, 0.0)
        | {"solve_s": round(seconds, 1)}
        | {
            "keypoints_by_cameras_found_pa_mpjpe_mm": by_cameras(
                seen, [whole.calibration] * len(seen), truth, both, 0.0
            )
        },
        "views_alone_pa_mpjpe_mm": [alone(seen, truth, both, k) for k in (0, 1)],
    }


def long_clip() -> dict[str, float]:
    """How long the offline solve of a minute of two hands in two views takes."""
    clip = simulate_clip(0, seconds=60.0, noise=FAIR_NOISE)
    sets = [(round(t * 1e9), v) for t, v in zip(clip.time_s, clip.frame_sets, strict=True)]
    began = time.perf_counter()
    reconstruct_clip(sets, [view.view for view in clip.frame_sets[0]])
    return {"clip_s": 60.0, "solve_s": round(time.perf_counter() - began, 1)}


def scores(
    hands: list[Hands], truth: np.ndarray, both: list[int], after_s: float
) -> dict[str, float]:
    rows = [k for k, f in enumerate(both) if f >= after_s * RATE_HZ]
    points = np.array([hands[both[k]].hands[RIGHT].joints_m for k in rows])
    return {
        "pa_mpjpe_mm": round(pa_mpjpe_mm(points, truth[rows]).value, 2),
        "jitter_m_s3": round(jitter_m_s3(points, rate_hz=RATE_HZ).value, 1),
    }


def by_cameras(
    seen: list[list[ViewHands]],
    known: Sequence[Calibration | None],
    truth: np.ndarray,
    both: list[int],
    after_s: float,
) -> float:
    """PA-MPJPE of the same keypoints triangulated with the cameras as they were found, mm.

    The reference is such a triangulation with the true cameras: what differs is the cameras alone,
    not what a hand with fixed bones that moves smoothly makes of the keypoints.
    """
    rows = [k for k, f in enumerate(both) if f >= after_s * RATE_HZ]
    points = []
    for f in (both[k] for k in rows):
        [found] = tracks_of([(f / RATE_HZ, seen[f])], VIEWS)
        calibration = known[f]
        assert calibration is not None
        points.append(triangulated(found, calibration.cameras)[0])
    return round(pa_mpjpe_mm(np.array(points), truth[rows]).value, 2)


def alone(seen: list[list[ViewHands]], truth: np.ndarray, both: list[int], view: int) -> float:
    world = np.array([seen[f][view].hands[RIGHT].world_m for f in both])
    return round(pa_mpjpe_mm(world, truth).value, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=50)
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--desk", action="store_true", help="the desk recording instead")
    kinds.add_argument("--rendered", action="store_true", help="drawn clips instead")
    options = parser.parse_args()
    if options.desk:
        print(write_report("fusion_desk", desk()))
        return
    if options.rendered:
        print(
            write_report("fusion_rendered", measure_rendered(load_nets("cpu"), clips=options.clips))
        )
        return
    results = {"offline_solve": long_clip(), "simulated": measure_fusion(clips=options.clips)}
    print(write_report("fusion", results))


if __name__ == "__main__":
    main()
