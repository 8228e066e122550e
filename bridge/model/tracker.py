"""Both hands of every view, frame after frame: detection only where a hand may have appeared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError
from bridge.model import landmarks, palm
from bridge.model.hand_track import mean_distance
from bridge.model.lift import Lift
from bridge.model.nets import HandNets
from bridge.model.pose import BoolArray, FloatArray, ViewHand, ViewHands
from bridge.model.roi import overlap, roi_from_landmarks
from bridge.model.tracks import Expected, View
from bridge.protocol.joints import Side

__all__ = ["HandTracker"]

_SAME_PALM = 0.25
"""A palm nearer than this to a tracked hand, on average over its keypoints and in sides of its
region, is that hand's: on real video the two nets differ by 0.04, and by 0.16 in one of twenty."""

_PALM_LANDMARKS = (0, 5, 9, 13, 17, 1, 2)
"""The landmarks that the palm net's seven keypoints are."""

_MAX_DOUBTED = 2
"""Hands in doubt that a view follows beside the ones it may have."""

_HINT_FRAMES = 6
"""Frames from one look at where other views say that a hand is to the next."""

_HINT_OVERLAP = 0.4
"""Overlap with a tracked hand from which such a look would only find that hand again."""

_HINT_INSIDE = 0.6
"""Share of a hand that must be within the picture for such a look."""

_OUTSIDE_CONFIDENCE = 0.5
"""Factor on the confidence of keypoints outside the image: the net extrapolates them."""

_MAX_SIDE = 32_000
"""Sampling points are 16-bit numbers."""

Image = NDArray[np.uint8]

Expect = Callable[[str, tuple[int, int]], Expected]
"""Tells where the hands should be in a view, given its name and its picture's width and height."""


class HandTracker:
    """Finds and follows hands in any number of views.

    A view without a tracked hand runs the palm net on every frame, and a view that lost one on the
    next frame. While a view tracks fewer hands than it may, its palm net runs every
    ``search_interval`` frames, and for at most one such view a call, so that views take turns
    (MediaPipe runs it on every frame then, which costs as much as two tracked hands). A tracked
    hand needs no palm net: its landmarks say where to look next. Nor does one that other views see,
    where it is known where that is in this one.

    Args:
        nets: The nets.
        max_hands: Hands to follow in each view, 1 or 2.
        search_interval: Frames from one search for a further hand to the next.
        lift: Tells the hands' shapes; as the landmark net guesses them where None.

    Raises:
        InputError: An argument is out of range.

    Example:
        >>> tracker = HandTracker(HandNets(), lift=shipped_lifter())
        >>> (phone, tablet) = tracker.track({"phone": rgb_a, "tablet": rgb_b})
    """

    def __init__(
        self,
        nets: HandNets,
        *,
        max_hands: int = 2,
        search_interval: int = 6,
        lift: Lift | None = None,
    ) -> None:
        if max_hands not in (1, 2):
            raise InputError(f"max_hands is {max_hands}: a view shows 1 or 2 hands")
        if search_interval < 1:
            raise InputError(f"search_interval is {search_interval}: give at least 1 frame")
        self._nets = nets
        self._max_hands = max_hands
        self._search_interval = search_interval
        self._lift = lift
        self._views: dict[str, View] = {}

    def forget(self, view: str) -> None:
        """Drops what is known of a view: it ended, or its next frame does not follow its last."""
        self._views.pop(view, None)

    def track(
        self, images: Mapping[str, Image], expect: Expect | None = None, *, frames: int = 1
    ) -> list[ViewHands]:
        """Takes the next frame of some views.

        Args:
            images: ``(H, W, 3)`` RGB for each view that has a new frame. Images must not be
                mirrored.
            expect: Tells where other views say that the hands of a view are, if known; asked for
                views that miss a hand.
            frames: Thirtieths of a second since these views' last frame: how long hands that were
                lost are remembered, and those in doubt are held back, counts in these.

        Returns:
            The hands of these views, in the order given.

        Raises:
            InputError: A picture is not RGB uint8, has no pixels or too many.
        """
        images = {name: _checked(name, image) for name, image in images.items()}
        views = {name: self._views.setdefault(name, View()) for name in images}
        expected = {
            name: expect(name, _size(images[name]))
            for name, view in views.items()
            if expect is not None and view.settled < self._max_hands
        }
        for name, where in expected.items():
            self._add_expected(views[name], where, _size(images[name]))
        self._add_detected(views, images, expected)
        tracks = [(images[name], track) for name, view in views.items() for track in view.tracks]
        seen = landmarks.find(self._nets, [(image, track.roi) for image, track in tracks])
        for (_, track), sighting in zip(tracks, seen, strict=True):
            track.seen = sighting
        for name, view in views.items():
            view.update(_size(images[name]), self._max_hands, frames)
        found = [_view_hands(name, images[name], view) for name, view in views.items()]
        return found if self._lift is None else self._lift(found)

    def _add_expected(self, view: View, expected: Expected, size_px: tuple[int, int]) -> None:
        """Starts tracks where other views say that hands are which this one misses."""
        for side, points in zip(Side, expected, strict=True):
            view.frames_since_hint[side] += 1
            if (
                points is None
                or view.frames_since_hint[side] < _HINT_FRAMES
                or side in view.taken
                or len(view.taken) >= self._max_hands
                or _inside(points, size_px).mean() < _HINT_INSIDE
            ):
                continue
            roi = roi_from_landmarks(points)
            if all(overlap(roi, track.roi) < _HINT_OVERLAP for track in view.tracks):
                view.frames_since_hint[side] = 0
                view.begin_expected(side, points)

    def _add_detected(
        self,
        views: dict[str, View],
        images: Mapping[str, Image],
        expected: Mapping[str, Expected],
    ) -> None:
        """Starts tracks on palms that no track follows, in the views whose turn it is."""
        names = self._due(views)
        found = palm.detect(self._nets, [images[name] for name in names])
        for name, palms in zip(names, found, strict=True):
            view = views[name]
            view.frames_since_detection = 0
            known = [t.seen.landmarks_px for t in view.tracks if t.seen is not None]
            known += [t.expected_px for t in view.tracks if t.expected_px is not None]
            fresh = [p for p in palms if not _is_known(p, known)]
            room = min(
                self._max_hands - view.settled, self._max_hands + _MAX_DOUBTED - len(view.tracks)
            )
            for new in fresh[:room]:
                view.begin(new.roi, expected.get(name, (None, None)))

    def _due(self, views: dict[str, View]) -> list[str]:
        """Views to run the palm net on."""
        due, waiting = [], []
        for name, view in views.items():
            view.frames_since_detection += 1
            if view.settled >= self._max_hands:
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
        mean_distance(found.keypoints_px, hand[list(_PALM_LANDMARKS)])
        < _SAME_PALM * found.roi.size_px
        for hand in known
    )


def _size(image: Image) -> tuple[int, int]:
    """Width and height."""
    return image.shape[1], image.shape[0]


def _inside(points_px: FloatArray, size_px: tuple[int, int]) -> BoolArray:
    """Which of points ``(N, 2)`` are within the picture."""
    return np.asarray(np.all((points_px >= 0) & (points_px < size_px), axis=1))


def _view_hands(name: str, image: Image, view: View) -> ViewHands:
    size = _size(image)
    hands: list[ViewHand | None] = [None, None]
    for track in view.tracks:
        if track.seen is not None and track.sides.side is not None:
            hands[track.sides.side] = _view_hand(track.seen, track.sides.side, size)
    return ViewHands(name, size, (hands[0], hands[1]))


def _view_hand(seen: landmarks.Landmarks, side: Side, size: tuple[int, int]) -> ViewHand:
    inside = _inside(seen.landmarks_px, size)
    confidence = seen.presence * np.where(inside, 1.0, _OUTSIDE_CONFIDENCE)
    return ViewHand(side, seen.landmarks_px, seen.world_m, confidence)
