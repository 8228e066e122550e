"""The hands followed in one view: which of them go on, whose they are, and which are doubted.

A second person's hand looks like any other. What tells it from the player's is where it turns up
and which hand it looks like: so a newcomer is in doubt where it is far from where its side should
be, or looks like a hand the view already has. It is then followed, but not reported for some time,
and gives way to the hand that does fit.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from bridge.model.hand_track import (
    FAR,
    Lost,
    Track,
    at_edge,
    contradicts,
    is_far,
    jumped,
    same_hand,
    sees_hand,
    takes_over,
    turned,
)
from bridge.model.landmarks import Landmarks
from bridge.model.pose import FloatArray
from bridge.model.roi import Roi, roi_from_landmarks
from bridge.model.sides import SideEvidence, assign_sides, other_side
from bridge.protocol.joints import Side

__all__ = ["Expected", "View"]

Expected = tuple[FloatArray | None, FloatArray | None]
"""Where the left and the right hand should be in a view, ``(21, 2)`` pixels; None where unknown."""

_RECALL_FRAMES = 30
"""For so long a lost track passes its evidence for left or right on to one found in its place."""

_MEMORY_FRAMES = 150
"""For so long a hand that vanished within the picture is expected back where it was."""

_FARTHER, _FARTHEST = 0.1, 3.0
"""A lost hand may be so much farther from its place with every frame, in sides of the region, up
to this."""

_OLDER_FRAMES = 5
"""By so much a track must be older for a newcomer to be measured by it."""

_TRUST_FRAMES = 10
"""A newcomer that has given no cause for doubt for so long gives none later."""

_PATIENCE_FRAMES = 30
"""For so long a hand in doubt is not reported; then it is, until one comes that fits better."""


@dataclass(slots=True)
class View:
    """State of one view.

    Attributes:
        tracks: From oldest to newest.
        lost: The hand of each side that was lost last.
        search: Whether a hand was lost on the last frame.
        frames_since_detection: Since the palm net last ran.
        frames_since_hint: Since each side was last looked for where other views say it is.
    """

    tracks: list[Track] = field(default_factory=list)
    lost: dict[Side, Lost] = field(default_factory=dict)
    search: bool = True
    frames_since_detection: int = 0
    frames_since_hint: list[int] = field(default_factory=lambda: [1_000, 1_000])

    @property
    def settled(self) -> int:
        """How many hands are followed that are not in doubt."""
        return sum(not track.doubted for track in self.tracks)

    @property
    def taken(self) -> set[Side]:
        """Sides of the hands that are not in doubt."""
        sides = {track.sides.side for track in self.tracks if not track.doubted}
        return {side for side in sides if side is not None}

    def begin(self, roi: Roi, expected: Expected) -> None:
        """Starts a track where the palm net found a hand."""
        near = [
            side
            for side, points in zip(Side, expected, strict=True)
            if points is not None
            and side not in self.taken
            and not is_far(roi, roi_from_landmarks(points))
        ]
        recalled = self._recall(roi)
        if recalled is not None:
            track = Track(roi, recalled, trusted=True)
        elif len(near) == 1:
            track = Track(roi, SideEvidence.of(near[0]), trusted=True)
        else:
            left, right = (self._begins_far(roi, side, expected[side]) for side in Side)
            track = Track(roi, far=(left, right))
        self.tracks.append(track)

    def begin_expected(self, side: Side, points_px: FloatArray) -> None:
        """Starts a track where other views say that a hand must be."""
        roi = roi_from_landmarks(points_px)
        evidence = self._recall(roi, side) or SideEvidence.of(side)
        self.tracks.append(Track(roi, evidence, trusted=True, expected_px=points_px))

    def _recall(self, roi: Roi, side: Side | None = None) -> SideEvidence | None:
        """Evidence of the track that was lost where a new one starts, if there is one."""
        recent = [
            (past.roi.distance(roi), lost_side)
            for lost_side, past in self.lost.items()
            if past.age <= _RECALL_FRAMES and side in (None, lost_side)
        ]
        if not recent:
            return None
        distance, nearest = min(recent)
        place = self.lost[nearest].roi
        if distance > place.size_px / 2 or turned(roi, place):
            return None
        return replace(self.lost[nearest].sides)

    def _begins_far(self, roi: Roi, side: Side, expected_px: FloatArray | None) -> bool:
        if expected_px is not None:
            return is_far(roi, roi_from_landmarks(expected_px))
        past = self.lost.get(side)
        if past is None or past.left:
            return False
        return is_far(roi, past.roi, min(FAR + _FARTHER * past.age, _FARTHEST))

    def update(self, size_px: tuple[int, int], max_hands: int, frames: int = 1) -> None:
        """Takes what the net saw: ends tracks, moves the others on, and decides on sides.

        Args:
            size_px: Of the picture.
            max_hands: Most hands to report.
            frames: Thirtieths of a second since the last picture.
        """
        kept, ended = self._sorted_out()
        self.lost = {s: past for s, past in self.lost.items() if past.age < _MEMORY_FRAMES}
        for past in self.lost.values():
            past.age += frames
        self.search = False
        for track in ended:
            side = track.sides.side
            # Where other views say that a hand is it may well be hidden: nothing new is known then.
            if side is not None and track.expected_px is None:
                self.search = True
                if not track.doubted and (track.frames > 0 or side not in self.lost):
                    self.lost[side] = Lost(track.roi, track.sides, at_edge(track.roi, size_px))
        for track in kept:
            track.frames += frames
            track.expected_px = None
            if track.seen is not None:
                self._notice_slip(track, track.seen)
                track.roi = roi_from_landmarks(track.seen.landmarks_px)
                track.sides.add(track.seen.right)
                track.before_px = track.seen.landmarks_px
        self.tracks = kept
        self._doubt()
        self._decide(max_hands)

    def _notice_slip(self, track: Track, seen: Landmarks) -> None:
        """Gives a track its new side if it jumped to the other hand, which was lost just there.

        Of two hands that cross the farther one's track ends; while they part, the nearer one's may
        jump to the hand that comes forth.
        """
        side = track.sides.side
        if side is None:
            return
        other = self.lost.get(other_side(side))
        if other is None or other.age > _RECALL_FRAMES:
            return
        if jumped(track, seen) and other.roi.distance(track.roi) < track.roi.size_px / 2:
            self.lost[side] = Lost(track.roi, track.sides, left=False)
            del self.lost[other_side(side)]
            track.sides = SideEvidence.of(other_side(side))
            track.sides.side = other_side(side)

    def _sorted_out(self) -> tuple[list[Track], list[Track]]:
        """Tracks that see a hand of their own, and the others."""
        kept: list[Track] = []
        ended: list[Track] = []
        for track in self.tracks:
            if not sees_hand(track, kept):
                ended.append(track)
                continue
            twin = next((k for k, other in enumerate(kept) if same_hand(track, other)), None)
            if twin is None:
                kept.append(track)
            elif takes_over(track, kept[twin]):
                ended.append(kept[twin])
                kept[twin] = track
            else:
                ended.append(track)
        return kept, ended

    def _doubt(self) -> None:
        """Says of each newcomer whether it may be somebody else's hand."""
        for track in self.tracks:
            if track.trusted:
                continue
            rivals = [
                other.sides
                for other in self.tracks
                if not other.doubted and other.frames >= track.frames + _OLDER_FRAMES
            ]
            own = Side.RIGHT if track.sides.right > 0 else Side.LEFT
            if len(rivals) == 1 and rivals[0].side is not None:
                own = other_side(rivals[0].side)
            track.doubted = track.far[own] or any(contradicts(track.sides, r) for r in rivals)
            track.trusted = not track.doubted and track.frames >= _TRUST_FRAMES

    def _decide(self, max_hands: int) -> None:
        """Gives out the sides: first to hands beyond doubt, then to those that waited."""
        chosen = [track for track in self.tracks if not track.doubted][:max_hands]
        if len(chosen) == max_hands:
            self.tracks = chosen
        assign_sides([track.sides for track in chosen])
        waited = [t for t in self.tracks if t.doubted and t.frames > _PATIENCE_FRAMES]
        for track in self.tracks:
            if track.doubted:
                track.sides.side = None
        for track in waited[: max_hands - len(chosen)]:
            if chosen and chosen[0].sides.side is not None:
                track.sides.side = other_side(chosen[0].sides.side)
            else:
                assign_sides([track.sides])
            chosen.append(track)
        for track in chosen:
            if not track.doubted and track.sides.side is not None:
                self.lost.pop(track.sides.side, None)
