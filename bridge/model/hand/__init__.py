"""The parametric hand: its interface, the open hand, and the fit to keypoints."""

from __future__ import annotations

from bridge.model.hand.fit import HandFitter
from bridge.model.hand.interface import HandModel
from bridge.model.hand.mesh import mesh_document
from bridge.model.hand.open_hand import OpenHand, open_hand

__all__ = ["HandFitter", "HandModel", "OpenHand", "mesh_document", "open_hand"]
