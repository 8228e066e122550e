"""Where the hands of the demo really are: the truth that reconstruction is measured against."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.demo.cameras import CAMERAS
from bridge.demo.motion import hands_at
from bridge.errors import InputError
from bridge.protocol.coordinates import opencv_to_openxr_position

__all__ = ["STAGE_VIEW", "joints_in_stage", "joints_in_view"]

Array = NDArray[np.float64]

STAGE_VIEW = next(iter(CAMERAS))
"""The view whose camera, turned to OpenXR's axes, is the stage: the first to join the room."""


def joints_in_view(time_s: ArrayLike, view: str) -> Array:
    """Keypoints ``(T, 2, 21, 3)`` in a camera's axes (OpenCV), metres, at times ``(T,)`` seconds.

    Raises:
        InputError: There is no such view.
    """
    if view not in CAMERAS:
        raise InputError(f"the demo has views {', '.join(CAMERAS)}, not {view!r}")
    return CAMERAS[view].to_camera(hands_at(time_s).joints_m)


def joints_in_stage(time_s: ArrayLike, view: str = STAGE_VIEW) -> Array:
    """Keypoints ``(T, 2, 21, 3)`` in the stage, metres, at times ``(T,)`` seconds of the piece.

    Args:
        time_s: The times.
        view: The view whose camera is the stage, the one that joined the room first.

    Raises:
        InputError: There is no such view.
    """
    return np.asarray(opencv_to_openxr_position(joints_in_view(time_s, view)), np.float64)
