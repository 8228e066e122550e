"""Left or right: evidence gathered over a track, decided jointly and with hysteresis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.protocol.joints import Side

__all__ = ["SideEvidence", "assign_sides", "other_side"]

_MAX_STEP = 3.0
"""Most that one frame can add, in log-odds: the net is often sure and wrong for a few frames."""

_MAX_TOTAL = 30.0
"""Most that a track gathers: ten sure frames, so that it takes more than ten to change its mind."""

_MARGIN = 6.0
"""Log-odds by which the other side must lead before a side changes."""

_TOLD = 9.0
"""Evidence with which a hand begins whose side other views tell: three sure frames."""


@dataclass(slots=True)
class SideEvidence:
    """What a track knows of its side.

    Attributes:
        right: Log-odds of the right hand, between -30 and 30.
        side: The side decided on; None before the first decision.
    """

    right: float = 0.0
    side: Side | None = None

    @classmethod
    def of(cls, side: Side) -> SideEvidence:
        """What a hand is known by whose side other views tell."""
        return cls(_TOLD if side is Side.RIGHT else -_TOLD)

    def add(self, probability: float) -> None:
        """Adds one frame's probability that the hand is a right one."""
        p = min(max(probability, 1e-6), 1 - 1e-6)
        step = min(max(math.log(p / (1 - p)), -_MAX_STEP), _MAX_STEP)
        self.right = min(max(self.right + step, -_MAX_TOTAL), _MAX_TOTAL)


def assign_sides(hands: Sequence[SideEvidence]) -> None:
    """Decides the sides of one view's hands: two are never of the same side.

    The right hand is the one with more evidence for it. A side once decided stays until the other
    leads by a margin, so hands that cross or are seen badly for some frames do not swap.

    Args:
        hands: At most two, changed in place.
    """
    if not hands:
        return
    first = hands[0]
    lead = first.right - (hands[1].right if len(hands) > 1 else 0.0)
    current = first.side
    if current is None and len(hands) > 1 and hands[1].side is not None:
        current = other_side(hands[1].side)
    threshold = {None: 0.0, Side.RIGHT: -_MARGIN, Side.LEFT: _MARGIN}[current]
    first.side = Side.RIGHT if lead > threshold else Side.LEFT
    if len(hands) > 1:
        hands[1].side = other_side(first.side)


def other_side(side: Side) -> Side:
    """Left for right and right for left."""
    return Side.LEFT if side is Side.RIGHT else Side.RIGHT
