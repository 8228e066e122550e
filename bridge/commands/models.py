"""``ghosthands models``: how large the networks are, and what the bridge runs of them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from bridge.commands.console import console
from bridge.commands.outputs import check_outputs
from bridge.errors import InputError, ModelError
from bridge.optional import require

__all__ = ["models"]

_MOST_DIFFERENCE = 1e-3

models = typer.Typer(no_args_is_help=True, help="Say how large networks are; export them.")


@models.command("info")
def info(
    name: Annotated[str, typer.Argument(help="Which network: a3net, hamuco, ...")],
    config: Annotated[
        str,
        typer.Option(
            help="A shipped one (paper, gpu, cpu), a preset, or a TOML file: that of a run, or its "
            "[model] table alone."
        ),
    ] = "paper",
    views: Annotated[int, typer.Option(min=1, max=16, help="Views to count for.")] = 3,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a size or switch, such as depth=18; repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead.")] = False,
) -> None:
    """Say how large a network is: parameters, and multiply-accumulates of one hand."""
    require("torch", extra="train")
    from bridge.model.hand.layer import open_hand_layer
    from bridge.model.training.networks import architecture

    entry = architecture(name)
    if entry.size is None:
        raise InputError(f"nobody counts how large {name} is")
    values = _configuration(name, config).to_dict() | _values(changes or [])
    size = entry.size(entry.build(entry.restore(values), open_hand_layer()), views)._asdict()
    if as_json:
        typer.echo(json.dumps(size))
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for key, value in size.items():
        table.add_row(key.replace("_", " "), _readable(key, value))
    console.print(table)


@models.command("export")
def export(
    name: Annotated[str, typer.Argument(help="Which network: a3net, hamuco, ...")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The ONNX file to write.")],
    weights: Annotated[
        Path | None,
        typer.Option(help="Weights or a checkpoint; without it, the shipped ones."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", "-f", help="Replace the output.")] = False,
) -> None:
    """Write a trained network as ONNX, and compare what it says with PyTorch."""
    require("torch", extra="train")
    from bridge.model.training.networks import architecture
    from bridge.model.training.weights import load_network, shipped_weights
    from sdk_python._whole_file import whole_path

    entry = architecture(name)
    if entry.export is None:
        raise InputError(f"{name} has no ONNX form")
    file = weights or shipped_weights(name)
    check_outputs([file], [output], overwrite=force, flag="--force")
    network, about = load_network(file)
    if about["network"] != name:
        raise InputError(f"{file} holds {about['network']}, not {name}")
    known = {key: value for key, value in about.items() if key != "config"}
    with (
        console.status("Exporting and comparing (some minutes on a CPU)"),
        whole_path(output, overwrite=force) as draft,
    ):
        worst = entry.export(network, draft, known)
        if worst > _MOST_DIFFERENCE:
            raise ModelError(
                f"{name} as ONNX differs from PyTorch by {worst:.1e} of the largest value: "
                f"{output} is not written"
            )
    size_mb = output.stat().st_size / 1e6
    console.print(f"{output}: {size_mb:.1f} MB, within {worst:.1e} of PyTorch")


def _configuration(network: str, name: str) -> Any:
    """The network's configuration of a run, a preset or a file."""
    from bridge.model.training.config import load_config
    from bridge.model.training.networks import architecture

    entry = architecture(network)
    path = Path(name)
    if path.suffix != ".toml":
        try:
            model = load_config(name, network=network).model
        except InputError as error:
            try:
                return entry.configure(name, {})
            except InputError as no_preset:
                raise InputError(f"{error}; {no_preset}") from error
        return entry.configure(model.preset, model.changes)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(
            f"no configuration at {name} ({error}): give paper, gpu, cpu or a TOML file"
        ) from error
    if "schedule" in values:
        model = load_config(name, network=network).model
        return entry.configure(model.preset, model.changes)
    return entry.restore(values.get("model", values))


def _values(changes: list[str]) -> dict[str, Any]:
    """``key=value`` with values as in TOML; one that is none is text."""
    found: dict[str, Any] = {}
    for change in changes:
        key, equals, text = change.partition("=")
        if not equals:
            raise InputError(f"--set needs key=value, such as depth=18, not {change!r}")
        try:
            found[key.strip()] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            found[key.strip()] = text.strip()
    return found


def _readable(key: str, value: object) -> str:
    if key.endswith("parameters"):
        return f"{float(str(value)) / 1e6:.2f} M"
    if key.endswith("flops"):
        return f"{float(str(value)) / 1e9:.3f} G multiply-accumulates"
    return str(value)
