"""Which views of a recording show the same hands: mirrored ones are put right, others left out.

A view's picture, or its whole moment, may be wrong; what a calibration leaves of its trust tells.
A mirrored view is one that fits clearly better once it is mirrored back. A mirror cannot be told
from what one view sees, for a mirrored left hand is a right hand: most views are right, and of
two the first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from bridge.model.pose import ViewHands
from bridge.model.selfcal.calibrate import GOOD_TRUST, LEAST_SHARED, Calibration
from bridge.model.selfcal.mirror import mirrored
from bridge.model.selfcal.whose import calibrate_views

__all__ = ["Agreement", "FrameSets", "agreement"]

FrameSets = Sequence[tuple[int, Sequence[ViewHands]]]
"""``(time in nanoseconds, what each view sees)``, in the order of time."""

_CLEAR = 0.1
"""By so much of its trust a view must gain. In simulated clips one that was mirrored gains 0.15
and more to end above `GOOD_TRUST`, where those of another scene never came."""

_KEYFRAMES = 30
"""So many tell whether a view fits, if not exactly where it stands."""

_SURE = 0.75
"""A view that keeps so much of its trust is not mirrored. In a second or two, in which hands hardly
turn, a mirrored one may keep 0.6."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Views that show the same hands.

    Attributes:
        frame_sets: As they were given, but with mirrored views put right.
        views: Names of the views to be used, in the order given.
        notes: What was done about the others, for people; none where all was well.
        mirrored: Names of the views that were put right.
    """

    frame_sets: FrameSets
    views: tuple[str, ...]
    notes: tuple[str, ...]
    mirrored: tuple[str, ...] = ()


def agreement(frame_sets: FrameSets, views: Sequence[str], found: Calibration | None) -> Agreement:
    """Finds the views to use.

    Args:
        frame_sets: What is seen.
        views: Names of the views, all of which see hands.
        found: What a calibration said of all of them.
    """
    if len(views) < 2 or _all_well(found):
        return Agreement(frame_sets, tuple(views), ())
    sound, trust = _most_in_agreement(frame_sets, views, found)
    wrong: set[str] = set()
    # The first of them is what others are compared with.
    doubtful = [v for v in views if v != sound[0] and (v not in sound or trust[v] < _SURE)]
    for view in sorted(doubtful, key=lambda view: trust.get(view, 0.0)):
        others = [other for other in sound if other != view]
        again = _calibrated(_with_mirrored(frame_sets, wrong | {view}), [*others, view])
        if again is None or not again.usable[-1]:
            continue
        if _trust_of(again, len(others)) >= trust.get(view, 0.0) + _CLEAR:
            wrong.add(view)
            sound = [*others, view]
    if 2 * len(wrong) > len(sound):
        wrong = set(sound) - wrong
    used = tuple(view for view in views if view in sound)
    mirrored = tuple(sorted(wrong))
    notes = _notes(views, used, mirrored, found)
    return Agreement(_with_mirrored(frame_sets, wrong), used, notes, mirrored)


def _all_well(found: Calibration | None) -> bool:
    """Whether a calibration leaves no doubt about any view."""
    return (
        found is not None
        and bool(found.usable.all())
        and min(report.trust for report in found.reports) >= _SURE
    )


def _most_in_agreement(
    frame_sets: FrameSets, views: Sequence[str], found: Calibration | None
) -> tuple[list[str], dict[str, float]]:
    """The views that agree with each other, and what trust is left of each in all."""
    if found is None:
        counts = [_hands_seen(frame_sets, view) for view in views]
        return [views[int(np.argmax(counts))]], {}
    trust = {view: _trust_of(found, k) for k, view in enumerate(views)}
    sound = [view for view, usable in zip(views, found.usable, strict=True) if usable]
    if len(views) > 2:
        rest = _calibrated(frame_sets, views[1:])
        if rest is not None and rest.usable.sum() > 1:
            without = [view for view, usable in zip(views[1:], rest.usable, strict=True) if usable]
            before = np.mean([trust[view] for view in without])
            after = np.mean([report.trust for report in rest.reports])
            if len(without) > len(sound) or (
                trust[views[0]] < GOOD_TRUST and after > before + _CLEAR
            ):
                return without, trust
    return sound, trust


def _calibrated(frame_sets: FrameSets, views: Sequence[str]) -> Calibration | None:
    seen = [(time_ns / 1e9, views) for time_ns, views in frame_sets]
    return calibrate_views(seen, views, keyframes=_KEYFRAMES)


def _trust_of(found: Calibration, view: int) -> float:
    """What is left of a view's trust; of two that contradict each other either may lose it."""
    reports = found.reports if len(found.reports) == 2 else found.reports[view : view + 1]
    return min(report.trust for report in reports)


def _hands_seen(frame_sets: FrameSets, view: str) -> int:
    return sum(
        hand is not None
        for _, views in frame_sets
        for seen in views
        if seen.view == view
        for hand in seen.hands
    )


def _with_mirrored(frame_sets: FrameSets, views: Collection[str]) -> FrameSets:
    """The frame sets with some views mirrored."""
    if not views:
        return frame_sets
    return [
        (time_ns, [mirrored(view) if view.view in views else view for view in seen])
        for time_ns, seen in frame_sets
    ]


def _notes(
    views: Sequence[str], used: Sequence[str], wrong: Sequence[str], found: Calibration | None
) -> tuple[str, ...]:
    notes = []
    for view in wrong:
        notes.append(
            f"{view} is mirrored, as selfie cameras save their videos: its hands were mirrored "
            "back; switch mirroring off in that camera's settings"
        )
        if len(used) == 2:
            notes.append(
                f"should {next(v for v in used if v != view)} be the mirrored one, left and right "
                "are exchanged: give the other video first"
            )
    others = " and ".join(used)
    for k, view in enumerate(views):
        if view in used:
            continue
        if found is None or found.reports[k].shared < LEAST_SHARED:
            notes.append(f"{view} hardly ever sees a hand at once with {others}: it is left out")
        else:
            notes.append(
                f"{view} does not show the same hands as {others} (another scene, or a moment "
                "much later or earlier): it is left out"
            )
    if used[0] != views[0]:
        notes.append(f"{used[0]}'s camera is the stage")
    return tuple(notes)
