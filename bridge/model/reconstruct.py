"""The whole model path: pictures of one instant in, smoothed hands in the stage out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.model.fusion import Fuser, make_fuser
from bridge.model.fusion.interface import ExpectingFuser, LensFuser
from bridge.model.lift import shipped_lifter
from bridge.model.nets import HandNets
from bridge.model.pose import Hands, ViewHands
from bridge.model.smooth import OneEuroSmoother
from bridge.model.tracker import HandTracker

__all__ = ["Reconstruction", "Reconstructor"]

_TRACK_HZ, _MOST_FRAMES = 30, 300


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """What one frame set gave.

    Attributes:
        hands: Both hands in the stage, smoothed.
        views: What each view saw, in the order given.
    """

    hands: Hands
    views: tuple[ViewHands, ...]


class Reconstructor:
    """Tracks, fuses and smooths the hands of one room.

    Where the fuser knows the cameras, a hand that one view has lost is looked for where the others
    saw it.

    It is called from one thread, in the order of time. ``nets`` may be shared between rooms.

    Args:
        nets: The hand nets.
        fuser: A fuser, or the name of one (``bridge.model.fusion.FUSERS``).
        smoother: The smoother; the default is One-Euro with its default settings.
    """

    def __init__(
        self,
        nets: HandNets,
        *,
        fuser: Fuser | str = "selfcal",
        smoother: OneEuroSmoother | None = None,
    ) -> None:
        self._tracker = HandTracker(nets, lift=shipped_lifter())
        self._fuser = make_fuser(fuser) if isinstance(fuser, str) else fuser
        self._smoother = smoother or OneEuroSmoother()
        self._time_ns: int | None = None

    @property
    def fuser(self) -> Fuser:
        """How views are fused."""
        return self._fuser

    def step(self, time_ns: int, images: Mapping[str, NDArray[np.uint8]]) -> Reconstruction:
        """Reconstructs one frame set.

        Args:
            time_ns: Capture time on the bridge's clock.
            images: ``(H, W, 3)`` RGB by view name, in the order in which the views joined.
        """
        fuser = self._fuser
        expect = fuser.expected_landmarks if isinstance(fuser, ExpectingFuser) else None
        frames = 1 if self._time_ns is None else round((time_ns - self._time_ns) * _TRACK_HZ / 1e9)
        self._time_ns = time_ns
        views = self._tracker.track(images, expect, frames=min(max(frames, 1), _MOST_FRAMES))
        hands = self._smoother.smooth(self._fuser.fuse(time_ns, views))
        return Reconstruction(hands, tuple(views))

    def use(self, fuser: Fuser) -> None:
        """Fuses otherwise from now on: what the old one knew is gone, and its stage with it."""
        self._fuser = fuser
        self._smoother = self._smoother.anew()

    def know_lens(self, view: str, focal: float) -> None:
        """Tells a view's focal length, in longer image sides; not all fusers have use for it."""
        if isinstance(self._fuser, LensFuser):
            self._fuser.know_lens(view, focal)

    def forget(self, view: str) -> None:
        """Drops the state of a view that left."""
        self._tracker.forget(view)
        self._fuser.forget(view)
