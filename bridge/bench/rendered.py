"""Fusers side by side on drawn clips: pictures, the real nets, exact truth."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bridge.bench.drawn.clips import LONG_SIDE_PX, DrawnClip, draw_clip
from bridge.bench.fusers import METHODS, Found, run_method
from bridge.bench.fusion import AFTER_S, late, score, seen_twice, summary
from bridge.model.nets import HandNets
from bridge.model.pose import BoolArray

__all__ = ["measure_rendered", "score_together"]


def measure_rendered(
    nets: HandNets,
    *,
    clips: int = 50,
    seconds: float = 8.0,
    methods: Sequence[str] = tuple(METHODS),
    first_seed: int = 1000,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, Any]:
    """Scores methods on drawn clips of random people, pieces and devices, as the nets see them.

    Args:
        nets: The hand nets.
        clips: How many. In every third one things hide a hand from a view now and then.
        seconds: How long each is; live methods are scored after 5 s.
        methods: Which of `METHODS`.
        first_seed: Of the first clip; the next ones count on.
        on_progress: Called with the clips done, and in all.

    Returns:
        For JSON: mean, median and 90th percentile over the clips, of how the nets did (``seen``:
        shares of `SeenHands`, times) and of each method and metric. Errors are taken over
        the hands that all methods found, so that they compare; ``scored`` is their share of
        the hands in sight of a view, ``coverage`` a method's own. ``camera_known`` is 1 where a
        method that finds cameras found them; its camera's errors are over such clips only.
    """
    seen: list[dict[str, float]] = []
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in methods}
    for k in range(clips):
        began = time.perf_counter()
        drawn = draw_clip(first_seed + k, nets, seconds=seconds, hiding=k % 3 == 2)
        found = {name: run_method(name, drawn.clip) for name in methods}
        scores, share = score_together(found, drawn)
        for name in methods:
            rows[name].append(scores[name])
        seen.append(
            drawn.seen.shares()
            | {
                "scored": share,
                "drawing_ms_a_frame_set": drawn.drawing_ms,
                "tracking_ms_a_frame_set": drawn.tracking_ms,
                "clip_s": time.perf_counter() - began,
            }
        )
        on_progress(k + 1, clips)
    return {
        "clips": clips,
        "seconds": seconds,
        "long_side_px": LONG_SIDE_PX,
        "provider": nets.provider,
        "first_seed": first_seed,
        "scored_after_s": AFTER_S,
        "seen": summary(seen),
        "methods": {
            name: {"about": METHODS[name], **summary(scores)} for name, scores in rows.items()
        },
    }


def score_together(
    found: dict[str, Found], drawn: DrawnClip
) -> tuple[dict[str, dict[str, float]], float]:
    """Errors of methods on one clip, over the same hands.

    Args:
        found: What each method found.
        drawn: The clip.

    Returns:
        Scores by method, and the share of the hands in sight of a view that all of them found.
    """
    due: BoolArray = np.any(drawn.seen.in_sight, axis=1)
    scored = seen_twice(drawn.clip)
    for method in found.values():
        scored = scored & np.isfinite(method.keypoints_m).all((2, 3))
    scores = {}
    for name, method in found.items():
        scores[name] = score(method, drawn.clip, scored=scored, due=due)
        if name in _FINDING_CAMERAS:
            scores[name]["camera_known"] = float(method.rotation is not None)
    rows = late(drawn.clip)
    count = np.count_nonzero(due[rows])
    return scores, np.count_nonzero((due & scored)[rows]) / count if count else float("nan")


_FINDING_CAMERAS = ("essential matrix", "live", "offline")
