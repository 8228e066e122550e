"""How a running bridge does: metrics, health, logs."""

from __future__ import annotations

from bridge.observe.logs import configure_logs
from bridge.observe.meter import RoomMeter
from bridge.observe.metrics import STAGES, Metrics
from bridge.observe.routes import add_observe_routes
from bridge.observe.state import RoomState, ViewState

__all__ = [
    "STAGES",
    "Metrics",
    "RoomMeter",
    "RoomState",
    "ViewState",
    "add_observe_routes",
    "configure_logs",
]
