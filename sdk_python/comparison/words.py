"""Joints, differences and times in words."""

from __future__ import annotations

from bridge.protocol.joints import Side

__all__ = ["angle_words", "clock", "difference_words"]

_JOINTS = {
    "cmc": "base joint",
    "mcp": "knuckle",
    "pip": "middle joint",
    "dip": "end joint",
    "ip": "end joint",
}


def angle_words(hand: Side, angle: str) -> str:
    """``right index finger's knuckle``."""
    finger, joint, _ = angle.split("_")
    whose = finger if finger == "thumb" else f"{finger} finger"
    return f"{hand.name.lower()} {whose}'s {_JOINTS[joint]}"


def difference_words(angle: str, difference_deg: float) -> str:
    """``bent 18° more``."""
    size = f"{abs(difference_deg):.0f}°"
    if angle.endswith("abduction"):
        return f"{size} further {'towards' if difference_deg > 0 else 'from'} the thumb's side"
    return f"bent {size} {'more' if difference_deg > 0 else 'less'}"


def clock(time_s: float) -> str:
    """Minutes and seconds: ``1:02.5``."""
    sign = "-" if time_s < 0 else ""
    tenths = round(abs(time_s) * 10)
    return f"{sign}{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}"
