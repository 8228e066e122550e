"""Views in, hands in the stage out: the fuser interface and its implementations."""

from __future__ import annotations

from bridge.model.fusion.a3net import A3NetSeer
from bridge.model.fusion.hamuco import HaMuCoSeer
from bridge.model.fusion.hand_space import HandSpaceFuser
from bridge.model.fusion.interface import FUSERS, Fuser, make_fuser
from bridge.model.fusion.selfcal import SelfCalFuser

__all__ = [
    "FUSERS",
    "A3NetSeer",
    "Fuser",
    "HaMuCoSeer",
    "HandSpaceFuser",
    "SelfCalFuser",
    "make_fuser",
]
