"""Devices propped about an instrument, as ``simulate_clip`` has them, that see all its corners."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from bridge.model.anchor.anchor import ViewPose
from bridge.model.anchor.drawing import project
from bridge.model.anchor.instruments import Instrument
from bridge.model.anchor.taps import Taps
from bridge.model.pose import FloatArray

__all__ = ["look_at", "random_device", "taps_of"]

_SIZES_PX = ((1280, 720), (1920, 1080), (720, 1280), (640, 480))


def look_at(
    instrument: Instrument,
    *,
    azimuth: float,
    elevation: float,
    distance_m: float,
    focal: float = 0.75,
    roll: float = 0.0,
    aside_m: FloatArray | float = 0.0,
) -> ViewPose:
    """A camera that looks at the tapped rectangle.

    Args:
        instrument: What it looks at.
        azimuth: Degrees about the vertical; 0 is to the player's right, 90 where the player sits.
        elevation: Degrees above the instrument's plane.
        distance_m: From the rectangle's middle.
        focal: Longer image sides.
        roll: Degrees about the optical axis.
        aside_m: How far it looks past the middle, ``(3,)`` in the instrument's frame.
    """
    around, above, tilt = np.radians([azimuth, elevation, roll])
    middle = instrument.corners_m.mean(axis=0)
    level = np.cos(above)
    towards = [level * np.cos(around), np.sin(above), level * np.sin(around)]
    centre = middle + distance_m * np.array(towards)
    ahead = middle + aside_m - centre
    ahead /= np.linalg.norm(ahead)
    # Straight down, "up" in the picture is away from the player.
    right = np.cross(ahead, [0.0, 1.0, -1e-9])
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(ahead, right), ahead])
    rotation = Rotation.from_euler("z", tilt).as_matrix() @ axes
    return ViewPose(rotation, -rotation @ centre, focal)


def taps_of(
    instrument: Instrument,
    pose: ViewPose,
    size_px: tuple[int, int] = (1280, 720),
    *,
    view: str = "phone",
    noise_px: float = 0.0,
    rng: np.random.Generator | None = None,
    size: tuple[float, float] = (1.0, 1.0),
) -> Taps:
    """Its corners in a picture.

    Args:
        instrument: What is seen.
        pose: The camera.
        size_px: The picture's width and height.
        view: Name of the view.
        noise_px: Standard deviation of the taps' errors, where ``rng`` is given.
        rng: Where errors come from.
        size: Width and depth of this very instrument over the nominal ones.
    """
    corners = instrument.corners_m * np.array([size[0], 1.0, size[1]])
    pixels = project(pose, size_px, corners)
    if rng is not None:
        pixels = pixels + rng.normal(0, noise_px, (4, 2))
    return Taps(view, size_px, pixels)


def random_device(
    rng: np.random.Generator, instrument: Instrument, *, margin_px: float = 10.0
) -> tuple[ViewPose, tuple[int, int]]:
    """A device from 0.45 m on, farther from what is wider; all corners inside its picture."""
    while True:
        pose = look_at(
            instrument,
            azimuth=rng.uniform(0, 360),
            elevation=rng.uniform(20, 75),
            distance_m=rng.uniform(0.45, 0.9) * max(1.0, instrument.width_m / 0.6),
            focal=rng.uniform(0.62, 1.3),
            roll=rng.normal(0, 6),
            aside_m=rng.normal(0, 0.03, 3),
        )
        size_px = _SIZES_PX[rng.integers(len(_SIZES_PX))]
        pixels = project(pose, size_px, instrument.corners_m)
        inside = (pixels > margin_px) & (pixels < np.array(size_px) - margin_px)
        if inside.all():
            return pose, size_px
