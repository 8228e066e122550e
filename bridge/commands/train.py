"""``ghosthands train``: trains a network, and writes its weights."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from bridge.commands.console import console, progress_bar
from bridge.optional import require

__all__ = ["train"]


def train(
    network: Annotated[str, typer.Argument(help="Which network: a3net, hamuco, ...")],
    config: Annotated[
        str, typer.Option(help="paper, gpu, cpu or fixture, or a TOML file (docs/training.md).")
    ] = "cpu",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder of the run; one that was cut off is resumed."),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a value, such as schedule.steps=100; repeatable."),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Also write TensorBoard's event files.")
    ] = False,
) -> None:
    """Train a network; started by torchrun, on several GPUs."""
    require("torch", extra="train")
    from bridge.model.training.config import load_config
    from bridge.model.training.networks import architecture
    from bridge.model.training.run import train as train_network

    architecture(network)
    settings = load_config(config, network=network, changes=changes or ())
    folder = output or Path("runs") / f"{network}_{Path(config).stem}"
    first = os.environ.get("RANK", "0") == "0"
    bar = progress_bar("Training", "steps") if first else nullcontext(lambda _done, _total: None)
    try:
        with bar as update:
            weights = train_network(
                settings,
                folder,
                device=device,
                tensorboard=tensorboard,
                on_progress=lambda done: update(done.step, done.steps),
            )
    except (KeyboardInterrupt, SystemExit):
        if first:
            console.print(f"Stopped; the same command goes on from {escape(str(folder))}.")
        raise
    if first:
        console.print(f"{escape(str(weights))} has the weights; {folder}/metrics.jsonl the losses.")
        console.print(f"Score them: ghosthands eval {network} --weights {escape(str(weights))}")
