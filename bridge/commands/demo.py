"""``ghosthands demo``: the main job on this machine alone, and how well it does."""

from __future__ import annotations

import json
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.commands.console import console, progress_bar, run_until_stopped
from bridge.commands.paths import data_folder
from bridge.errors import InputError

if TYPE_CHECKING:
    from bridge.demo.show import Measured

__all__ = ["demo"]

_REDRAW_POSES = 10
_RECENT_POSES = 60


def demo(
    seconds: Annotated[
        float | None, typer.Option(help="Measure for so long, then end; else until Ctrl-C.", min=1)
    ] = None,
    headless: Annotated[bool, typer.Option("--headless", help="Open no browser.")] = False,
    videos: Annotated[
        tuple[Path, Path] | None,
        typer.Option(help="Publish these two videos of one moment instead.", metavar="A B"),
    ] = None,
    encode: Annotated[
        bool,
        typer.Option(
            "--encode", help="Encode the demo's videos on this machine, as no phone would need to."
        ),
    ] = False,
) -> None:
    """Show the main job: two cameras, WebRTC, ghost hands in a page; end with a line of JSON."""
    from bridge.demo.show import Measured, show
    from bridge.offline import view_names
    from bridge.streams import VideoFile

    if videos is None:
        files = _rendered()
    else:
        for path in videos:
            VideoFile(path)  # A wrong file is named now, by this process.
        files = dict(zip(view_names(videos), videos, strict=True))
    measured = Measured(0, known=videos is None)

    with console.status("Starting a bridge and two cameras…") as status:

        def ready(url: str) -> None:
            console.print(f"Ghost hands: [link={url}]{url}[/]", soft_wrap=True)
            if not headless and not webbrowser.open(url):
                console.print("No browser opened: open that address yourself.", style="yellow")
            if seconds is None:
                console.print("Ctrl-C ends the demo.", style="dim")

        def pose(so_far: Measured) -> None:
            if len(so_far.time_ns) % _REDRAW_POSES == 0:
                status.update(_live_line(so_far))

        run_until_stopped(
            show(
                files,
                copy=videos is None and not encode,
                seconds=seconds,
                data_folder=data_folder(),
                on_ready=ready,
                on_pose=pose,
                measured=measured,
            )
        )
    typer.echo(json.dumps(measured.result()))
    if not measured.time_ns:
        raise InputError("no pose came: see `ghosthands doctor`")


def _rendered() -> dict[str, Path]:
    from bridge.demo.clips import demo_clips

    with progress_bar("Rendering the two cameras (once)") as update:
        return demo_clips(progress=update)


def _live_line(measured: Measured) -> str:
    return (
        f"{measured.rate_hz(_RECENT_POSES):.0f} poses a second, "
        f"{measured.latency_ms(50, _RECENT_POSES):.0f} ms old, "
        f"{len(measured.time_ns)} so far"
    )
