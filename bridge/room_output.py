"""What a room shows: poses on their way to those who watch, and into recordings."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from bridge.fanout import FanOut
from bridge.feed import PoseFeed
from bridge.model.pose import Hands
from bridge.observe import RoomMeter
from bridge.protocol import PosePacket, ShapePacket
from bridge.room_recording import RoomRecording
from bridge.stats import Window

__all__ = ["RoomOutput", "TakeWriter"]


class TakeWriter(Protocol):
    """Who records the room from a page."""

    def write(self, packet: ShapePacket | PosePacket) -> None:
        """Takes what the room shows."""
        ...

    def end(self, why: str) -> None:
        """Ends the take soon, and tells people why."""
        ...


class RoomOutput:
    """Numbers a room's poses, whatever their source, sends them, and measures how old they are.

    Args:
        fan_out: Sends what the room says.
        recording: Gets all of it.
        meter: Where the measurements go.
        now_ns: The bridge's clock.

    Attributes:
        take: Gets all of it, while somebody records the room from a page; None while nobody does.
    """

    def __init__(
        self,
        fan_out: FanOut,
        recording: RoomRecording,
        meter: RoomMeter,
        *,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.take: TakeWriter | None = None
        self._fan_out = fan_out
        self._recording = recording
        self._meter = meter
        self._now_ns = now_ns
        self._feed = PoseFeed()
        self._latency_ms = Window()

    @property
    def shapes(self) -> tuple[ShapePacket, ...]:
        """The shapes in force."""
        return self._feed.shapes

    @property
    def rate_hz(self) -> float:
        """Poses a second."""
        return self._latency_ms.rate_hz(self._now_ns())

    @property
    def latency_ms(self) -> float | None:
        """Median age of the last poses when they were sent; None where there are none."""
        return self._latency_ms.median(self._now_ns())

    def show(self, hands: Hands) -> None:
        """Sends hands, and their shapes where these are new."""
        shapes, pose = self._feed.packets(hands)
        began_ns = self._begin(pose)
        for shape in shapes:
            self._send(shape)
        self._send(pose)
        self._meter.published(pose.time_ns, began_ns, self._now_ns())

    def replay(self, packet: ShapePacket | PosePacket) -> None:
        """Sends what a player, or another bridge, has made."""
        replayed = self._feed.replay(packet)
        if isinstance(replayed, ShapePacket):
            self._send(replayed)
            return
        began_ns = self._begin(replayed)
        self._send(replayed)
        self._meter.published(replayed.time_ns, began_ns, self._now_ns())

    def end_take(self, why: str) -> None:
        """Ends what somebody records of the room, if anybody does."""
        if self.take is not None:
            self.take.end(why)

    def _begin(self, pose: PosePacket) -> int:
        now_ns = self._now_ns()
        self._latency_ms.add(now_ns, (now_ns - pose.time_ns) / 1e6)
        return now_ns

    def _send(self, packet: ShapePacket | PosePacket) -> None:
        self._fan_out.send(packet)
        self._recording.write(packet)
        if self.take is not None:
            self.take.write(packet)
