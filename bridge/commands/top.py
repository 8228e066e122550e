"""``ghosthands top``: how a running bridge does, live in the terminal."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.live import Live

from bridge.commands.console import run_until_stopped
from bridge.errors import ConnectionFailedError

if TYPE_CHECKING:
    from bridge.top import Overview

__all__ = ["top"]

_BETWEEN_S = 1.0


def top(
    url: Annotated[
        str, typer.Argument(help="The bridge.", metavar="[URL]")
    ] = "https://localhost:8443",
    once: Annotated[bool, typer.Option("--once", help="Print it once and end.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object instead, and end.")
    ] = False,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Trust any certificate, as of a bridge of your own.")
    ] = False,
    token: Annotated[
        str | None, typer.Option(help="Sent as a Bearer token.", envvar="GHOSTHANDS_TOKEN")
    ] = None,
) -> None:
    """Show how a running bridge does: rooms, views, latency, watchers, recordings."""
    run_until_stopped(_top(url, once=once, as_json=as_json, insecure=insecure, token=token))


async def _top(url: str, *, once: bool, as_json: bool, insecure: bool, token: str | None) -> None:
    import dataclasses

    import aiohttp

    from bridge.top import overview, screen, take_reading

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    ssl = not insecure
    async with aiohttp.ClientSession(headers=headers) as client:
        before = await take_reading(client, url, ssl=ssl)
        await asyncio.sleep(_BETWEEN_S)
        now = await take_reading(client, url, ssl=ssl)
        shown: Overview = overview(now, before)
        if as_json:
            typer.echo(json.dumps(dataclasses.asdict(shown), indent=2))
            return
        if once:
            Console().print(screen(shown, url))
            return
        with Live(screen(shown, url), console=Console(), screen=True, auto_refresh=False) as live:
            while True:
                await asyncio.sleep(_BETWEEN_S)
                problem = None
                try:
                    before, now = now, await take_reading(client, url, ssl=ssl)
                    shown = overview(now, before)
                except ConnectionFailedError as error:
                    problem = str(error)
                live.update(screen(shown, url, problem=problem), refresh=True)
