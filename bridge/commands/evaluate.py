"""``ghosthands eval``: a network's errors on the synthetic test set or a real dataset."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from bridge.commands.console import console, progress_bar
from bridge.errors import InputError
from bridge.optional import require

if TYPE_CHECKING:
    from bridge.model.training.evaluation import Evaluation

__all__ = ["evaluate"]

_SHOWN = {
    "mpjpe_mm": "MPJPE",
    "pa_mpjpe_mm": "PA-MPJPE",
    "mpvpe_mm": "MPVPE",
    "pa_mpvpe_mm": "PA-MPVPE",
    "root_relative_mm": "wrist-relative",
    "f_5": "F@5",
    "f_15": "F@15",
    "auc": "AUC",
}


_OF_PICTURES = {
    "side": "right side",
    "pixel": "2D, px",
    "epe_mm": "EPE, mm",
    "pa_mpjpe_mm": "PA-MPJPE",
    "pa_mpvpe_mm": "PA-MPVPE",
}
_PICTURES = 100


def evaluate(
    network: Annotated[str, typer.Argument(help="Which network: a3net, hamuco, ...")],
    weights: Annotated[
        Path | None,
        typer.Option(help="Weights or a checkpoint; without it, the shipped ones."),
    ] = None,
    data: Annotated[
        str, typer.Option(help="synthetic, or the folder of a rendered set or a real dataset.")
    ] = "synthetic",
    views: Annotated[list[int] | None, typer.Option(help="Views a sample; repeatable.")] = None,
    samples: Annotated[int | None, typer.Option(help="Only the first so many.")] = None,
    baselines: Annotated[
        bool, typer.Option(help="Also score single views, their mean, and triangulation.")
    ] = True,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Score a network, with 95 % bootstrap intervals."""
    require("torch", extra="train")
    from bridge.model.training.scoring import score

    counts = views or [1, 2, 3, 4]
    if min(counts) < 1 or (samples is not None and samples < 1):
        raise InputError("--views and --samples must be at least 1")
    if network == "multihand":
        if views:
            raise InputError("multihand looks at one picture: leave --views out")
        _pictures(weights, data, samples or _PICTURES, device, as_json=as_json)
        return
    with progress_bar("Evaluating", "samples") as update:
        results = score(
            network,
            weights,
            data=data,
            views=counts,
            samples=samples,
            baselines=baselines,
            device=device,
            on_progress=update,
        )
    if as_json:
        rows: dict[str, Any] = {
            f"{count} views": {name: found.to_dict() for name, found in methods.items()}
            for count, methods in results.items()
        }
        typer.echo(json.dumps({"network": network, "data": data, "results": rows}, indent=2))
        return
    for count, methods in results.items():
        console.print(_table(f"{count} view{'s' if count > 1 else ''}", methods))


def _pictures(
    weights: Path | None, data: str, pictures: int, device: str, *, as_json: bool
) -> None:
    """Scores the network whose samples are whole pictures, of as many hands as they have."""
    from bridge.model.training.scoring import score_pictures

    if data == "synthetic":
        raise InputError(
            "multihand is scored on whole pictures: ghosthands data render -o DIR makes hands to"
            " paste, ghosthands data label VIDEO -o DIR takes real ones; then --data DIR"
        )
    with progress_bar("Evaluating", "pictures") as update:
        found = score_pictures(
            weights, data=Path(data), pictures=pictures, device=device, on_progress=update
        )
    if as_json:
        rows = {name: scores.to_dict() for name, scores in found.items()}
        typer.echo(json.dumps({"network": "multihand", "data": data, "results": rows}, indent=2))
        return
    table = Table("hands", "precision", "recall", *_OF_PICTURES.values())
    for name, scores in found.items():
        # Real pictures have labels in 2D alone.
        known = (scores.metrics.get(metric) for metric in _OF_PICTURES)
        precision = f"{scores.precision:.3f}" if scores.found else "-"
        shares = (precision, f"{scores.recall:.3f}")
        table.add_row(name, *shares, *("-" if m is None else f"{m.mean:.2f}" for m in known))
    console.print(table)


def _table(title: str, methods: dict[str, Evaluation]) -> Table:
    shown = [name for name in _SHOWN if any(name in e.metrics for e in methods.values())]
    table = Table("method", *(_SHOWN[name] for name in shown), title=title, title_justify="left")
    for method, found in methods.items():
        cells = []
        for name in shown:
            interval = found.metrics.get(name)
            digits = 2 if name.endswith("_mm") else 3
            cells.append(
                "-"
                if interval is None
                else f"{interval.mean:.{digits}f} [dim]{interval.low:.{digits}f} to "
                f"{interval.high:.{digits}f}[/dim]"
            )
        failed = f" ({found.failed} of {found.samples} failed)" if found.failed else ""
        table.add_row(method + failed, *cells)
    return table
