"""A room: one lesson's views, its reconstructor, its recorder and all who watch."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from bridge.config import Settings
from bridge.connection import Connection
from bridge.feed import PoseFeed
from bridge.model.reconstruct import Reconstruction, Reconstructor
from bridge.observe import Metrics, RoomMeter, RoomState, ViewState
from bridge.playback import Library, RoomPlayback, may_control
from bridge.protocol import (
    Anchor,
    LearnerHands,
    PlaybackControl,
    PlaybackState,
    PosePacket,
    ShapePacket,
    Status,
    ViewStatus,
    encode,
)
from bridge.room_recording import RoomRecording
from bridge.stats import Window
from bridge.streams import FrameSet, SynchronisedViews, ViewSource

__all__ = ["Room"]

_LOG = logging.getLogger(__name__)

_STATUS_INTERVAL_S = 1.0
_CLOSING = "the bridge is closing"


class Room:
    """One lesson. All methods belong on the event loop; the model runs in a thread of the room.

    A room's poses come from one source at a time: from its views, from a player, or from a
    recording that its watchers play; a view or a player that joins ends the recording.

    Args:
        name: The room's name.
        settings: The bridge's settings.
        make_reconstructor: Makes the room's own reconstructor.
        anchor: Where the teacher's instrument lies, for those who watch.
        metrics: Where the room's measurements go; None for nowhere.
        now_ns: The bridge's clock.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        make_reconstructor: Callable[[], Reconstructor],
        *,
        anchor: Anchor | None = None,
        metrics: Metrics | None = None,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.name = name
        self.anchor = anchor
        metrics = metrics or Metrics()
        self._counters = metrics.counters
        self._meter = RoomMeter(name, metrics)
        self._settings = settings
        self._now_ns = now_ns
        self._views = SynchronisedViews(now_ns=now_ns)
        self._sources: dict[str, ViewSource] = {}
        self._hands_seen: dict[str, int] = {}
        self._reconstructor = make_reconstructor()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix=f"room {name}")
        self._feed = PoseFeed()
        self._connections: set[Connection] = set()
        self._player: Connection | None = None
        self._playback: RoomPlayback | None = None
        if settings.lessons is not None:
            library = Library(settings.lessons)
            self._playback = RoomPlayback(library, self, name=name, now_ns=now_ns)
        self._recording = RoomRecording(name, settings.record, self._meter.recording_ended)
        self._latency_ms = Window()
        self._tasks: list[asyncio.Task[None]] = []
        self._ending: asyncio.Task[None] | None = None
        self._closed = False

    def open(self) -> None:
        """Starts the room's work on the running event loop."""
        self._tasks = [
            asyncio.create_task(self._reconstruct_sets(), name=f"room {self.name}: reconstruct"),
            asyncio.create_task(self._send_status(), name=f"room {self.name}: status"),
        ]
        if self._playback is not None:
            self._playback.open()

    async def close(self) -> None:
        """Says goodbye to all who watch, ends the recording and stops; leaves nothing behind."""
        self._closed = True
        self._views.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._playback is not None:
            await self._playback.close()
        leaving = tuple(self._connections)
        for connection in leaving:
            connection.bye(_CLOSING)
        await asyncio.gather(*(connection.ended() for connection in leaving))
        await asyncio.to_thread(self._worker.shutdown)
        if self._ending is not None:
            await self._ending
        await self._recording.end()

    @property
    def views(self) -> tuple[str, ...]:
        """Names of the live views, in the order in which they joined."""
        return self._views.views

    @property
    def playing(self) -> bool:
        """Whether a player feeds the room."""
        return self._player is not None

    def add_view(self, source: ViewSource) -> None:
        """A device publishes; one of the same name leaves first."""
        if self._playback is not None:
            self._playback.end(f"device {source.view} has joined: the lesson is live")
        self._sources[source.view] = source
        self._views.add(source)
        _LOG.info("room %s: view %s joined", self.name, source.view, extra=self._named(source))

    def remove_view(self, source: ViewSource) -> None:
        """A device has left; one that another of its name has replaced is ignored."""
        if self._sources.get(source.view) is not source:
            return
        del self._sources[source.view]
        self._meter.view_left(self._views.count(source.view), source.stats().skipped)
        self._hands_seen.pop(source.view, None)
        self._views.remove(source.view)
        self._worker.submit(self._reconstructor.forget, source.view)
        if not self._sources:  # The lesson is over; the next one gets a file of its own.
            self._ending = asyncio.create_task(self._recording.end())
        _LOG.info("room %s: view %s left", self.name, source.view, extra=self._named(source))

    @property
    def shapes(self) -> tuple[ShapePacket, ...]:
        """See ``ConnectionHost``."""
        return self._feed.shapes

    def join(self, connection: Connection) -> None:
        """See ``ConnectionHost``."""
        if self._closed:
            connection.bye(_CLOSING)
            return
        if connection.session.role == "play":
            if self._player is not None or self._sources:
                busy = "another player" if self._player else "its devices"
                connection.refuse("unexpected", f"room {self.name} is taken by {busy}")
                return
            if self._playback is not None:
                self._playback.end("a recording is played into the room from outside")
            self._player = connection
        elif len(self._connections) >= self._settings.max_subscribers:
            self._counters.add("limited", limit="max_subscribers")
            connection.refuse("unexpected", f"room {self.name} is full")
            return
        self._connections.add(connection)

    def leave(self, connection: Connection) -> None:
        """See ``ConnectionHost``."""
        if connection in self._connections:
            self._connections.discard(connection)
            self._meter.client_left(connection)
        if self._player is connection:
            self._player = None

    def played(self, connection: Connection, packet: ShapePacket | PosePacket) -> None:
        """See ``ConnectionHost``."""
        if connection is self._player:
            self._replay(packet)

    def learner_moved(self, connection: Connection, hands: LearnerHands) -> None:
        """See ``ConnectionHost``: everyone else sees them."""
        data = encode(replace(hands, learner=connection.learner))
        for other in self._connections:
            if other is not connection:
                other.offer_beside(data)

    @property
    def playback_state(self) -> PlaybackState | None:
        """See ``ConnectionHost``."""
        return None if self._playback is None else self._playback.state()

    def control_playback(self, connection: Connection, command: PlaybackControl) -> None:
        """See ``ConnectionHost``."""
        if self._playback is None:
            why = "this bridge has no recordings to play: start it with --lessons FOLDER"
            state = PlaybackState(self._now_ns(), None, 0.0, 0.0, False, 1.0, problem=why)
            connection.send_encoded(encode(state))
            return
        holder = connection.admission.holder if connection.admission is not None else None
        scope = None if holder is None else holder.grant.scope
        if may_control(self._settings.playback_control, scope):
            self._playback.control(command, lambda state: connection.send_encoded(encode(state)))
        else:
            state = self._playback.state("you may not play recordings in this room")
            connection.send_encoded(encode(state))

    def busy(self) -> str | None:
        """See ``PlaybackHost``."""
        if self._sources:
            return f"room {self.name} has live devices: recordings can be played once they left"
        if self._player is not None:
            return f"a recording is already played into room {self.name} from outside"
        return None

    def send_played(self, packet: ShapePacket | PosePacket) -> None:
        """See ``PlaybackHost``."""
        self._replay(packet)

    def announce(self, state: PlaybackState) -> None:
        """See ``PlaybackHost``."""
        data = encode(state)
        for connection in self._connections:
            connection.send_encoded(data)

    def summary(self) -> dict[str, Any]:
        """The room's state for ``GET /rooms/{room}``."""
        status = self._status()
        return {
            "name": self.name,
            "views": [
                {name: getattr(view, name) for name in view.__dataclass_fields__}
                for view in status.views
            ],
            "pose_rate_hz": round(status.pose_rate_hz, 2),
            "latency_ms": None if status.latency_ms is None else round(status.latency_ms, 2),
            "recording": str(self._recording.path) if self._recording.path else None,
            "watchers": sum(c is not self._player for c in self._connections),
            "playing": self.playing,
            "playback": None if self._playback is None else self._playback.recording,
            "poses_dropped": sum(c.session.window.dropped for c in self._connections),
            "slowest_watcher": self._slowest(),
            "failures": self._meter.failures,
        }

    def state(self) -> RoomState:
        """The room's state for ``/metrics``."""
        stats = {name: source.stats() for name, source in self._sources.items()}
        return self._meter.read(
            views=[
                ViewState(
                    name=view.view,
                    live=view.live,
                    rate_hz=view.rate_hz,
                    hands=view.hands.bit_count(),
                )
                for view in self._status().views
            ],
            counts=[(self._views.count(name), stats[name].skipped) for name in stats],
            clients=self._connections,
            watchers=sum(c is not self._player for c in self._connections),
            playing=self.playing,
            recording=self._recording.active,
            recorder_dropped=self._recording.dropped,
            fuser=self._reconstructor.fuser,
        )

    @property
    def connections(self) -> tuple[Connection, ...]:
        """All who have joined, watchers and player."""
        return tuple(self._connections)

    @property
    def recording_failed(self) -> bool:
        """The room should be recorded, and is not any more."""
        return self._recording.failed

    def _slowest(self) -> dict[str, Any] | None:
        watchers = [c for c in self._connections if c is not self._player]
        slowest = max(watchers, key=lambda c: (c.oldest_s, c.full_s), default=None)
        if slowest is None:
            return None
        return {
            "client": slowest.client,
            "oldest_unacknowledged_s": round(slowest.oldest_s, 3),
            "window_full_s": round(slowest.full_s, 3),
            "poses_dropped": slowest.dropped,
        }

    def _named(self, source: ViewSource) -> dict[str, str]:
        return {"room": self.name, "view": source.view}

    async def _reconstruct_sets(self) -> None:
        loop = asyncio.get_running_loop()
        while (frames := await self._views.next_set()) is not None:
            began_ns = self._now_ns()
            self._meter.begin(frames, began_ns)
            try:
                result = await loop.run_in_executor(self._worker, self._reconstruct, frames)
            except Exception:  # One bad frame must not end a lesson.
                self._meter.failures += 1
                if self._meter.failures <= 3:
                    _LOG.exception(
                        "room %s: a frame set could not be reconstructed",
                        self.name,
                        extra={"room": self.name},
                    )
                continue
            self._meter.reconstructed(self._now_ns() - began_ns)
            await self._publish(frames, result)

    def _reconstruct(self, frames: FrameSet) -> Reconstruction:
        images = {frame.view: frame.rgb() for frame in frames.frames}
        return self._reconstructor.step(frames.time_ns, images)

    async def _publish(self, frames: FrameSet, result: Reconstruction) -> None:
        if self._recording.wanted and self._sources:
            first = min(frames.frames, key=lambda frame: self.views.index(frame.view))
            await self._recording.begin(self.views, first.time_ns, self._feed.shapes)
        for view in result.views:
            self._hands_seen[view.view] = sum(
                1 << k for k, hand in enumerate(view.hands) if hand is not None
            )
        shapes, pose = self._feed.packets(result.hands)
        began_ns = self._now_ns()
        self._latency_ms.add(began_ns, self._age_ms(pose))
        for shape in shapes:
            self._send(shape)
        self._send(pose)
        self._meter.published(pose.time_ns, began_ns, self._now_ns())

    def _replay(self, packet: ShapePacket | PosePacket) -> None:
        replayed, began_ns = self._feed.replay(packet), self._now_ns()
        if isinstance(replayed, PosePacket):
            self._latency_ms.add(began_ns, self._age_ms(replayed))
        self._send(replayed)
        if isinstance(replayed, PosePacket):
            self._meter.published(replayed.time_ns, began_ns, self._now_ns())

    def _send(self, packet: ShapePacket | PosePacket) -> None:
        if isinstance(packet, PosePacket):
            offers: dict[str, bytes] = {}  # each precision is encoded once, if anyone wants it
            for connection in self._connections:
                wanted = connection.session.precision
                if wanted not in offers:
                    offers[wanted] = encode(packet, precision=wanted)
                connection.offer(packet.seq, offers[wanted])
        else:
            data = encode(packet)
            for connection in self._connections:
                connection.send_encoded(data)
        self._recording.write(packet)

    def _age_ms(self, pose: PosePacket) -> float:
        return (self._now_ns() - pose.time_ns) / 1e6

    def _status(self) -> Status:
        now = self._now_ns()
        views = []
        for name, source in self._sources.items():
            stats = source.stats()
            views.append(
                ViewStatus(
                    view=name,
                    live=not source.ended,
                    rate_hz=round(min(stats.rate_hz, 1000.0), 2),
                    width=stats.size_px[0],
                    height=stats.size_px[1],
                    dropped=self._views.count(name).dropped.total() + stats.skipped,
                    hands=self._hands_seen.get(name, 0),
                )
            )
        return Status(
            views=tuple(views),
            pose_rate_hz=self._latency_ms.rate_hz(now),
            latency_ms=self._latency_ms.median(now),
            recording=self._recording.active,
        )

    async def _send_status(self) -> None:
        while True:
            await asyncio.sleep(_STATUS_INTERVAL_S)
            data = encode(self._status())
            for connection in tuple(self._connections):
                connection.refuse_if_slow()
                connection.send_encoded(data)
