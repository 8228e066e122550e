"""The demo's parts as processes of their own, as they would be on machines of their own."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from bridge.config import Settings
from bridge.errors import GhostHandsError

__all__ = ["Capture", "Failure", "PublisherPlan", "Ready", "start_bridge", "start_publisher"]

_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Ready:
    """The bridge listens on this port."""

    port: int


@dataclass(frozen=True, slots=True)
class Capture:
    """A publisher captured a frame: its index in the source, and ``time.monotonic_ns``."""

    view: str
    index: int
    time_ns: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A process ended because of an error; its text is for people."""

    text: str


@dataclass(frozen=True, slots=True)
class PublisherPlan:
    """What a publisher sends where; ``copy`` spares the encoder, as a phone's hardware does."""

    source: str
    url: str
    view: str
    copy: bool


def start_bridge(settings: Settings, data_folder: Path) -> tuple[Any, Connection]:
    """Starts a bridge; its pipe says ``Ready`` or ``Failure``."""
    return _start(_bridge, settings, data_folder)


def start_publisher(plan: PublisherPlan) -> tuple[Any, Connection]:
    """Starts a publisher that loops; its pipe says each ``Capture``, or ``Failure``."""
    return _start(_publisher, plan)


def _start(target: Callable[..., None], *args: Any) -> tuple[Any, Connection]:
    ours, theirs = _SPAWN.Pipe(duplex=False)
    process = _SPAWN.Process(target=target, args=(*args, theirs), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def _bridge(settings: Settings, data_folder: Path, pipe: Connection) -> None:
    from bridge.server import run

    _run(run(settings, data_folder, on_ready=lambda port: pipe.send(Ready(port))), pipe)


def _publisher(plan: PublisherPlan, pipe: Connection) -> None:
    from bridge.streams import publish

    _run(
        publish(
            plan.source,
            plan.url,
            view=plan.view,
            loop=True,
            copy=plan.copy,
            on_capture=lambda index, time_ns: pipe.send(Capture(plan.view, index, time_ns)),
        ),
        pipe,
    )


def _run(main: Coroutine[Any, Any, Any], pipe: Connection) -> None:
    """Runs until SIGTERM, or until the demo itself is gone, however it ended."""
    logging.disable(logging.WARNING)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the demo decides.
    threading.Thread(target=_end_with_parent, daemon=True).start()

    async def guarded() -> None:
        task = asyncio.ensure_future(main)
        signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(task.cancel))
        loop = asyncio.get_running_loop()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()

    try:
        asyncio.run(guarded())
    except GhostHandsError as error:
        pipe.send(Failure(str(error)))
    except BrokenPipeError:
        pass


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
