"""``ghosthands reconstruct``: a recording of hands from videos of the same moment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bridge.commands.console import console, progress_bar
from bridge.errors import InputError

if TYPE_CHECKING:
    from bridge.offsets import VideoOffset

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
    find_offsets: Annotated[
        bool,
        typer.Option(help="Where not given, find these by the sound, else by the hands' motion."),
    ] = True,
    anchor: Annotated[
        Path | None,
        typer.Option(
            help="Anchor file of the instrument (ghosthands anchor): place and true size."
        ),
    ] = None,
    focal: Annotated[
        list[float] | None,
        typer.Option(
            help="Focal length in longer image sides, if known; once a video. A phone's 35 mm "
            "equivalent divided by 36 is near."
        ),
    ] = None,
    fuser: Annotated[str, typer.Option(help="How views are fused.")] = "selfcal",
    recorded_by: Annotated[
        str, typer.Option(help="Who plays, in any words: the recording says it.")
    ] = "",
    provider: Annotated[str, typer.Option(help="Where the nets run: auto, cpu or cuda.")] = "auto",
    force: Annotated[bool, typer.Option("--force", "-f", help="Replace the output.")] = False,
) -> None:
    """Reconstruct both hands from one or more videos of the same moment."""
    from bridge.model.anchor import load_anchor
    from bridge.model.nets import load_nets
    from bridge.offline import reconstruct_videos

    if offset is not None and len(offset) != len(videos) - 1:
        raise InputError(
            f"give --offset once for each further video: {len(videos) - 1} times, not {len(offset)}"
        )
    nets = load_nets(provider)
    with progress_bar("Reconstructing") as update:
        summary = reconstruct_videos(
            videos,
            output,
            nets=nets,
            offsets_s=None if offset is None else [0.0, *offset],
            look_for_offsets=find_offsets,
            fuser=fuser,
            anchor=None if anchor is None else load_anchor(anchor),
            focal=focal,
            recorded_by=recorded_by,
            overwrite=force,
            progress=update,
        )
    shares = " and ".join(
        f"the {side} hand in {found / max(summary.frame_sets, 1):.1%}"
        for side, found in zip(("left", "right"), summary.found, strict=True)
    )
    console.print(f"{escape(str(output))}: {summary.frame_sets} poses, {shares}.")
    for name, found_offset in summary.offsets.items():
        if line := _offset_line(name, found_offset):
            console.print(line)
    for note in summary.notes:
        console.print(f"Note: {escape(note)}.", style="yellow")
    if not any(summary.found):
        console.print(
            "No hand was found: film them from nearer, in even light, with the wrists in view.",
            style="yellow",
        )


def _offset_line(name: str, offset: VideoOffset) -> str | None:
    """When a video begins, for the user; None of the first, and where it is not known."""
    if offset.spread_s == 0 or not offset.known:
        return None
    when = f"{offset.offset_s:+.3f} s later" if offset.offset_s else "with the first video"
    return f"{name} begins {when} (± {offset.spread_s:.3f} s, by {offset.source.value})."
