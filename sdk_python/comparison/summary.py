"""A comparison in a few lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sdk_python.comparison.words import angle_words, clock, difference_words

if TYPE_CHECKING:
    from sdk_python.comparison.result import Comparison, Passage

__all__ = ["event_words", "passage_words", "summary"]

_MOST_PASSAGES = 5
_TELLING_LAG_MS = 10
_EVENT_WORDS = {
    "pause": "paused",
    "repeat": "went back",
    "skip": "left out",
    "begins_late": "began late, leaving out",
    "ends_early": "ended early, leaving out",
}


def summary(found: Comparison) -> str:
    """A few lines for people."""
    if found.unrelated:
        return "\n".join(f"{note[0].upper()}{note[1:]}." for note in found.notes[:1])
    lines = []
    if found.score is not None:
        score = found.score
        lines.append(
            f"Score {score.value:.0f} of 100 (95 % interval {score.low:.0f} to {score.high:.0f}; "
            f"{score.takes} takes of the teacher's)"
        )
    if found.within is not None and found.mean_deg is not None:
        lines.append(
            f"{found.within:.0%} of the time within tolerance; joints differ by "
            f"{found.mean_deg:.1f} degrees on average"
        )
    lines.append(f"{found.coverage.lesson:.0%} of the lesson was played")
    lines += [
        f"- {event_words(event.kind, event.teacher_s, event.duration_s)}"
        for event in found.alignment.events
    ]
    left, right = (hand.lag_ms for hand in found.hands)
    if left is not None and right is not None and abs(left - right) >= _TELLING_LAG_MS:
        late, other = ("left", "right") if left > right else ("right", "left")
        lines.append(
            f"- the {late} hand comes {abs(left - right):.0f} ms after the {other}, compared with "
            "the teacher"
        )
    lines += [
        f"- throughout: {angle_words(angle.hand, angle.name)} "
        f"{difference_words(angle.name, angle.mean_deg or 0.0)}"
        for angle in found.angles
        if angle.verdict.endswith("throughout")
    ]
    if found.passages:
        lines.append("To practise, worst first (minutes in the lesson):")
    lines += [f"- {passage_words(passage)}" for passage in found.passages[:_MOST_PASSAGES]]
    if len(found.passages) > _MOST_PASSAGES:
        lines.append(f"- and {len(found.passages) - _MOST_PASSAGES} more passages")
    lines += [f"Note: {note}." for note in found.notes]
    return "\n".join(lines)


def passage_words(passage: Passage) -> str:
    """One passage in words."""
    start, end = passage.teacher_s
    also = f", and {len(passage.others)} more" if passage.others else ""
    return (
        f"{clock(start)} to {clock(end)}: {angle_words(passage.hand, passage.angle)} "
        f"{difference_words(passage.angle, passage.difference_deg)}{also}"
    )


def event_words(kind: str, teacher_s: tuple[float, float], duration_s: float) -> str:
    """One event in words."""
    start, end = teacher_s
    if kind == "pause":
        return f"paused for {duration_s:.1f} s at {clock(start)}"
    return f"{_EVENT_WORDS[kind]} {clock(start)} to {clock(end)} ({duration_s:.1f} s)"
