"""``ghosthands serve``: run the bridge until Ctrl-C."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.commands.console import console, run_until_stopped
from bridge.commands.invitation import invitation
from bridge.commands.paths import data_folder

if TYPE_CHECKING:
    from bridge.config import Settings

__all__ = ["serve"]

_LOG = logging.getLogger(__name__)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [0.0.0.0].")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port for everything; 0: a free one [8443].")
    ] = None,
    room: Annotated[
        list[str] | None, typer.Option(help="A room that is open from the start [lesson].")
    ] = None,
    record: Annotated[Path | None, typer.Option(help="Record every room into this folder.")] = None,
    recorded_by: Annotated[
        str | None, typer.Option(help="Who plays, in any words: recordings say it.")
    ] = None,
    lessons: Annotated[
        Path | None, typer.Option(help="Recordings that whoever watches a room may play there.")
    ] = None,
    hand_colours: Annotated[
        Path | None,
        typer.Option(help="Colours of the ghost's hands (ghosthands ensemble --texture)."),
    ] = None,
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
    access: Annotated[
        str | None,
        typer.Option(help="Whether rooms ask for a token: token, open; auto: not on loopback."),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(help="NATS server over which bridges share rooms: nats://HOST:4222."),
    ] = None,
    public_url: Annotated[
        str | None, typer.Option(help="Where devices reach this bridge; for a cluster.")
    ] = None,
    mdns: Annotated[
        bool | None,
        typer.Option("--mdns", help="Give the bridge a name in the network: ghosthands.local."),
    ] = None,
    show_links: Annotated[
        bool | None,
        typer.Option(
            "--links/--no-links",
            help="Show links and join codes that let people in: here, and on this machine's page.",
        ),
    ] = None,
    qr: Annotated[
        bool, typer.Option("--qr/--no-qr", help="Draw the links as QR codes, too.")
    ] = True,
    log_format: Annotated[
        str | None, typer.Option(help="Logs as text, or as json: one object a line [text].")
    ] = None,
    log_level: Annotated[
        str | None, typer.Option(help="Log debug, info, warning or error and above [info].")
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
        recorded_by=recorded_by,
        lessons=lessons,
        hand_colours=hand_colours,
        anchor=anchor,
        fuser=fuser,
        provider=provider,
        certificate=certificate,
        private_key=private_key,
        insecure=insecure,
        access=access,
        cluster=cluster,
        public_url=public_url,
        mdns=mdns,
        show_links=show_links,
        log_format=log_format,
        log_level=log_level,
    )
    from bridge.observe import configure_logs
    from bridge.server import run

    verbose = logging.getLogger().level == logging.DEBUG  # ghosthands -v serve
    configure_logs(settings.log_format, "debug" if verbose else settings.log_level)

    names: list[str] = []
    run_until_stopped(
        run(
            settings,
            data_folder(),
            on_name=names.append,
            on_ready=lambda port: _say_where(settings, port, *names, qr=qr),
        )
    )
    _say(settings, "Stopped.")


def _say(settings: Settings, text: str) -> None:
    if settings.log_format == "json":
        _LOG.info("%s", text)
    else:
        console.print(text)


def _say_where(settings: Settings, port: int, name: str | None = None, *, qr: bool) -> None:
    from bridge.access import Keyring
    from bridge.reach import addresses

    if settings.log_format == "json":  # machines read along: no tables
        scheme = "http" if settings.insecure else "https"
        _LOG.info("listening on %s://%s:%d", scheme, settings.host, port)
        return
    found = addresses(settings, port, name=name)
    keyring = None
    if settings.needs_tokens and settings.show_links:
        keyring = Keyring(settings.access_folder or data_folder() / "access")
    rows: list[tuple[str, str]] = []
    scanned: dict[str, str] = {}
    for room in settings.rooms or ("lesson",):
        rows += [("Room", room)] if len(settings.rooms) > 1 else []
        more, links = invitation(settings, keyring, room, found[0].url)
        rows += more
        scanned = scanned or links
    rows.append(("Overview", ", ".join(one.url for one in reversed(found))))
    for title, value in rows:
        # Not among the logs, which go to standard error: the links let in whoever reads them.
        typer.echo(f"{title:11}{value}")
    if qr and settings.show_links and found[0].kind != "machine":
        _draw(settings, scanned)
    if settings.needs_tokens:
        console.print(
            "The links and codes let in whoever has them. ghosthands token: more, or fewer.",
            style="dim",
        )
    elif not settings.on_loopback:
        console.print("Whoever reaches this bridge may enter every room (access).", style="yellow")
    if not settings.insecure and settings.certificate is None:
        console.print(
            "The certificate is the bridge's own: each browser warns once. How to go on, for each "
            f"kind of phone: {found[-1].url}/#certificate",
            style="dim",
        )
    console.print("Ctrl-C stops the bridge.", style="dim")


def _draw(settings: Settings, scanned: dict[str, str]) -> None:
    """QR codes for the first room, where a terminal shows them."""
    from bridge.commands.invitation import qr_lines

    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        return
    try:
        "█▀▄".encode(sys.stdout.encoding)
    except (LookupError, UnicodeEncodeError):
        return
    room = (settings.rooms or ("lesson",))[0]
    codes = [
        (f"Teacher, room {room}", scanned["capture"]),
        (f"Learner, room {room}", scanned["viewer"]),
    ]
    lines = qr_lines(codes, columns=shutil.get_terminal_size().columns)
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    if not lines:
        console.print("QR codes need a wider terminal, or look at the overview.", style="dim")
