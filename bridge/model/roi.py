"""The square, rotated regions of interest that hands are cropped from.

Facts of MediaPipe's graphs ``palm_detection_detection_to_roi`` and
``hand_landmark_landmarks_to_roi``: a region stands upright on the hand, its bottom at the wrist.
From a palm it is 2.6 times the palm's box, moved half a box towards the fingers; from landmarks it
is twice the box around wrist, knuckles and thumb, moved by a tenth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from bridge.model.pose import FloatArray

__all__ = ["Roi", "letterbox_roi", "overlap", "roi_from_landmarks", "roi_from_palm", "warp"]

STABLE_LANDMARKS = (0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18)
"""Wrist, thumb to its third joint, knuckles and next joints: fingertips would make the box jump."""


@dataclass(frozen=True, slots=True)
class Roi:
    """A square in an image.

    Attributes:
        x_px, y_px: Centre, image pixels.
        size_px: Side.
        angle_rad: Rotation from the image's axes to the square's, positive from x to y (clockwise
            as seen, because y points down).
    """

    x_px: float
    y_px: float
    size_px: float
    angle_rad: float

    def to_image(self, points: FloatArray) -> FloatArray:
        """Maps ``(..., 2)`` points of the square, 0 to 1 from its top left corner, to pixels."""
        c, s = math.cos(self.angle_rad), math.sin(self.angle_rad)
        rotation = np.array([[c, -s], [s, c]])
        pixels: FloatArray = (np.asarray(points) - 0.5) @ (self.size_px * rotation.T)
        pixels += (self.x_px, self.y_px)
        return pixels

    def distance(self, other: Roi) -> float:
        """Distance between two centres, pixels."""
        return math.hypot(self.x_px - other.x_px, self.y_px - other.y_px)

    def turn(self, vectors: FloatArray) -> FloatArray:
        """Turns ``(..., 3)`` vectors from the square's axes to the image's, about z."""
        c, s = math.cos(self.angle_rad), math.sin(self.angle_rad)
        rotation = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
        turned: FloatArray = np.asarray(vectors) @ rotation.T
        return turned


def letterbox_roi(width: int, height: int) -> Roi:
    """The smallest centred square that holds a whole image."""
    return Roi(width / 2, height / 2, float(max(width, height)), 0.0)


def roi_from_palm(box_px: FloatArray, wrist_px: FloatArray, middle_px: FloatArray) -> Roi:
    """The region to look for a whole hand in, given its palm.

    Args:
        box_px: ``(4,)`` the palm's box: x and y of its centre, width, height.
        wrist_px: ``(2,)`` wrist.
        middle_px: ``(2,)`` knuckle of the middle finger.
    """
    x, y, width, height = (float(v) for v in box_px)
    angle = _upright_angle(wrist_px, middle_px)
    return _grown(x, y, width, height, angle, scale=2.6, shift=0.5)


def roi_from_landmarks(landmarks_px: FloatArray) -> Roi:
    """The region to look for the hand in next, given its ``(21, 2)`` landmarks now."""
    points = np.asarray(landmarks_px, dtype=np.float64)
    # The mean of three knuckles, the middle one counting double.
    knuckles = (points[5] + points[13]) / 4 + points[9] / 2
    angle = _upright_angle(points[0], knuckles)
    points = points[list(STABLE_LANDMARKS)]
    c, s = math.cos(angle), math.sin(angle)
    upright = points @ np.array([[c, -s], [s, c]])
    low, high = upright.min(axis=0), upright.max(axis=0)
    u, v = (low + high) / 2
    width, height = high - low
    return _grown(c * u - s * v, s * u + c * v, width, height, angle, scale=2.0, shift=0.1)


def warp(image: NDArray[np.uint8], roi: Roi, size: int, *, replicate: bool) -> NDArray[np.uint8]:
    """Cuts a region out of an image, upright and scaled (bilinear) to ``(size, size, 3)``.

    Args:
        image: ``(H, W, 3)``.
        roi: Region to cut; it may reach beyond the image.
        size: Side of the result, pixels.
        replicate: Whether pixels outside the image repeat its edge (else they are black).
    """
    c, s = math.cos(roi.angle_rad), math.sin(roi.angle_rad)
    scale, half = roi.size_px / size, roi.size_px / 2
    steps = np.arange(size)
    columns = np.float32(scale * c * steps), np.float32(scale * s * steps)
    rows = (
        np.float32(roi.x_px - half * (c - s) - scale * s * steps),
        np.float32(roi.y_px - half * (c + s) + scale * c * steps),
    )
    # Sampling points are rounded to 1/32 pixel, as MediaPipe's OpenCV does. Since version 5
    # warpAffine no longer rounds, which moves landmarks by 0.2 px, and by 3 to 8 px where the
    # wrist is out of sight, because each region follows from the landmarks before it.
    points, weights = cv2.convertMaps(
        np.add.outer(rows[0], columns[0]), np.add.outer(rows[1], columns[1]), cv2.CV_16SC2
    )
    border = cv2.BORDER_REPLICATE if replicate else cv2.BORDER_CONSTANT
    crop = cv2.remap(image, points, weights, cv2.INTER_LINEAR, borderMode=border)
    return np.asarray(crop, dtype=np.uint8)


def overlap(a: Roi, b: Roi) -> float:
    """Intersection over union of two regions, both taken as if not rotated."""
    reach = (a.size_px + b.size_px) / 2
    width = min(reach - abs(a.x_px - b.x_px), a.size_px, b.size_px)
    height = min(reach - abs(a.y_px - b.y_px), a.size_px, b.size_px)
    shared = max(width, 0.0) * max(height, 0.0)
    union = a.size_px**2 + b.size_px**2 - shared
    return shared / union if union > 0 else 0.0


def _upright_angle(wrist: FloatArray, above: FloatArray) -> float:
    """The rotation that puts ``above`` straight above ``wrist``, in -pi to pi."""
    x, y = float(above[0] - wrist[0]), float(above[1] - wrist[1])
    return math.atan2(x, -y)


def _grown(
    x: float, y: float, width: float, height: float, angle: float, *, scale: float, shift: float
) -> Roi:
    """A square around a rotated box, moved by ``shift`` times its height towards the fingers."""
    move = shift * height
    return Roi(
        x + move * math.sin(angle),
        y - move * math.cos(angle),
        scale * max(width, height),
        angle,
    )
