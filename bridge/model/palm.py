"""Palm detection: anchors, decoding and weighted non-maximum suppression.

The palm net is a single-shot detector (Zhang et al. 2020, "MediaPipe Hands: On-device Real-time
Hand Tracking", section 3.1); anchors, thresholds and the weighted suppression are facts of
MediaPipe's graph ``palm_detection_cpu``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.model.nets import PALM_SIZE, HandNets
from bridge.model.pose import FloatArray
from bridge.model.roi import Roi, letterbox_roi, roi_from_palm, warp

__all__ = ["Palm", "anchors", "decode", "detect", "suppress"]

_LAYERS = ((8, 2), (16, 6))
"""Stride of each feature map in pixels, and anchors at each of its cells."""

_MIN_SCORE = 0.5
_MIN_OVERLAP = 0.3
_MAX_LOGIT = 100.0
_WRIST, _MIDDLE = 0, 2
"""Of a palm's seven keypoints: those that give its direction."""


@dataclass(frozen=True, slots=True)
class Palm:
    """A palm in an image.

    Attributes:
        score: Certainty, 0.5 to 1.
        box_px: ``(4,)`` x and y of the centre, width, height, pixels.
        keypoints_px: ``(7, 2)`` wrist, knuckles of index, middle, ring and little finger, thumb's
            first two joints.
    """

    score: float
    box_px: FloatArray
    keypoints_px: FloatArray

    @property
    def roi(self) -> Roi:
        """The region that holds the whole hand."""
        return roi_from_palm(self.box_px, self.keypoints_px[_WRIST], self.keypoints_px[_MIDDLE])


def anchors() -> NDArray[np.float32]:
    """Centres ``(2016, 2)`` of the net's anchors, 0 to 1 of its input, row by row."""
    layers = []
    for stride, per_cell in _LAYERS:
        cells = PALM_SIZE // stride
        centres = (np.arange(cells, dtype=np.float32) + 0.5) / cells
        x, y = np.meshgrid(centres, centres)
        layers.append(np.repeat(np.stack([x, y], axis=-1).reshape(-1, 2), per_cell, axis=0))
    return np.concatenate(layers)


_ANCHORS = anchors()


def decode(boxes: FloatArray, logits: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Turns the net's output for one image into candidates.

    Args:
        boxes: ``(2016, 18)`` raw boxes: centre, size and seven keypoints in input pixels; all but
            the size are relative to the anchor.
        logits: ``(2016,)``.

    Returns:
        Scores ``(K,)`` of at least 0.5, falling, and points ``(K, 9, 2)``, 0 to 1 of the input: the
        box's two corners, then the keypoints.
    """
    scores = 1 / (1 + np.exp(-np.clip(logits, -_MAX_LOGIT, _MAX_LOGIT)))
    chosen = np.flatnonzero(scores >= _MIN_SCORE)
    chosen = chosen[np.argsort(-scores[chosen], kind="stable")]
    raw = boxes[chosen].reshape(-1, 9, 2) / PALM_SIZE
    points = raw + _ANCHORS[chosen, None]
    half = raw[:, 1] / 2
    centre = points[:, 0].copy()
    points[:, 0], points[:, 1] = centre - half, centre + half
    return scores[chosen], points


def suppress(scores: FloatArray, points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weighted non-maximum suppression.

    The best candidate and all that overlap it by more than 0.3 (intersection over union) become
    one, the mean of their points weighted by their scores; then the best of the rest, and so on.

    Args:
        scores: ``(K,)``, falling.
        points: ``(K, 9, 2)``: two corners of the box, then keypoints.

    Returns:
        Scores ``(M,)`` (each the best of its group) and points ``(M, 9, 2)``.
    """
    kept_scores, kept_points = [], []
    while len(scores):
        group = _overlaps(points[0, :2], points[:, :2]) > _MIN_OVERLAP
        group[0] = True  # also where the box is empty, so that the loop ends
        weights = scores[group] / scores[group].sum()
        kept_scores.append(scores[0])
        kept_points.append(np.tensordot(weights, points[group], axes=1))
        scores, points = scores[~group], points[~group]
    return np.array(kept_scores), np.array(kept_points).reshape(-1, 9, 2)


def detect(nets: HandNets, images: Sequence[NDArray[np.uint8]]) -> list[list[Palm]]:
    """Finds the palms of several images in one net call.

    Args:
        nets: The nets.
        images: ``(H, W, 3)`` RGB each, of any sizes.

    Returns:
        For each image its palms, the most certain first.
    """
    if not images:
        return []
    rois = [letterbox_roi(image.shape[1], image.shape[0]) for image in images]
    batch = np.empty((len(images), PALM_SIZE, PALM_SIZE, 3), dtype=np.float32)
    for i, (image, roi) in enumerate(zip(images, rois, strict=True)):
        np.divide(warp(image, roi, PALM_SIZE, replicate=False), np.float32(255), out=batch[i])
    found = []
    for roi, boxes, logits in zip(rois, *nets.detect_palms(batch), strict=True):
        scores, points = suppress(*decode(boxes, logits))
        found.append([_palm(*pair, roi) for pair in zip(scores, points, strict=True)])
    return found


def _palm(score: float, points: FloatArray, roi: Roi) -> Palm:
    pixels = roi.to_image(points)
    low, high = pixels[0], pixels[1]
    return Palm(float(score), np.concatenate([(low + high) / 2, high - low]), pixels[2:])


def _overlaps(box: FloatArray, boxes: FloatArray) -> FloatArray:
    """Intersection over union ``(K,)`` of one box ``(2, 2)`` with ``(K, 2, 2)``."""
    shared = np.minimum(box[1], boxes[:, 1]) - np.maximum(box[0], boxes[:, 0])
    shared_area = np.prod(np.maximum(shared, 0), axis=-1)
    union = np.prod(box[1] - box[0]) + np.prod(boxes[:, 1] - boxes[:, 0], axis=-1) - shared_area
    overlaps: FloatArray = np.zeros_like(shared_area)
    np.divide(shared_area, union, out=overlaps, where=union > 0)
    return overlaps
