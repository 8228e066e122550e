"""A3-Net as a fuser: the trained network tells the shape that all views together see.

The network sees the landmark net's keypoints (its landmark stem), so it needs no pictures. What it
says of one instant goes through the same pooling over time and the same placing as the views'
own shapes do: see ``HandSpaceFuser``.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import ModelError
from bridge.model.fusion.crop_camera import MIRROR, CropCamera
from bridge.model.fusion.hand_space import HandSpaceFuser
from bridge.model.fusion.interface import FUSERS
from bridge.model.fusion.seen import SeenHand, usable_hands
from bridge.model.nets.providers import CPU, default_threads
from bridge.model.nets.session import open_session
from bridge.model.pose import FloatArray, ViewHand, ViewHands
from bridge.optional import require
from bridge.protocol.joints import Side

__all__ = ["A3NetSeer"]

_NET = "a3net/weights/a3net_landmarks.onnx"

Float32Array = NDArray[np.float32]


class A3NetSeer:
    """What each view sees of a hand when A3-Net has looked at all of them together.

    Args:
        net: An exported network's ONNX (``ghosthands models export``); None takes the shipped one.

    Raises:
        MissingDependencyError: onnxruntime is not installed.
        ModelError: The network is missing, damaged, or not an A3-Net with the landmark stem.
    """

    def __init__(self, net: bytes | None = None) -> None:
        ort = require("onnxruntime", extra="bridge")
        # A few million multiplications: a GPU's launch and copies would cost more than they save.
        content = _shipped() if net is None else net
        self._session = open_session(ort, content, [CPU], default_threads())
        _check(self._session)

    def __call__(self, views: Sequence[ViewHands]) -> dict[str, dict[Side, SeenHand]]:
        """See ``Seer``."""
        seen: dict[str, dict[Side, SeenHand]] = {}
        for side in Side:
            shown = [
                (view, hand) for view in views for hand in usable_hands(view) if hand.side is side
            ]
            if not shown:
                continue
            shapes = self._shapes(side, [(hand, view.size_px) for view, hand in shown])
            for (view, hand), shape in zip(shown, shapes, strict=True):
                known = SeenHand.of(shape, hand, view.size_px)
                seen.setdefault(view.view, {})[side] = known
        return {view.view: seen[view.view] for view in views if view.view in seen}

    def _shapes(self, side: Side, shown: list[tuple[ViewHand, tuple[int, int]]]) -> FloatArray:
        """The hand's keypoints in each view's camera axes, ``(N, 21, 3)`` metres."""
        crops = [CropCamera.around(hand, size_px) for hand, size_px in shown]
        joints, to_first = self._session.run(
            ("joints_m", "to_first"),
            {
                "landmarks": _batch([crop.landmarks for crop in crops]),
                "confidence": _batch([hand.confidence for hand, _ in shown]),
                "focal": _batch([crop.focal for crop in crops]),
            },
        )
        rotations = np.array([crop.rotation for crop in crops])
        in_crops = joints[0].astype(np.float64) @ to_first[0].astype(np.float64)
        in_cameras: FloatArray = in_crops @ rotations
        return in_cameras * MIRROR if side is Side.LEFT else in_cameras


def _batch(values: Sequence[Any]) -> Float32Array:
    """One sample's values over its views, ``(1, N, ...)``."""
    return np.asarray(values, dtype=np.float32)[None]


def _shipped() -> bytes:
    try:
        return resources.files("bridge.model").joinpath(_NET).read_bytes()
    except OSError as error:
        raise ModelError(
            f"A3-Net's network {_NET} cannot be read ({error}): reinstall ghosthands, or train and "
            "export one (docs/training.md)"
        ) from error


def _check(session: Any) -> None:
    inputs = {value.name for value in session.get_inputs()}
    outputs = {value.name for value in session.get_outputs()}
    missing = ({"landmarks", "confidence", "focal"} - inputs) | ({"joints_m", "to_first"} - outputs)
    if missing:
        raise ModelError(
            f"not an A3-Net with the landmark stem: it has no {', '.join(sorted(missing))}. "
            "Export one with: ghosthands models export a3net"
        )


FUSERS["a3net"] = lambda: HandSpaceFuser(A3NetSeer())
