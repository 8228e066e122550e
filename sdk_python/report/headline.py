"""The report's first lines: what was compared, and one result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sdk_python.report.markup import degrees, share, text

if TYPE_CHECKING:
    from sdk_python.comparison import Comparison
    from sdk_python.recording import Recording

__all__ = ["headline", "title_of"]

_NO_SCORE = (
    "No score: a number from 0 to 100 means something only beside three or more takes of the "
    "teacher’s."
)
_NO_SCALE = (
    "No score: the teacher’s own takes differ as much as wrong passages do, so there is no scale."
)


def title_of(names: Sequence[str], teacher: Recording, student: Recording) -> str:
    """Plain text: the student beside the teacher, by their files or by who played."""
    if names:
        return f"{names[-1]} beside {names[0]}"
    whose, whom = student.metadata.recorded_by, teacher.metadata.recorded_by
    return f"{whose or 'The student'} beside {whom or 'the teacher'}"


def headline(result: Comparison, title: str) -> str:
    """The page's head: title, warning, figures.

    Args:
        result: The comparison.
        title: As `title_of` gives it.
    """
    warning = (
        '<p class="warning" role="note"><b>⚠ Probably another piece.</b> The student seems to have '
        f"played something else (agreement {result.alignment.agreement:.2f} of 1): the numbers "
        "below mean little.</p>"
        if result.unrelated
        else ""
    )
    takes = len(result.teachers)
    beside = f"{takes} takes of the teacher’s" if takes > 1 else "one recording of the teacher’s"
    length = _length(result.teachers[0].duration_s)
    return (
        f'<header><p class="brand">GhostHands report</p><h1>{text(title)}</h1>'
        f'<p class="lead">One student’s playing ({_length(result.student.duration_s)}) beside '
        f"{beside} ({length}).</p>{warning}{_figures(result)}</header>"
    )


def _figures(result: Comparison) -> str:
    score = result.score
    cells = [
        ("within tolerance", share(result.within), "of joints and time"),
        ("mean difference", degrees(result.mean_deg), "of all joints"),
        ("lesson played", share(result.coverage.lesson), "of its time"),
    ]
    if score is not None:
        cells.insert(
            0, ("score", f"{score.value:.0f}", f"of 100; 95 %: {score.low:.0f} to {score.high:.0f}")
        )
    figures = "".join(
        f"<div><dt>{name}</dt><dd>{value} <small>{of}</small></dd></div>"
        for name, value, of in cells
    )
    if score is None:
        sentence = _NO_SCORE if len(result.teachers) < 3 else _NO_SCALE
    else:
        sentence = (
            f"Score: 100 is as close as the teacher’s {score.takes} takes are to each other "
            f"({score.own_deg:.1f}°), 0 as far as wrong passages of the lesson are "
            f"({score.wrong_deg:.1f}°). It says how alike the hands were held, not how good it was."
        )
    return f'<dl class="figures">{figures}</dl><p class="soft">{sentence}</p>'


def _length(duration_s: float) -> str:
    minutes, seconds = divmod(round(duration_s), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{duration_s:.1f} s"
