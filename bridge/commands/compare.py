"""``ghosthands compare``: where, when and by how much a student's hands differ."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bridge.commands.console import console
from bridge.commands.outputs import check_outputs
from bridge.errors import InputError

if TYPE_CHECKING:
    from sdk_python import Comparison, Recording

__all__ = ["compare"]


def compare(
    teacher: Annotated[Path, typer.Argument(help="The teacher's recording: the lesson (.mcap).")],
    student: Annotated[Path, typer.Argument(help="The student's recording (.mcap).")],
    takes: Annotated[
        list[Path] | None,
        typer.Option(
            "--take", help="Another take of the teacher's; repeatable. A score needs two or more."
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a report with pictures: one HTML file.")
    ] = None,
    json: Annotated[
        Path | None, typer.Option(help="Write all numbers as JSON; - is standard output.")
    ] = None,
    tolerance: Annotated[
        float, typer.Option(help="What a joint may differ by, degrees, at the least.")
    ] = 10.0,
    min_confidence: Annotated[
        float, typer.Option(help="Leave out fingers that are trusted less, 0 to 1.")
    ] = 0.3,
    mirror_student: Annotated[
        bool, typer.Option("--mirror-student", help="Mirror the student: left-handed playing.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the outputs.")] = False,
) -> None:
    """Compare a student's playing with the teacher's.

    The first recording is the lesson; its times are those of the result.
    """
    from sdk_python import CompareParameters
    from sdk_python import compare as compare_recordings
    from sdk_python.report import html_of

    if not tolerance > 0:
        raise InputError(f"--tolerance must be above 0 degrees, not {tolerance:g}")
    if not 0 <= min_confidence <= 1:
        raise InputError(f"--min-confidence must be between 0 and 1, not {min_confidence:g}")
    paths = [teacher, *(takes or []), student]
    to_file = None if json == Path("-") else json
    check_outputs(
        paths, [path for path in (html, to_file) if path is not None], overwrite=overwrite
    )

    *lessons, played = (_opened(path) for path in paths)
    names = [path.name for path in paths]
    if mirror_student:
        played = played.mirror()
        names[-1] = f"{names[-1]} (mirrored)"
    parameters = CompareParameters(floor_deg=tolerance, min_confidence=min_confidence)
    result = compare_recordings(lessons, played, parameters=parameters)
    _print(result)
    if html is not None:
        date = datetime.now(UTC).date().isoformat()
        page = html_of(result, teacher=lessons[0], student=played, names=names, date=date)
        _write(html, page, overwrite=overwrite)
    if to_file is not None:
        _write(to_file, result.to_json(indent=2) + "\n", overwrite=overwrite)
    elif json is not None:
        typer.echo(result.to_json(indent=2))


def _opened(path: Path) -> Recording:
    from sdk_python import Recording

    recording = Recording.open(path)
    if recording.lost is not None:
        console.print(f"Note: {escape(str(path))}: {recording.lost}.", style="yellow")
    return recording


def _print(result: Comparison) -> None:
    """The summary: what counts bold, what limits it dim."""
    for number, line in enumerate(result.summary().splitlines()):
        style = "dim" if line.startswith("Note:") else "bold" if not number else None
        console.print(escape(line), style=style, highlight=False, soft_wrap=True)


def _write(path: Path, words: str, *, overwrite: bool) -> None:
    from sdk_python._whole_file import whole_file

    with whole_file(path, overwrite=overwrite) as file:
        file.write(words.encode())
    size_kb = path.stat().st_size / 1e3
    console.print(f"{escape(str(path))}: {size_kb:.0f} kB", highlight=False, soft_wrap=True)
