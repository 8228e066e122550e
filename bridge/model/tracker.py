"""Both hands of every view, frame after frame: detection only where a hand may have appeared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError
from bridge.model import landmarks, palm
from bridge.model.nets import HandNets
from bridge.model.pose import FloatArray, ViewHand, ViewHands
from bridge.model.roi import Roi, overlap, roi_from_landmarks
from bridge.model.sides import SideEvidence, assign_sides
from bridge.protocol.joints import Side

__all__ = ["HandTracker"]

_MIN_PRESENCE = 0.5
"""Below it a region shows no hand (MediaPipe's default, both for new and for tracked hands)."""

_MIN_PRESENCE_NEAR = 0.8
"""What a new hand needs where it overlaps a tracked one: the palm net also finds "palms" within a
hand whose wrist is out of sight. On real video those had 0.5 to 0.78, real hands 0.97 and more."""

_NEAR = 0.1
"""Overlap of regions (intersection over union) from which a new hand counts as near another."""

_SAME_PALM = 0.25
"""A palm nearer than this to a tracked hand, on average over its keypoints and in sides of its
region, is that hand's: on real video the two nets differ by 0.04, and by 0.16 in one of twenty."""

_SAME_LANDMARKS = 0.1
"""Two tracks nearer than this, on average over landmarks and in sides of the region, follow one
hand: their regions then agree, and the landmarks with them."""

_PALM_LANDMARKS = (0, 5, 9, 13, 17, 1, 2)
"""The landmarks that the palm net's seven keypoints are."""

_MEMORY_FRAMES = 30
"""For so long a lost track passes its evidence for left or right on to one found in its place."""

_OUTSIDE_CONFIDENCE = 0.5
"""Factor on the confidence of keypoints outside the image: the net extrapolates them."""

_MAX_SIDE = 32_000
"""Sampling points are 16-bit numbers."""

Image = NDArray[np.uint8]


@dataclass(slots=True)
class _Track:
    """One hand followed through the frames of one view."""

    roi: Roi
    sides: SideEvidence = field(default_factory=SideEvidence)
    seen: landmarks.Landmarks | None = None


@dataclass(slots=True)
class _Lost:
    """What is remembered of a track that ended."""

    roi: Roi
    sides: SideEvidence
    age: int = 0


@dataclass(slots=True)
class _View:
    """State of one view; tracks are ordered from oldest to newest."""

    tracks: list[_Track] = field(default_factory=list)
    lost: list[_Lost] = field(default_factory=list)
    frames_since_detection: int = 0
    search: bool = True


class HandTracker:
    """Finds and follows hands in any number of views.

    A view without a tracked hand runs the palm net on every frame, and a view that lost one on the
    next frame. While a view tracks fewer hands than it may, its palm net runs every
    ``search_interval`` frames, and for at most one such view a call, so that views take turns
    (MediaPipe runs it on every frame then, which costs as much as two tracked hands). A tracked
    hand needs no palm net: its landmarks say where to look next.

    Args:
        nets: The nets.
        max_hands: Hands to follow in each view, 1 or 2.
        search_interval: Frames from one search for a further hand to the next.

    Raises:
        InputError: An argument is out of range.

    Example:
        >>> tracker = HandTracker(HandNets())
        >>> (phone, tablet) = tracker.track({"phone": rgb_a, "tablet": rgb_b})
    """

    def __init__(self, nets: HandNets, *, max_hands: int = 2, search_interval: int = 6) -> None:
        if max_hands not in (1, 2):
            raise InputError(f"max_hands is {max_hands}: a view shows 1 or 2 hands")
        if search_interval < 1:
            raise InputError(f"search_interval is {search_interval}: give at least 1 frame")
        self._nets = nets
        self._max_hands = max_hands
        self._search_interval = search_interval
        self._views: dict[str, _View] = {}

    def forget(self, view: str) -> None:
        """Drops what is known of a view: it ended, or its next frame does not follow its last."""
        self._views.pop(view, None)

    def track(self, images: Mapping[str, Image]) -> list[ViewHands]:
        """Takes the next frame of some views.

        Args:
            images: ``(H, W, 3)`` RGB for each view that has a new frame. Images must not be
                mirrored.

        Returns:
            The hands of these views, in the order given.

        Raises:
            InputError: A picture is not RGB uint8, has no pixels or too many.
        """
        images = {name: _checked(name, image) for name, image in images.items()}
        views = {name: self._views.setdefault(name, _View()) for name in images}
        self._add_detected(views, images)
        tracks = [(images[name], track) for name, view in views.items() for track in view.tracks]
        seen = landmarks.find(self._nets, [(image, track.roi) for image, track in tracks])
        for (_, track), sighting in zip(tracks, seen, strict=True):
            track.seen = sighting
        for view in views.values():
            _update(view)
        return [_view_hands(name, images[name], view) for name, view in views.items()]

    def _add_detected(self, views: dict[str, _View], images: Mapping[str, Image]) -> None:
        """Starts tracks on palms that no track follows, in the views whose turn it is."""
        names = self._due(views)
        found = palm.detect(self._nets, [images[name] for name in names])
        for name, palms in zip(names, found, strict=True):
            view = views[name]
            view.frames_since_detection = 0
            known = [t.seen.landmarks_px for t in view.tracks if t.seen is not None]
            fresh = [p for p in palms if not _is_known(p, known)]
            for new in fresh[: self._max_hands - len(view.tracks)]:
                view.tracks.append(_Track(new.roi, _recall(view, new.roi)))

    def _due(self, views: dict[str, _View]) -> list[str]:
        """Views to run the palm net on."""
        due, waiting = [], []
        for name, view in views.items():
            view.frames_since_detection += 1
            if len(view.tracks) >= self._max_hands:
                continue
            if not view.tracks or view.search:
                due.append(name)
            elif view.frames_since_detection >= self._search_interval:
                waiting.append(name)
        if waiting:
            due.append(max(waiting, key=lambda name: views[name].frames_since_detection))
        return due


def _checked(name: str, image: Image) -> Image:
    """The image, contiguous; raises InputError if it is none."""
    if not isinstance(image, np.ndarray) or image.ndim != 3 or image.shape[2] != 3:
        shape = getattr(image, "shape", type(image).__name__)
        raise InputError(f"view {name}: a picture is an array (height, width, 3), not {shape}")
    if image.dtype != np.uint8:
        raise InputError(f"view {name}: a picture is uint8 RGB, not {image.dtype}")
    if 0 in image.shape or max(image.shape) > _MAX_SIDE:
        raise InputError(
            f"view {name}: a picture is 1 to {_MAX_SIDE} pixels high and wide, not "
            f"{image.shape[1]} x {image.shape[0]}"
        )
    return np.ascontiguousarray(image)


def _is_known(found: palm.Palm, known: Sequence[FloatArray]) -> bool:
    """Whether a palm belongs to one of the hands with these landmarks."""
    return any(
        _distance(found.keypoints_px, hand[list(_PALM_LANDMARKS)]) < _SAME_PALM * found.roi.size_px
        for hand in known
    )


def _distance(a: FloatArray, b: FloatArray) -> float:
    return float(np.linalg.norm(a - b, axis=-1).mean())


def _recall(view: _View, roi: Roi) -> SideEvidence:
    """Evidence of the track that was lost where a new one starts, if there is one."""
    if not view.lost:
        return SideEvidence()
    nearest = min(view.lost, key=lambda past: past.roi.distance(roi))
    if nearest.roi.distance(roi) > nearest.roi.size_px / 2:
        return SideEvidence()
    view.lost.remove(nearest)
    return nearest.sides


def _update(view: _View) -> None:
    """Ends tracks that lost their hand or follow another's, and moves the others on."""
    kept: list[_Track] = []
    ended: list[_Track] = []
    for track in view.tracks:
        (kept if _goes_on(track, kept) else ended).append(track)
    view.lost = [past for past in view.lost if past.age < _MEMORY_FRAMES]
    for past in view.lost:
        past.age += 1
    view.lost += [_Lost(track.roi, track.sides) for track in ended if track.sides.side is not None]
    view.search = any(track.sides.side is not None for track in ended)
    view.tracks = kept
    for track in kept:
        if track.seen is not None:
            track.roi = roi_from_landmarks(track.seen.landmarks_px)
            track.sides.add(track.seen.right)
    assign_sides([track.sides for track in kept])


def _goes_on(track: _Track, older: Sequence[_Track]) -> bool:
    """Whether a track sees a hand, and one that no older track of its view sees."""
    if track.seen is None:
        return False
    new = track.sides.side is None
    near = new and any(overlap(track.roi, other.roi) > _NEAR for other in older)
    if not track.seen.presence > (_MIN_PRESENCE_NEAR if near else _MIN_PRESENCE):
        return False
    if not np.isfinite(track.seen.landmarks_px).all():
        return False
    limit = _SAME_LANDMARKS * track.roi.size_px
    return not any(
        other.seen is not None
        and _distance(track.seen.landmarks_px, other.seen.landmarks_px) < limit
        for other in older
    )


def _view_hands(name: str, image: Image, view: _View) -> ViewHands:
    size = (image.shape[1], image.shape[0])
    hands: list[ViewHand | None] = [None, None]
    for track in view.tracks:
        if track.seen is not None and track.sides.side is not None:
            hands[track.sides.side] = _view_hand(track.seen, track.sides.side, size)
    return ViewHands(name, size, (hands[0], hands[1]))


def _view_hand(seen: landmarks.Landmarks, side: Side, size: tuple[int, int]) -> ViewHand:
    inside = np.all((seen.landmarks_px >= 0) & (seen.landmarks_px < size), axis=1)
    confidence = seen.presence * np.where(inside, 1.0, _OUTSIDE_CONFIDENCE)
    return ViewHand(side, seen.landmarks_px, seen.world_m, confidence)
