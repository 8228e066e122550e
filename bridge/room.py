"""A room: one lesson's views, its reconstructor, its recorder and all who watch."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bridge.config import Settings
from bridge.connection import Connection
from bridge.elsewhere import Elsewhere
from bridge.errors import InputError
from bridge.fanout import FanOut
from bridge.model import anchor as model
from bridge.model.fusion import make_fuser
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
    encode,
)
from bridge.provenance import about_room
from bridge.room_anchor import RoomAnchor
from bridge.room_devices import RoomDevices
from bridge.room_output import RoomOutput
from bridge.room_recording import RoomRecording
from bridge.room_status import slowest
from bridge.scoring import scores_of
from bridge.streams import FrameSet, ViewSource
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
        anchor: Where the teacher's instrument lies, until devices tap its corners.
        fan_out: Sends what the room says; None for everyone being connected to this process.
        on_changed: Called when someone joins or leaves, or the room's poses come from elsewhere.
        metrics: Where the room's measurements go; None for nowhere.
        now_ns: The bridge's clock.

    Attributes:
        controls: Takes playback commands.
        output: What the room shows.
        instrument: Where the teacher's instrument lies.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        make_reconstructor: Callable[[], Reconstructor],
        *,
        anchor: model.Anchor | None = None,
        fan_out: FanOut | None = None,
        on_changed: Callable[[], None] = lambda: None,
        metrics: Metrics | None = None,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.name = name
        self.instrument = RoomAnchor(anchor)
        self._elsewhere: Elsewhere | None = None
        self._fan_out = fan_out or FanOut()
        self._on_changed = on_changed
        metrics = metrics or Metrics()
        self._counters = metrics.counters
        self._meter = RoomMeter(name, metrics)
        self._settings = settings
        self._now_ns = now_ns
        self._devices = RoomDevices(
            name,
            make_reconstructor(),
            self._meter,
            self._publish,
            anchor=lambda: self.instrument.anchor,
            now_ns=now_ns,
        )
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
        self.output = RoomOutput(self._fan_out, self._recording, self._meter, now_ns=now_ns)
        self._telling: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._closed = False

    def open(self) -> None:
        """Starts the room's work on the running event loop."""
        self._devices.open()
        self._telling = asyncio.create_task(self._send_status(), name=f"room {self.name}: status")
        if self._playback is not None:
            self._playback.open()

    async def close(self) -> None:
        """Says goodbye to all who watch, ends the recording and stops; leaves nothing behind."""
        self._closed = True
        await self._devices.stop()
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
        if self._playback is not None:
            await self._playback.close()
        await self._scores.close()
        leaving = tuple(self._connections)
        for connection in leaving:
            connection.bye(_CLOSING)
        await asyncio.gather(*(connection.ended() for connection in leaving))
        await self._devices.close()
        if self._ending is not None:
            await self._ending
        await self._recording.end()

    @property
    def views(self) -> tuple[str, ...]:
        """Names of the live views, in the order in which they joined."""
        return self._devices.views

    @property
    def sources(self) -> Mapping[str, ViewSource]:
        """The live views by name."""
        return self._devices.sources

    @property
    def playing(self) -> bool:
        """Whether a player feeds the room."""
        return self._player is not None

    def add_view(self, source: ViewSource) -> None:
        """A device publishes; one of the same name leaves first."""
        if self._playback is not None:
            self._playback.end(f"device {source.view} has joined: the lesson is live")
        self._devices.add(source)
        self._on_changed()
        _LOG.info("room %s: view %s joined", self.name, source.view, extra=self._named(source))

    def remove_view(self, source: ViewSource) -> None:
        """A device has left; one that another of its name has replaced is ignored."""
        if not self._devices.remove(source):
            return
        if not self._devices.sources:  # The lesson is over; the next one gets a file of its own.
            self._ending = asyncio.create_task(self._recording.end())
        self._on_changed()
        _LOG.info("room %s: view %s left", self.name, source.view, extra=self._named(source))

    @property
    def feeding(self) -> bool:
        """Whether the room's poses are made here: from devices, a player or a recording."""
        loaded = self._playback is not None and self._playback.recording is not None
        return bool(self._devices.sources) or self._player is not None or loaded

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
        return self.output.shapes

    @property
    def anchor(self) -> Anchor | None:
        """See ``ConnectionHost``."""
        return self.instrument.message if self._elsewhere is None else self._elsewhere.anchor

    async def set_anchor(self, anchor: model.Anchor | None) -> None:
        """Puts the instrument where an anchor says, None for where the settings say.

        Everyone is told. What the fuser knew of the cameras is found anew in the new frame, and
        a recording goes on in another file: one file has one stage. A take ends for that reason.

        Raises:
            InputError: The settings' fuser has no use for an anchor, or the room is closing.
        """
        fuser = make_fuser(
            self._settings.fuser, anchor=self.instrument.default if anchor is None else anchor
        )
        if self._closed:
            raise InputError(_CLOSING)
        if not self.instrument.set(anchor):
            return
        await self._devices.fuse_by(fuser)
        await self._recording.end()
        self.output.end_take("the instrument was put elsewhere: record again from here")
        self.announce(self.instrument.news)

    def join(self, connection: Connection) -> None:
        """See ``ConnectionHost``."""
        if self._closed:
            connection.bye(_CLOSING)
            return
        if connection.session.role == "play":
            if self._elsewhere is not None or self._player is not None or self._devices.sources:
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
        if self._devices.sources:
            return f"room {self.name} has live devices: recordings can be played once they left"
        if self._player is not None:
            return f"a recording is already played into room {self.name} from outside"
        return None

    def send_played(self, packet: ShapePacket | PosePacket) -> None:
        """See ``PlaybackHost``; also what a player sends, or the bridge that feeds the room."""
        self.output.replay(packet)

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
        return self._meter.read(
            views=self._devices.states(),
            counts=self._devices.counts(),
            clients=self._connections,
            watchers=len(self._watchers),
            playing=self.playing,
            recording=self._recording.active,
            recorder_dropped=self._recording.dropped,
            fuser=self._devices.fuser,
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

    async def _publish(self, frames: FrameSet, result: Reconstruction) -> None:
        if self._recording.wanted and self._devices.sources:
            first = min(frames.frames, key=lambda frame: self.views.index(frame.view))
            await self._recording.begin(self.views, first.time_ns, lambda: self.shapes, self.about)
        self._recording.know_cameras(self._devices.cameras)
        self.output.show(result.hands)

    def about(self) -> dict[str, Any]:
        """What a recording of the room that begins now says of how it is made."""
        about = about_room(
            self.instrument.message, self._devices.sources.values(), self._settings.fuser
        )
        return about | {"recorded_by": self._settings.recorded_by}

    def _status(self) -> Status:
        away = None if self._elsewhere is None else self._elsewhere.status
        return Status(
            views=self._devices.statuses() if away is None or self._devices.sources else away.views,
            pose_rate_hz=self.output.rate_hz,
            latency_ms=self.output.latency_ms,
            recording=(self._recording.active or self.output.take is not None)
            if away is None
            else away.recording,
        )

    async def _send_status(self) -> None:
        while True:
            await asyncio.sleep(_STATUS_INTERVAL_S)
            for connection in tuple(self._connections):
                connection.refuse_if_slow()
            self.tell_status()
