"""How exact cameras, lenses and scale are that four tapped corners give.

    python benchmarks/anchor.py

Simulated devices about an instrument, with exact truth: 20 to 75 degrees above it, any side, 0.45 m
and farther, focal lengths of 0.62 to 1.3 longer image sides, pictures of 640 x 480 to 1920 x 1080.
Taps are off by 2 px in x and in y; keyboards differ from the nominal size as real ones do.
"""

from __future__ import annotations

import time

import numpy as np
from _report import write_report

from bridge.model.anchor import Instrument, find_anchor, place_stage
from bridge.model.anchor.geometry import angle_between
from bridge.model.anchor.simulated import look_at, random_device, taps_of
from bridge.model.selfcal.cameras import Cameras

TRIALS = 40
TAP_PX = 2.0
KINDS = ("a4", "0.8x0.3", "piano-49", "piano-88", "piano-88:C3-B4")
VIEWS = (1, 2, 4)


def spread_of(values: list[float], digits: int) -> dict[str, float]:
    """Median and 95th percentile."""
    return {
        "median": round(float(np.median(values)), digits),
        "p95": round(float(np.percentile(values, 95)), digits),
    }


def rms(values: list[float]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def one_kind(name: str, views: int, seed: int) -> dict[str, object]:
    """Errors of the first view's camera, and of the distance between the first two."""
    rng = np.random.default_rng(seed)
    kind = Instrument.parse(name)
    turn, place, focal, scale, took, ratios, rivals = [], [], [], [], [], [], 0
    scale_ratios: list[float] = []
    for _ in range(TRIALS):
        size = np.exp(rng.normal(0, 1, 2) * (kind.width_spread, kind.depth_spread))
        devices = [random_device(rng, kind, margin_px=20.0) for _ in range(max(VIEWS))]
        taps = [
            taps_of(kind, pose, px, view=f"v{i}", noise_px=TAP_PX, rng=rng, size=tuple(size))
            for i, (pose, px) in enumerate(devices)
        ][:views]
        began = time.perf_counter()
        found = find_anchor(kind, taps, tap_px=TAP_PX)
        took.append(time.perf_counter() - began)
        view, truth = found.views[0], devices[0][0]
        rivals += view.rival is not None
        turn.append(np.degrees(angle_between(view.pose.rotation, truth.rotation)))
        place.append(1e3 * float(np.linalg.norm(view.pose.centre_m - truth.centre_m)))
        focal.append(100 * abs(view.pose.focal / truth.focal - 1))
        ratios.append(place[-1] / 1e3 / view.position_std_m)
        if views > 1:
            poses = [pose for pose, _ in devices[:views]]
            cameras = Cameras(
                np.stack([p.rotation for p in poses]),
                np.stack([p.offset_m for p in poses]),
                np.array([p.focal for p in poses]),
            )
            placed = place_stage(cameras, found, range(views))
            if placed.scale_known:
                scale.append(100 * abs(placed.similarity.scale - 1))
                scale_ratios.append(scale[-1] / 100 / placed.scale_std)
    result: dict[str, object] = {
        "rotation_deg": spread_of(turn, 2),
        "position_mm": spread_of(place, 1),
        "focal_percent": spread_of(focal, 2),
        "position_error_over_std_rms": round(rms(ratios), 2),
        "rival_share": round(rivals / TRIALS, 3),
        "solve_ms_median": round(1e3 * float(np.median(took)), 1),
    }
    if views > 1:
        result["scale_percent"] = spread_of(scale, 2)
        result["scale_error_over_std_rms"] = round(rms(scale_ratios), 2)
        result["scale_known_share"] = round(len(scale) / TRIALS, 3)
    return result


def by_elevation(name: str) -> dict[str, object]:
    """What the reported deviation of the focal length is, from a low view to straight down."""
    kind = Instrument.parse(name)
    result = {}
    for elevation in (20, 35, 50, 65, 80, 90):
        pose = look_at(kind, azimuth=60, elevation=elevation, distance_m=1.8 * kind.width_m)
        view = find_anchor(kind, [taps_of(kind, pose)]).views[0]
        result[f"{elevation}_deg"] = round(100 * view.focal_std / view.pose.focal, 1)
    return result


def main() -> None:
    results: dict[str, object] = {"trials": TRIALS, "tap_px": TAP_PX}
    for name in KINDS:
        rows = {f"{views}_views": one_kind(name, views, seed=7) for views in VIEWS}
        results[name] = rows
        print(name, rows)
    results["focal_std_percent_by_elevation"] = {n: by_elevation(n) for n in ("a4", "piano-49")}
    print(results["focal_std_percent_by_elevation"])
    print(write_report("anchor", results))


if __name__ == "__main__":
    main()
