"""HaMuCo as a fuser: each view's hand, corrected by what the other views see of it.

The landmark stem (docs/hamuco.md): no pictures are needed. Each view's own result after interaction
takes the place of the landmark net's guess of depth; placing and pooling over time are those of
``HandSpaceFuser``, whose alignment over time stands for the Procrustes analysis of one instant.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.model.fusion.crop_camera import CropCamera
from bridge.model.fusion.hand_space import HandSpaceFuser
from bridge.model.fusion.interface import FUSERS, NETWORKS
from bridge.model.fusion.view_net import ViewNet, ViewNetSeer
from bridge.model.nets.shipped import shipped_net
from bridge.model.pose import FloatArray, ViewHand

__all__ = ["HaMuCoSeer"]

_NET = "hamuco/weights/hamuco_landmarks.onnx"


class HaMuCoSeer(ViewNetSeer):
    """What each view sees of a hand when HaMuCo's views have interacted.

    Args:
        net: An exported network's ONNX, such as one that ``ghosthands adapt`` made; None takes the
            shipped one.

    Raises:
        MissingDependencyError: onnxruntime is not installed.
        ModelError: The network is missing, damaged, or not a HaMuCo with the landmark stem.
    """

    def __init__(self, net: bytes | None = None) -> None:
        content = shipped_net("HaMuCo", _NET) if net is None else net
        # Each view's own hand, which is not needed, tells HaMuCo from other networks with hands.
        outputs = ("joints_m", "single_joints_m")
        super().__init__(ViewNet(content, what="a HaMuCo", name="hamuco", outputs=outputs))

    def crop(self, hand: ViewHand, size_px: tuple[int, int]) -> CropCamera:
        """See ``ViewNetSeer``."""
        return CropCamera.around(hand, size_px).upright()

    def in_crops(self, *outputs: NDArray[Any]) -> FloatArray:
        """See ``ViewNetSeer``."""
        joints: FloatArray = outputs[0][0].astype(np.float64)
        return joints


FUSERS["hamuco"] = lambda: HandSpaceFuser(HaMuCoSeer())
NETWORKS["hamuco"] = lambda net: HandSpaceFuser(HaMuCoSeer(net))
