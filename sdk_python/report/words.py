"""Short names of angles, verdicts with their signs, and words as they are printed."""

from __future__ import annotations

from bridge.protocol.joints import Side
from sdk_python.comparison import words

__all__ = ["VERDICTS", "angle_label", "angle_words", "difference_words"]

VERDICTS = {
    "alike": "✓ alike",
    "differs": "▲ differs",
    "differs throughout": "■ throughout",
    "may differ": "△ may differ",
    "may differ throughout": "□ may differ throughout",
    "not seen": "– not seen",
}


def angle_words(hand: Side, angle: str, *, capital: bool = False) -> str:
    """``right index finger’s knuckle``."""
    found = words.angle_words(hand, angle).replace("'", "’")
    return f"{found[0].upper()}{found[1:]}" if capital else found


def difference_words(angle: str, difference_deg: float) -> str:
    """``bent 18° more``."""
    return words.difference_words(angle, difference_deg).replace("'", "’")


def angle_label(angle: str) -> str:
    """``index: knuckle``, ``index: knuckle, spread``."""
    joint = words.angle_words(Side.LEFT, angle).partition("'s ")[2]
    spread = ", spread" if angle.endswith("abduction") else ""
    return f"{angle.partition('_')[0]}: {joint}{spread}"
