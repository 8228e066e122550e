"""A room's devices: their pictures, and the thread that makes hands of them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from bridge.model.anchor import Anchor
from bridge.model.fusion import Fuser
from bridge.model.reconstruct import Reconstruction, Reconstructor
from bridge.observe import RoomMeter, ViewState
from bridge.protocol import ViewStatus
from bridge.protocol.provenance import CameraUncertainty
from bridge.provenance import KnownCameras
from bridge.room_sight import RoomSight
from bridge.room_status import view_states, view_statuses
from bridge.streams import FrameSet, SynchronisedViews, ViewCount, ViewSource

__all__ = ["RoomDevices"]

_LOG = logging.getLogger(__name__)

_FAILURES_LOGGED = 3


class RoomDevices:
    """The devices that publish to one room, reconstructed frame set by frame set.

    All methods belong on the event loop; the model runs in a thread of its own.

    Args:
        room: The room's name.
        reconstructor: The room's own.
        meter: Where the measurements go.
        publish: Takes each frame set with the hands found in it, in order.
        anchor: Gives the room's instrument.
        now_ns: The bridge's clock.
    """

    def __init__(
        self,
        room: str,
        reconstructor: Reconstructor,
        meter: RoomMeter,
        publish: Callable[[FrameSet, Reconstruction], Awaitable[None]],
        *,
        anchor: Callable[[], Anchor | None] = lambda: None,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._room = room
        self._reconstructor = reconstructor
        self._meter = meter
        self._publish = publish
        self._now_ns = now_ns
        self._views = SynchronisedViews(now_ns=now_ns)
        self._sources: dict[str, ViewSource] = {}
        self._hands_seen: dict[str, int] = {}
        self._cameras = KnownCameras(reconstructor.fuser)
        self._sight = RoomSight(self._sources, lambda: self.fuser, anchor, now_ns=now_ns)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix=f"room {room}")
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Starts to reconstruct on the running event loop."""
        self._task = asyncio.create_task(self._run(), name=f"room {self._room}: reconstruct")

    async def stop(self) -> None:
        """No frame set is published any more."""
        self._views.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def close(self) -> None:
        """Waits for the thread to end; after ``stop``."""
        await asyncio.to_thread(self._worker.shutdown)

    @property
    def sources(self) -> Mapping[str, ViewSource]:
        """The devices by name, in the order in which they joined."""
        return self._sources

    @property
    def views(self) -> tuple[str, ...]:
        """Names of the live views, in the order in which they joined."""
        return self._views.views

    @property
    def fuser(self) -> Fuser:
        """What fuses the views."""
        return self._reconstructor.fuser

    @property
    def cameras(self) -> tuple[CameraUncertainty, ...]:
        """How well the cameras are known by now."""
        return self._cameras.now()

    def add(self, source: ViewSource) -> None:
        """A device publishes; one of the same name is replaced."""
        self._sources[source.view] = source
        self._views.add(source)
        if source.focal is not None:
            self._worker.submit(self._reconstructor.know_lens, source.view, source.focal)

    def remove(self, source: ViewSource) -> bool:
        """A device has left; False for one that another of its name has replaced."""
        if self._sources.get(source.view) is not source:
            return False
        del self._sources[source.view]
        self._meter.view_left(self._views.count(source.view), source.stats().skipped)
        self._hands_seen.pop(source.view, None)
        self._views.remove(source.view)
        self._sight.forget(source.view)
        self._worker.submit(self._reconstructor.forget, source.view)
        return True

    async def fuse_by(self, fuser: Fuser) -> None:
        """Fuses the views otherwise from now on; returns once no pose comes from before."""

        def change() -> None:
            self._reconstructor.use(fuser)
            for view, focal in lenses:
                self._reconstructor.know_lens(view, focal)

        lenses = [(s.view, s.focal) for s in self._sources.values() if s.focal is not None]
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._worker, change)
        self._cameras = KnownCameras(fuser)

    def statuses(self) -> tuple[ViewStatus, ...]:
        """The devices, as the room's watchers are told."""
        return view_statuses(self._sources, self._views, self._hands_seen)

    def states(self) -> list[ViewState]:
        """The devices for ``/metrics``."""
        return view_states(self.statuses())

    def counts(self) -> list[tuple[ViewCount, int]]:
        """What became of each device's pictures, and how many it skipped itself."""
        return [
            (self._views.count(name), source.stats().skipped)
            for name, source in self._sources.items()
        ]

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while (frames := await self._views.next_set()) is not None:
            began_ns = self._now_ns()
            self._meter.begin(frames, began_ns)
            try:
                result = await loop.run_in_executor(self._worker, self._reconstruct, frames)
            except Exception:  # One bad frame must not end a lesson.
                self._meter.failures += 1
                if self._meter.failures <= _FAILURES_LOGGED:
                    what = "room %s: a frame set could not be reconstructed"
                    _LOG.exception(what, self._room, extra={"room": self._room})
                continue
            self._meter.reconstructed(self._now_ns() - began_ns)
            for view in result.views:
                self._hands_seen[view.view] = sum(
                    1 << k for k, hand in enumerate(view.hands) if hand is not None
                )
            self._sight.tell(frames, result.views)
            await self._publish(frames, result)

    def _reconstruct(self, frames: FrameSet) -> Reconstruction:
        images = {frame.view: frame.rgb() for frame in frames.frames}
        return self._reconstructor.step(frames.time_ns, images)
