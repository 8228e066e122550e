"""``ghosthands play``: play a recording into a room of a running bridge."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bridge.commands.console import progress_bar, run_until_stopped

__all__ = ["play"]


def play(
    recording: Annotated[Path, typer.Argument(help="The recording (.mcap).")],
    room: Annotated[str, typer.Option(help="The room to play into.")] = "lesson",
    url: Annotated[str, typer.Option(help="The bridge.")] = "https://localhost:8443",
    rate: Annotated[float, typer.Option(help="Speed: 0.5 is half.", min=0.1, max=4.0)] = 1.0,
    loop: Annotated[bool, typer.Option("--loop", help="Over and over, until Ctrl-C.")] = False,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Trust any certificate, as of a bridge of your own.")
    ] = False,
) -> None:
    """Play a recording into a room, for all who watch there."""
    import sdk_python as sdk

    lesson = sdk.Recording.open(recording)
    with progress_bar(f"Playing into {room}", unit="seconds") as update:
        run_until_stopped(
            sdk.play(
                lesson, url, room=room, rate=rate, loop=loop, insecure=insecure, progress=update
            )
        )
