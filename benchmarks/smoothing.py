"""Jitter against lag: live One-Euro over a grid of settings, and the offline smoother.

    python benchmarks/smoothing.py

Simulated clips with exact truth, as they are, at a quarter and at twice the tempo; and the desk
recording, where it is there. Accuracy only: how busy the machine is does not matter. About 10
minutes on 2 cores. Also draws docs/images/smoothing.svg.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass
from functools import partial
from itertools import product, zip_longest
from typing import Any

import numpy as np
from _desk import FOLDER, VIEWS, reference_m, track
from _report import write_report
from _smoothing_plot import draw
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from bridge.bench.fusers import keypoints_of
from bridge.bench.fusion import FAIR_NOISE
from bridge.model.fusion import SelfCalFuser
from bridge.model.metrics import (
    acceleration_error_mm_s2,
    jitter_m_s3,
    mpjpe_mm,
    pa_mpjpe_mm,
    procrustes,
)
from bridge.model.pose import Hands
from bridge.model.selfcal.clip import reconstruct_clip
from bridge.model.selfcal.worker import in_this_thread
from bridge.model.smooth import OneEuroSettings, OneEuroSmoother
from bridge.model.synthetic.clips import simulate_clip
from bridge.protocol.joints import N_KEYPOINTS, Side

Array = NDArray[np.float64]
Settings = tuple[float, float, float, float]
"""``OneEuroSettings`` without when to start afresh."""

RATE_HZ, SECONDS, AFTER_S = 30.0, 9.0, 5.0
TEMPOS = {"quarter": 0.25, "as_is": 1.0, "double": 2.0}
IN_MOTION = ("as_is", "double")
"""At a quarter of the tempo errors drown what little the hands move: no lag can be told."""

MIN_CUTOFFS_HZ = (1.5, 3.0, 4.5, 6.0, 8.0)
POSITION_BETAS = (0.0, 10.0, 20.0, 30.0, 60.0)
ROTATION_BETAS = (0.0, 0.5, 1.0, 2.0, 4.0)
SPEED_CUTOFFS_HZ = (0.5, 1.0)

MOST_ADDED_LAG_MS = 20.0
MOST_ERROR_RATIO = 1.05
RULE = (
    f"adds at most {MOST_ADDED_LAG_MS:.0f} ms of lag to the fuser's own, as is and at double "
    f"tempo; wrist-relative error as is at most {MOST_ERROR_RATIO} times the unsmoothed; of these "
    "the least jitter: each tempo's as a share of the unsmoothed, on average"
)

FINGERTIPS = (4, 8, 12, 16, 20)
SHIFTS_S = np.arange(-0.05, 0.1501, 0.0005)


@dataclass(frozen=True)
class Truth:
    """What is exact of a clip, or as good as we have it.

    Attributes:
        time_s: ``(T,)``.
        keypoints_m: ``(T, 2, 21, 3)``, NaN where unknown.
    """

    time_s: Array
    keypoints_m: Array


def simulated(tempo: float, seed: int) -> tuple[Truth, list[Hands], list[Hands]]:
    """A clip's truth, and its hands live without smoothing and offline."""
    clip = simulate_clip(seed, seconds=SECONDS * tempo, rate_hz=RATE_HZ / tempo, noise=FAIR_NOISE)
    # Fewer instants of the motion a second, each frame's errors as they are: another tempo.
    truth = Truth(clip.time_s / tempo, clip.keypoints_m)
    frame_sets = [
        (round(t * 1e9), views) for t, views in zip(truth.time_s, clip.frame_sets, strict=True)
    ]
    return truth, *fused(frame_sets, [view.view for view in clip.frame_sets[0]])


def desk() -> tuple[Truth, list[Hands], list[Hands]]:
    """The desk recording against its calibrated triangulation, moved to where our hands are."""
    seen = track()
    side = Side.RIGHT
    both = [f for f, views in enumerate(seen) if all(v.hands[side] is not None for v in views)]
    pixels = [np.array([seen[f][k].hands[side].landmarks_px for f in both], float) for k in (0, 1)]
    times = [round(f * 1e9 / RATE_HZ) for f in range(len(seen))]
    live, offline = fused(list(zip(times, seen, strict=True)), VIEWS)
    known = reference_m(pixels[0], pixels[1])
    ours = keypoints_of(live)[both, side]
    late = np.array(both) >= AFTER_S * RATE_HZ
    move = procrustes(known[late].reshape(-1, 3), ours[late].reshape(-1, 3))
    keypoints = np.full((len(seen), 2, N_KEYPOINTS, 3), np.nan)
    keypoints[both, side] = move.apply(known.reshape(-1, 3)).reshape(known.shape)
    return Truth(np.arange(len(seen)) / RATE_HZ, keypoints), live, offline


def fused(
    frame_sets: Sequence[tuple[int, Sequence[Any]]], views: Sequence[str]
) -> tuple[list[Hands], list[Hands]]:
    """Hands of the default fuser, live without smoothing, and of the recording as a whole."""
    fuser = SelfCalFuser(in_this_thread)
    live = [fuser.fuse(time_ns, seen) for time_ns, seen in frame_sets]
    return live, list(reconstruct_clip(frame_sets, views).hands)


def smoothed(live: Sequence[Hands], settings: Settings) -> Array:
    """Keypoints ``(T, 2, 21, 3)`` after One-Euro."""
    smoother = OneEuroSmoother(OneEuroSettings(*settings))
    return keypoints_of([smoother.smooth(hands) for hands in live])


class Judge:
    """Scores keypoints of one clip after the first 5 s."""

    def __init__(self, truth: Truth) -> None:
        self._late = truth.time_s >= AFTER_S
        self._true = truth.keypoints_m[self._late]
        self._shifted = [self._later(truth, side) for side in Side]

    def _later(self, truth: Truth, side: Side) -> Array:
        """The fingertips as they would be seen with each lag ``(S, T, 15)``; NaN where unknown."""
        tips = truth.keypoints_m[:, side][:, FINGERTIPS].reshape(len(truth.time_s), -1)
        known = np.isfinite(tips).all(1)
        late = truth.time_s[self._late]
        if known.sum() < 2:
            return np.full((len(SHIFTS_S), len(late), tips.shape[1]), np.nan)
        curve = CubicSpline(truth.time_s[known], tips[known])
        later = np.stack([curve(late - shift) for shift in SHIFTS_S])
        later[:, ~known[self._late]] = np.nan
        return later

    def __call__(self, keypoints_m: Array) -> tuple[dict[str, float], Array]:
        """Errors, and how badly the fingertips fit the truth at each lag ``(S,)``."""
        found = keypoints_m[self._late]
        scores = {
            "jitter_m_s3": jitter_m_s3(found, rate_hz=RATE_HZ).value,
            "acceleration_error_mm_s2": acceleration_error_mm_s2(
                found, self._true, rate_hz=RATE_HZ
            ).value,
            "mpjpe_mm": mpjpe_mm(found, self._true).value,
            "root_relative_mm": mpjpe_mm(found, self._true, root=0).value,
            "pa_mpjpe_mm": pa_mpjpe_mm(found, self._true).value,
        }
        misfit = np.zeros(len(SHIFTS_S))
        for side, later in zip(Side, self._shifted, strict=True):
            tips = found[:, side][:, FINGERTIPS].reshape(len(found), -1)
            rows = np.isfinite(tips).all(1) & np.isfinite(later[0]).all(1)
            if rows.any():
                # A camera that is a little off moves all by the same: that is not lag.
                off = later[:, rows] - tips[rows]
                misfit += ((off - off.mean(1, keepdims=True)) ** 2).sum((1, 2))
        return scores, misfit


Scored = dict[str | Settings, tuple[dict[str, float], Array]]


def score_all(made: tuple[Truth, list[Hands], list[Hands]], grid: Iterable[Settings]) -> Scored:
    """Scores of one clip: unsmoothed, offline, the truth's own jitter, and each of the settings."""
    truth, live, offline = made
    judge = Judge(truth)
    scored: Scored = {
        "truth": judge(truth.keypoints_m),
        "unsmoothed": judge(keypoints_of(live)),
        "offline": judge(keypoints_of(offline)),
    }
    # Wrist and rotations are filtered apart: the wrist does not depend on the rotations' beta, nor
    # keypoints about it on the position's. So one run gives a setting of each.
    grid = list(grid)
    wrists: dict[Settings, Array] = {}
    about: dict[Settings, Array] = {}
    for cutoff, speed in {(settings[0], settings[3]) for settings in grid}:
        mine = [s for s in grid if (s[0], s[3]) == (cutoff, speed)]
        positions, rotations = ({s[k] for s in mine} for k in (1, 2))
        last = max(positions), max(rotations)
        for pair in zip_longest(sorted(positions), sorted(rotations)):
            position, rotation = (d if b is None else b for b, d in zip(pair, last, strict=True))
            found = smoothed(live, (cutoff, position, rotation, speed))
            wrists[cutoff, position, 0, speed] = found[:, :, :1]
            about[cutoff, 0, rotation, speed] = found - found[:, :, :1]
    for cutoff, position, rotation, speed in grid:
        scored[cutoff, position, rotation, speed] = judge(
            wrists[cutoff, position, 0, speed] + about[cutoff, 0, rotation, speed]
        )
    return scored


def simulated_scores(case: tuple[float, int], grid: Sequence[Settings]) -> Scored:
    return score_all(simulated(*case), grid)


def pooled(scored: Sequence[Scored], name: str | Settings, *, lag: bool) -> dict[str, float]:
    """One method over clips: means, and the lag that fits all clips best."""
    rows = [clip[name][0] for clip in scored]
    summary = {key: round(float(np.nanmean([r[key] for r in rows])), 3) for key in rows[0]}
    if lag:
        misfit = np.sum([clip[name][1] for clip in scored], axis=0)
        summary["lag_ms"] = round(float(1000 * SHIFTS_S[np.argmin(misfit)]), 1)
    return summary


def choose(rows: dict[Settings, dict[str, Any]], plain: dict[str, Any]) -> Settings:
    """The settings that `RULE` prefers."""
    allowed = [
        settings
        for settings, row in rows.items()
        if all(
            row[tempo]["lag_ms"] - plain[tempo]["lag_ms"] <= MOST_ADDED_LAG_MS
            for tempo in IN_MOTION
        )
        and row["as_is"]["root_relative_mm"]
        <= MOST_ERROR_RATIO * plain["as_is"]["root_relative_mm"]
    ]
    return min(allowed, key=lambda settings: relative_jitter(rows[settings], plain))


def relative_jitter(row: dict[str, Any], plain: dict[str, Any]) -> float:
    return float(np.mean([row[t]["jitter_m_s3"] / plain[t]["jitter_m_s3"] for t in TEMPOS]))


def measure(clips: int, workers: int, say: Callable[[str], None]) -> dict[str, Any]:
    default: Settings = astuple(OneEuroSettings())[:4]
    grid = list(product(MIN_CUTOFFS_HZ, POSITION_BETAS, ROTATION_BETAS, SPEED_CUTOFFS_HZ))
    grid += [default] * (default not in grid)
    by_tempo: dict[str, list[Scored]] = {}
    with ProcessPoolExecutor(workers) as pool:
        for name, tempo in TEMPOS.items():
            cases = [(tempo, 3000 + k) for k in range(clips)]
            by_tempo[name] = list(pool.map(partial(simulated_scores, grid=grid), cases))
            say(f"tempo {tempo}: done")

    def row(name: str | Settings) -> dict[str, Any]:
        return {
            tempo: pooled(scored, name, lag=tempo in IN_MOTION)
            for tempo, scored in by_tempo.items()
        }

    plain, rows = row("unsmoothed"), {settings: row(settings) for settings in grid}
    chosen = choose(rows, plain)
    results: dict[str, Any] = {
        "clips_a_tempo": clips,
        "seconds": SECONDS,
        "scored_after_s": AFTER_S,
        "noise": FAIR_NOISE,
        "first_seed": 3000,
        "rule": RULE,
        "settings": ["min_cutoff_hz", "position_beta", "rotation_beta", "speed_cutoff_hz"],
        "truth_jitter_m_s3": {
            tempo: round(float(np.mean([clip["truth"][0]["jitter_m_s3"] for clip in scored])), 3)
            for tempo, scored in by_tempo.items()
        },
        "unsmoothed": plain,
        "default": {"settings": default, **rows[default]},
        "chosen_by_rule": {"settings": chosen, **rows[chosen]},
        "offline": row("offline"),
        "grid": [{"settings": settings, **found} for settings, found in rows.items()],
    }
    if (FOLDER / "cam0_test.mp4").is_file():
        scored = [score_all(desk(), {default, chosen})]
        names = {"unsmoothed": "unsmoothed", "offline": "offline"}
        names |= {"default": default, "chosen_by_rule": chosen, "reference": "truth"}
        results["desk"] = {
            "reference": "calibrated triangulation of the same 2D keypoints, which trembles itself",
            **{title: pooled(scored, name, lag=True) for title, name in names.items()},
        }
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=6)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    results = measure(options.clips, options.workers, print)
    print(results["default"]["settings"], results["chosen_by_rule"]["settings"])
    print(write_report("smoothing", results))
    print(draw(results))


if __name__ == "__main__":
    main()
