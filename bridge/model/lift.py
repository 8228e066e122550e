"""What one view alone can tell of a hand's shape: SVR-Hand in place of a guess of depth.

The landmark net gives 3D keypoints too, but from pictures that it has mostly seen from in front.
SVR-Hand (docs/simahand.md) reads its 2D keypoints and has learned what hands look so from any side.
With one device that is all there is; with more, fusion and calibration begin with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from bridge.model.fusion.crop_camera import MIRROR, CropCamera
from bridge.model.fusion.seen import usable_hands
from bridge.model.fusion.view_net import ViewNet
from bridge.model.nets.shipped import shipped_net
from bridge.model.pose import FloatArray, ViewHand, ViewHands
from bridge.protocol.joints import Side

__all__ = ["HandLifter", "Lift", "shipped_lifter"]

_NET = "simahand/weights/simahand_svr_landmarks.onnx"

Lift = Callable[[Sequence[ViewHands]], list[ViewHands]]
"""Tells the shapes (``world_m``) of hands that views see, each on its own."""


class HandLifter:
    """A `Lift` by a single-view network with the landmark stem.

    Safe to use from several threads at once.

    Args:
        net: An exported SVR-Hand's ONNX (``ghosthands models export simahand-svr``).

    Raises:
        MissingDependencyError: onnxruntime is not installed.
        ModelError: The network is damaged, or not an SVR-Hand with the landmark stem.
    """

    def __init__(self, net: bytes) -> None:
        self._net = ViewNet(net, what="an SVR-Hand", name="simahand-svr", outputs=("joints_m",))

    def __call__(self, views: Sequence[ViewHands]) -> list[ViewHands]:
        """The same views; hands of which enough is seen have the network's shape."""
        shown = [(k, hand) for k, view in enumerate(views) for hand in usable_hands(view)]
        if not shown:
            return list(views)
        crops = [CropCamera.around(hand, views[k].size_px).upright() for k, hand in shown]
        samples = [[(crop, hand.confidence)] for crop, (_, hand) in zip(crops, shown, strict=True)]
        [joints] = self._net(samples)
        hands: list[list[ViewHand | None]] = [list(view.hands) for view in views]
        for (k, hand), crop, points in zip(shown, crops, joints[:, 0], strict=True):
            hands[k][hand.side] = replace(hand, world_m=_in_camera(points, crop, hand.side))
        return [
            replace(view, hands=(left, right))
            for view, (left, right) in zip(views, hands, strict=True)
        ]


def _in_camera(points: FloatArray, crop: CropCamera, side: Side) -> FloatArray:
    """Keypoints of a crop camera's axes in the real camera's, about their mean."""
    turned: FloatArray = points.astype(np.float64) @ crop.rotation
    turned -= turned.mean(0)
    return turned * MIRROR if side is Side.LEFT else turned


@cache
def shipped_lifter() -> HandLifter:
    """The lifter that is shipped; one for the process.

    Raises:
        MissingDependencyError: onnxruntime is not installed.
        ModelError: It cannot be read.
    """
    return HandLifter(shipped_net("SVR-Hand", _NET))
