"""``ghosthands models``: how large the networks are, and what the bridge runs of them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from bridge.commands.console import console
from bridge.errors import InputError, ModelError
from bridge.optional import require

if TYPE_CHECKING:
    from bridge.model.a3net.config import A3NetConfig

__all__ = ["models"]

_MOST_DIFFERENCE = 1e-3

models = typer.Typer(no_args_is_help=True, help="Say how large networks are; export them.")


@models.command("info")
def info(
    name: Annotated[str, typer.Argument(help="a3net")],
    config: Annotated[
        str, typer.Option(help="paper, landmarks, or a TOML file (its [model] table, or all).")
    ] = "paper",
    views: Annotated[int, typer.Option(min=1, max=16, help="Views to count for.")] = 3,
    iterations: Annotated[
        int | None, typer.Option(min=1, max=4, help="Instead of the configuration's.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead.")] = False,
) -> None:
    """Say how large a network is: parameters, and multiply-accumulates of one hand."""
    if name != "a3net":
        raise InputError(f"there is no network called {name!r}; take a3net")
    require("torch", extra="train")
    from dataclasses import replace

    from bridge.model.a3net import A3Net, complexity
    from bridge.model.hand.layer import open_hand_layer

    chosen = _configuration(config)
    changes: dict[str, Any] = {"weights": None}
    if iterations is not None:
        changes["iterations"] = iterations
    size = complexity(A3Net(replace(chosen, **changes), open_hand_layer()), views)
    if as_json:
        typer.echo(json.dumps(size._asdict()))
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("parameters", f"{size.parameters / 1e6:.2f} M")
    table.add_row("flops", f"{size.flops / 1e9:.3f} G multiply-accumulates")
    table.add_row("views", str(size.views))
    table.add_row("iterations", str(size.iterations))
    console.print(table)


@models.command("export")
def export(
    name: Annotated[str, typer.Argument(help="a3net")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The ONNX file to write.")],
    weights: Annotated[
        Path | None,
        typer.Option(help="Weights or a checkpoint; without it, the shipped ones."),
    ] = None,
) -> None:
    """Write a trained network as ONNX, and compare what it says with PyTorch."""
    require("torch", extra="train")
    from bridge.model.a3net.export import export_onnx, parity
    from bridge.model.a3net.network import A3Net
    from bridge.model.training.weights import load_network, shipped_weights

    file = weights or shipped_weights(name)
    network, about = load_network(file)
    if not isinstance(network, A3Net) or about["network"] != name:
        raise InputError(f"{file} holds {about['network']}, not {name}")
    with console.status("Exporting and comparing (some minutes on a CPU)"):
        export_onnx(network, output, about={k: v for k, v in about.items() if k != "config"})
        differences = parity(network, output.read_bytes())
    worst = max(differences.values())
    if worst > _MOST_DIFFERENCE:
        raise ModelError(
            f"{output} differs from PyTorch by {worst:.1e} of the largest value: do not use it"
        )
    size_mb = output.stat().st_size / 1e6
    console.print(f"{output}: {size_mb:.1f} MB, within {worst:.1e} of PyTorch for 1 to 4 views")


def _configuration(name: str) -> A3NetConfig:
    from bridge.model.a3net.config import A3NetConfig

    shipped = {"paper": A3NetConfig.paper, "landmarks": A3NetConfig.landmarks}
    if name in shipped:
        return shipped[name]()
    try:
        values = tomllib.loads(Path(name).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(
            f"no configuration at {name} ({error}): give paper, landmarks or a TOML file"
        ) from error
    return A3NetConfig.from_dict(values.get("model", values))
