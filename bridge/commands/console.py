"""What all verbs share: the application, the terminal and progress bars."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

import bridge

__all__ = ["app", "console", "progress_bar", "run_until_stopped"]

_T = TypeVar("_T")

console = Console(stderr=True)
"""For people: progress, hints, tables. Results for programs go to standard output."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Two phones, no calibration: a teacher's hands in 3D, live, as ghost hands to follow.",
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"ghosthands {bridge.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")] = False,
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(message)s",
        datefmt="%H:%M:%S",
        handlers=[RichHandler(console=console, show_path=False, rich_tracebacks=False)],
        force=True,
    )
    for chatty in ("aiortc", "aioice", "aiohttp.access", "libav", "websockets"):
        logging.getLogger(chatty).setLevel(logging.INFO if verbose else logging.ERROR)


@contextmanager
def progress_bar(title: str, unit: str = "frames") -> Iterator[Any]:
    """A progress bar; yields ``update(done, total)``, whose total may be None while unknown."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def run_until_stopped(main: Coroutine[Any, Any, _T]) -> _T | None:
    """Runs a coroutine; the first Ctrl-C or SIGTERM cancels it, so that it can clean up.

    A second one ends the process at once, as that signal would have.

    Returns:
        What it returned; None when it was stopped.
    """

    async def guarded() -> _T | None:
        task = asyncio.ensure_future(main)
        loop = asyncio.get_running_loop()
        signals = (signal.SIGINT, signal.SIGTERM)

        def stop() -> None:
            for number in signals:
                loop.remove_signal_handler(number)
                signal.signal(number, signal.SIG_DFL)
            task.cancel()

        for number in signals:
            try:
                loop.add_signal_handler(number, stop)
            except NotImplementedError:  # Windows: asyncio.run turns Ctrl-C into a cancel itself.
                break
        try:
            return await task
        except asyncio.CancelledError:
            return None

    return asyncio.run(guarded())
