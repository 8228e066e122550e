"""A live terminal view of a running bridge: what its metrics and its health say."""

from __future__ import annotations

from bridge.top.overview import Latency, Overview, RoomOverview, View, overview
from bridge.top.reading import Reading, take_reading
from bridge.top.screen import screen

__all__ = [
    "Latency",
    "Overview",
    "Reading",
    "RoomOverview",
    "View",
    "overview",
    "screen",
    "take_reading",
]
