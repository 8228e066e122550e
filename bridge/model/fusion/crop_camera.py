"""A hand seen by a camera that is turned to look at it: what the multi-view networks take.

The same as in training (``bridge.model.training.sample``): the real camera is turned about its own
centre until it looks at the middle of the hand, and the picture plane is scaled so that the crop
spans -1 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bridge.model.fusion.camera import normalised
from bridge.model.pose import FloatArray, ViewHand
from bridge.protocol.joints import Side

__all__ = ["MIRROR", "CropCamera"]

_FILL = 0.7
"""Share of the crop's half width that the farthest keypoint reaches: the middle of training's."""

MIRROR = np.array([-1.0, 1.0, 1.0])
"""A left hand in a mirror is a right hand."""


@dataclass(frozen=True, slots=True)
class CropCamera:
    """A crop camera and what it sees of one hand.

    Attributes:
        rotation: ``(3, 3)`` from the camera's axes (mirrored, for a left hand) to the crop
            camera's.
        focal: Focal length, in half crop widths.
        landmarks: ``(21, 2)`` keypoints in crop coordinates.
    """

    rotation: FloatArray
    focal: float
    landmarks: FloatArray

    @classmethod
    def around(cls, hand: ViewHand, size_px: tuple[int, int]) -> CropCamera:
        """The crop camera that looks at the middle of a hand's keypoints.

        Args:
            hand: The hand as one view sees it; a left hand is mirrored.
            size_px: Image ``(width, height)``; the focal length is the prior's.
        """
        image = normalised(hand.landmarks_px, size_px)
        if hand.side is Side.LEFT:
            image = image * MIRROR[:2]
        rays = np.concatenate([image, np.ones((len(image), 1))], axis=1)
        rotation = _turn_to((rays[:, :2].min(0) + rays[:, :2].max(0)) / 2)
        turned = rays @ rotation.T
        # A keypoint beside the camera has no place in its picture: keep it far outside.
        seen = turned[:, :2] / np.maximum(turned[:, 2:], 0.05)
        focal = _FILL / max(float(np.abs(seen).max()), 1e-6)
        return cls(rotation, focal, seen * focal)

    def upright(self) -> CropCamera:
        """This camera rolled until the hand points up, from its wrist to its middle knuckle."""
        x, y = self.landmarks[9] - self.landmarks[0]
        angle = -np.arctan2(x, -y)
        c, s = np.cos(angle), np.sin(angle)
        roll = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
        return CropCamera(roll @ self.rotation, self.focal, self.landmarks @ roll[:2, :2].T)


def _turn_to(centre: FloatArray) -> FloatArray:
    """The least rotation that takes the ray through ``centre (2,)`` to the z axis, ``(3, 3)``."""
    ray = np.array([*centre, 1.0])
    x, y, z = ray / np.linalg.norm(ray)
    # Rodrigues' formula about ray x e_z = (y, -x, 0), whose angle has cosine z.
    return np.array(
        [
            [1 - x * x / (1 + z), -x * y / (1 + z), -x],
            [-x * y / (1 + z), 1 - y * y / (1 + z), -y],
            [x, y, z],
        ]
    )
