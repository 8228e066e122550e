"""What a reader of a comparison should know, in plain words."""

from __future__ import annotations

from bridge.protocol.joints import Side
from sdk_python.comparison.differences import Differences
from sdk_python.comparison.result import CompareParameters, Coverage
from sdk_python.comparison.score import LEAST_TAKES
from sdk_python.comparison.take import Take

__all__ = ["notes_on"]

_LITTLE = 0.5


def notes_on(
    found: Differences,
    lesson: Take,
    played: Take,
    coverage: Coverage,
    parameters: CompareParameters,
) -> tuple[str, ...]:
    """What limits a comparison; nothing where nothing does."""
    notes = []
    if found.alignment.unrelated:
        notes.append(
            "the student seems to have played something else (agreement "
            f"{found.alignment.agreement:.2f}): the numbers below mean little"
        )
    notes += [
        f"take {number} seems to be of another piece: it was left out" for number in found.left_out
    ]
    for side in Side:
        name = side.name.lower()
        if side in lesson.sides and side not in played.sides:
            notes.append(f"the student's {name} hand is never seen: it was not compared")
        if side in played.sides and side not in lesson.sides:
            notes.append(f"the lesson has no {name} hand: the student's was not compared")
    if coverage.lesson < _LITTLE:
        notes.append(f"the student played {coverage.lesson:.0%} of the lesson only")
    elif coverage.compared < _LITTLE:
        notes.append(f"{coverage.compared:.0%} of the lesson could be compared only")
    if len(found.takes) < 2:
        notes.append(
            f"tolerance is {parameters.floor_deg:g} degrees for all, and what is beyond it may be "
            "the measurement's own error: with two takes of the teacher's or more, tolerance would "
            "be what they can repeat"
        )
    if len(found.takes) < LEAST_TAKES:
        notes.append(f"no score: it needs {LEAST_TAKES} takes of the teacher's to mean something")
    return tuple(notes)
