"""The shipped hand nets (Google MediaPipe, Apache-2.0: see NOTICE) and their runtime."""

from __future__ import annotations

from bridge.model.nets.choice import PROVIDERS, load_nets
from bridge.model.nets.hand_nets import (
    CROP_SIZE,
    PALM_SIZE,
    HandNets,
    LandmarkOutputs,
    net_file,
)

__all__ = [
    "CROP_SIZE",
    "PALM_SIZE",
    "PROVIDERS",
    "HandNets",
    "LandmarkOutputs",
    "load_nets",
    "net_file",
]
