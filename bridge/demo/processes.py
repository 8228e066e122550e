"""The demo's parts as processes of their own, as they would be on machines of their own."""

from __future__ import annotations

import asyncio
import contextlib
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

__all__ = ["Part", "PublisherPlan", "bridge_part", "publisher_part"]

_SPAWN = multiprocessing.get_context("spawn")
_END_S = 5.0


@dataclass(frozen=True, slots=True)
class PublisherPlan:
    """What one publisher sends.

    Attributes:
        source: A video file; it is repeated for ever.
        url: The room's WHIP address.
        view: The view's name.
        copy: Send the file's H.264 as it is: a phone encodes in hardware, this machine would not.
        start_ns: When the file's first picture is due, `time.monotonic_ns`.
    """

    source: Path
    url: str
    view: str
    copy: bool
    start_ns: int


@dataclass(frozen=True, slots=True)
class _Failure:
    text: str


class Part:
    """A process of the demo. Leaving its context ends it.

    Args:
        target: Runs in the process; its last argument is the pipe to speak into.
        args: The arguments before.

    Attributes:
        ended: Done when the process has ended; raises ``GhostHandsError`` if it failed.
    """

    ended: asyncio.Task[None]

    def __init__(self, target: Callable[..., None], *args: Any) -> None:
        self._said, theirs = _SPAWN.Pipe(duplex=False)
        # Not a daemon: the bridge adjusts cameras in a process of its own. See _end_with_parent.
        self._process = _SPAWN.Process(target=target, args=(*args, theirs))
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int | None:
        """The process's number."""
        return self._process.pid

    async def __aenter__(self) -> Part:
        self._ready: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.ended = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self._end)
        await asyncio.gather(self.ended, return_exceptions=True)
        self._said.close()

    async def ready(self) -> Any:
        """Waits for what the process says when it is ready.

        Raises:
            GhostHandsError: It failed, or ended without a word.
        """
        await asyncio.wait([self._ready, self.ended], return_when=asyncio.FIRST_COMPLETED)
        if not self._ready.done():
            self.ended.result()
            raise GhostHandsError("a part of the demo ended before it began")
        return self._ready.result()

    async def _listen(self) -> None:
        while True:
            try:
                said = await asyncio.to_thread(self._said.recv)
            except (EOFError, OSError):
                return
            if isinstance(said, _Failure):
                raise GhostHandsError(said.text)
            self._ready.set_result(said)

    def _end(self) -> None:
        self._process.terminate()
        self._process.join(_END_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def bridge_part(settings: Settings, data_folder: Path) -> Part:
    """A bridge; it says its port once it listens."""
    return Part(_bridge, settings, data_folder)


def publisher_part(plan: PublisherPlan) -> Part:
    """A publisher; it says nothing unless it fails."""
    return Part(_publisher, plan)


def _bridge(settings: Settings, data_folder: Path, pipe: Connection) -> None:
    from bridge.server import run

    _run(run(settings, data_folder, on_ready=pipe.send), pipe)


def _publisher(plan: PublisherPlan, pipe: Connection) -> None:
    from bridge.demo.in_step import InStep
    from bridge.streams import open_source, publish

    async def main() -> None:
        source = open_source(plan.source, loop=True, copy=plan.copy)
        await publish(InStep(source, plan.start_ns), plan.url, view=plan.view)

    _run(main(), pipe)


def _run(main: Coroutine[Any, Any, None], pipe: Connection) -> None:
    """Runs until SIGTERM, or until the demo itself is gone, however it ended."""
    logging.disable(logging.WARNING)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all parts; the demo decides.
    threading.Thread(target=_end_with_parent, daemon=True).start()

    async def guarded() -> None:
        task = asyncio.ensure_future(main)
        loop = asyncio.get_running_loop()
        signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(task.cancel))
        with contextlib.suppress(asyncio.CancelledError):
            await task

    try:
        asyncio.run(guarded())
    except GhostHandsError as error:
        with contextlib.suppress(OSError):
            pipe.send(_Failure(str(error)))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
