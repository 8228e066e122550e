"""Things that come between a camera and a hand now and then: a page, a board, somebody's back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.demo.solids import Solid, from_corners
from bridge.model.render import Camera
from bridge.protocol.joints import Side

__all__ = ["Passing", "random_passings"]

Array = NDArray[np.float64]

_A_SECOND = 0.15
_SLIDE_FRAMES = 8
_ASIDE_M = 0.45
_TOWARDS_CAMERA = 0.3
_THICK_M = 0.01


@dataclass(frozen=True, slots=True)
class Passing:
    """One thing that hides one hand from one camera for a while, then goes.

    Attributes:
        view: Which camera.
        side: Which hand.
        frames: When it is in the way; it slides in before and out after.
        half_m: Half its width and height.
        from_left: Whether it comes from the left of that camera's picture.
        albedo: Linear RGB.
    """

    view: int
    side: Side
    frames: range
    half_m: tuple[float, float]
    from_left: bool
    albedo: tuple[float, float, float]

    def solid(self, frame: int, camera: Camera, hand_m: Array) -> Solid | None:
        """The thing at one instant, or None.

        Args:
            frame: Which.
            camera: The camera from which it hides the hand.
            hand_m: ``(21, 3)`` the hand's keypoints, the camera's world.
        """
        late = max(self.frames.start - frame, frame - self.frames.stop + 1, 0)
        if late >= _SLIDE_FRAMES:
            return None
        right, down, ahead = camera.rotation
        there = hand_m.mean(0)
        centre = there + _TOWARDS_CAMERA * (camera.position_m - there)
        centre = centre + right * _ASIDE_M * late / _SLIDE_FRAMES * (-1 if self.from_left else 1)
        a, b = self.half_m
        # Seen in the mirror corners would run the wrong way round: right, up, back is a right hand.
        axes = np.stack([a * right, -b * down, -_THICK_M * ahead])
        corners = np.array([(x, y, z) for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)])
        return from_corners(centre + corners @ axes, self.albedo)


def random_passings(
    rng: np.random.Generator, *, frames: int, rate_hz: float, views: int
) -> Sequence[Passing]:
    """Things of a recording: in each view one in seven seconds, for half a second to 1.5."""
    passings = []
    for view in range(views):
        for _ in range(rng.poisson(_A_SECOND * frames / rate_hz)):
            first = int(rng.integers(frames))
            length = round(rng.uniform(0.5, 1.5) * rate_hz)
            half = rng.uniform(0.06, 0.10, 2)
            red, green, blue = rng.uniform(0.03, 0.8) * (1 + 0.2 * rng.uniform(-1, 1, 3))
            passings.append(
                Passing(
                    view,
                    Side(int(rng.integers(2))),
                    range(first, first + length),
                    (float(half[0]), float(half[1])),
                    bool(rng.random() < 0.5),
                    (float(red), float(green), float(blue)),
                )
            )
    return passings
