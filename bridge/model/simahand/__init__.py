"""SiMA-Hand: a single-view network that learns from what a multi-view network sees.

Wang et al., "SiMA-Hand: boosting 3D hand-mesh reconstruction by single-to-multi-view adaptation",
AAAI 2024. ``stems``, ``shape_branch``, ``mesh_decoder`` (on ``spiral`` and ``mesh_levels``) and
``orientation_branch`` are the dual-branch network, ``view_fusion`` eq. 1 to 3, ``adaptation`` eq.
4 and 6, ``losses`` eq. 7 to 12, ``network`` the whole.
"""

from __future__ import annotations

from bridge.model.simahand.adaptation import build_svr
from bridge.model.simahand.complexity import Complexity, complexity
from bridge.model.simahand.config import LossWeights, SimaHandConfig
from bridge.model.simahand.losses import simahand_loss
from bridge.model.simahand.network import SimaHand
from bridge.model.simahand.output import Features, SimaHandOutput

__all__ = [
    "Complexity",
    "Features",
    "LossWeights",
    "SimaHand",
    "SimaHandConfig",
    "SimaHandOutput",
    "build_svr",
    "complexity",
    "simahand_loss",
]
