"""Left stays left: hands of each view are taken for the ones that they were, whatever nets say.

Where cameras are known it is known in each picture where both hands were a moment ago, and a view's
hands are taken for the nearer ones: a view that calls one by the other's name is put right. Where
nothing was there a moment ago, views must agree by their cameras. Which one is the left hand is
told by the hand itself: where two views' rays meet, fingers curl towards the palm.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bridge.model.pose import FloatArray, ViewHands
from bridge.model.selfcal.calibrate import Calibration
from bridge.model.selfcal.exchange import exchanged, told_by_cameras
from bridge.model.selfcal.follow import HandFollower
from bridge.model.selfcal.rays import triangulated
from bridge.model.selfcal.tracks import image_points, tracks_of
from bridge.protocol.joints import Side

__all__ = ["SideKeeper", "curl", "with_sides_kept"]

_RECENT_S = 0.3
"""Hands seen longer ago may be anywhere."""

_UNKNOWN, _CLEAR = 0.7, 0.4
"""Distances in hand sizes: to a hand of which nothing is known, and by which exchanged sides must
be nearer, or farther."""

_CHECK_FRAMES, _DOUBT_FRAMES = 6, 2
"""From one check to the next; the second while the last one spoke against the sides."""

_MOST_SURE, _LEAST_SURE, _LEAST_AT_FIRST = 1.5, -1.0, -0.15
"""Sums of `curl` over checks. In drawn clips 98 % of the hands that two views see curl to their own
side, by 0.5 palms on average."""

_CONTRADICTED_S = 0.9
"""What a second counts in which all views call the hands otherwise: after three they are right."""


class SideKeeper:
    """Keeps the sides of views whose cameras are known; called in the order of time.

    Args:
        names: Of the views.
        calibration: Of their cameras.
    """

    def __init__(self, names: Sequence[str], calibration: Calibration) -> None:
        self._cameras = calibration.cameras
        known = zip(names, calibration.usable, strict=True)
        self._at = {name: k for k, (name, usable) in enumerate(known) if usable}
        self._names = names
        self._believed = calibration.believed or 0
        self._last: dict[Side, tuple[float, FloatArray, tuple[bool, ...]]] = {}
        self._turned: dict[str, bool] = {}
        self._sure, self._doubtful = 0.0, False
        self._frames = 0
        self._time_s = 0.0

    def was(self, side: Side, time_s: float, keypoints_m: FloatArray, seen: Sequence[bool]) -> None:
        """Tells where a hand was at last.

        Args:
            side: Which hand.
            time_s: When.
            keypoints_m: ``(21, 3)`` in the stage camera's axes.
            seen: ``(V,)`` by which views.
        """
        self._last[side] = time_s, keypoints_m, tuple(seen)

    def sorted(self, time_s: float, views: Sequence[ViewHands]) -> list[ViewHands]:
        """What the views see, with the hands of some exchanged."""
        recent = {
            side: (self._cameras.project(keypoints_m), seen)
            for side, (then_s, keypoints_m, seen) in self._last.items()
            if 0 < time_s - then_s < _RECENT_S
        }
        self._frames += 1
        new = not recent
        if new:
            self._sure = 0.0
        showing = [k for k, view in enumerate(views) if view.view in self._at and any(view.hands)]
        order = sorted(showing, key=lambda k: self._at[views[k].view] != self._believed)
        told = {k: self._told(views[k], recent) for k in order}
        turned = {k: say for k, say in told.items() if say is not None}
        pause = _DOUBT_FRAMES if self._doubtful else _CHECK_FRAMES
        check = new or self._frames % pause == 0
        for k in order:
            if k not in turned or check:
                self._agree(views, k, turned)
        if told and all(told.values()):
            self._sure -= _CONTRADICTED_S * min(time_s - self._time_s, _RECENT_S)
        self._time_s = time_s
        if check:
            curled = self._curled(views, turned)
            self._sure = min(self._sure + curled, _MOST_SURE)
            self._doubtful = curled < 0
        if self._sure < (_LEAST_AT_FIRST if new else _LEAST_SURE):
            turned = {k: not turn for k, turn in turned.items()}
            self._last.clear()
            self._sure = 0.0
        self._turned = {views[k].view: turn for k, turn in turned.items()}
        return [exchanged(view) if turned.get(k) else view for k, view in enumerate(views)]

    def _told(
        self, view: ViewHands, recent: dict[Side, tuple[FloatArray, tuple[bool, ...]]]
    ) -> bool | None:
        """Whether a view's hands are nearer to where the other ones were; None if not clear."""
        at = self._at[view.view]
        own = turned = 0.0
        for side, hand in zip(Side, view.hands, strict=True):
            if hand is None:
                continue
            points = image_points(view, hand)
            extent = max(1e-6, float((points.max(0) - points.min(0)).max()))
            apart = [_UNKNOWN, _UNKNOWN]
            for other, (there, seen) in recent.items():
                # One other view alone does not know how far away it was.
                if seen[at] or sum(seen) > 1:
                    away = float(np.abs(points - there[at]).sum()) / points.size
                    apart[other] = min(1.0, away / extent)
            own, turned = own + apart[side], turned + apart[1 - side]
        return turned < own if abs(turned - own) > _CLEAR else None

    def _agree(self, views: Sequence[ViewHands], k: int, turned: dict[int, bool]) -> None:
        """Makes a view agree with those before it by their cameras; alone it stays as it was."""
        for other in turned:
            if other == k:
                break
            pair = self._at[views[other].view], self._at[views[k].view]
            differ = told_by_cameras(views[other], views[k], self._cameras, pair)
            if differ is not None:
                turned[k] = turned[other] != differ
                return
        turned.setdefault(k, self._turned.get(views[k].view, False))

    def _curled(self, views: Sequence[ViewHands], turned: dict[int, bool]) -> float:
        """How far hands that two views see curl to their own side, less those that do not."""
        total = 0.0
        there = [exchanged(views[k]) if turn else views[k] for k, turn in turned.items()]
        for track in tracks_of([(0.0, there)], self._names):
            if track.seen.sum() > 1:
                bent = float(curl(triangulated(track, self._cameras))[0])
                total += np.clip(bent, -1, 1) * (1 if track.side is Side.RIGHT else -1)
        return total


def curl(keypoints_m: FloatArray) -> FloatArray:
    """How far fingers curl to the side that is a right hand's palm, in palm lengths ``(...)``.

    Args:
        keypoints_m: ``(..., 21, 3)``.
    """
    wrist = keypoints_m[..., :1, :]
    knuckles, tips = keypoints_m[..., 5:18:4, :], keypoints_m[..., 8:21:4, :]
    normal = np.cross(knuckles[..., :1, :] - wrist, knuckles[..., 3:, :] - wrist)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True) + 1e-12
    palm = np.linalg.norm(knuckles[..., 1, :] - wrist[..., 0, :], axis=-1)
    bent: FloatArray = np.median(((tips - knuckles) * normal).sum(-1), axis=-1) / (palm + 1e-12)
    return bent


def with_sides_kept(
    frame_sets: Sequence[tuple[float, Sequence[ViewHands]]],
    names: Sequence[str],
    calibration: Calibration,
) -> list[tuple[float, list[ViewHands]]]:
    """A recording's frame sets, ``(time in seconds, what each view sees)``, with sides kept.

    Args:
        frame_sets: In the order of time.
        names: Of the views.
        calibration: Of their cameras.
    """
    keeper = SideKeeper(names, calibration)
    followers = [HandFollower(side, calibration.shape) for side in Side]
    kept = []
    for time_s, views in frame_sets:
        put_right = keeper.sorted(time_s, views)
        kept.append((time_s, put_right))
        for track in tracks_of([(time_s, put_right)], names):
            track.trust[:, ~calibration.usable] = 0
            if track.trust.any():
                followed = followers[track.side].follow(track, calibration.cameras)
                keeper.was(track.side, time_s, followed.keypoints_m, track.seen[0])
    return kept
