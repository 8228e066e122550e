"""From regions of interest to landmarks in image pixels and metres, all in one net call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.model.nets import CROP_SIZE, HandNets
from bridge.model.pose import FloatArray
from bridge.model.roi import Roi, warp

__all__ = ["Landmarks", "find"]


@dataclass(frozen=True, slots=True)
class Landmarks:
    """What the landmark net sees in one region of an image.

    Attributes:
        landmarks_px: ``(21, 2)`` keypoints, image pixels.
        world_m: ``(21, 3)`` keypoints, metres, axes of the camera (x right, y down, z forward),
            origin within the hand.
        presence: Probability that the region shows a hand.
        right: Probability that it is a right hand, if the image is not mirrored.
    """

    landmarks_px: FloatArray
    world_m: FloatArray
    presence: float
    right: float


def find(nets: HandNets, crops: Sequence[tuple[NDArray[np.uint8], Roi]]) -> list[Landmarks]:
    """Finds the landmarks of several regions, of one or several images, in one net call.

    Args:
        nets: The nets.
        crops: Images ``(H, W, 3)`` RGB with the region to look at in each.
    """
    if not crops:
        return []
    batch = np.empty((len(crops), CROP_SIZE, CROP_SIZE, 3), dtype=np.float32)
    for i, (image, roi) in enumerate(crops):
        np.divide(warp(image, roi, CROP_SIZE, replicate=True), np.float32(255), out=batch[i])
    outputs = nets.find_landmarks(batch)
    return [
        Landmarks(
            landmarks_px=roi.to_image(outputs.landmarks[i, :, :2] / CROP_SIZE),
            # The crop was turned upright: turn the hand back to the camera's axes.
            world_m=roi.turn(outputs.world_m[i]),
            presence=float(outputs.presence[i]),
            right=float(outputs.right[i]),
        )
        for i, (_, roi) in enumerate(crops)
    ]
