"""Trained multi-view networks as seers: they look at all views' landmarks of a hand together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import ModelError
from bridge.model.fusion.crop_camera import MIRROR, CropCamera
from bridge.model.fusion.seen import SeenHand, usable_hands
from bridge.model.nets.providers import CPU
from bridge.model.nets.session import open_session
from bridge.model.pose import FloatArray, ViewHand, ViewHands
from bridge.optional import require
from bridge.protocol.joints import Side

__all__ = ["ViewNet", "ViewNetSeer"]

_INPUTS = frozenset({"landmarks", "confidence", "focal"})


class ViewNet:
    """An exported multi-view network with the landmark stem.

    Args:
        net: Its ONNX (``ghosthands models export``).
        what: The network's name with its article, for errors.
        name: As ``models export`` takes it.
        outputs: What of the network's is needed.

    Raises:
        MissingDependencyError: onnxruntime is not installed.
        ModelError: The network is damaged, or another one.
    """

    def __init__(self, net: bytes, *, what: str, name: str, outputs: Sequence[str]) -> None:
        ort = require("onnxruntime", extra="bridge")
        # A few million multiplications: a GPU's launch and copies would cost more than they save.
        # And many small ones, between which a second thread would only wait.
        self._session = open_session(ort, net, [CPU], 1)
        self._outputs = tuple(outputs)
        given = {value.name for value in self._session.get_inputs()}
        said = {value.name for value in self._session.get_outputs()}
        missing = (_INPUTS - given) | (set(outputs) - said)
        if missing:
            raise ModelError(
                f"not {what} with the landmark stem: it has no {', '.join(sorted(missing))}. "
                f"Export one with: ghosthands models export {name}"
            )

    def __call__(
        self, samples: Sequence[Sequence[tuple[CropCamera, FloatArray]]]
    ) -> Sequence[NDArray[Any]]:
        """Runs the network on hands that are each seen by the same number of views.

        Args:
            samples: Of every hand, its views: crop camera and the keypoints' confidence ``(21,)``.

        Returns:
            The outputs.
        """

        def stacked(values: Callable[[CropCamera, FloatArray], Any]) -> NDArray[np.float32]:
            return np.asarray([[values(*view) for view in hand] for hand in samples], np.float32)

        found: Sequence[NDArray[Any]] = self._session.run(
            self._outputs,
            {
                "landmarks": stacked(lambda crop, _: crop.landmarks),
                "confidence": stacked(lambda _, confidence: confidence),
                "focal": stacked(lambda crop, _: crop.focal),
            },
        )
        return found


class ViewNetSeer(ABC):
    """What each view sees of a hand when a network has looked at all of them together.

    Args:
        net: The network.
    """

    def __init__(self, net: ViewNet) -> None:
        self._net = net

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

    @abstractmethod
    def crop(self, hand: ViewHand, size_px: tuple[int, int]) -> CropCamera:
        """The crop camera that the network is used to."""

    @abstractmethod
    def in_crops(self, *outputs: NDArray[Any]) -> FloatArray:
        """The hand's keypoints in each crop camera's axes, ``(N, 21, 3)`` metres."""

    def _shapes(self, side: Side, shown: list[tuple[ViewHand, tuple[int, int]]]) -> FloatArray:
        """The hand's keypoints in each view's camera axes, ``(N, 21, 3)`` metres."""
        crops = [self.crop(hand, size_px) for hand, size_px in shown]
        confidence = [hand.confidence for hand, _ in shown]
        outputs = self._net([list(zip(crops, confidence, strict=True))])
        rotations = np.array([crop.rotation for crop in crops])
        in_cameras: FloatArray = self.in_crops(*outputs) @ rotations
        return in_cameras * MIRROR if side is Side.LEFT else in_cameras
