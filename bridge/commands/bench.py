"""``ghosthands bench``: how good and how fast the parts are, on this machine."""

from __future__ import annotations

import json
from pathlib import Path
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


@bench.command("fusion")
def fusion(
    clips: Annotated[int, typer.Option(min=1, help="Simulated clips.")] = 50,
    seconds: Annotated[float, typer.Option(min=2, help="Length of each.")] = 8.0,
    noise: Annotated[
        float | None, typer.Option(min=0, help="Share of the landmark net's errors [0.5].")
    ] = None,
    rendered: Annotated[
        bool, typer.Option("--rendered", help="Draw the clips, and let the real nets look.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead.")] = False,
) -> None:
    """Compare fusers on clips of random people and devices, with exact truth.

    Clips are simulated by their keypoints, or drawn (--rendered), at a minute a clip or so.
    """
    require("torch", extra="train")
    from bridge.bench.fusion import FAIR_NOISE, measure_fusion
    from bridge.bench.rendered import measure_rendered
    from bridge.model.nets import load_nets

    if rendered and noise is not None:
        raise typer.BadParameter("drawn clips have the real nets' errors: leave --noise out")
    with progress_bar("Fusing", "clips") as update:
        if rendered:
            results = measure_rendered(
                load_nets("cpu"), clips=clips, seconds=seconds, on_progress=update
            )
        else:
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
    if rendered:
        seen = {name: found["mean"] for name, found in results["seen"].items()}
        console.print(
            f"The nets found {seen['found']:.1%} of the hands in sight; of those they reported, "
            f"{seen['wrong_side']:.1%} were the other one and {seen['elsewhere']:.1%} none."
        )


@bench.command("fanout")
def fanout(
    subscribers: Annotated[int, typer.Option(min=1, help="Watchers of one room.")] = 100,
    seconds: Annotated[float, typer.Option(min=1, help="How long each server is measured.")] = 10.0,
    rate: Annotated[float, typer.Option(min=1, max=1000, help="Poses a second.")] = 60.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead.")] = False,
) -> None:
    """Serve many watchers of one room, beside a bare websockets.broadcast loop."""
    from bridge.bench.fanout import measure_fanout

    with progress_bar(f"Serving {subscribers} watchers", "servers") as update:
        results = measure_fanout(
            subscribers=subscribers, seconds=seconds, rate_hz=rate, on_progress=update
        )
    if as_json:
        typer.echo(json.dumps(results, indent=2))
        return
    ratio = results["delivered_a_cpu_second_ratio"]
    title = (
        f"{subscribers} watchers at {rate:g} poses a second of {results['bytes_a_pose']} bytes: "
        f"{ratio:.2f} times the poses of a bare loop for the same work"
    )
    table = Table("server", title=title, title_justify="left")
    for column in ("p50, ms", "p95, ms", "p99, ms", "delivered", "CPU, cores"):
        table.add_column(column, justify="right")
    for name in ("bridge", "websockets"):
        found = results[name]
        latency = (f"{found['latency_ms'][p]:.1f}" for p in ("p50", "p95", "p99"))
        share, cpu = f"{found['delivered_share']:.1%}", f"{found['server_cpu_cores']:.2f}"
        table.add_row(name, *latency, share, cpu)
    console.print(table)


@bench.command("live")
def live(
    videos: Annotated[
        list[Path] | None, typer.Argument(help="One video a camera [the demo's two].")
    ] = None,
    provider: Annotated[str, typer.Option(help="Where the nets run: auto, cpu or cuda.")] = "auto",
    fuser: Annotated[str, typer.Option(help="How views are fused.")] = "selfcal",
    frame_sets: Annotated[int, typer.Option(min=1, help="How many to measure.")] = 300,
    warm_up: Annotated[int, typer.Option(min=0, help="How many to leave out first.")] = 60,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead.")] = False,
) -> None:
    """Time the live path, stage by stage: two hands in the demo's two views, or your videos."""
    from bridge.bench.live import STAGES, measure_live
    from bridge.demo.clips import demo_clips
    from bridge.model.nets import load_nets
    from bridge.offline import view_names

    nets = load_nets(provider)
    if videos:
        views = dict(zip(view_names(videos), videos, strict=True))
    else:
        with progress_bar("The demo's videos") as update:
            views = demo_clips(progress=update)
    with progress_bar("Warming up, then measuring", "frame sets") as update:
        results = measure_live(
            views,
            nets=nets,
            fuser=fuser,
            frame_sets=frame_sets,
            warm_up=warm_up,
            on_progress=update,
        )
    if as_json:
        typer.echo(json.dumps(results, indent=2))
        return
    title = (
        f"{results['frame_sets_a_second']:.1f} frame sets a second, {len(views)} views, "
        f"{results['hands_a_frame_set']:.1f} hands in a set, nets on {results['provider']}"
    )
    table = Table("stage", title=title, title_justify="left")
    for column in ("p50, ms", "p95, ms", "runs in"):
        table.add_column(column, justify="right")
    table.add_column("what", style="dim")
    for name, found in results["stages_ms"].items():
        table.add_row(
            name.replace("_", " "),
            f"{found['p50']:.2f}",
            f"{found['p95']:.2f}",
            f"{found['share_of_frame_sets']:.0%}",
            STAGES[name],
        )
    console.print(table)
    if not results["cameras_known"] and len(views) > 1 and fuser == "selfcal":
        console.print(
            "The cameras did not become known: hands were fused the simple way all along.",
            style="yellow",
        )
