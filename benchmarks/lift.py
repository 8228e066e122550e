"""What hands gain by their shapes: the landmark net's own, SVR-Hand's (as shipped), A3-Net's.

    python benchmarks/lift.py

Two sets: drawn clips (pictures, the real nets, exact truth; a minute each), and the recording
desk_two_views (against calibrated triangulation of both cameras, benchmarks/_desk.py). One view
alone goes through the fuser and the smoother, as live; both views through hand-space fusion, the
live fuser, and the solve of the whole recording. Drawn clips and live fusers are scored after 5 s.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from _desk import RATE_HZ, VIEWS, reference_m, track
from _report import write_report
from numpy.typing import NDArray

from bridge.bench.drawn.clips import draw_clip
from bridge.bench.fusers import Found, play, run_method
from bridge.bench.fusion import AFTER_S, late, score, seen_twice, summary
from bridge.model.fusion import A3NetSeer, Fuser, HandSpaceFuser, SelfCalFuser
from bridge.model.lift import Lift, shipped_lifter
from bridge.model.metrics import jitter_m_s3, pa_mpjpe_mm
from bridge.model.nets import HandNets, load_nets
from bridge.model.pose import Hands, ViewHands
from bridge.model.selfcal.clip import reconstruct_clip
from bridge.model.selfcal.worker import in_this_thread
from bridge.model.smooth import OneEuroSmoother
from bridge.model.synthetic.clips import SimulatedClip
from bridge.model.training.bootstrap import bootstrap_mean
from bridge.protocol.joints import Side

RIGHT = Side.RIGHT
FIRST_SEED, SECONDS = 2000, 7.0
METRICS = ("pa_mpjpe_mm", "root_relative_mm", "jitter_m_s3")
BEFORE = "landmark net"


def a3net() -> Lift:
    """Every view on its own through A3-Net."""
    see = A3NetSeer()

    def lift(views: Sequence[ViewHands]) -> list[ViewHands]:
        lifted = []
        for view in views:
            seen = see([view]).get(view.view, {})
            left, right = (
                hand
                if hand is None or hand.side not in seen
                else replace(hand, world_m=seen[hand.side].local_m)
                for hand in view.hands
            )
            lifted.append(replace(view, hands=(left, right)))
        return lifted

    return lift


LIFTS: dict[str, Callable[[], Lift]] = {
    BEFORE: lambda: list,
    "SVR-Hand": shipped_lifter,
    "A3-Net": a3net,
}


def fused(name: str, clip: SimulatedClip) -> Found:
    """A clip's hands by the first view alone, or by a method of all views."""
    if name == "one view":
        alone = replace(clip, frame_sets=tuple(views[:1] for views in clip.frame_sets))
        points, seconds = play(HandSpaceFuser(), alone)
        return Found(points, 1000 * seconds)
    return run_method(name, clip)


WAYS = ("one view", "aligned mean", "live", "offline")


def drawn(nets: HandNets, clips: int) -> dict[str, Any]:
    """Errors of each way with each lifter, over the hands that the first view, or two, reported."""
    rows: dict[str, dict[str, list[dict[str, float]]]] = {
        way: {name: [] for name in LIFTS} for way in WAYS
    }
    for k in range(clips):
        whole = draw_clip(
            FIRST_SEED + k, nets, seconds=SECONDS, hiding=k % 3 == 2, lifted=False
        ).clip
        first = np.array([[h is not None for h in views[0].hands] for views in whole.frame_sets])
        for name, make in LIFTS.items():
            lift = make()
            sets = tuple(tuple(lift(views)) for views in whole.frame_sets)
            clip = replace(whole, frame_sets=sets)
            for way in WAYS:
                shown = first if way == "one view" else seen_twice(clip)
                errors = score(fused(way, clip), clip, scored=late(clip)[:, None] & shown)
                rows[way][name].append({metric: errors[metric] for metric in METRICS})
        last = {w: [round(r[-1]["pa_mpjpe_mm"], 1) for r in rows[w].values()] for w in WAYS}
        print(k + 1, last, flush=True)
    return {
        "clips": clips,
        "seconds": SECONDS,
        "scored_after_s": AFTER_S,
        "first_seed": FIRST_SEED,
        "ways": {
            way: {
                name: summary(found)
                | {
                    f"{metric}_less_{BEFORE}": interval(
                        np.array([row[metric] for row in found])
                        - np.array([row[metric] for row in rows[way][BEFORE]])
                    )
                    for metric in METRICS
                }
                for name, found in rows[way].items()
            }
            for way in WAYS
        },
    }


def desk() -> dict[str, Any]:
    """PA-MPJPE with either camera of the desk recording alone, and with both."""
    frames = track(lifted=False)
    both = [f for f, views in enumerate(frames) if all(v.hands[RIGHT] is not None for v in views)]
    pixels = [np.array([frames[f][k].hands[RIGHT].landmarks_px for f in both]) for k in (0, 1)]
    truth = reference_m(pixels[0].astype(float), pixels[1].astype(float))
    times = [f * 1_000_000_000 // RATE_HZ for f in range(len(frames))]
    found: dict[str, Any] = {"frames": len(both)}
    for name, make in LIFTS.items():
        lift = make()
        seen = [lift(views) for views in frames]
        row: dict[str, Any] = {}
        for k in (0, 1):
            shape = np.array([seen[f][k].hands[RIGHT].world_m for f in both])
            alone = [[_right_only(seen[f][k])] for f in range(len(seen))]
            row[f"camera {k}, as seen"] = _score(shape, truth)
            row[f"camera {k}, live"] = _live(HandSpaceFuser(), times, alone, both, truth, 0.0)
            whole = reconstruct_clip(list(zip(times, alone, strict=True)), [VIEWS[k]])
            row[f"camera {k}, whole"] = _score(_joints(whole.hands, both), truth)
        row["both, aligned mean"] = _live(HandSpaceFuser(), times, seen, both, truth, 0.0)
        row["both, live"] = _live(SelfCalFuser(in_this_thread), times, seen, both, truth, AFTER_S)
        whole = reconstruct_clip(list(zip(times, seen, strict=True)), VIEWS)
        row["both, whole"] = _score(_joints(whole.hands, both), truth)
        found[name] = row
    return found


def _live(
    fuser: Fuser,
    times: Sequence[int],
    seen: Sequence[Sequence[ViewHands]],
    both: Sequence[int],
    truth: NDArray[np.float64],
    after_s: float,
) -> dict[str, Any]:
    """A fuser with the smoother behind it, scored from some time on."""
    smoother = OneEuroSmoother()
    hands = [smoother.smooth(fuser.fuse(t, views)) for t, views in zip(times, seen, strict=True)]
    rows = [k for k, f in enumerate(both) if f >= after_s * RATE_HZ]
    return _score(_joints(hands, [both[k] for k in rows]), truth[rows])


def _joints(hands: Sequence[Hands], frames: Sequence[int]) -> NDArray[np.float64]:
    poses = [hands[f].hands[RIGHT] for f in frames]
    return np.array([pose.joints_m for pose in poses if pose is not None])


def _score(points: NDArray[np.float64], truth: NDArray[np.float64]) -> dict[str, Any]:
    errors = np.array([pa_mpjpe_mm(a, b).value for a, b in zip(points, truth, strict=True)])
    jitter = round(jitter_m_s3(points, rate_hz=RATE_HZ).value, 1)
    return {"pa_mpjpe_mm": interval(errors), "jitter_m_s3": jitter}


def _right_only(view: ViewHands) -> ViewHands:
    return replace(view, hands=(None, view.hands[RIGHT]))


def interval(values: NDArray[np.float64]) -> dict[str, float]:
    mean, low, high = bootstrap_mean(values[np.isfinite(values)])
    return {"mean": round(mean, 2), "low": round(low, 2), "high": round(high, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clips", type=int, default=8)
    options = parser.parse_args()
    began = time.perf_counter()
    results = {"drawn": drawn(load_nets("cpu"), options.clips), "desk_two_views": desk()}
    results["wall_s"] = round(time.perf_counter() - began)
    print(write_report("lift", results))


if __name__ == "__main__":
    main()
