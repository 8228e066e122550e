"""``ghosthands serve``: run the bridge until Ctrl-C."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from bridge.commands.console import console, run_until_stopped
from bridge.commands.paths import data_folder

if TYPE_CHECKING:
    from bridge.config import Settings

__all__ = ["serve"]


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [0.0.0.0].")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port for everything; 0: a free one [8443].")
    ] = None,
    room: Annotated[
        list[str] | None, typer.Option(help="A room that is open from the start [lesson].")
    ] = None,
    record: Annotated[Path | None, typer.Option(help="Record every room into this folder.")] = None,
    anchor: Annotated[
        Path | None,
        typer.Option(help="The instrument's anchor file (ghosthands anchor): place and true size."),
    ] = None,
    fuser: Annotated[str | None, typer.Option(help="How views are fused [selfcal].")] = None,
    provider: Annotated[
        str | None, typer.Option(help="Where the nets run: auto, cpu or cuda [auto].")
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="Your own TLS certificate, PEM; else one is made.")
    ] = None,
    private_key: Annotated[Path | None, typer.Option(help="The certificate's key, PEM.")] = None,
    insecure: Annotated[
        bool | None, typer.Option("--insecure", help="Plain HTTP, on a loopback host only.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Settings file [ghosthands.toml if there].")
    ] = None,
) -> None:
    """Run the bridge: phones publish to it, viewers and headsets watch."""
    from bridge.config import load_settings

    settings = load_settings(
        config,
        host=host,
        port=port,
        rooms=tuple(room) if room else None,
        record=record,
        anchor=anchor,
        fuser=fuser,
        provider=provider,
        certificate=certificate,
        private_key=private_key,
        insecure=insecure,
    )
    from bridge.server import run

    run_until_stopped(
        run(settings, data_folder(), on_ready=lambda port: _say_where(settings, port))
    )
    console.print("Stopped.")


def _say_where(settings: Settings, port: int) -> None:
    from bridge.tls import local_addresses

    scheme = "http" if settings.insecure else "https"
    everywhere = settings.host in ("0.0.0.0", "::")  # noqa: S104
    hosts = ["localhost", *local_addresses()] if everywhere else [settings.host]
    outside = hosts[-1]
    room = settings.rooms[0] if settings.rooms else "lesson"
    table = Table(box=None, show_header=False, pad_edge=False)
    base = f"{scheme}://{outside}:{port}"
    table.add_row("Phone", f"{base}/capture?room={room}&view=phone")
    table.add_row("Tablet", f"{base}/capture?room={room}&view=tablet")
    table.add_row("Viewer", f"{base}/viewer?room={room}")
    table.add_row("Overview", ", ".join(f"{scheme}://{host}:{port}" for host in hosts))
    console.print(table, soft_wrap=True)
    if not settings.insecure and settings.certificate is None:
        console.print(
            "The certificate is the bridge's own: each browser warns once; choose to go on.",
            style="dim",
        )
    console.print("Ctrl-C stops the bridge.", style="dim")
