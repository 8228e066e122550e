"""Fusers side by side on simulated clips with exact truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bridge.bench.fusers import METHODS, Found, run_method
from bridge.model.metrics import jitter_m_s3, pa_mpjpe_mm
from bridge.model.pose import FloatArray
from bridge.model.synthetic.clips import SimulatedClip, simulate_clip

__all__ = ["FAIR_NOISE", "measure_fusion", "score"]

FAIR_NOISE = 0.5
"""Share of the landmark net's errors on rendered hands. At a half, triangulation with the true
cameras is as far from the truth as on the real recording that is kept for scoring (5.8 mm PA)."""

_RATE_HZ = 30.0
_AFTER_S = 5.0


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
        "scored_after_s": _AFTER_S,
        "methods": {
            name: {"about": METHODS[name], **_summary(scores)} for name, scores in rows.items()
        },
    }


def score(found: Found, clip: SimulatedClip) -> dict[str, float]:
    """Errors of one method on one clip; instants that two views see, NaN where there are none."""
    late = clip.time_s >= min(_AFTER_S, clip.time_s[-1] - 1)
    scores: dict[str, list[float]] = {"mpjpe_mm": [], "root_relative_mm": [], "pa_mpjpe_mm": []}
    jitters, given = [], []
    for side in (0, 1):
        shared = np.array(
            [sum(v.hands[side] is not None for v in views) > 1 for views in clip.frame_sets]
        )
        here = np.isfinite(found.keypoints_m[:, side]).all((1, 2))
        rows = late & shared & here
        if (late & shared).any():
            given.append(float(rows.sum() / (late & shared).sum()))
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
        result["focal_error"] = float(np.abs(np.log(found.focal / clip.focal)).mean())
    return result


def _mean_mm(differences: FloatArray) -> float:
    return float(1000 * np.linalg.norm(differences, axis=-1).mean())


def _summary(scores: Sequence[dict[str, float]]) -> dict[str, Any]:
    names = dict.fromkeys(name for row in scores for name in row)
    summary = {}
    for name in names:
        values = np.array([row.get(name, np.nan) for row in scores])
        values = values[np.isfinite(values)]
        if values.size:
            summary[name] = {
                "mean": round(float(values.mean()), 3),
                "median": round(float(np.median(values)), 3),
                "p90": round(float(np.percentile(values, 90)), 3),
            }
    return summary
