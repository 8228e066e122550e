"""Any number of hands from one picture in one pass, learnt from 2D labels alone.

"End-to-end Weakly-supervised Multiple 3D Hand Mesh Reconstruction from Single Image" (Ren, Zhu,
Zhang). Section III-A and B: ``encoder``, ``network``, ``localisation``; III-C: ``camera``,
``decoding``, ``reconstruction``, ``losses``; III-D: ``layout``, ``pasting``.
"""

from __future__ import annotations

from bridge.model.multihand.complexity import Complexity, complexity
from bridge.model.multihand.config import LossWeights, MultiHandConfig
from bridge.model.multihand.losses import multihand_loss
from bridge.model.multihand.network import MultiHandNet
from bridge.model.multihand.output import Hands, Maps, MultiHandOutput
from bridge.model.multihand.scenes import HandScenes

__all__ = [
    "Complexity",
    "HandScenes",
    "Hands",
    "LossWeights",
    "Maps",
    "MultiHandConfig",
    "MultiHandNet",
    "MultiHandOutput",
    "complexity",
    "multihand_loss",
]
