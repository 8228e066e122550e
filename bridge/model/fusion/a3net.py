"""A3-Net as a fuser: the trained network tells the shape that all views together see.

The network sees the landmark net's keypoints (its landmark stem), so it needs no pictures. What it
says of one instant goes through the same pooling over time and the same placing as the views'
own shapes do: see ``HandSpaceFuser``.
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

__all__ = ["A3NetSeer"]

_NET = "a3net/weights/a3net_landmarks.onnx"


class A3NetSeer(ViewNetSeer):
    """What each view sees of a hand when A3-Net has looked at all of them together.

    Args:
        net: An exported network's ONNX; None takes the shipped one.

    Raises:
        MissingDependencyError: onnxruntime is not installed.
        ModelError: The network is missing, damaged, or not an A3-Net with the landmark stem.
    """

    def __init__(self, net: bytes | None = None) -> None:
        content = shipped_net("A3-Net", _NET) if net is None else net
        super().__init__(
            ViewNet(content, what="an A3-Net", name="a3net", outputs=("joints_m", "to_first"))
        )

    def crop(self, hand: ViewHand, size_px: tuple[int, int]) -> CropCamera:
        """See ``ViewNetSeer``."""
        return CropCamera.around(hand, size_px)

    def in_crops(self, *outputs: NDArray[Any]) -> FloatArray:
        """See ``ViewNetSeer``."""
        joints, to_first = outputs
        turned: FloatArray = joints[0].astype(np.float64) @ to_first[0].astype(np.float64)
        return turned


FUSERS["a3net"] = lambda: HandSpaceFuser(A3NetSeer())
NETWORKS["a3net"] = lambda net: HandSpaceFuser(A3NetSeer(net))
