"""``ghosthands reconstruct``: a recording of hands from videos of the same moment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from bridge.commands.console import console, progress_bar
from bridge.errors import InputError

__all__ = ["reconstruct"]


def reconstruct(
    videos: Annotated[
        list[Path], typer.Argument(help="One video a camera; the first is the stage.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The recording to write (.mcap).")],
    offset: Annotated[
        list[float] | None,
        typer.Option(help="Seconds by which each further video begins later; one a video."),
    ] = None,
    fuser: Annotated[str, typer.Option(help="How views are fused.")] = "selfcal",
    provider: Annotated[str, typer.Option(help="Where the nets run: auto, cpu or cuda.")] = "auto",
    force: Annotated[bool, typer.Option("--force", "-f", help="Replace the output.")] = False,
) -> None:
    """Reconstruct both hands from one or more videos of the same moment."""
    from bridge.model.nets import load_nets
    from bridge.offline import reconstruct_videos

    if offset is not None and len(offset) != len(videos) - 1:
        raise InputError(
            f"give --offset once for each further video: {len(videos) - 1} times, not {len(offset)}"
        )
    with progress_bar("Reconstructing") as update:
        summary = reconstruct_videos(
            videos,
            output,
            nets=load_nets(provider),
            offsets_s=None if offset is None else [0.0, *offset],
            fuser=fuser,
            overwrite=force,
            progress=update,
        )
    shares = " and ".join(
        f"the {side} hand in {found / max(summary.frame_sets, 1):.1%}"
        for side, found in zip(("left", "right"), summary.found, strict=True)
    )
    console.print(f"{escape(str(output))}: {summary.frame_sets} poses, {shares}.")
    for note in summary.notes:
        console.print(f"Note: {note}.", style="yellow")
    if not any(summary.found):
        console.print(
            "No hand was found: film them from nearer, in even light, with the wrists in view.",
            style="yellow",
        )
