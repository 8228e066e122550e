"""A bridge's metrics in Prometheus' text format.

What happens is counted where it happens (``Metrics.counters``, ``Metrics.observe``); how things
stand is read from the rooms when somebody asks. Each application has its own registry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

import bridge
from bridge.counters import Counters
from bridge.observe.state import CALIBRATION_STATES, RoomState

__all__ = ["STAGES", "Metrics"]

STAGES = {
    "wait": "capture to the start of reconstruction: network, decoding, waiting for other views",
    "reconstruct": "pictures to hands in the stage",
    "publish": "encoding, and offering to every watcher",
    "capture_to_packet": "capture to the pose offered: all of it",
}

_BUCKETS_S = (
    *(0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.12, 0.15),
    *(0.2, 0.3, 0.5, 1.0, 2.0, 5.0),
)

_EVENTS = {
    "cluster_messages": "Messages to and from other bridges, by direction.",
    "cluster_dropped": "Messages to and from other bridges that were dropped, by why.",
    "cluster_redirects": "Devices sent to another bridge.",
    "connections": "WebSocket connections that have ended, by how.",
    "denied": "Clients that were not let in, by why.",
    "joined_by_code": "Join codes exchanged for tokens, by scope.",
    "limited": "Requests, connections and messages over a limit, by its setting.",
    "recording_failures": "Recordings that could not begin, or ended early.",
}


class Metrics:
    """All metrics of one bridge.

    Attributes:
        counters: Counts of events; each appears as ``ghosthands_<name>_total``.
    """

    def __init__(self) -> None:
        self.counters = Counters()
        self._registry = CollectorRegistry()
        self._stages = Histogram(
            "ghosthands_stage_seconds",
            "Time from stage to stage of one frame set.",
            ("room", "stage"),
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        ProcessCollector(registry=self._registry)  # memory and processor time, on Linux
        self._registry.register(_Events(self.counters))

    def show_rooms(self, rooms: Callable[[], Iterable[RoomState]]) -> None:
        """Reads these rooms whenever the metrics are asked for."""
        self._registry.register(_Rooms(rooms))

    def show_value(self, name: str, help_text: str, read: Callable[[], float]) -> None:
        """Reads one number, shown as ``ghosthands_<name>``, whenever the metrics are asked for."""
        gauge = Gauge(f"ghosthands_{name}", help_text, registry=self._registry)
        gauge.set_function(read)

    def observe(self, room: str, stage: str, seconds: float) -> None:
        """Notes how long a stage took; below zero, by the error of a clock, counts as zero.

        Args:
            room: The room's name.
            stage: One of ``STAGES``.
            seconds: How long.
        """
        self._stages.labels(room, stage).observe(max(0.0, seconds))

    def text(self) -> bytes:
        """The metrics as Prometheus reads them (text format 0.0.4)."""
        return generate_latest(self._registry)


class _Events(Collector):
    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    def collect(self) -> Iterator[Metric]:
        families: dict[str, CounterMetricFamily] = {}
        for (name, labels), value in sorted(self._counters.snapshot().items()):
            family = families.get(name)
            if family is None:
                help_text = _EVENTS.get(name, f"Events: {name.replace('_', ' ')}.")
                family = families[name] = CounterMetricFamily(
                    f"ghosthands_{name}", help_text, labels=[key for key, _ in labels]
                )
            family.add_metric([label for _, label in labels], value)
        yield from families.values()


class _Rooms(Collector):
    def __init__(self, rooms: Callable[[], Iterable[RoomState]]) -> None:
        self._rooms = rooms

    def collect(self) -> Iterator[Metric]:
        rooms = tuple(self._rooms())
        info = GaugeMetricFamily("ghosthands_info", "The bridge's version.", labels=["version"])
        info.add_metric([bridge.__version__], 1)
        yield info
        for name, help_text, count in _COUNTS:
            counter = CounterMetricFamily(f"ghosthands_{name}", help_text, labels=["room"])
            for room in rooms:
                counter.add_metric([room.name], count(room))
            yield counter
        for name, help_text, value in _VALUES:
            gauge = GaugeMetricFamily(f"ghosthands_{name}", help_text, labels=["room"])
            for room in rooms:
                if (number := value(room)) is not None:
                    gauge.add_metric([room.name], number)
            yield gauge
        dropped = CounterMetricFamily(
            "ghosthands_dropped", "What was dropped, by why.", labels=["room", "reason"]
        )
        for room in rooms:
            for reason, number in sorted(room.dropped.items()):
                dropped.add_metric([room.name, reason], number)
        yield dropped
        yield _calibration(rooms)
        yield from _views(rooms)


_COUNTS: tuple[tuple[str, str, Callable[[RoomState], float]], ...] = (
    ("frame_sets", "Frame sets taken for reconstruction.", lambda room: room.frame_sets),
    ("poses", "Poses sent out, once each however many watch.", lambda room: room.poses),
    ("failures", "Frame sets that could not be reconstructed.", lambda room: room.failures),
    ("sent_bytes", "Bytes of WebSocket messages sent.", lambda room: room.sent_bytes),
    (
        "window_full_seconds",
        "Time that watchers' acknowledgement windows were full, added up.",
        lambda room: room.window_full_s,
    ),
)

_VALUES: tuple[tuple[str, str, Callable[[RoomState], float | None]], ...] = (
    ("watchers", "Connected watchers.", lambda room: room.watchers),
    ("playing", "1 while a player feeds the room.", lambda room: room.playing),
    ("recording", "1 while the room is recorded.", lambda room: room.recording),
    (
        "oldest_unacknowledged_seconds",
        "Age of the oldest pose that the slowest watcher has yet to acknowledge.",
        lambda room: room.oldest_unacknowledged_s,
    ),
    ("cameras_known", "Cameras that self-calibration knows.", lambda room: room.cameras_known),
    (
        "self_calibration_error",
        "Largest error of a known camera, in hand sizes.",
        lambda room: room.calibration_error,
    ),
)


def _calibration(rooms: tuple[RoomState, ...]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(
        "ghosthands_self_calibration",
        "1 for the state that self-calibration is in.",
        labels=["room", "state"],
    )
    for room in rooms:
        for state in CALIBRATION_STATES:
            gauge.add_metric([room.name, state], state == room.calibration)
    return gauge


def _views(rooms: tuple[RoomState, ...]) -> Iterator[GaugeMetricFamily]:
    labels = ["room", "view"]
    live = GaugeMetricFamily("ghosthands_view_live", "1 while frames arrive.", labels=labels)
    rate = GaugeMetricFamily("ghosthands_view_rate_hertz", "Frames a second.", labels=labels)
    hands = GaugeMetricFamily("ghosthands_view_hands", "Hands in its last frame.", labels=labels)
    for room in rooms:
        for view in room.views:
            for gauge, value in ((live, view.live), (rate, view.rate_hz), (hands, view.hands)):
                gauge.add_metric([room.name, view.name], value)
    yield from (live, rate, hands)
