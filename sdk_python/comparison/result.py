"""What a comparison found."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bridge.protocol.joints import Side
from sdk_python.alignment import Alignment
from sdk_python.comparison.summary import summary

__all__ = [
    "AngleResult",
    "CompareParameters",
    "Comparison",
    "Coverage",
    "FingerResult",
    "HandResult",
    "Passage",
    "Score",
    "Source",
    "Verdict",
]

Floats = NDArray[np.floating[Any]]

Verdict = Literal[
    "alike", "differs", "differs throughout", "may differ", "may differ throughout", "not seen"
]


@dataclass(frozen=True, slots=True)
class CompareParameters:
    """How it was compared.

    Attributes:
        floor_deg: No tolerance is smaller: what the measurement itself is unsure by.
        floor_mm: The same for fingertips.
        min_confidence: Fingers that were trusted less are left out.
        over_s: A difference counts that holds in the mean over so much time.
        least_passage_s: A shorter difference is none.
        seed: Of the bootstrap.
    """

    floor_deg: float = 10.0
    floor_mm: float = 10.0
    min_confidence: float = 0.3
    over_s: float = 0.5
    least_passage_s: float = 0.4
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """One of the recordings.

    Attributes:
        recorded_by: Who says to have recorded it.
        room: Where it was made.
        created: When, ISO 8601.
        software: What wrote it.
        duration_s: From its first pose to its last.
        poses: How many.
        sha256: The first 16 digits of its times' and poses' hash.
    """

    recorded_by: str
    room: str
    created: str
    software: str
    duration_s: float
    poses: int
    sha256: str


@dataclass(frozen=True, slots=True)
class AngleResult:
    """One angle of one hand. Differences are student minus teacher.

    Attributes:
        hand: Which hand.
        name: As in ``features.ANGLE_NAMES``.
        mean_deg: Mean difference over the time that both are seen.
        mean_abs_deg: Mean of its size.
        p95_deg: Size that it stays below in 95 % of the time.
        within: Share of the time in which the difference, in the mean over ``over_s``, is within
            the tolerance.
        tolerance_deg: What a difference is allowed to be: the floor, or the teacher's own
            repeatability, whichever is larger.
        repeatability_deg: MDC95 of the teacher's own takes; None with fewer than two.
        verdict: ``differs`` where there is a passage of it; ``differs throughout`` where it is
            beyond tolerance for most of the time: a habit, which no passage tells of. With one take
            of the teacher's they ``may``: nothing tells a difference from the measurement's error.
    """

    hand: Side
    name: str
    mean_deg: float | None
    mean_abs_deg: float | None
    p95_deg: float | None
    within: float | None
    tolerance_deg: float
    repeatability_deg: float | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class FingerResult:
    """One finger's tip, on the average hand, from the wrist. Differences: student minus teacher.

    Attributes:
        hand: Which hand.
        finger: As in ``FINGERS``.
        mean_mm: Mean distance between the two.
        offset_mm: Mean of where the student's is from the teacher's: further along the palm to the
            fingers, further out of the palm (more bent), further to the thumb's side.
        p95_mm: What it stays below in 95 % of the time.
        within: Share of the time in which it is within the tolerance.
        tolerance_mm: What it is allowed to be.
        mean_deg: Mean size of the differences of the finger's angles.
    """

    hand: Side
    finger: str
    mean_mm: float | None
    offset_mm: tuple[float, float, float] | None
    p95_mm: float | None
    within: float | None
    tolerance_mm: float
    mean_deg: float | None


@dataclass(frozen=True, slots=True)
class HandResult:
    """One hand.

    Attributes:
        hand: Which.
        mean_deg: Mean size of all its angles' differences.
        mean_mm: Mean distance of its fingertips.
        within: Share of its angles and time within tolerance.
        lag_ms: How much later than the rest of the playing this hand moves, compared with the
            teacher's: the student's left hand drags by 30 ms where it is 30 for the left and 0 for
            the right; None where too little moves.
        compared: Share of the lesson's time over which it could be compared.
    """

    hand: Side
    mean_deg: float | None
    mean_mm: float | None
    within: float | None
    lag_ms: float | None
    compared: float


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch in which angles clearly differ; made to be looped.

    Clearly: by more than the floor and, with several takes of the teacher's, by more than chance
    makes of what the teacher repeats anywhere in a lesson of this length (5 %, Bonferroni).

    Attributes:
        teacher_s: From and to in the lesson.
        student_s: From and to in the student's recording.
        hand: Whose angles.
        angle: The one that differs most.
        difference_deg: Its median over the passage, student minus teacher, of the way (more or
            less bent) in which it differs most.
        others: Other angles that differ there, ``(name, median difference in degrees)``.
        severity: Degrees beyond tolerance times seconds, over all its angles; passages are ordered
            by it.
    """

    teacher_s: tuple[float, float]
    student_s: tuple[float, float]
    hand: Side
    angle: str
    difference_deg: float
    others: tuple[tuple[str, float], ...]
    severity: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much was compared.

    Attributes:
        lesson: Share of the lesson that the student played.
        compared: Share of hands, angles and lesson time that could be compared.
        doubted_teacher: Share of seen fingers left out for low confidence.
        doubted_student: The same of the student.
        paused_s: How long the student stood still.
    """

    lesson: float
    compared: float
    doubted_teacher: float
    doubted_student: float
    paused_s: float


@dataclass(frozen=True, slots=True)
class Score:
    """0 to 100, with what it means.

    Attributes:
        value: 100 where the student is as close to the teacher's takes as those are to each other,
            0 where they are no closer than the teacher is to wrong passages of the lesson.
        low: Lower end of the 95 % interval, by block bootstrap.
        high: Its upper end.
        own_deg: Mean difference between the teacher's takes.
        wrong_deg: Mean difference of the teacher from wrong passages.
        student_deg: Mean difference of the student from the teacher.
        takes: How many takes of the teacher's there were.
    """

    value: float
    low: float
    high: float
    own_deg: float
    wrong_deg: float
    student_deg: float
    takes: int


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """A student's playing beside the teacher's; made by `sdk.compare`.

    Attributes:
        teachers: The lesson, then its other takes.
        student: The student's recording.
        parameters: How it was compared.
        versions: Of the programs that compared it.
        alignment: Which moment is which, tempo, pauses, repeats, leaps.
        unrelated: The student seems to have played something else: numbers below mean little.
        notes: What a reader should know, in plain words.
        within: Share of confident, aligned time and angles whose difference is within tolerance.
        mean_deg: Mean size of differences.
        angles: All 42, left hand first.
        fingers: All 10.
        hands: Both.
        passages: Where they differ, worst first.
        coverage: How much was compared.
        score: None without several takes of the teacher's: then nothing gives a number its meaning.
        time_s: ``(N,)`` moments of the lesson.
        difference_deg: ``(N, 2, 21)`` student minus teacher there; NaN where not compared.
        tip_difference_mm: ``(N, 2, 5)`` distance of fingertips.
    """

    teachers: tuple[Source, ...]
    student: Source
    parameters: CompareParameters
    versions: tuple[tuple[str, str], ...]
    alignment: Alignment
    unrelated: bool
    notes: tuple[str, ...]
    within: float | None
    mean_deg: float | None
    angles: tuple[AngleResult, ...]
    fingers: tuple[FingerResult, ...]
    hands: tuple[HandResult, ...]
    passages: tuple[Passage, ...]
    coverage: Coverage
    score: Score | None
    time_s: Floats
    difference_deg: Floats
    tip_difference_mm: Floats

    def to_dict(self) -> dict[str, Any]:
        """All but the arrays over time, of plain values that JSON has."""
        alignment = self.alignment
        found = {
            field.name: _plain(getattr(self, field.name))
            for field in dataclasses.fields(self)
            if field.name not in ("alignment", "time_s", "difference_deg", "tip_difference_mm")
        }
        moving = np.isfinite(alignment.tempo)
        return found | {
            "alignment": {
                "agreement": alignment.agreement,
                "events": _plain(alignment.events),
                "tempo_median": float(np.median(alignment.tempo[moving])) if moving.any() else None,
            }
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """`to_dict` as JSON."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def summary(self) -> str:
        """A few lines for people."""
        return summary(self)


def _plain(value: Any) -> Any:
    if isinstance(value, Side):
        return value.name.lower()
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value
