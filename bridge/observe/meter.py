"""What one room counts: everything that would be lost when a view or a client leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Protocol

from bridge.model.fusion import Fuser, SelfCalFuser
from bridge.observe.metrics import Metrics
from bridge.observe.state import CalibrationState, RoomState, ViewState
from bridge.streams import FrameSet, ViewCount

__all__ = ["MeteredClient", "RoomMeter"]


class MeteredClient(Protocol):
    """What is read of each client's connection; the counts are the connection's own."""

    @property
    def sent_bytes(self) -> int:
        """Bytes of messages sent."""
        ...

    @property
    def dropped(self) -> int:
        """Poses that its acknowledgement window dropped."""
        ...

    @property
    def full_s(self) -> float:
        """How long its window was full, seconds."""
        ...

    @property
    def oldest_s(self) -> float:
        """Age of the oldest pose that it has not acknowledged, seconds."""
        ...


class RoomMeter:
    """Counts of one room, of those who have left, too. All calls belong on the event loop.

    Args:
        room: The room's name.
        metrics: Where stage times go.

    Attributes:
        frame_sets: Frame sets taken for reconstruction.
        poses: Poses sent out.
        failures: Frame sets that could not be reconstructed.
    """

    def __init__(self, room: str, metrics: Metrics) -> None:
        self.frame_sets = 0
        self.poses = 0
        self.failures = 0
        self._room = room
        self._metrics = metrics
        self._dropped: Counter[str] = Counter()  # of those who have left
        self._sent_bytes = 0
        self._full_s = 0.0

    def begin(self, frames: FrameSet, now_ns: int) -> None:
        """A frame set is taken for reconstruction."""
        self.frame_sets += 1
        self._metrics.observe(self._room, "wait", (now_ns - frames.time_ns) / 1e9)

    def reconstructed(self, took_ns: int) -> None:
        """A frame set has become hands."""
        self._metrics.observe(self._room, "reconstruct", took_ns / 1e9)

    def published(self, time_ns: int, began_ns: int, now_ns: int) -> None:
        """A pose has been offered to all.

        Args:
            time_ns: Its capture time.
            began_ns: When its encoding began.
            now_ns: Now.
        """
        self.poses += 1
        self._metrics.observe(self._room, "publish", (now_ns - began_ns) / 1e9)
        self._metrics.observe(self._room, "capture_to_packet", (now_ns - time_ns) / 1e9)

    def view_left(self, count: ViewCount, skipped: int) -> None:
        """Keeps the counts of a view that leaves."""
        self._dropped.update(_view_drops(count, skipped))

    def client_left(self, client: MeteredClient) -> None:
        """Keeps the counts of a client that leaves."""
        self._dropped["watcher_window"] += client.dropped
        self._sent_bytes += client.sent_bytes
        self._full_s += client.full_s

    def played_dropped(self) -> None:
        """A pose that a player sent was dropped."""
        self._dropped["player"] += 1

    def hands_dropped(self) -> None:
        """A learner's hands were not scored."""
        self._dropped["scorer"] += 1

    def recording_ended(self, dropped: int) -> None:
        """Keeps the count of a recording that ends."""
        self._dropped["recorder"] += dropped

    def read(
        self,
        *,
        views: Iterable[ViewState],
        counts: Iterable[tuple[ViewCount, int]],
        clients: Iterable[MeteredClient],
        watchers: int,
        playing: bool,
        recording: bool,
        recorder_dropped: int,
        fuser: Fuser,
    ) -> RoomState:
        """How the room stands.

        Args:
            views: Its devices.
            counts: What became of each device's frames, and how many were lost before decoding.
            clients: All connected clients.
            watchers: How many of them watch.
            playing: A player feeds the room.
            recording: It is being recorded.
            recorder_dropped: Messages that the recording in the making has dropped.
            fuser: The room's fuser.
        """
        dropped = Counter(watcher_window=0, recorder=0)
        dropped.update(self._dropped)
        for count, skipped in counts:
            dropped.update(_view_drops(count, skipped))
        clients = tuple(clients)
        dropped["watcher_window"] += sum(client.dropped for client in clients)
        dropped["recorder"] += recorder_dropped
        state, cameras, error = _calibration(fuser)
        return RoomState(
            name=self._room,
            views=tuple(views),
            watchers=watchers,
            playing=playing,
            recording=recording,
            frame_sets=self.frame_sets,
            poses=self.poses,
            failures=self.failures,
            sent_bytes=self._sent_bytes + sum(client.sent_bytes for client in clients),
            dropped=dropped,
            window_full_s=self._full_s + sum(client.full_s for client in clients),
            oldest_unacknowledged_s=max((client.oldest_s for client in clients), default=0.0),
            calibration=state,
            cameras_known=cameras,
            calibration_error=error,
        )


def _view_drops(count: ViewCount, skipped: int) -> Counter[str]:
    """Drops of one view by reason; ``view_lost`` are frames lost before decoding."""
    drops = Counter({f"view_{reason}": number for reason, number in count.dropped.items()})
    drops["view_lost"] += skipped
    return drops


def _calibration(fuser: Fuser) -> tuple[CalibrationState, int, float | None]:
    """What is known of the cameras: the state, how many are known, their largest error."""
    if not isinstance(fuser, SelfCalFuser):
        return "none", 0, None
    known = fuser.calibration  # read once: the room's thread may replace it meanwhile
    if known is None:
        return ("adjusting" if fuser.adjusting else "none"), 0, None
    errors = [r.error for r, usable in zip(known.reports, known.usable, strict=True) if usable]
    return "known", len(errors), float(max(errors, default=0.0))
