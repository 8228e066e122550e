"""Comparing a student's recording with a teacher's."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bridge import __version__
from bridge.errors import InputError
from sdk_python.alignment.sampling import averaged
from sdk_python.comparison.differences import Differences, differences_of
from sdk_python.comparison.notes import notes_on
from sdk_python.comparison.passages import find_passages
from sdk_python.comparison.result import CompareParameters, Comparison, Coverage, Score, Source
from sdk_python.comparison.score import LEAST_TAKES, mean_difference, score_of, wrong_passages
from sdk_python.comparison.tables import angle_table, finger_table, hand_table, mean_or_none
from sdk_python.comparison.take import Take, check_comparable, digest, take_of
from sdk_python.comparison.tolerance import clearly_beyond, repeatability
from sdk_python.features.angles import ANGLE_NAMES

if TYPE_CHECKING:
    from sdk_python.recording import Recording

__all__ = ["compare"]

Floats = NDArray[np.floating[Any]]

_MOSTLY = 0.6


def compare(
    teachers: Recording | Sequence[Recording],
    student: Recording,
    *,
    parameters: CompareParameters | None = None,
) -> Comparison:
    """Tells where, when and by how much a student's hands differ from the teacher's.

    Recordings may come from anywhere, be of any length, tempo and size of hand. They are aligned
    once, over both hands (``sdk_python.alignment``); everything is read off that alignment. With
    several takes of the teacher's, the first is the lesson: its moments are those of the result,
    the mean of all is what the student is compared with, and how they differ among themselves says
    what a difference may be. A score is given with three takes or more.

    Args:
        teachers: The teacher's recording, or several takes of the same piece.
        student: The student's.
        parameters: How to compare.

    Raises:
        InputError: A recording is empty, has no hand, or a clock that does not run forwards; no
            hand is in both; or they are of different instruments.

    Example:
        >>> import numpy as np, sdk_python as sdk
        >>> time_s = np.arange(0, 5, 1 / 60)
        >>> pose = np.zeros((len(time_s), 2, 16, 4)); pose[..., 3] = 1
        >>> pose[:, 1, 1, 0] = 0.2 * np.sin(2 * time_s)  # the right index finger
        >>> wrist = np.zeros((len(time_s), 2, 3))
        >>> take = sdk.Recording.from_arrays(time_s, pose_quat=pose, wrist_m=wrist)
        >>> sdk.compare(take, take).within
        1.0
    """
    chosen = parameters or CompareParameters()
    recordings = list(teachers) if isinstance(teachers, Sequence) else [teachers]
    if not recordings:
        raise InputError("no recording of the teacher's was given")
    names = ["the teacher's recording", *(f"take {k}" for k in range(2, len(recordings) + 1))]
    takes = [
        take_of(recording, name, min_confidence=chosen.min_confidence)
        for recording, name in zip(recordings, names, strict=True)
    ]
    played = take_of(student, "the student's recording", min_confidence=chosen.min_confidence)
    check_comparable(recordings, takes, student, played)

    found = differences_of(takes, played)
    both = (-1, 2, len(ANGLE_NAMES))
    difference = found.angles
    smooth = averaged(found.time_s, difference, chosen.over_s)
    own = repeatability([averaged(found.time_s, take, chosen.over_s) for take in found.takes])
    floor = np.full(difference.shape[1], chosen.floor_deg)
    tolerance = floor if own is None else np.fmax(floor, own)
    within = np.where(np.isfinite(smooth), np.abs(smooth) <= tolerance, np.nan).reshape(both)
    difference, tolerance = difference.reshape(both), tolerance.reshape(2, -1)
    habits = (within == 0).sum(0) > _MOSTLY * np.maximum(np.isfinite(within).sum(0), 1)
    moments = (found.time_s[-1] - found.time_s[0]) / (2 * chosen.over_s)
    clear = floor if own is None else np.fmax(floor, clearly_beyond(own, moments))
    with np.errstate(invalid="ignore"):
        beyond = (np.abs(smooth) > clear).reshape(both) & ~habits
    passages = find_passages(
        found.time_s,
        difference,
        beyond,
        clear.reshape(2, -1),
        found.alignment,
        least_s=chosen.least_passage_s,
    )
    coverage = _coverage(found, takes[0], played)
    return Comparison(
        teachers=tuple(_source(recording) for recording in recordings),
        student=_source(student),
        parameters=chosen,
        versions=(
            ("ghosthands", __version__),
            ("python", platform.python_version()),
            ("numpy", np.__version__),
        ),
        alignment=found.alignment,
        unrelated=found.alignment.unrelated,
        notes=notes_on(found, takes[0], played, coverage, chosen),
        within=mean_or_none(within),
        mean_deg=mean_or_none(np.abs(difference)),
        angles=angle_table(
            difference,
            within,
            tolerance,
            None if own is None else own.reshape(2, -1),
            passages,
            habits,
        ),
        fingers=finger_table(difference, found.tip_offset_mm, chosen.floor_mm),
        hands=hand_table(found, within),
        passages=passages,
        coverage=coverage,
        score=_score(found, chosen.seed),
        time_s=found.time_s,
        difference_deg=difference.astype(np.float32),
        tip_difference_mm=found.tip_mm.astype(np.float32),
    )


def _score(found: Differences, seed: int) -> Score | None:
    takes = found.takes
    if len(takes) < LEAST_TAKES:
        return None
    own = []
    for k, take in enumerate(takes):
        others = np.stack([other for j, other in enumerate(takes) if j != k])
        there = np.isfinite(others).sum(0)
        mean = np.where(there > 0, np.nansum(others, axis=0) / np.maximum(there, 1), np.nan)
        own.append(mean_difference(take, mean))
    apart = np.stack(own)
    there = np.isfinite(apart).sum(0)
    own_mean = np.where(there > 0, np.nansum(apart, axis=0) / np.maximum(there, 1), np.nan)
    return score_of(
        mean_difference(found.student, found.reference),
        own_mean,
        wrong_passages(takes[0], takes[1], found.rate_hz, seed),
        found.rate_hz,
        takes=len(takes),
        seed=seed,
        related=not found.alignment.unrelated,
    )


def _coverage(found: Differences, lesson: Take, played: Take) -> Coverage:
    seen = np.isfinite(found.reference)
    compared = np.isfinite(found.angles)
    return Coverage(
        lesson=float(np.isfinite(found.played_s).mean()),
        compared=float(compared.sum() / max(seen.sum(), 1)),
        doubted_teacher=float(lesson.doubted.max()),
        doubted_student=float(played.doubted.max()),
        paused_s=sum(e.duration_s for e in found.alignment.events if e.kind == "pause"),
    )


def _source(recording: Recording) -> Source:
    metadata = recording.metadata
    return Source(
        metadata.recorded_by,
        metadata.room,
        metadata.created,
        metadata.software,
        recording.duration_s,
        len(recording),
        digest(recording),
    )
