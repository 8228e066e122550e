"""``ghosthands play``: play a recording into a room of a running bridge."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from bridge.commands.console import console, run_until_stopped
from bridge.errors import InputError

if TYPE_CHECKING:
    from bridge.commands.transport_keys import TransportKeys
    from bridge.playback import Player, Playhead

__all__ = ["play"]


def play(
    recording: Annotated[Path, typer.Argument(help="The recording (.mcap).")],
    room: Annotated[str, typer.Option(help="The room to play into.")] = "lesson",
    url: Annotated[str, typer.Option(help="The bridge.")] = "https://localhost:8443",
    rate: Annotated[float, typer.Option(help="Speed: 0.5 is half.", min=0.25, max=2.0)] = 1.0,
    loop: Annotated[bool, typer.Option("--loop", help="Over and over, until Ctrl-C.")] = False,
    begin_s: Annotated[
        float, typer.Option("--from", help="Begin here, seconds after the first pose.", min=0)
    ] = 0.0,
    end_s: Annotated[
        float | None, typer.Option("--to", help="End here, seconds after the first pose.", min=0)
    ] = None,
    token: Annotated[
        str | None, typer.Option(help="Token to publish with.", envvar="GHOSTHANDS_TOKEN")
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Trust any certificate, as of a bridge of your own.")
    ] = False,
    reconnect: Annotated[
        float, typer.Option(help="Seconds to try to come back when the connection is lost.", min=0)
    ] = 60.0,
) -> None:
    """Play a recording into a room, for all who watch there.

    In a terminal, keys control it: space pauses, arrows seek, + and - change the rate, a and b set
    a loop.
    """
    from bridge.playback import Lesson, Player

    with Lesson.open(recording) as lesson:
        player = Player(lesson, clock_ns=time.monotonic_ns)
        bounds_ns = _bounds_ns(begin_s, end_s, lesson.duration_ns)
        playhead = player.playhead
        playhead.set_rate(rate)
        playhead.seek(bounds_ns[0])
        if loop:
            playhead.set_loop(bounds_ns)
        run_until_stopped(_play(player, url, room, bounds_ns, token, insecure, reconnect))


def _bounds_ns(begin_s: float, end_s: float | None, duration_ns: int) -> tuple[int, int]:
    begin_ns = round(begin_s * 1e9)
    end_ns = duration_ns if end_s is None else round(end_s * 1e9)
    if begin_ns > duration_ns or (end_s is not None and end_ns <= begin_ns):
        until = f" --to {end_s:g}" if end_s is not None else ""
        raise InputError(
            f"nothing is between --from {begin_s:g}{until}: the recording lasts "
            f"{duration_ns / 1e9:.3f} s"
        )
    return begin_ns, min(end_ns, duration_ns)


async def _play(
    player: Player,
    url: str,
    room: str,
    bounds_ns: tuple[int, int],
    token: str | None,
    insecure: bool,
    reconnect_s: float,
) -> None:
    from bridge.commands.transport_keys import TransportKeys, terminal_keys
    from bridge.playback.remote import play_into

    wake = asyncio.Event()
    keys = TransportKeys(player.playhead, bounds_ns)
    playing: asyncio.Task[int] | None = None

    def press(key: str) -> None:
        keys.press(key)
        wake.set()
        if keys.ended and playing is not None:
            playing.cancel()

    with terminal_keys(press) as has_keys, Live(console=console, auto_refresh=False) as live:

        def show() -> None:
            live.update(_line(player.playhead, room, keys, has_keys), refresh=live.is_started)

        playing = asyncio.create_task(
            play_into(
                player,
                url,
                room,
                wake=wake,
                end_ns=bounds_ns[1],
                show=show,
                reconnect_s=reconnect_s,
                insecure=insecure,
                token=token,
            )
        )
        try:
            await playing
        except asyncio.CancelledError:
            if not keys.ended:
                raise
        finally:
            playing.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await playing


def _line(playhead: Playhead, room: str, keys: TransportKeys, has_keys: bool) -> Table:
    """Where the playback is, and which keys control it."""
    from bridge.commands.transport_keys import HELP

    position_ns = playhead.position_ns
    grid = Table.grid(padding=(0, 1))
    done = ProgressBar(total=max(1, playhead.duration_ns), completed=position_ns, width=30)
    loop = playhead.loop_ns
    grid.add_row(
        f"{'Playing' if playhead.playing else 'Paused'} into {room}",
        done,
        f"{_clock(position_ns)} / {_clock(playhead.duration_ns)}",
        f"x{playhead.rate:g}",
        f"loop {_clock(loop[0])} to {_clock(loop[1])}" if loop is not None else "",
    )
    if not has_keys:
        return grid
    both = Table.grid()
    both.add_row(grid)
    both.add_row(keys.note or HELP, style="dim")
    return both


def _clock(position_ns: int) -> str:
    minutes, tenths = divmod(position_ns // 100_000_000, 600)
    return f"{minutes}:{tenths / 10:04.1f}"
