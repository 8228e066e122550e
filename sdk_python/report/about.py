"""What was compared and how: coverage, recordings, parameters, versions."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sdk_python.report.markup import rows_of, section, share, text

if TYPE_CHECKING:
    from sdk_python.comparison import Comparison

__all__ = ["about", "coverage"]

_PARAMETERS = {
    "floor_deg": "Least tolerance of a joint, degrees",
    "floor_mm": "Tolerance of a fingertip, millimetres",
    "min_confidence": "Fingers trusted less are left out",
    "over_s": "A difference counts in the mean over, seconds",
    "least_passage_s": "Shortest difference that is a passage, seconds",
    "seed": "Seed of the bootstrap",
}


def coverage(result: Comparison) -> str:
    """The section on what was left out, and what a reader should know."""
    found = result.coverage
    facts = [
        ("Lesson played", share(found.lesson)),
        *(
            (f"{hand.hand.name.capitalize()} hand compared", share(hand.compared))
            for hand in result.hands
        ),
        ("All joints and time compared", share(found.compared)),
        ("Teacher’s fingers left out as doubtful", share(found.doubted_teacher)),
        ("Student’s fingers left out as doubtful", share(found.doubted_student)),
        ("Student paused", f"{found.paused_s:.1f} s"),
        ("Agreement with the lesson’s order", f"{result.alignment.agreement:.2f} of 1"),
    ]
    items = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)
    notes = "".join(
        f"<li>{text(note[:1].upper() + note[1:], longest=1000)}.</li>" for note in result.notes
    )
    return section(
        "coverage",
        "What was compared, and what not",
        f'<dl class="facts">{items}</dl>',
        f'<ul class="notes">{notes}</ul>' if notes else "",
    )


def about(result: Comparison, names: Sequence[str], date: str) -> str:
    """The section on recordings, parameters and versions.

    Args:
        result: The comparison.
        names: Files of the teacher's takes, then the student's; empty: unknown.
        date: When it was compared; empty: not told.
    """
    sources = (*result.teachers, result.student)
    takes = ["Lesson", *(f"Take {k}" for k in range(2, len(sources))), "Student"]
    header = ("Recording", *(("File",) if names else ()), "Room", "Made", "By", "Length", "Poses",
              "SHA-256")  # fmt: skip
    rows = [
        (
            take,
            *((text(names[k]),) if names else ()),
            text(source.room) or "–",
            text(source.created) or "–",
            text(source.software) or "–",
            f"{source.duration_s:.2f} s",
            f"{source.poses}",
            f"<code>{text(source.sha256)}</code>",
        )
        for k, (take, source) in enumerate(zip(takes, sources, strict=True))
    ]
    parameters = "".join(
        f"<div><dt>{_PARAMETERS.get(field.name, field.name)}</dt>"
        f"<dd>{getattr(result.parameters, field.name):g}</dd></div>"
        for field in dataclasses.fields(result.parameters)
    )
    versions = ", ".join(f"{text(name)} {text(version)}" for name, version in result.versions)
    when = f" Compared on {text(date)}." if date else ""
    return section(
        "about",
        "Recordings and settings",
        rows_of("Recordings", header, rows, kind="sources"),
        f'<dl class="facts">{parameters}</dl>',
        f'<p class="soft">Made with {versions}.{when} SHA-256: the first 16 digits, of times and '
        "poses.</p>",
    )
