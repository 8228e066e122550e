"""What two readings of a bridge say: rates and latencies between them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.top.reading import Reading

__all__ = ["Latency", "Overview", "RoomOverview", "View", "overview", "quantile"]

_STAGES = ("wait", "reconstruct", "publish", "capture_to_packet")
_STATES = ("none", "adjusting", "known")


@dataclass(frozen=True, slots=True)
class Latency:
    """One stage, milliseconds; of the time between two readings, or of all time with one."""

    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class View:
    """One device that publishes. ``hands`` is their number; the size is in pixels."""

    name: str
    live: bool
    rate_hz: float
    hands: int
    dropped: int | None
    width: int | None
    height: int | None


@dataclass(frozen=True, slots=True)
class RoomOverview:
    """One room.

    Attributes:
        name: Its name.
        views: Its devices.
        playing: A player feeds it.
        poses_hz: Poses a second; None with one reading only.
        frame_sets_hz: Frame sets a second; likewise.
        failures: Frame sets that could not be reconstructed, ever.
        latency: By stage, of those that ran.
        watchers: How many watch.
        slowest: The slowest watcher, as ``/health`` tells.
        oldest_unacknowledged_s: Age of the pose it has yet to acknowledge.
        sent_bytes_s: Bytes a second sent to all; None with one reading only.
        dropped: Drops by reason, ever.
        dropped_hz: Drops a second by reason, of reasons with any; empty with one reading only.
        calibration: ``none``, ``adjusting`` or ``known``.
        cameras_known: Cameras known well enough to be fused.
        calibration_error: Largest error of those, in hand sizes.
        recording: It is being recorded.
        recording_path: Into which file.
    """

    name: str
    views: tuple[View, ...]
    playing: bool
    poses_hz: float | None
    frame_sets_hz: float | None
    failures: int
    latency: Mapping[str, Latency]
    watchers: int
    slowest: Mapping[str, Any] | None
    oldest_unacknowledged_s: float
    sent_bytes_s: float | None
    dropped: Mapping[str, int]
    dropped_hz: Mapping[str, float]
    calibration: str
    cameras_known: int
    calibration_error: float | None
    recording: bool
    recording_path: str | None


@dataclass(frozen=True, slots=True)
class Overview:
    """A bridge.

    Attributes:
        version: Its version.
        rooms: Its rooms.
        connections: WebSocket connections that have ended, by how.
        memory_bytes: Resident memory; None where the system does not tell.
        processor_share: Of one core; None with one reading only.
    """

    version: str
    rooms: tuple[RoomOverview, ...]
    connections: Mapping[str, int]
    memory_bytes: int | None
    processor_share: float | None


def overview(now: Reading, before: Reading | None = None) -> Overview:
    """Reads a bridge's state off its metrics.

    Args:
        now: The newest reading.
        before: An earlier one, for rates; one of a bridge that has restarted since is ignored.
    """
    if before is not None and _count(before, "process_start_time_seconds") != _count(
        now, "process_start_time_seconds"
    ):
        before = None
    memory = now.value("process_resident_memory_bytes")
    return Overview(
        version=next(iter(now.labelled("ghosthands_info")), "unknown"),
        rooms=tuple(
            _room(name, now, before) for name in sorted(now.labelled("ghosthands_watchers"))
        ),
        connections=_whole(now.labelled("ghosthands_connections_total")),
        memory_bytes=None if memory is None else int(memory),
        processor_share=_rate(now, before, "process_cpu_seconds_total"),
    )


def quantile(share: float, upper_s: list[float], counts: list[float]) -> float:
    """A quantile of a histogram, linear within a bucket as Prometheus' ``histogram_quantile``.

    Args:
        share: 0 to 1.
        upper_s: Ascending upper bounds of the buckets; the last may be infinite.
        counts: How many values are at or below each bound.

    Returns:
        The value; the highest finite bound if it is above that, NaN without values.
    """
    if not counts or counts[-1] <= 0:
        return math.nan
    rank = share * counts[-1]
    low, below = 0.0, 0.0
    for upper, count in zip(upper_s, counts, strict=True):
        if count >= rank:
            if math.isinf(upper):
                return low
            inside = count - below
            return upper if inside <= 0 else low + (upper - low) * (rank - below) / inside
        low, below = upper, count
    return low


def _room(name: str, now: Reading, before: Reading | None) -> RoomOverview:
    summary: Mapping[str, Any] = now.rooms.get(name, {})
    told = {view["view"]: view for view in summary.get("views", ())}
    live = now.labelled("ghosthands_view_live", room=name)
    rates = now.labelled("ghosthands_view_rate_hertz", room=name)
    hands = now.labelled("ghosthands_view_hands", room=name)
    states = now.labelled("ghosthands_self_calibration", room=name)
    dropped = now.labelled("ghosthands_dropped_total", room=name)
    latency = {stage: _latency(now, before, name, stage) for stage in _STAGES}
    return RoomOverview(
        name=name,
        views=tuple(
            View(
                name=view,
                live=bool(live[view]),
                rate_hz=rates.get(view, 0.0),
                hands=int(hands.get(view, 0)),
                dropped=told.get(view, {}).get("dropped"),
                width=told.get(view, {}).get("width"),
                height=told.get(view, {}).get("height"),
            )
            for view in live
        ),
        playing=bool(now.value("ghosthands_playing", room=name)),
        poses_hz=_rate(now, before, "ghosthands_poses_total", room=name),
        frame_sets_hz=_rate(now, before, "ghosthands_frame_sets_total", room=name),
        failures=int(_count(now, "ghosthands_failures_total", room=name)),
        latency={stage: found for stage, found in latency.items() if found is not None},
        watchers=int(_count(now, "ghosthands_watchers", room=name)),
        slowest=summary.get("slowest_watcher"),
        oldest_unacknowledged_s=_count(now, "ghosthands_oldest_unacknowledged_seconds", room=name),
        sent_bytes_s=_rate(now, before, "ghosthands_sent_bytes_total", room=name),
        dropped=_whole(dropped),
        dropped_hz={
            reason: rate
            for reason in dropped
            if (rate := _rate(now, before, "ghosthands_dropped_total", room=name, reason=reason))
        },
        calibration=next((state for state in _STATES if states.get(state)), "none"),
        cameras_known=int(_count(now, "ghosthands_cameras_known", room=name)),
        calibration_error=now.value("ghosthands_self_calibration_error", room=name),
        recording=bool(now.value("ghosthands_recording", room=name)),
        recording_path=summary.get("recording"),
    )


def _latency(now: Reading, before: Reading | None, room: str, stage: str) -> Latency | None:
    name = "ghosthands_stage_seconds_bucket"
    buckets = now.labelled(name, room=room, stage=stage)
    earlier = {} if before is None else before.labelled(name, room=room, stage=stage)
    bounds = sorted(buckets, key=float)
    counts = [buckets[bound] - earlier.get(bound, 0.0) for bound in bounds]
    if not counts or counts[-1] <= 0:
        return None
    upper = [float(bound) for bound in bounds]
    return Latency(1000 * quantile(0.5, upper, counts), 1000 * quantile(0.95, upper, counts))


def _rate(now: Reading, before: Reading | None, name: str, **labels: str) -> float | None:
    value = now.value(name, **labels)
    if before is None or value is None or now.at_s <= before.at_s:
        return None
    return max(0.0, value - (before.value(name, **labels) or 0.0)) / (now.at_s - before.at_s)


def _count(reading: Reading, name: str, **labels: str) -> float:
    return reading.value(name, **labels) or 0.0


def _whole(values: Mapping[str, float]) -> dict[str, int]:
    return {key: int(value) for key, value in values.items()}
