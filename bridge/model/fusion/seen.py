"""What one view knows of a hand: its shape in that camera's axes, and where it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from bridge.model.fusion.camera import normalised, place_hand
from bridge.model.hand import open_hand
from bridge.model.pose import FloatArray, ViewHand, ViewHands
from bridge.protocol.joints import BONES, N_BETAS, Side

__all__ = ["SeenHand", "Seer", "monocular", "usable_hands"]

_MIN_KEYPOINTS = 4


@dataclass(frozen=True, slots=True)
class SeenHand:
    """One hand in one view.

    Attributes:
        local_m: ``(21, 3)`` keypoints about their centroid, metres, the camera's axes.
        place_m: ``(3,)`` that centroid's place, metres, the camera's axes.
        confidence: ``(21,)`` trust in each keypoint, 0 to 1.
    """

    local_m: FloatArray
    place_m: FloatArray
    confidence: FloatArray

    @classmethod
    def of(cls, shape_m: FloatArray, hand: ViewHand, size_px: tuple[int, int]) -> SeenHand:
        """Centres a shape and places it where the view sees its keypoints.

        Args:
            shape_m: ``(21, 3)`` keypoints about any origin, metres, the camera's axes.
            hand: What the view sees of it.
            size_px: Image ``(width, height)``.
        """
        weight = hand.confidence / max(float(hand.confidence.sum()), 1e-9)
        local = shape_m - weight @ shape_m
        place = place_hand(local, normalised(hand.landmarks_px, size_px), weight)
        return cls(local, place, hand.confidence)


Seer = Callable[[Sequence[ViewHands]], dict[str, dict[Side, SeenHand]]]
"""Turns one frame set into what each view knows, by view and side; views without hands left out."""


def usable_hands(view: ViewHands) -> list[ViewHand]:
    """The hands of which a view sees enough to be of use."""
    return [
        hand
        for hand in view.hands
        if hand is not None and np.count_nonzero(hand.confidence > 0) >= _MIN_KEYPOINTS
    ]


def monocular(views: Sequence[ViewHands]) -> dict[str, dict[Side, SeenHand]]:
    """Each view on its own: the landmark net's shape, at the size of the average hand.

    Nothing in uncalibrated pictures tells a small near hand from a large far one, and monocular
    landmarks guess the size up to a third wrong; people vary less.
    """
    seen = {
        view.view: {
            hand.side: SeenHand.of(
                hand.world_m * (_average_size_m() / _size_m(hand.world_m)), hand, view.size_px
            )
            for hand in usable_hands(view)
        }
        for view in views
    }
    return {view: hands for view, hands in seen.items() if hands}


def _size_m(keypoints_m: FloatArray) -> float:
    """A hand's size: the sum of its bones' lengths, metres."""
    parent, child = np.array(BONES).T
    return float(np.linalg.norm(keypoints_m[child] - keypoints_m[parent], axis=-1).sum())


@cache
def _average_size_m() -> float:
    return _size_m(open_hand(Side.RIGHT).rest_keypoints(np.zeros(N_BETAS)))
