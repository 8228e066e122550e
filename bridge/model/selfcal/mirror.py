"""A mirrored picture, as selfie cameras save it, put right: its left hands are right ones."""

from __future__ import annotations

from bridge.model.pose import ViewHand, ViewHands
from bridge.protocol.joints import Side

__all__ = ["mirrored"]


def mirrored(view: ViewHands) -> ViewHands:
    """What the nets would have seen in the mirrored picture; twice is the same again."""
    hands: list[ViewHand | None] = [None, None]
    for hand in view.hands:
        if hand is not None:
            side = Side(1 - hand.side)
            landmarks_px = hand.landmarks_px * [-1, 1] + [view.size_px[0], 0]
            hands[side] = ViewHand(side, landmarks_px, hand.world_m * [-1, 1, 1], hand.confidence)
    return ViewHands(view.view, view.size_px, (hands[0], hands[1]))
