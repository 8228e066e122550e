"""The instrument as anchor: four tapped corners give cameras, lenses, scale and the stage."""

from __future__ import annotations

from bridge.model.anchor.anchor import Anchor, AnchoredView, ViewPose, find_anchor
from bridge.model.anchor.files import load_anchor, save_anchor
from bridge.model.anchor.instruments import INSTRUMENTS, Instrument, keyboard, rectangle
from bridge.model.anchor.stage import Placement, Similarity, place_stage
from bridge.model.anchor.taps import CORNERS, Taps, parse_corners

__all__ = [
    "CORNERS",
    "INSTRUMENTS",
    "Anchor",
    "AnchoredView",
    "Instrument",
    "Placement",
    "Similarity",
    "Taps",
    "ViewPose",
    "find_anchor",
    "keyboard",
    "load_anchor",
    "parse_corners",
    "place_stage",
    "rectangle",
    "save_anchor",
]
