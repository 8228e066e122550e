"""SVR-Hand where one view alone sees a hand: a network that learned from what several views see.

With one device there is nothing to fuse, and the landmark net's own guess of depth is all there
is (`monocular`). SVR-Hand reads the same keypoints and gives the shape that a multi-view network
would have given. As soon as a second view sees a hand, views are fused as usual.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.model.fusion.crop_camera import CropCamera
from bridge.model.fusion.interface import ANCHORED, FUSERS
from bridge.model.fusion.seen import SeenHand, monocular, usable_hands
from bridge.model.fusion.selfcal import SelfCalFuser
from bridge.model.fusion.view_net import ViewNetSeer, shipped_net
from bridge.model.pose import FloatArray, ViewHand, ViewHands
from bridge.protocol.joints import Side

__all__ = ["SimaHandSeer"]

_NET = "simahand/weights/simahand_svr_landmarks.onnx"


class SimaHandSeer(ViewNetSeer):
    """What each view sees of a hand; a view that is alone asks SVR-Hand.

    Args:
        net: An exported network's ONNX; None takes the shipped one.

    Raises:
        MissingDependencyError: onnxruntime is not installed.
        ModelError: The network is missing, damaged, or not an SVR-Hand with the landmark stem.
    """

    def __init__(self, net: bytes | None = None) -> None:
        content = shipped_net("SVR-Hand", _NET) if net is None else net
        super().__init__(content, what="an SVR-Hand", name="simahand-svr", outputs=("joints_m",))

    def __call__(self, views: Sequence[ViewHands]) -> dict[str, dict[Side, SeenHand]]:
        """See ``Seer``."""
        seeing = [view for view in views if usable_hands(view)]
        return super().__call__(seeing) if len(seeing) == 1 else monocular(views)

    def crop(self, hand: ViewHand, size_px: tuple[int, int]) -> CropCamera:
        """See ``ViewNetSeer``."""
        return CropCamera.around(hand, size_px)

    def in_crops(self, *outputs: NDArray[Any]) -> FloatArray:
        """See ``ViewNetSeer``."""
        joints: FloatArray = outputs[0][0].astype(np.float64)
        return joints


FUSERS["simahand"] = lambda: SelfCalFuser(see=SimaHandSeer())
ANCHORED["simahand"] = lambda anchor: SelfCalFuser(anchor=anchor, see=SimaHandSeer())
