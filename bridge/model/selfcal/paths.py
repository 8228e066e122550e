"""Hands in one view between its frames: landmarks as functions of time.

Two videos are rarely exposed at the same instants. Landmarks between frames come from a local
straight line (Cleveland, "Robust locally weighted regression", JASA 74, 1979, with a Gaussian for
weights): it takes uneven frame times and, unlike the line between two frames, is as smooth half
way between frames as on them, so that no offset looks better only for averaging noise away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bridge.errors import InputError
from bridge.model.pose import FloatArray, ViewHand, ViewHands
from bridge.protocol.joints import N_KEYPOINTS, Side

__all__ = ["HandPath", "Seen", "hands_between", "paths_of"]

Seen = Sequence[tuple[float, ViewHands]]
"""What one view sees: times in seconds, ascending, and hands."""

_REACH = 2.5
_MOST_NEIGHBOURS = 24
_NEAR_ENOUGH = 0.135
"""Weight of a frame two window widths away."""


@dataclass(frozen=True, slots=True)
class HandPath:
    """One hand in one view at its own frame times.

    Attributes:
        side: Which hand.
        time_s: ``(T,)`` ascending, those frames only that show the hand.
        image: ``(T, 21, 2)`` keypoints from the image's centre, in longer image sides.
        trust: ``(T, 21)`` 0 to 1.
    """

    side: Side
    time_s: FloatArray
    image: FloatArray
    trust: FloatArray

    def at(self, time_s: FloatArray, *, width_s: float) -> tuple[FloatArray, FloatArray]:
        """Smoothed keypoints at any times.

        Args:
            time_s: ``(Q,)``.
            width_s: Standard deviation of the smoothing window.

        Returns:
            Keypoints ``(Q, 21, 2)``, and trust ``(Q, 21)``: zero where frames are missing on
            either side.
        """
        if len(self.time_s) < 2:
            return np.zeros((len(time_s), N_KEYPOINTS, 2)), np.zeros((len(time_s), N_KEYPOINTS))
        interval_s = float(np.median(np.diff(self.time_s)))
        within = 2 * int(np.ceil(_REACH * width_s / interval_s)) + 2
        count = min(within, _MOST_NEIGHBOURS, len(self.time_s))
        first = np.searchsorted(self.time_s, time_s) - count // 2
        rows = np.clip(first, 0, len(self.time_s) - count)[:, None] + np.arange(count)
        away = self.time_s[rows] - time_s[:, None]
        near = np.exp(-0.5 * (away / width_s) ** 2) * (np.abs(away) < _REACH * width_s)
        # Where a frame is missing right there, or all frames lie on one side, nothing is known.
        before = (near * (away <= 0)).max(1, initial=0) > _NEAR_ENOUGH
        after = (near * (away >= 0)).max(1, initial=0) > _NEAR_ENOUGH
        weight = near[..., None] * self.trust[rows]
        total = weight.sum(1)
        mean_away = (weight * away[..., None]).sum(1) / np.maximum(total, 1e-12)
        from_mean = away[..., None] - mean_away[:, None]
        spread = (weight * from_mean**2).sum(1)
        # The line's value at the query is a weighted sum of the frames' values.
        share = weight / np.maximum(total, 1e-12)[:, None] - (
            weight * from_mean * (mean_away / np.maximum(spread, 1e-12))[:, None]
        )
        points = np.einsum("qnk,qnkc->qkc", share, self.image[rows])
        trust = total / np.maximum(near.sum(1), 1e-12)[:, None]
        return points, trust * (before & after)[:, None] * (spread > 1e-9)


def paths_of(seen: Seen) -> list[HandPath]:
    """The hands of one view as paths; a hand that is never seen has none.

    Raises:
        InputError: Times do not ascend.
    """
    times = np.array([time for time, _ in seen], dtype=np.float64)
    if not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise InputError("frame times must be finite and ascend")
    paths = []
    for side in Side:
        rows = [
            (time, hand, np.asarray(view.size_px, dtype=np.float64))
            for time, view in seen
            if (hand := view.hands[side]) is not None and np.isfinite(hand.landmarks_px).all()
        ]
        if rows:
            image = np.array([(h.landmarks_px - size / 2) / size.max() for _, h, size in rows])
            trust = np.array([h.confidence for _, h, _ in rows])
            paths.append(HandPath(side, np.array([t for t, _, _ in rows]), image, trust))
    return paths


def hands_between(
    before: tuple[float, ViewHands], after: tuple[float, ViewHands], time_s: float
) -> ViewHands:
    """What a view would have seen at an instant between two of its frames.

    Landmarks, the view's own 3D idea and trust lie on the line between the two frames'; a hand
    that either frame lacks is not seen.

    Args:
        before: Time and hands of the frame before.
        after: The same of the next frame.
        time_s: The instant.

    Raises:
        InputError: The instant does not lie between the frames.
    """
    (start_s, first), (end_s, second) = before, after
    if not start_s <= time_s <= end_s or start_s == end_s:
        raise InputError(f"{time_s} s is not between frames at {start_s} and {end_s} s")
    part = (time_s - start_s) / (end_s - start_s)
    hands = [_blend(first.hands[side], second.hands[side], part) for side in Side]
    return ViewHands(first.view, first.size_px, (hands[0], hands[1]))


def _blend(first: ViewHand | None, second: ViewHand | None, part: float) -> ViewHand | None:
    if first is None or second is None:
        return None

    def mix(a: FloatArray, b: FloatArray) -> FloatArray:
        return (1 - part) * a + part * b

    return ViewHand(
        first.side,
        mix(first.landmarks_px, second.landmarks_px),
        mix(first.world_m, second.world_m),
        mix(first.confidence, second.confidence),
    )
