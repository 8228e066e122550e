"""A video frame with its view and capture time, and a set of them for one instant."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import av

__all__ = ["Frame", "FrameSet"]


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture of one view.

    Attributes:
        view: The view's name within its room.
        time_ns: Capture time on the bridge's clock.
        sequence: Count of frames decoded in this view before this one.
        picture: The decoder's picture, still in its own pixel format: conversion costs, so it
            happens in ``rgb`` and only for frames that are used.
        lock: Held while the picture is converted: PyAV keeps the converter in the picture, and two
            threads that use it at once end the process.
    """

    view: str
    time_ns: int
    sequence: int
    picture: av.VideoFrame
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def rgb(self) -> NDArray[np.uint8]:
        """The picture as ``(height, width, 3)`` RGB; off the event loop, from any thread."""
        with self.lock:
            return np.asarray(self.picture.to_ndarray(format="rgb24"), dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class FrameSet:
    """At most one frame of each view, all of one instant.

    Attributes:
        time_ns: The instant: the capture time of the frame that leads the set, one of the view
            that sets the pace. It rises strictly from set to set.
        frames: In the order in which the views joined, the oldest first.
    """

    time_ns: int
    frames: tuple[Frame, ...]
