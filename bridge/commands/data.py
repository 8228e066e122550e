"""``ghosthands data``: the public datasets on this machine, and sets of our own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from bridge.commands.console import console, progress_bar
from bridge.optional import require

if TYPE_CHECKING:
    from bridge.model.datasets import DatasetReport

__all__ = ["data"]

data = typer.Typer(
    no_args_is_help=True, help="Hand datasets: is this copy whole? Render one, or label videos."
)


@data.command("check")
def check(
    path: Annotated[Path, typer.Argument(help="The dataset's folder.")],
    name: Annotated[
        str, typer.Option(help="dexycb, hanco, freihand, ho3d, interhand26m, or auto.")
    ] = "auto",
    pictures: Annotated[
        bool, typer.Option("--pictures", help="Also look for truncated pictures; takes longer.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead.")] = False,
) -> None:
    """Say what a dataset's folder has and what it lacks; exit with 1 if no split can be used."""
    from bridge.model.datasets import check_dataset

    with console.status("Looking...") as status:
        report = check_dataset(
            path,
            name,
            pictures=pictures,
            on_progress=lambda split, files: status.update(f"Looking: {split}, {files} files"),
        )
    if as_json:
        typer.echo(json.dumps(report.to_dict()))
    else:
        _show(report)
    if not report.usable:
        raise typer.Exit(1)


@data.command("formats")
def formats(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead.")] = False,
) -> None:
    """Say which datasets can be read, where each is had, and how its folder should look."""
    from bridge.model.datasets import FORMATS

    if as_json:
        names = ("title", "site", "licence", "splits", "views", "layout")
        facts = {one.name: {key: getattr(one, key) for key in names} for one in FORMATS.values()}
        typer.echo(json.dumps(facts))
        return
    for one in FORMATS.values():
        console.print(f"[bold]{one.name}[/bold]  {escape(one.title)}", highlight=False)
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_row("from", one.site)
        table.add_row("licence", one.licence)
        table.add_row("splits", ", ".join(one.splits))
        table.add_row("views", one.views)
        table.add_row("folder", escape(one.layout))
        console.print(table)
        console.print()
    console.print("None is shipped: read and accept the owners' terms, and download it yourself.")


@data.command("render")
def render(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the set.")],
    samples: Annotated[int, typer.Option("--samples", "-n", help="Hands.")] = 6000,
    views: Annotated[int, typer.Option(help="Cameras around each.")] = 4,
    size: Annotated[int, typer.Option(help="Width of the pictures, pixels.")] = 128,
    seed: Annotated[
        int, typer.Option(help="Another seed, other hands: a test set needs its own.")
    ] = 0,
    steady: Annotated[
        bool,
        typer.Option("--steady", help="Crops as a tracker cuts them, for test sets; no jitter."),
    ] = False,
    hand: Annotated[str, typer.Option(help="open or mano (docs/mano.md).")] = "open",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Render multi-view hands with exact truth; a set that was cut off goes on."""
    require("torch", extra="train")
    from bridge.model.synthetic.rendered_writer import write_rendered_set
    from bridge.model.training.run import pick_device

    with progress_bar("Rendering", "hands") as update:
        write_rendered_set(
            output,
            samples=samples,
            views=views,
            size=size,
            seed=seed,
            steady=steady,
            hand=hand,
            device=pick_device(device),
            on_progress=update,
        )
    console.print(f"{escape(str(output))} has {samples} hands in {views} views each.")


@data.command("label")
def label(
    videos: Annotated[list[Path], typer.Argument(help="Videos of one person's hands each.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write.")],
    most: Annotated[int, typer.Option(help="Most pictures of each video.")] = 1000,
    size: Annotated[int, typer.Option(help="Longer side of the pictures, pixels.")] = 640,
    provider: Annotated[str, typer.Option(help="Where the nets run: auto, cpu or cuda.")] = "auto",
) -> None:
    """Label hands in your own videos with the shipped nets, for `train multihand` to learn from."""
    from bridge.label import label_videos, reasons
    from bridge.model.nets import load_nets

    with progress_bar("Watching", "frames") as update:
        found, left_out = label_videos(
            videos,
            output,
            nets=load_nets(provider),
            most=most,
            size=size,
            on_progress=update,
        )
    hands = [hand for picture in found.pictures for hand in picture.hands]
    left = sum(hand.left for hand in hands)
    console.print(
        f"{escape(str(output))} has {len(found.pictures)} pictures with {len(hands)} hands, {left} "
        "of them left ones. They are what the nets saw, not truth: look at some."
    )
    if left_out:
        console.print(f"{left_out.total()} pictures were left out: {reasons(left_out)}.")


def _show(report: DatasetReport) -> None:
    console.print(f"{escape(str(report.path))} is {report.name}.", highlight=False)
    table = Table(box=None, pad_edge=False)
    for heading in ("split", "hands", "pictures of them", "files", "missing", "damaged", ""):
        table.add_column(heading, justify="left" if heading in ("split", "") else "right")
    for name, split in report.splits.items():
        damaged = "-" if split.damaged is None else str(split.damaged)
        verdict = "[green]usable[/green]" if split.usable else "[red]not usable[/red]"
        counts = (split.hands, split.views, split.files, split.missing)
        table.add_row(name, *map(str, counts), damaged, verdict)
    console.print(table)
    for name, split in report.splits.items():
        for line in (*split.problems, *split.notes):
            console.print(f"{name}: {escape(line)}", highlight=False)
