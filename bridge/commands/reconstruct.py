"""``ghosthands reconstruct``: a recording of hands from videos of the same moment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bridge.commands.console import console, progress_bar
from bridge.errors import InputError

if TYPE_CHECKING:
    from bridge.model.nets import HandNets

__all__ = ["reconstruct"]

_ENOUGH_S = 30.0
"""This much of a video shows enough motion to tell when it begins."""


def reconstruct(
    videos: Annotated[
        list[Path], typer.Argument(help="One video a camera; the first is the stage.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The recording to write (.mcap).")],
    offset: Annotated[
        list[float] | None,
        typer.Option(help="Seconds by which each further video begins later; one a video."),
    ] = None,
    find_offsets: Annotated[
        bool,
        typer.Option("--find-offsets", help="Find these by the sound, else by the hands' motion."),
    ] = False,
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
    if offset is not None and find_offsets:
        raise InputError("give either --offset or --find-offsets")
    nets = load_nets(provider)
    offsets_s = None if offset is None else [0.0, *offset]
    if find_offsets:
        offsets_s = _found_offsets(videos, nets)
    with progress_bar("Reconstructing") as update:
        summary = reconstruct_videos(
            videos,
            output,
            nets=nets,
            offsets_s=offsets_s,
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


def _found_offsets(videos: list[Path], nets: HandNets) -> list[float]:
    """Offsets by sound or motion; says which, and how sure they are."""
    from bridge.offsets import find_offsets, watch

    with console.status("Finding when each video begins"):
        found = find_offsets(videos, see=lambda k: watch(videos[k], nets, max_s=_ENOUGH_S))
    for path, offset in zip(videos[1:], found[1:], strict=True):
        name = escape(path.name)
        if offset.known:
            console.print(
                f"{name} begins {offset.offset_s:+.3f} s later (± {offset.spread_s:.3f} s, by "
                f"{offset.source.value})."
            )
        else:
            console.print(
                f"When {name} begins is not to be found ({escape(offset.reason)}): with the first "
                "video is assumed; give --offset if you know better.",
                style="yellow",
            )
    return [offset.offset_s for offset in found]
