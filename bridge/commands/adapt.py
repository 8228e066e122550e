"""``ghosthands adapt``: a network that goes on learning from a user's own videos."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from bridge.commands.console import console, progress_bar
from bridge.commands.outputs import check_outputs
from bridge.errors import InputError
from bridge.optional import require

if TYPE_CHECKING:
    from bridge.adapt import Adaptation

__all__ = ["adapt"]


def adapt(
    videos: Annotated[
        list[Path], typer.Argument(help="Videos of the same moment from two sides or more.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The weights file to write (.safetensors).")
    ],
    weights: Annotated[
        Path | None, typer.Option(help="HaMuCo's weights to start from; else the shipped ones.")
    ] = None,
    offset: Annotated[
        list[float] | None,
        typer.Option(help="Seconds by which each further video begins later; one a video."),
    ] = None,
    steps: Annotated[int, typer.Option(help="Batches of 8 hands to learn from.")] = 300,
    hold_out: Annotated[
        float, typer.Option(help="Share of the recording, its end, to check on.")
    ] = 0.2,
    device: Annotated[str, typer.Option(help="Where to learn: auto, cpu or cuda.")] = "auto",
    provider: Annotated[str, typer.Option(help="Where the nets run: auto, cpu or cuda.")] = "auto",
    report: Annotated[
        Path | None, typer.Option(help="Also write what was measured, as JSON.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", "-f", help="Replace the outputs.")] = False,
) -> None:
    """Fine-tune HaMuCo on your own videos: no annotation, no calibration.

    Outputs appear whole, at the end: Ctrl-C leaves all as it was.
    """
    require("torch", extra="train")
    from bridge.adapt import adapt_to_videos
    from bridge.model.nets import load_nets
    from sdk_python._whole_file import whole_file

    if offset is not None and len(offset) != len(videos) - 1:
        raise InputError(
            f"give --offset once for each further video: {len(videos) - 1} times, not {len(offset)}"
        )
    outputs = [output] if report is None else [output, report]
    check_outputs(videos, outputs, overwrite=force, flag="--force")
    # Weights may be replaced by what they learned, never by a report.
    check_outputs([] if weights is None else [weights], outputs[1:], overwrite=force)
    try:
        with _Bars() as bars:
            done = adapt_to_videos(
                videos,
                output,
                nets=load_nets(provider),
                weights=weights,
                offsets_s=None if offset is None else [0.0, *offset],
                steps=steps,
                hold_out=hold_out,
                device=device,
                overwrite=force,
                on_watched=lambda done, total: bars.show("Watching", "frames", done, total),
                on_learned=lambda done, total: bars.show("Learning", "steps", done, total),
            )
    except (KeyboardInterrupt, SystemExit):
        console.print("Stopped: nothing was written; the same command begins anew.")
        raise
    _show(done)
    console.print(f"{escape(str(output))} has the weights.")
    if report is not None:
        with whole_file(report, overwrite=force) as file:
            file.write((json.dumps(done.to_dict(), indent=2) + "\n").encode())


class _Bars(ExitStack):
    """One progress bar after the other: a terminal shows one at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._title, self._update = "", _nothing

    def show(self, title: str, unit: str, done: int, total: int | None) -> None:
        """Brings a bar on, instead of the one before."""
        if title != self._title:
            self.close()
            self._title, self._update = title, self.enter_context(progress_bar(title, unit))
        self._update(done, total)


def _nothing(*_: Any) -> None:
    pass


def _show(done: Adaptation) -> None:
    """The held-out part of the recording before and after."""
    for name, offset in done.offsets.items():
        if not offset.known:
            console.print(
                f"When {name} begins was not to be found ({offset.reason}): together with the first"
                " is assumed; give its --offset if you know better.",
                style="yellow",
            )
    for note in done.notes:
        console.print(f"Note: {escape(note)}.", style="yellow")
    if not done.cameras_found:
        console.print(
            "The hands do not tell where the cameras stand: views are compared by the hands alone,"
            " and may agree on what is wrong. Move both hands more, in sight of all cameras.",
            style="yellow",
        )
    table = Table("held-out part of the recording", "before", "after", title_justify="left")
    for label, name, unit in (
        ("one view's keypoints from the labels", "single_2d_px", "px of 256"),
        ("with the other views", "interact_2d_px", "px of 256"),
        ("views' own hands from their mean", "single_apart_mm", "mm"),
        ("with the other views", "interact_apart_mm", "mm"),
    ):
        values = (getattr(part, name) for part in (done.before, done.after))
        table.add_row(label, *(f"{value:.2f} {unit}" for value in values))
    console.print(table)
    console.print(
        f"Learned from {done.learned} views of hands at once, checked on {done.after.samples}. "
        "Labels are the landmark net's: agreement with them, and of views with each other, is not "
        "accuracy."
    )
