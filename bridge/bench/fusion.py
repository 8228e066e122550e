"""Fusers side by side on simulated clips with exact truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from bridge.bench.fusers import METHODS, Found, run_method
from bridge.model.metrics import jitter_m_s3, pa_mpjpe_mm
from bridge.model.pose import BoolArray, FloatArray
from bridge.model.synthetic.clips import SimulatedClip, simulate_clip

__all__ = [
    "AFTER_S",
    "FAIR_NOISE",
    "late",
    "measure_fusion",
    "score",
    "seen_twice",
    "summary",
]

FAIR_NOISE = 0.5
"""Share of the landmark net's errors on rendered hands. At a half, triangulation with the true
cameras is as far from the truth as on the real recording that is kept for scoring (5.8 mm PA)."""

_RATE_HZ = 30.0
AFTER_S = 5.0
"""Live methods are scored from then on."""


def measure_fusion(
    *,
    clips: int = 50,
    seconds: float = 8.0,
    noise: float = FAIR_NOISE,
    methods: Sequence[str] = tuple(METHODS),
    first_seed: int = 1000,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, Any]:
    """Scores methods on clips of random people, pieces and devices.

    Args:
        clips: How many.
        seconds: How long each is; live methods are scored after 5 s.
        noise: Factor on the landmark net's errors.
        methods: Which of `METHODS`.
        first_seed: Of the first clip; the next ones count on.
        on_progress: Called with the clips done, and in all.

    Returns:
        For JSON: mean, median and 90th percentile over the clips of each method and metric.
    """
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in methods}
    for k in range(clips):
        # Every third clip has views that lose a hand now and then.
        clip = simulate_clip(
            first_seed + k, seconds=seconds, noise=noise, drop=0.1 if k % 3 == 2 else 0.0
        )
        for name in methods:
            rows[name].append(score(run_method(name, clip), clip))
        on_progress(k + 1, clips)
    return {
        "clips": clips,
        "seconds": seconds,
        "noise": noise,
        "first_seed": first_seed,
        "scored_after_s": AFTER_S,
        "methods": {
            name: {"about": METHODS[name], **summary(scores)} for name, scores in rows.items()
        },
    }


def late(clip: SimulatedClip) -> BoolArray:
    """Which instants ``(T,)`` are scored: those after 5 s, or the last second of a short clip."""
    return np.asarray(clip.time_s >= min(AFTER_S, clip.time_s[-1] - 1))


def seen_twice(clip: SimulatedClip) -> BoolArray:
    """Which hands ``(T, 2)`` at least two views see."""
    seen = [[[h is not None for h in v.hands] for v in views] for views in clip.frame_sets]
    return np.asarray(np.sum(seen, axis=1) > 1)


def score(
    found: Found,
    clip: SimulatedClip,
    *,
    scored: BoolArray | None = None,
    due: BoolArray | None = None,
) -> dict[str, float]:
    """Errors of one method on one clip; NaN where there is nothing to score.

    Args:
        found: What the method found.
        clip: The clip.
        scored: Hands ``(T, 2)`` whose errors count where they are found; those that two views see
            if not given.
        due: Hands ``(T, 2)`` of which ``coverage`` is the share that is found; the scored ones if
            not given.
    """
    scored = late(clip)[:, None] & (seen_twice(clip) if scored is None else scored)
    due = scored if due is None else late(clip)[:, None] & due
    scores: dict[str, list[float]] = {"mpjpe_mm": [], "root_relative_mm": [], "pa_mpjpe_mm": []}
    jitters, given = [], []
    for side in (0, 1):
        here = np.isfinite(found.keypoints_m[:, side]).all((1, 2))
        rows = scored[:, side] & here
        if due[:, side].any():
            given.append(float((due[:, side] & here).sum() / due[:, side].sum()))
        if not rows.any():
            continue
        points, exact = found.keypoints_m[rows, side], clip.keypoints_m[rows, side]
        scores["mpjpe_mm"].append(_mean_mm(points - exact))
        relative = (points - points[:, :1]) - (exact - exact[:, :1])
        scores["root_relative_mm"].append(_mean_mm(relative))
        scores["pa_mpjpe_mm"].append(pa_mpjpe_mm(points, exact).value)
        if rows.sum() > 10 and np.diff(np.flatnonzero(rows)).max() == 1:
            jitters.append(jitter_m_s3(points, rate_hz=_RATE_HZ).value)
    result = {name: float(np.mean(v)) if v else np.nan for name, v in scores.items()}
    result["coverage"] = float(np.mean(given)) if given else np.nan
    result["jitter_m_s3"] = float(np.mean(jitters)) if jitters else np.nan
    result["ms_a_frame_set"] = found.ms
    if found.rotation is not None:
        turn = found.rotation[1] @ clip.rotation[1].T
        cosine = np.clip((np.trace(turn) - 1) / 2, -1, 1)
        result["rotation_error_deg"] = float(np.degrees(np.arccos(cosine)))
    if found.focal is not None:
        off = np.abs(np.log(found.focal / clip.focal))
        result["focal_error"] = float(off.mean())
        if found.reports:
            said = [report.focal for report in found.reports]
            result["focal_error_in_deviations"] = float((off / said).max())
            turn_deg = np.degrees(found.reports[1].turn_rad)
            result["rotation_error_in_deviations"] = result["rotation_error_deg"] / turn_deg
    return result


def _mean_mm(differences: FloatArray) -> float:
    return float(1000 * np.linalg.norm(differences, axis=-1).mean())


def summary(scores: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Mean, median and 90th percentile over the clips of each number, where it is one."""
    names = dict.fromkeys(name for row in scores for name in row)
    found = {}
    for name in names:
        values = np.array([row.get(name, np.nan) for row in scores])
        values = values[np.isfinite(values)]
        if values.size:
            found[name] = {
                "mean": round(float(values.mean()), 3),
                "median": round(float(np.median(values)), 3),
                "p90": round(float(np.percentile(values, 90)), 3),
            }
    return found
