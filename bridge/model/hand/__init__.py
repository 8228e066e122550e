"""The parametric hand: its interface, the open hand, the user's MANO, and the fit to keypoints."""

from __future__ import annotations

from bridge.model.hand.fit import HandFitter
from bridge.model.hand.hand_data import HandData
from bridge.model.hand.interface import HandModel
from bridge.model.hand.mano import mano_folder, mano_hand
from bridge.model.hand.mesh import mesh_document
from bridge.model.hand.open_hand import OpenHand, open_hand
from bridge.model.hand.pca import PosePca
from bridge.model.hand.skinned_hand import SkinnedHand

__all__ = [
    "HandData",
    "HandFitter",
    "HandModel",
    "OpenHand",
    "PosePca",
    "SkinnedHand",
    "mano_folder",
    "mano_hand",
    "mesh_document",
    "open_hand",
]
