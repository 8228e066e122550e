"""Cards: what differs in a passage or throughout, in words and in pictures of both hands."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from bridge.protocol.joints import Side
from sdk_python.comparison.words import clock
from sdk_python.report.hand_picture import best_view, hand_picture
from sdk_python.report.markup import section, text
from sdk_python.report.moments import hand_at, typical_moment, worst_moment
from sdk_python.report.words import angle_words, difference_words

if TYPE_CHECKING:
    from sdk_python.comparison import Comparison, Passage
    from sdk_python.recording import Recording

__all__ = ["habits", "passages"]

_WITH_PICTURES = 8
_IN_A_LIST = 40
_IN_WORDS = 4
_HABITS_IN_WORDS = 8
_MARKED = 3

_PICTURES = (
    "In the pictures both hands are one average hand. Ringed: up to three joints that "
    "differ most. Dashed: where the teacher has the finger."
)


def passages(result: Comparison, teacher: Recording, student: Recording, lesson_name: str) -> str:
    """The section of the worst passages.

    Args:
        result: The comparison.
        teacher: The lesson.
        student: The student's recording.
        lesson_name: The lesson's file, for the command that loops it; empty: unknown.
    """
    if not result.passages:
        return section(
            "passages",
            "Passages to practise",
            '<p class="none">No passage differs clearly from the teacher’s.</p>',
        )
    shown = result.passages[:_WITH_PICTURES]
    cards = [
        _passage_card(number, passage, result, teacher, student, lesson_name)
        for number, passage in enumerate(shown, 1)
    ]
    more = result.passages[_WITH_PICTURES:]
    rest = "".join(
        f'<li value="{number}">{_times(passage)}: {angle_words(passage.hand, passage.angle)} '
        f"{difference_words(passage.angle, passage.difference_deg)}</li>"
        for number, passage in enumerate(more[:_IN_A_LIST], _WITH_PICTURES + 1)
    )
    left = len(more) - _IN_A_LIST
    body = (
        '<p class="lead">Worst first: by how far beyond tolerance, and for how long. '
        f'{_PICTURES}</p><div class="cards">{"".join(cards)}</div>'
        + (f'<h3>And these</h3><ol class="more">{rest}</ol>' if rest else "")
        + (f"<p>And {left} more.</p>" if left > 0 else "")
    )
    if result.unrelated:
        body = f"<details><summary>If it is this piece after all</summary>{body}</details>"
    return section("passages", "Passages to practise", body)


def habits(result: Comparison, teacher: Recording, student: Recording) -> str:
    """The section of what differs throughout: one card a hand."""
    cards = []
    for side in Side:
        found = sorted(
            (
                (angle.name, angle.mean_deg or 0.0)
                for angle in result.angles
                if angle.hand is side and angle.verdict.endswith("throughout")
            ),
            key=lambda pair: -abs(pair[1]),
        )
        if not found:
            continue
        names = tuple(name for name, _ in found)
        at_s = typical_moment(result, side, names)
        items = "".join(f"<li>{_difference(side, *pair)}</li>" for pair in found[:_HABITS_IN_WORDS])
        left = len(found) - _HABITS_IN_WORDS
        items += f"<li>and {left} more angles</li>" if left > 0 else ""
        cards.append(
            f'<article class="card"><h3>The {side.name.lower()} hand</h3><ul>{items}</ul>'
            f"{_pictures(side, names, at_s, 'A usual moment', result, teacher, student)}</article>"
        )
    lead = (
        '<p class="lead">Held differently for most of the time: habits, told once and not again '
        f"with every passage. {_PICTURES}</p>"
    )
    none = '<p class="none">No joint differs throughout.</p>'
    return section(
        "habits",
        "Differs throughout",
        lead if cards else none,
        f'<div class="cards">{"".join(cards)}</div>' if cards else "",
    )


def _passage_card(
    number: int,
    passage: Passage,
    result: Comparison,
    teacher: Recording,
    student: Recording,
    lesson_name: str,
) -> str:
    side = passage.hand
    found = worst_moment(result, passage)
    first = difference_words(passage.angle, passage.difference_deg)
    others = "".join(f"<li>{_difference(side, *pair)}</li>" for pair in passage.others[:_IN_WORDS])
    left = len(passage.others) - _IN_WORDS
    also = f"<li>and {left} more angles</li>" if left > 0 else ""
    at_s, worst = found or (None, 0.0)
    words = f"The worst moment, {difference_words(passage.angle, worst)}"
    angles = (passage.angle, *(name for name, _ in passage.others))
    return (
        f'<article class="card" aria-labelledby="passage-{number}">'
        f'<h3 id="passage-{number}"><span class="number">{number}</span> {_times(passage)}</h3>'
        f'<p class="where">in the lesson; {clock(passage.student_s[0])} to '
        f"{clock(passage.student_s[1])} in the student’s recording</p>"
        f'<p class="what">{angle_words(side, passage.angle, capital=True)}: <b>{first}</b></p>'
        + (f"<ul>{others}{also}</ul>" if others else "")
        + _pictures(side, angles, at_s, words, result, teacher, student)
        + _loop(passage, result, lesson_name)
        + "</article>"
    )


def _pictures(
    side: Side,
    angles: tuple[str, ...],
    at_s: float | None,
    words: str,
    result: Comparison,
    teacher: Recording,
    student: Recording,
) -> str:
    if at_s is None:
        return ""
    played_s = float(result.alignment.student_at(result.time_s[:1] * 0 + at_s)[0])
    shown, played = hand_at(teacher, side, at_s), hand_at(student, side, played_s)
    if shown is None or played is None:
        return '<p class="soft">At its worst moment one of the hands is not seen: no picture.</p>'
    angles = angles[:_MARKED]
    view = best_view(shown, played, angles)
    whose = f"{side.name.lower()} hand {view.words}"
    pictures = "".join(
        f"<figure>{picture}<figcaption>{caption}</figcaption></figure>"
        for caption, picture in (
            (
                f"Teacher, {clock(at_s)}",
                hand_picture(
                    shown, played, view=view, angles=angles, kind="teacher",
                    label=f"The teacher’s {whose}, at {clock(at_s)}",
                ),
            ),
            (
                f"Student, {clock(played_s)}",
                hand_picture(
                    played, shown, view=view, angles=angles, kind="student",
                    label=f"The student’s {whose}, at {clock(played_s)}; the teacher’s fingers "
                    "dashed over it",
                ),
            ),
        )
    )  # fmt: skip
    return f'<div class="hands">{pictures}</div><p class="soft">{words}, seen {view.words}.</p>'


def _loop(passage: Passage, result: Comparison, lesson_name: str) -> str:
    if not lesson_name:
        return ""
    start, end = (max(at_s - float(result.time_s[0]), 0.0) for at_s in passage.teacher_s)
    words = (
        f"ghosthands play {shlex.quote(lesson_name)}",
        "--loop",
        f"--from {start:.1f}",
        f"--to {end:.1f}",
    )
    command = " ".join(f"<span>{text(part)}</span>" for part in words)
    return f'<p class="loop">Loop it: <code>{command}</code></p>'


def _times(passage: Passage) -> str:
    return f"{clock(passage.teacher_s[0])} to {clock(passage.teacher_s[1])}"


def _difference(side: Side, angle: str, difference_deg: float) -> str:
    return f"{angle_words(side, angle)} <b>{difference_words(angle, difference_deg)}</b>"
