"""One reading of a room, taken when somebody asks for the metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["CALIBRATION_STATES", "CalibrationState", "RoomState", "ViewState"]

CalibrationState = Literal["none", "adjusting", "known"]
CALIBRATION_STATES: tuple[CalibrationState, ...] = ("none", "adjusting", "known")


@dataclass(frozen=True, slots=True)
class ViewState:
    """One device that publishes.

    Attributes:
        name: The view's name.
        live: Frames are arriving.
        rate_hz: Frames a second.
        hands: How many hands its last frame showed.
    """

    name: str
    live: bool
    rate_hz: float
    hands: int


@dataclass(frozen=True, slots=True)
class RoomState:
    """One room. Counts are since the bridge started, of those who have left, too.

    Attributes:
        name: The room's name.
        views: Its devices, in the order in which they joined.
        watchers: Connected watchers.
        playing: A player feeds it.
        recording: It is being recorded.
        frame_sets: Frame sets taken for reconstruction.
        poses: Poses sent out, once each however many watch.
        failures: Frame sets that could not be reconstructed.
        sent_bytes: Bytes of WebSocket messages sent to its clients.
        dropped: Drops by reason.
        window_full_s: Seconds that watchers' acknowledgement windows were full, added up.
        oldest_unacknowledged_s: Age of the pose that the slowest watcher has yet to acknowledge,
            from when it was sent.
        calibration: What is known of the cameras.
        cameras_known: Cameras known well enough to be fused.
        calibration_error: The largest of their errors, in hand sizes; None while none is known.
    """

    name: str
    views: tuple[ViewState, ...]
    watchers: int
    playing: bool
    recording: bool
    frame_sets: int
    poses: int
    failures: int
    sent_bytes: int
    dropped: Mapping[str, int]
    window_full_s: float
    oldest_unacknowledged_s: float
    calibration: CalibrationState
    cameras_known: int
    calibration_error: float | None
