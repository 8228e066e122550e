"""Any number of hands of one picture, by the single-stage network's ONNX file; needs no torch."""

from __future__ import annotations

from bridge.model.ensemble.drawing import draw_hands
from bridge.model.ensemble.finder import FoundHand, MultiHand
from bridge.model.ensemble.texture import MedianColours, read_colours, write_colours

__all__ = [
    "FoundHand",
    "MedianColours",
    "MultiHand",
    "draw_hands",
    "read_colours",
    "write_colours",
]
