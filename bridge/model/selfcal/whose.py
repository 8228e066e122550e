"""Calibration where views may not agree whose left and right hands they see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from bridge.model.pose import BoolArray, FloatArray, ViewHands
from bridge.model.selfcal.calibrate import Calibration, calibrate
from bridge.model.selfcal.exchange import Told, exchanged, exchanged_instants
from bridge.model.selfcal.mirror import mirrored
from bridge.model.selfcal.tracks import tracks_of

__all__ = ["calibrate_views"]

_SELDOM = 0.2
"""Views that disagree at so few instants are calibrated without these."""

_ALWAYS = 0.9
"""Views that disagree at nearly all instants may be mirrors of each other."""

_FEW = 16
"""Keyframes that tell which view to believe."""

Seen = Sequence[tuple[float, Sequence[ViewHands]]]


def calibrate_views(
    frame_sets: Seen,
    names: Sequence[str],
    *,
    lenses: tuple[FloatArray, FloatArray] | None = None,
    keyframes: int = 60,
) -> Calibration | None:
    """Finds the cameras, see ``calibrate``; views are told apart that take left for right.

    Where two views do not mean the same hands by left and right, either may be wrong: each is
    believed in turn, and the better calibration kept, for a left hand does not fit what is seen
    of a right one. What fits better as a mirrored picture is left as it is: it will not fit.

    Args:
        frame_sets: ``(time in seconds, what each view sees)``.
        names: Names of the views; others are not used.
        lenses: As for ``calibrate``.
        keyframes: As for ``calibrate``.
    """
    seen = [[_of(name, views) for _, views in frame_sets] for name in names]
    differ = {
        (a, b): told
        for a, b in combinations(range(len(names)), 2)
        if (told := exchanged_instants(seen[a], seen[b])) is not None
    }
    times = [time_s for time_s, _ in frame_sets]

    def calibrated(kept: Sequence[Sequence[ViewHands | None]], most: int) -> Calibration | None:
        sets = [
            (time_s, [view[k] for view in kept if view[k] is not None])
            for k, time_s in enumerate(times)
        ]
        tracks = tracks_of(sets, names)  # type: ignore[arg-type]
        return calibrate(tracks, lenses=lenses, keyframes=most, names=names)

    if not differ:
        return calibrated(seen, keyframes)
    if max(told.share for told in differ.values()) < _SELDOM:
        doubtful = np.any([told.exchanged for told in differ.values()], axis=0)
        kept = [_without(view, doubtful) for view in seen]
        return _believed(calibrated(kept, keyframes), 0)
    trials = [_believing(believed, seen, differ) for believed in range(len(names))]
    found = [calibrated(trial, min(_FEW, keyframes)) for trial in trials]
    best = max(range(len(names)), key=lambda k: _fit(found[k]))
    for pair, told in differ.items():
        if told.share > _ALWAYS and best in pair:
            other = pair[0] if best == pair[1] else pair[1]
            turned = [list(view) for view in seen]
            turned[other] = [None if hands is None else mirrored(hands) for hands in seen[other]]
            if _fit(calibrated(turned, min(_FEW, keyframes))) > _fit(found[best]):
                return calibrated(seen, keyframes)
    return _believed(calibrated(trials[best], keyframes), best)


def _believed(calibration: Calibration | None, view: int) -> Calibration | None:
    return None if calibration is None else replace(calibration, believed=view)


def _of(name: str, views: Sequence[ViewHands]) -> ViewHands | None:
    return next((view for view in views if view.view == name), None)


def _without(view: Sequence[ViewHands | None], rows: BoolArray) -> list[ViewHands | None]:
    return [None if gone else hands for hands, gone in zip(view, rows, strict=True)]


def _believing(
    believed: int,
    seen: Sequence[Sequence[ViewHands | None]],
    differ: dict[tuple[int, int], Told],
) -> list[list[ViewHands | None]]:
    """What the views see if one is right: those that disagree with it are exchanged to agree.

    Where they see no hand in common it cannot be told, and the others say nothing.
    """
    kept = [list(view) for view in seen]
    for pair, told in differ.items():
        if believed not in pair:
            continue
        other = pair[0] if pair[1] == believed else pair[1]
        kept[other] = [
            None if hands is None or not sure else exchanged(hands) if turned else hands
            for hands, turned, sure in zip(seen[other], told.exchanged, told.known, strict=True)
        ]
    return kept


def _fit(found: Calibration | None) -> tuple[int, float]:
    if found is None:
        return 0, 0.0
    return int(found.usable.sum()), min(report.trust for report in found.reports)
