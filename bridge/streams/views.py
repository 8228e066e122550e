"""Frame sets from live views, awaited: the synchroniser with a clock and an event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from bridge.streams.frame import Frame, FrameSet
from bridge.streams.newest import ViewSource
from bridge.streams.synchroniser import Synchroniser, ViewCount

__all__ = ["SynchronisedViews"]


class SynchronisedViews:
    """The views of one room, as a stream of frame sets.

    All calls belong on one event loop; views may join and leave at any time. ::

        views = SynchronisedViews()
        views.add(source)
        while (frames := await views.next_set()) is not None:
            await asyncio.to_thread(reconstruct, frames)

    Args:
        synchroniser: Pairs the frames; one with default settings if None.
        now_ns: The bridge's clock.
    """

    def __init__(
        self,
        synchroniser: Synchroniser | None = None,
        *,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._synchroniser = synchroniser or Synchroniser()
        self._now_ns = now_ns
        self._unsubscribe: dict[str, tuple[ViewSource, Callable[[], None]]] = {}
        self._changed = asyncio.Event()
        self._closed = False

    @property
    def views(self) -> tuple[str, ...]:
        """Names of the views, in the order in which they joined."""
        return self._synchroniser.views

    def count(self, view: str) -> ViewCount:
        """What became of a view's frames since it joined."""
        return self._synchroniser.count(view)

    def add(self, source: ViewSource) -> None:
        """Adds a view; one of the same name leaves first."""
        self.remove(source.view)
        self._synchroniser.join(source.view)
        self._unsubscribe[source.view] = (source, source.subscribe(self._push))

    def remove(self, view: str, source: ViewSource | None = None) -> None:
        """Removes a view; unknown ones are ignored.

        Args:
            view: Its name.
            source: Remove it only if it is this source's: a newer one may have its name by now.
        """
        if source is not None and self._unsubscribe.get(view, (None, None))[0] is not source:
            return
        if (entry := self._unsubscribe.pop(view, None)) is not None:
            entry[1]()
        self._synchroniser.leave(view)
        self._changed.set()

    def close(self) -> None:
        """Removes all views and ends ``next_set``."""
        for view in self.views:
            self.remove(view)
        self._closed = True
        self._changed.set()

    async def next_set(self) -> FrameSet | None:
        """Waits for the next frame set; None once closed."""
        while not self._closed:
            now_ns = self._now_ns()
            if (frames := self._synchroniser.poll(now_ns)) is not None:
                return frames
            next_poll_ns = self._synchroniser.next_poll_ns
            wait_s = None if next_poll_ns is None else max(0, next_poll_ns - now_ns) / 1e9
            self._changed.clear()
            try:
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()
            except TimeoutError:
                continue
        return None

    def _push(self, frame: Frame) -> None:
        self._synchroniser.push(frame, self._now_ns())
        self._changed.set()
