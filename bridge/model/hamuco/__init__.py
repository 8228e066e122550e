"""HaMuCo: hands from several views, learned from noisy 2D labels alone (see docs/hamuco.md)."""

from __future__ import annotations

from bridge.model.hamuco.complexity import Complexity, complexity
from bridge.model.hamuco.config import HaMuCoConfig
from bridge.model.hamuco.losses import hamuco_loss
from bridge.model.hamuco.network import HaMuCo
from bridge.model.hamuco.output import HaMuCoOutput, PerView

__all__ = [
    "Complexity",
    "HaMuCo",
    "HaMuCoConfig",
    "HaMuCoOutput",
    "PerView",
    "complexity",
    "hamuco_loss",
]
