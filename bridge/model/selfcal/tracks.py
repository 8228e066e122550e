"""What all views see of one hand over time, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.model.pose import FloatArray, ViewHand, ViewHands
from bridge.protocol.joints import N_KEYPOINTS, Side

__all__ = ["HandTrack", "image_points", "tracks_of"]

_LEAST_EXTENT = 0.01
_MIN_KEYPOINTS = 4


@dataclass(frozen=True, slots=True)
class HandTrack:
    """One hand at T instants in V views; lengths in images are in longer image sides.

    Attributes:
        side: Which hand.
        time_s: ``(T,)`` ascending.
        image: ``(T, V, 21, 2)`` keypoints from the image's centre; zero where not seen.
        trust: ``(T, V, 21)`` 0 to 1; 0 where not seen.
        extent: ``(T, V)`` the hand's size in the image, by which its errors scale.
        local_m: ``(T, V, 21, 3)`` each view's own idea of the hand, metres, its camera's axes,
            about the mean of its keypoints; zero where not seen.
    """

    side: Side
    time_s: FloatArray
    image: FloatArray
    trust: FloatArray
    extent: FloatArray
    local_m: FloatArray

    def __len__(self) -> int:
        return len(self.time_s)

    @property
    def seen(self) -> NDArray[np.bool_]:
        """``(T, V)`` bool, which views see the hand."""
        return np.asarray(self.trust.any(axis=2))

    def take(self, rows: NDArray[np.intp]) -> HandTrack:
        """Some of the instants."""
        return HandTrack(
            self.side,
            self.time_s[rows],
            self.image[rows],
            self.trust[rows],
            self.extent[rows],
            self.local_m[rows],
        )


def image_points(view: ViewHands, hand: ViewHand) -> FloatArray:
    """A hand's keypoints ``(21, 2)`` from its image's centre, in longer image sides."""
    width, height = view.size_px
    points: FloatArray = (hand.landmarks_px - (width / 2, height / 2)) / max(width, height)
    return points


def tracks_of(
    frame_sets: Sequence[tuple[float, Sequence[ViewHands]]], views: Sequence[str]
) -> list[HandTrack]:
    """Gathers frame sets, ``(time in seconds, what each view sees)``, hand by hand.

    Args:
        frame_sets: In the order of time; a view that is not there saw nothing.
        views: Names of the views, V of them.

    Returns:
        A track for each hand that is seen at all, with those instants only at which one view sees
        it.
    """
    column = {name: k for k, name in enumerate(views)}
    tracks = []
    for side in Side:
        rows: list[tuple[float, list[tuple[int, ViewHands]]]] = []
        for time_s, there in frame_sets:
            shown = [
                (column[view.view], view)
                for view in there
                if view.view in column
                and (hand := view.hands[side]) is not None
                and np.count_nonzero(hand.confidence > 0) >= _MIN_KEYPOINTS
            ]
            if shown:
                rows.append((time_s, shown))
        if not rows:
            continue
        count, n_views = len(rows), len(views)
        image = np.zeros((count, n_views, N_KEYPOINTS, 2))
        trust = np.zeros((count, n_views, N_KEYPOINTS))
        extent = np.full((count, n_views), _LEAST_EXTENT)
        local = np.zeros((count, n_views, N_KEYPOINTS, 3))
        for row, (_, shown) in enumerate(rows):
            for k, view in shown:
                hand = view.hands[side]
                if hand is None:
                    continue
                points = image_points(view, hand)
                image[row, k], trust[row, k] = points, hand.confidence
                extent[row, k] = max(_LEAST_EXTENT, np.ptp(points, axis=0).max())
                local[row, k] = hand.world_m - hand.world_m.mean(0)
        times = np.array([time_s for time_s, _ in rows])
        tracks.append(HandTrack(side, times, image, trust, extent, local))
    return tracks
