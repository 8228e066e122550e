"""One hand followed in one view, and what can be told of it: whether it is there, and whose."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bridge.model.landmarks import Landmarks
from bridge.model.pose import FloatArray
from bridge.model.roi import Roi, overlap
from bridge.model.sides import SideEvidence
from bridge.protocol.joints import Side

__all__ = [
    "FAR",
    "Lost",
    "Track",
    "at_edge",
    "contradicts",
    "is_far",
    "jumped",
    "mean_distance",
    "same_hand",
    "sees_hand",
    "takes_over",
    "turned",
]

_MIN_PRESENCE = 0.5
"""Below it a region shows no hand (MediaPipe's default, both for new and for tracked hands)."""

_MIN_PRESENCE_NEAR = 0.8
"""What a new hand needs where it overlaps a tracked one: the palm net also finds "palms" within a
hand whose wrist is out of sight. On real video those had 0.5 to 0.78, real hands 0.97 and more."""

_NEAR = 0.1
"""Overlap of regions (intersection over union) from which a new hand counts as near another."""

_SAME_LANDMARKS = 0.1
"""Two tracks nearer than this, on average over landmarks and in sides of the region, follow one
hand: their regions then agree, and the landmarks with them."""

_SURE = 0.9
"""Probability from which the net's word for left or right settles whose hand two tracks follow."""

FAR = 0.75
"""From so far away, in sides of the region, a newcomer is not the hand that is expected there."""

_TURNED_RAD = np.radians(120.0)
"""Nor is one that is turned by more: hands of who sits opposite point the other way."""

_JUMP = 0.1
"""A mean step of landmarks between frames, in sides of the region, that may lead to another hand:
in rendered clips hands that slip have 0.15 and more, others 0.06 at most."""

_UNLIKE = 0.3
"""Probability of its own side below which a hand that jumped is the other one."""

_ESTABLISHED = 15.0
"""Log-odds from which a hand's own side is beyond doubt: five sure frames."""

_CONTRADICTS = 2.0
"""Log-odds with which a newcomer looks like the hand of the other, established, track."""


@dataclass(slots=True)
class Track:
    """One hand followed through the frames of one view.

    Attributes:
        roi: Where to look for it next.
        sides: Evidence for left and right, and the side decided on.
        far: Whether it began far from where the left and the right hand should have been.
        trusted: Whether it is beyond doubt.
        expected_px: Where the hand should be, ``(21, 2)``, for a track that starts on another
            view's word; None once it has been seen.
        seen: What the net saw last.
        before_px: Its landmarks the time before.
        frames: For how many frames it has been followed.
        doubted: Whether it may be somebody else's hand.
    """

    roi: Roi
    sides: SideEvidence = field(default_factory=SideEvidence)
    far: tuple[bool, bool] = (False, False)
    trusted: bool = False
    expected_px: FloatArray | None = None
    seen: Landmarks | None = None
    before_px: FloatArray | None = None
    frames: int = 0
    doubted: bool = False


@dataclass(slots=True)
class Lost:
    """What is remembered of a track that ended.

    Attributes:
        roi: Where it was.
        sides: What was known of its side.
        left: Whether it was at the picture's edge: then it may come back anywhere.
        age: Frames since.
    """

    roi: Roi
    sides: SideEvidence
    left: bool
    age: int = 0


def mean_distance(a: FloatArray, b: FloatArray) -> float:
    """Mean distance of points ``(N, 2)``, pixels."""
    return float(np.linalg.norm(a - b, axis=-1).mean())


def sees_hand(track: Track, older: Sequence[Track]) -> bool:
    """Whether a track sees a hand, given those of its view that began before it."""
    if track.seen is None:
        return False
    new = track.sides.side is None or track.expected_px is not None
    near = new and any(overlap(track.roi, other.roi) > _NEAR for other in older)
    if not track.seen.presence > (_MIN_PRESENCE_NEAR if near else _MIN_PRESENCE):
        return False
    points = track.seen.landmarks_px
    if not np.isfinite(points).all():
        return False
    # In the region of a hand that is hidden the net may find another one.
    return track.expected_px is None or (
        mean_distance(points, track.expected_px) < FAR / 2 * track.roi.size_px
    )


def same_hand(track: Track, other: Track) -> bool:
    """Whether two tracks see one and the same hand."""
    if track.seen is None or other.seen is None:
        return False
    apart = mean_distance(track.seen.landmarks_px, other.seen.landmarks_px)
    return apart < _SAME_LANDMARKS * track.roi.size_px


def takes_over(newer: Track, older: Track) -> bool:
    """Whether the hand that two tracks came to follow is the newer one's.

    It is the older one's, unless one is known as a left and the other as a right hand, and the
    net is sure that this is what the newer one was: hands crossed, and the nearer one drew both.
    """
    if newer.seen is None or older.seen is None or newer.sides.side is None:
        return False
    if newer.sides.right * older.sides.right >= 0:
        return False
    right = (newer.seen.right + older.seen.right) / 2
    return right > _SURE if newer.sides.right > 0 else right < 1 - _SURE


def jumped(track: Track, seen: Landmarks) -> bool:
    """Whether a track has jumped to what looks like a hand of the other side."""
    if track.before_px is None or track.sides.side is None:
        return False
    own = seen.right if track.sides.side is Side.RIGHT else 1 - seen.right
    step = mean_distance(seen.landmarks_px, track.before_px)
    return own < _UNLIKE and step > _JUMP * track.roi.size_px


def contradicts(newcomer: SideEvidence, rival: SideEvidence) -> bool:
    """Whether a newcomer looks like a hand that is there already, and is known for sure."""
    sign = 1.0 if rival.side is Side.RIGHT else -1.0
    return sign * rival.right >= _ESTABLISHED and sign * newcomer.right >= _CONTRADICTS


def is_far(roi: Roi, place: Roi, far: float = FAR) -> bool:
    """Whether a hand cannot be the one of a place, ``far`` sides of its region away or turned."""
    return roi.distance(place) > far * place.size_px or turned(roi, place)


def turned(roi: Roi, place: Roi) -> bool:
    """Whether one hand points nearly against the other."""
    turn = math.remainder(roi.angle_rad - place.angle_rad, 2 * math.pi)
    return abs(turn) > _TURNED_RAD


def at_edge(roi: Roi, size_px: tuple[int, int]) -> bool:
    """Whether a region lies at the edge of its picture."""
    width, height = size_px
    aside = min(roi.x_px, width - roi.x_px, roi.y_px, height - roi.y_px)
    return aside < roi.size_px / 2
