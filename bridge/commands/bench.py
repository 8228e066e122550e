"""``ghosthands bench``: how good and how fast the parts are, on this machine."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table

from bridge.commands.console import console, progress_bar
from bridge.optional import require

__all__ = ["bench"]

bench = typer.Typer(no_args_is_help=True, help="Measure accuracy and speed on this machine.")

_SHOWN = {
    "mpjpe_mm": "MPJPE",
    "root_relative_mm": "wrist-relative",
    "pa_mpjpe_mm": "PA-MPJPE",
    "rotation_error_deg": "camera, degrees",
    "focal_error": "lens",
    "jitter_m_s3": "jitter, m/s³",
    "ms_a_frame_set": "ms",
}


@bench.callback()
def callback() -> None:
    """Keeps ``fusion`` a verb of its own while it is the only one."""


@bench.command("fusion")
def fusion(
    clips: Annotated[int, typer.Option(min=1, help="Simulated clips.")] = 50,
    seconds: Annotated[float, typer.Option(min=2, help="Length of each.")] = 8.0,
    noise: Annotated[
        float | None, typer.Option(min=0, help="Share of the landmark net's errors [0.5].")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead.")] = False,
) -> None:
    """Compare fusers on clips of random people and devices, with exact truth."""
    require("torch", extra="train")
    from bridge.bench.fusion import FAIR_NOISE, measure_fusion

    with progress_bar("Fusing", "clips") as update:
        results = measure_fusion(
            clips=clips,
            seconds=seconds,
            noise=FAIR_NOISE if noise is None else noise,
            on_progress=update,
        )
    if as_json:
        typer.echo(json.dumps(results, indent=2))
        return
    title = f"{clips} clips, median over clips; live methods after {results['scored_after_s']} s"
    table = Table("method", *_SHOWN.values(), title=title, title_justify="left")
    for name, found in results["methods"].items():
        cells = [f"{found[m]['median']:.2f}" if m in found else "-" for m in _SHOWN]
        table.add_row(name, *cells)
    console.print(table)
