"""``ghosthands publish``: be a phone, with a video file or a camera of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import typer

from bridge.commands.console import console, progress_bar, run_until_stopped
from bridge.errors import InputError

__all__ = ["publish"]


def publish(
    source: Annotated[
        str,
        typer.Argument(
            help="A video file, or a camera: its number or name.", metavar="VIDEO|CAMERA"
        ),
    ],
    url: Annotated[str, typer.Option(help="The bridge.")] = "https://localhost:8443",
    view: Annotated[str, typer.Option(help="This device's name in the room.")] = "phone",
    room: Annotated[str, typer.Option(help="The room.")] = "lesson",
    loop: Annotated[bool, typer.Option("--loop", help="Repeat the file until Ctrl-C.")] = False,
    copy: Annotated[
        bool, typer.Option("--copy", help="Send H.264 as it is in the file, without encoding.")
    ] = False,
    codec: Annotated[Literal["h264", "vp8"], typer.Option(help="Encode as this.")] = "h264",
    focal: Annotated[
        float | None,
        typer.Option(help="The lens's focal length in longer image sides, if known.", min=0.2),
    ] = None,
    bitrate: Annotated[int, typer.Option(help="Video bitrate, kbit/s.", min=100)] = 2500,
    token: Annotated[
        str | None, typer.Option(help="Token to publish with.", envvar="GHOSTHANDS_TOKEN")
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Trust any certificate, as of a bridge of your own.")
    ] = False,
    ca_file: Annotated[Path | None, typer.Option(help="Certificates to trust, PEM.")] = None,
    reconnect: Annotated[
        float, typer.Option(help="Seconds to try to come back when the connection is lost.", min=0)
    ] = 60.0,
) -> None:
    """Publish a video file or a camera to a room, as a phone would."""
    from bridge.streams import publish as publish_stream

    with progress_bar(f"Publishing {view}") as update:
        stats = run_until_stopped(
            publish_stream(
                int(source) if source.isdecimal() else source,
                _whip_url(url, room),
                view=view,
                focal=focal,
                loop=loop,
                copy=copy,
                codec=codec,
                bitrate_kbps=bitrate,
                token=token,
                insecure=insecure,
                ca_file=ca_file,
                reconnect_s=reconnect,
                progress=update,
            )
        )
    if stats is not None:
        console.print(f"Sent {stats.sent} frames; {stats.dropped} were late and left out.")


def _whip_url(url: str, room: str) -> str:
    """The room's WHIP address: a full one is taken as it is, a bridge's is completed."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise InputError(f"{url!r} is no address of a bridge: give https://HOST:PORT")
    return url if "/whip/" in parts.path else f"{url.rstrip('/')}/whip/{room}"
