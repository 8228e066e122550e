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
from bridge.elsewhere import Elsewhere
from bridge.fanout import FanOut
from bridge.feed import PoseFeed
from bridge.model.reconstruct import Reconstruction, Reconstructor
from bridge.observe import Metrics, RoomMeter, RoomState
from bridge.playback import Library, PlaybackControls, RoomPlayback
from bridge.protocol import (
    Anchor,
    LearnerHands,
    Message,
    PlaybackControl,
    PlaybackState,
    PosePacket,
    ShapePacket,
    Status,
    ViewStatus,
    encode,
)
from bridge.provenance import KnownCameras, about_room
from bridge.room_recording import RoomRecording
from bridge.room_status import slowest, view_states, view_statuses
from bridge.scoring import scores_of
from bridge.stats import Window
from bridge.streams import FrameSet, SynchronisedViews, ViewSource
from bridge.turns import PoseTurns

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
        fan_out: Sends what the room says; None for everyone being connected to this process.
        on_changed: Called when someone joins or leaves, or the room's poses come from elsewhere.
        metrics: Where the room's measurements go; None for nowhere.
        now_ns: The bridge's clock.

    Attributes:
        controls: Takes playback commands.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        make_reconstructor: Callable[[], Reconstructor],
        *,
        anchor: Anchor | None = None,
        fan_out: FanOut | None = None,
        on_changed: Callable[[], None] = lambda: None,
        metrics: Metrics | None = None,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.name = name
        self._anchor = anchor
        self._elsewhere: Elsewhere | None = None
        self._fan_out = fan_out or FanOut()
        self._on_changed = on_changed
        metrics = metrics or Metrics()
        self._counters = metrics.counters
        self._meter = RoomMeter(name, metrics)
        self._settings = settings
        self._now_ns = now_ns
        self._views = SynchronisedViews(now_ns=now_ns)
        self._sources: dict[str, ViewSource] = {}
        self._hands_seen: dict[str, int] = {}
        self._reconstructor = make_reconstructor()
        self._cameras = KnownCameras(self._reconstructor.fuser)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix=f"room {name}")
        self._feed = PoseFeed()
        self._connections = self._fan_out.connections
        self._player: Connection | None = None
        self._played = PoseTurns(self.send_played, self._meter.played_dropped)
        self._playback: RoomPlayback | None = None
        if settings.lessons is not None:
            library = Library(settings.lessons)
            self._playback = RoomPlayback(library, self, name=name, now_ns=now_ns)
        self.controls = PlaybackControls(self._playback, settings.playback_control, now_ns=now_ns)
        self._scores = scores_of(name, settings, self._fan_out.send, self._meter.hands_dropped)
        self._recording = RoomRecording(
            name,
            settings.record,
            self._meter.recording_ended,
            lambda: self._counters.add("recording_failures", room=name),
        )
        if settings.record is not None:
            self._counters.add("recording_failures", 0, room=name)
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
        await self._scores.close()
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
        if source.focal is not None:
            self._worker.submit(self._reconstructor.know_lens, source.view, source.focal)
        self._on_changed()
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
        self._on_changed()
        _LOG.info("room %s: view %s left", self.name, source.view, extra=self._named(source))

    @property
    def feeding(self) -> bool:
        """Whether the room's poses are made here: from devices, a player or a recording."""
        loaded = self._playback is not None and self._playback.recording is not None
        return bool(self._sources) or self._player is not None or loaded

    def feed_from(self, elsewhere: Elsewhere | None) -> None:
        """Another bridge feeds the room from now on; None: none does.

        What this bridge plays or takes from a player ends. Devices are the caller's to end.
        """
        was, self._elsewhere = self._elsewhere, elsewhere
        self.controls.elsewhere = elsewhere
        if elsewhere is not None:
            away = f"room {self.name} is fed by the bridge at {elsewhere.url}"
            if self._playback is not None:
                self._playback.end(away)
            if self._player is not None:
                self._player.refuse("unexpected", f"{away}: play into it there")
        elif was is not None and was.playback is not None:
            self.announce(self.playback_state or self.controls.nothing())
        self.tell_status()

    def tell_status(self) -> None:
        """Sends the room's state to everyone, now and not at the next second."""
        self._fan_out.send(self._status())

    @property
    def shapes(self) -> tuple[ShapePacket, ...]:
        """See ``ConnectionHost``."""
        return self._feed.shapes

    @property
    def anchor(self) -> Anchor | None:
        """See ``ConnectionHost``."""
        return self._anchor if self._elsewhere is None else self._elsewhere.anchor

    def join(self, connection: Connection) -> None:
        """See ``ConnectionHost``."""
        if self._closed:
            connection.bye(_CLOSING)
            return
        if connection.session.role == "play":
            if self._elsewhere is not None or self._player is not None or self._sources:
                by = "another player" if self._player else "its devices"
                if self._elsewhere is not None:
                    by = f"the bridge at {self._elsewhere.url}: play into it there"
                connection.refuse("unexpected", f"room {self.name} is taken by {by}")
                return
            if self._playback is not None:
                self._playback.end("a recording is played into the room from outside")
            self._player = connection
        elif len(self._connections) >= self._settings.max_subscribers:
            self._counters.add("limited", limit="max_subscribers")
            connection.refuse("unexpected", f"room {self.name} is full")
            return
        self._connections.add(connection)
        self._on_changed()

    def leave(self, connection: Connection) -> None:
        """See ``ConnectionHost``."""
        if connection in self._connections:
            self._connections.discard(connection)
            self._meter.client_left(connection)
        if self._player is connection:
            self._player = None
        self._scores.left(connection.learner)
        self._on_changed()

    def played(self, connection: Connection, packet: ShapePacket | PosePacket) -> None:
        """See ``ConnectionHost``."""
        if connection is self._player:
            self._played.put(packet)

    def learner_moved(self, connection: Connection, hands: LearnerHands) -> None:
        """See ``ConnectionHost``: everyone else sees them."""
        named = replace(hands, learner=connection.learner)
        self._fan_out.send_beside(named, sender=connection)
        self._scores.moved(named)

    @property
    def playback_state(self) -> PlaybackState | None:
        """See ``ConnectionHost``."""
        return self.controls.state

    def control_playback(self, connection: Connection, command: PlaybackControl) -> None:
        """See ``ConnectionHost``."""
        holder = connection.admission.holder if connection.admission is not None else None
        self.controls.take(
            connection.learner,
            None if holder is None else holder.grant.scope,
            command,
            lambda state: connection.send_encoded(encode(state)),
        )

    def busy(self) -> str | None:
        """See ``PlaybackHost``."""
        if self._elsewhere is not None:
            return f"room {self.name} is fed by the bridge at {self._elsewhere.url}"
        if self._sources:
            return f"room {self.name} has live devices: recordings can be played once they left"
        if self._player is not None:
            return f"a recording is already played into room {self.name} from outside"
        return None

    def send_played(self, packet: ShapePacket | PosePacket) -> None:
        """See ``PlaybackHost``; also what a player sends, or the bridge that feeds the room."""
        replayed, began_ns = self._feed.replay(packet), self._now_ns()
        if isinstance(replayed, PosePacket):
            self._latency_ms.add(began_ns, (began_ns - replayed.time_ns) / 1e6)
        self._send(replayed)
        if isinstance(replayed, PosePacket):
            self._meter.published(replayed.time_ns, began_ns, self._now_ns())

    def announce(self, message: Message) -> None:
        """Sends a message to everyone in the room; see ``PlaybackHost``."""
        self._on_changed()  # whether this bridge feeds the room may be the news
        if isinstance(message, PlaybackState):
            self._scores.played(message if self._elsewhere is None else self.controls.nothing())
        self._fan_out.send(message)

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
            "watchers": len(self._watchers),
            "playing": self.playing,
            "playback": None if self._playback is None else self._playback.recording,
            "poses_dropped": sum(c.session.window.dropped for c in self._connections),
            "slowest_watcher": slowest(self._watchers),
            "failures": self._meter.failures,
        }

    def state(self) -> RoomState:
        """The room's state for ``/metrics``."""
        stats = {name: source.stats() for name, source in self._sources.items()}
        return self._meter.read(
            views=view_states(self._own_views()),
            counts=[(self._views.count(name), stats[name].skipped) for name in stats],
            clients=self._connections,
            watchers=len(self._watchers),
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

    @property
    def _watchers(self) -> list[Connection]:
        return [c for c in self._connections if c is not self._player]

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
                    what = "room %s: a frame set could not be reconstructed"
                    _LOG.exception(what, self.name, extra={"room": self.name})
                continue
            self._meter.reconstructed(self._now_ns() - began_ns)
            await self._publish(frames, result)

    def _reconstruct(self, frames: FrameSet) -> Reconstruction:
        images = {frame.view: frame.rgb() for frame in frames.frames}
        return self._reconstructor.step(frames.time_ns, images)

    async def _publish(self, frames: FrameSet, result: Reconstruction) -> None:
        if self._recording.wanted and self._sources:
            first = min(frames.frames, key=lambda frame: self.views.index(frame.view))
            await self._recording.begin(self.views, first.time_ns, lambda: self.shapes, self._about)
        self._recording.know_cameras(self._cameras.now())
        for view in result.views:
            self._hands_seen[view.view] = sum(
                1 << k for k, hand in enumerate(view.hands) if hand is not None
            )
        shapes, pose = self._feed.packets(result.hands)
        began_ns = self._now_ns()
        self._latency_ms.add(began_ns, (began_ns - pose.time_ns) / 1e6)
        for shape in shapes:
            self._send(shape)
        self._send(pose)
        self._meter.published(pose.time_ns, began_ns, self._now_ns())

    def _about(self) -> dict[str, Any]:
        about = about_room(self._anchor, self._sources.values(), self._settings.fuser)
        return about | {"recorded_by": self._settings.recorded_by}

    def _send(self, packet: ShapePacket | PosePacket) -> None:
        self._fan_out.send(packet)
        self._recording.write(packet)

    def _status(self) -> Status:
        now = self._now_ns()
        away = None if self._elsewhere is None else self._elsewhere.status
        return Status(
            views=self._own_views() if away is None or self._sources else away.views,
            pose_rate_hz=self._latency_ms.rate_hz(now),
            latency_ms=self._latency_ms.median(now),
            recording=self._recording.active if away is None else away.recording,
        )

    def _own_views(self) -> tuple[ViewStatus, ...]:
        return view_statuses(self._sources, self._views, self._hands_seen)

    async def _send_status(self) -> None:
        while True:
            await asyncio.sleep(_STATUS_INTERVAL_S)
            for connection in tuple(self._connections):
                connection.refuse_if_slow()
            self.tell_status()
