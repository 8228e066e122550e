"""``ghosthands export``: a recording in other programs' formats."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bridge.commands.console import console, progress_bar
from bridge.commands.outputs import check_outputs
from bridge.errors import InputError

if TYPE_CHECKING:
    from sdk_python import Recording, RecordingFile

__all__ = ["export"]


def export(
    recording: Annotated[Path, typer.Argument(help="The recording (.mcap).")],
    outputs: Annotated[
        list[Path],
        typer.Argument(help="Files to make: .glb .bvh .npz .csv .parquet .rrd, .mcap (Foxglove)."),
    ],
    format_name: Annotated[
        str | None,
        typer.Option("--format", help="Of all outputs, whatever their names: glb, foxglove, ..."),
    ] = None,
    begin_s: Annotated[
        float, typer.Option("--from", help="Begin here, seconds after the first pose.", min=0)
    ] = 0.0,
    end_s: Annotated[
        float | None, typer.Option("--to", help="End here, seconds after the first pose.", min=0)
    ] = None,
    rate_hz: Annotated[
        float | None, typer.Option("--rate", help="Poses a second instead of the recording's.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the outputs.")] = False,
) -> None:
    """Write a recording as an animation, a table or another viewer's file.

    Each output appears whole or not at all; Ctrl-C leaves those that are done.
    """
    from sdk_python import RecordingFile
    from sdk_python.export.formats import exporter_for

    writers = [exporter_for(output, format_name) for output in outputs]
    check_outputs([recording], outputs, overwrite=overwrite)
    with RecordingFile(recording) as file:
        if file.lost is not None:
            console.print(f"Note: {escape(str(recording))}: {file.lost}.", style="yellow")
        lesson = _chosen(file, begin_s, end_s, rate_hz)
        for output, write in zip(outputs, writers, strict=True):
            with progress_bar(f"Writing {escape(output.name)}", unit="poses") as update:
                write(lesson, output, overwrite=overwrite, progress=update)
            size_mb = output.stat().st_size / 1e6
            console.print(
                f"{escape(str(output))}: {len(lesson)} poses, {lesson.duration_s:.2f} s, "
                f"{size_mb:.1f} MB"
            )


def _chosen(
    file: RecordingFile, begin_s: float, end_s: float | None, rate_hz: float | None
) -> Recording | RecordingFile:
    """What of a file is exported: the file itself where it is all of it, to be read in parts."""
    if begin_s == 0 and end_s is None and rate_hz is None:
        return file
    part = file.read(file.start_s + begin_s, None if end_s is None else file.start_s + end_s)
    if not len(part):
        until = f" --to {end_s:g}" if end_s is not None else ""
        raise InputError(
            f"nothing is between --from {begin_s:g}{until}: the recording lasts "
            f"{file.duration_s:.3f} s"
        )
    return part if rate_hz is None else part.resample(rate_hz)
