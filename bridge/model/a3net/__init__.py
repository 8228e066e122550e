"""A3-Net: hands from several uncalibrated views, aligned by joints and meshes.

One module a section of the paper: ``single_view`` 3.1 (on ``backbone`` or ``landmark_stem``),
``alignment`` 3.2, ``point_features``, ``mesh_to_joint``, ``view_fusion``, ``joint_to_mesh`` and
``regression`` 3.3, ``image_alignment`` 3.4, ``stage``, ``network`` and ``losses`` 3.5.
"""

from __future__ import annotations

from bridge.model.a3net.complexity import Complexity, complexity
from bridge.model.a3net.config import A3NetConfig, LossWeights
from bridge.model.a3net.losses import a3net_loss
from bridge.model.a3net.network import A3Net
from bridge.model.a3net.output import A3NetOutput, InitialOutput, StageOutput

__all__ = [
    "A3Net",
    "A3NetConfig",
    "A3NetOutput",
    "Complexity",
    "InitialOutput",
    "LossWeights",
    "StageOutput",
    "a3net_loss",
    "complexity",
]
