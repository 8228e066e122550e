"""An event loop on a thread of its own, for callers that have none."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future, wait
from typing import Any, TypeVar

from bridge.errors import ConnectionFailedError, TimedOutError

__all__ = ["Background", "Line"]

T = TypeVar("T")

_SLICE_S = 0.2
"""Windows interrupts no wait for Ctrl-C, so none is longer."""


class Background:
    """Runs coroutines for threads that wait for them. Its thread ends with ``close``.

    Attributes:
        thread: The thread; a daemon, so that a program that forgets it still ends.
    """

    def __init__(self) -> None:
        started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self.thread = threading.Thread(
            target=asyncio.run, args=(_until_stopped(started),), name="ghosthands", daemon=True
        )
        self.thread.start()
        self._loop, self._stop = started.result()

    def run(self, start: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Runs a coroutine on the thread, and waits for it; Ctrl-C cancels it.

        Args:
            start: Makes the coroutine; called on the calling thread.

        Raises:
            BaseException: What the coroutine raises.
        """
        future = asyncio.run_coroutine_threadsafe(start(), self._loop)
        try:
            while not wait((future,), _SLICE_S).done:
                pass
        except BaseException:
            future.cancel()
            raise
        return future.result()

    def close(self) -> None:
        """Cancels what still runs, and ends the thread."""
        if self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        if threading.current_thread() is not self.thread:  # as when garbage is collected there
            self.thread.join()


async def _until_stopped(
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]],
) -> None:
    stop = asyncio.Event()
    started.set_result((asyncio.get_running_loop(), stop))
    await stop.wait()


class Line:
    """What the parts of one connection share: the thread, and how long to wait.

    Attributes:
        timeout_s: How long to wait for what comes, seconds; None: for ever.
    """

    def __init__(self, background: Background, timeout_s: float | None) -> None:
        self.timeout_s = timeout_s
        self._background = background
        self._closed = False

    def run(self, start: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Runs a coroutine and waits for it.

        Raises:
            ConnectionFailedError: The stream was closed.
            BaseException: What the coroutine raises.
        """
        if self._closed:
            raise ConnectionFailedError("this stream was closed: connect again")
        return self._background.run(start)

    def next(
        self,
        ready: Callable[[], Awaitable[None]],
        take: Callable[[], Awaitable[T]],
        what: str,
    ) -> T:
        """Waits for what comes next and takes it; what comes too late is there the next time.

        Args:
            ready: Waits until it can be taken, or nothing will come.
            take: Takes it.
            what: What it is, for people.

        Raises:
            StopIteration: Nothing will come.
            TimedOutError: Nothing came in time.
        """

        async def wait_and_take() -> tuple[T] | None:
            try:
                async with asyncio.timeout(self.timeout_s):
                    await ready()
            except TimeoutError:
                raise TimedOutError(f"no {what} came within {self.timeout_s:g} s") from None
            with contextlib.suppress(StopAsyncIteration):
                return (await take(),)
            return None

        taken = self.run(wait_and_take)
        if taken is None:
            raise StopIteration
        return taken[0]

    def close(self, open_now: contextlib.AsyncExitStack) -> None:
        """Leaves what was entered on the thread, and ends that."""
        self._closed = True
        try:
            if threading.current_thread() is not self._background.thread:
                self._background.run(open_now.aclose)
        finally:
            self._background.close()
