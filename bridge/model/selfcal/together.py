"""Frame sets from views with clocks and frame times of their own: what each sees at one instant."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bridge.errors import InputError
from bridge.model.pose import FloatArray, ViewHands
from bridge.model.selfcal.paths import Seen, hands_between

__all__ = ["ClockMap", "together"]

_MOST_INTERVALS = 2.5
_ON_TIME = 1e-4


@dataclass(frozen=True, slots=True)
class ClockMap:
    """Where a view's own time lies on the stage's: ``t_stage = offset_s + (1 + drift) t_own``.

    Attributes:
        offset_s: Seconds.
        drift_ppm: Parts in a million.
    """

    offset_s: float = 0.0
    drift_ppm: float = 0.0

    def to_stage(self, own_s: FloatArray) -> FloatArray:
        """Own times on the stage's time line."""
        return self.offset_s + (1 + self.drift_ppm * 1e-6) * own_s

    def after(self, earlier: ClockMap) -> ClockMap:
        """``earlier`` first, then this one."""
        scale = 1 + self.drift_ppm * 1e-6
        return ClockMap(
            self.offset_s + scale * earlier.offset_s,
            (scale * (1 + earlier.drift_ppm * 1e-6) - 1) * 1e6,
        )


def together(
    seen: Sequence[Seen], clocks: Sequence[ClockMap]
) -> list[tuple[float, list[ViewHands]]]:
    """Frame sets on the stage's time line, landmarks interpolated between frames.

    The frames of the fastest view set the pace; another view's lead where it has ended or not
    begun. A view adds nothing where the frames around the instant are more than two and a half of
    its frame intervals apart.

    Args:
        seen: What each view sees, at its own frame times.
        clocks: Of each view.

    Returns:
        Times in seconds, ascending, and what is seen then.

    Raises:
        InputError: There is not one clock for each view.
    """
    if len(seen) != len(clocks):
        raise InputError(f"{len(seen)} views need {len(seen)} clocks, not {len(clocks)}")
    views = [
        _Line(clock.to_stage(np.array([time for time, _ in view])), [hands for _, hands in view])
        for view, clock in zip(seen, clocks, strict=True)
        if len(view)
    ]
    times = np.empty(0)
    for view in sorted(views, key=lambda view: view.interval_s):
        outside = np.ones(len(view.times), dtype=bool)
        if len(times):
            guard = view.interval_s / 2
            outside = (view.times < times[0] - guard) | (view.times > times[-1] + guard)
        times = np.sort(np.concatenate([times, view.times[outside]]))
    return [
        (float(time), [hands for view in views if (hands := view.at(float(time))) is not None])
        for time in times
    ]


class _Line:
    """One view on the stage's time line."""

    def __init__(self, times: FloatArray, hands: list[ViewHands]) -> None:
        self.times, self._hands = times, hands
        self.interval_s = float(np.median(np.diff(times))) if len(times) > 1 else np.inf

    def at(self, time_s: float) -> ViewHands | None:
        """What it sees at an instant; None where it has no frames around it."""
        k = bisect_left(self.times, time_s)
        for near in (k - 1, k):
            if 0 <= near < len(self.times) and abs(self.times[near] - time_s) < _ON_TIME:
                return self._hands[near]
        if not 0 < k < len(self.times):
            return None
        before, after = float(self.times[k - 1]), float(self.times[k])
        if after - before > _MOST_INTERVALS * self.interval_s:
            return None
        return hands_between((before, self._hands[k - 1]), (after, self._hands[k]), time_s)
