"""The shipped landmark net on rendered pictures, followed as the tracker follows a hand."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from bridge.model.landmarks import Landmarks, find
from bridge.model.nets import HandNets
from bridge.model.pose import FloatArray
from bridge.model.roi import Roi, roi_from_landmarks
from bridge.model.synthetic.draws import Draws

__all__ = ["MIN_PRESENCE", "Detections", "detect"]

MIN_PRESENCE = 0.5
"""Below it the tracker drops a hand."""

_OUTSIDE_CONFIDENCE = 0.5
"""The tracker's factor on the confidence of keypoints outside the picture."""

_NET_AT_ONCE = 16


class Detections(NamedTuple):
    """What the net says of P pictures.

    Attributes:
        landmarks: ``(P, 21, 2)`` crop coordinates.
        presence: ``(P,)`` the net's probability of a hand.
        confidence: ``(P, 21)`` as the tracker would give it.
        found: ``(P,)`` bool, whether the tracker goes on with the hand.
    """

    landmarks: Tensor
    presence: Tensor
    confidence: Tensor
    found: Tensor


def detect(
    nets: HandNets,
    draws: Draws,
    images: Tensor,
    exact: Tensor,
    other: Tensor,
    *,
    margin: float = 1.0,
) -> Detections:
    """Looks for the hand in a jittered region, then in the one that the landmarks found lead to.

    That is a tracker's second frame on a hand: what remains of the first region's error is what
    it has in each frame.

    Args:
        nets: The nets.
        draws: Random numbers, one row for each picture.
        images: ``(P, 3, S, S)`` display values, 0 to 1.
        exact: ``(P, 21, 2)`` true keypoints, crop coordinates.
        other: ``(P, 21, 2)`` another hand's, NaN where there is none: the tracker ends a track
            that has gone over to the hand of another.
        margin: How much wider the pictures are than the crops.
    """
    draws = draws.fork("detector").to("cpu")
    size = images.shape[-1]
    pictures = (255 * images).round().byte().permute(0, 2, 3, 1).contiguous().cpu().numpy()
    true_px = ((exact.cpu() / margin + 1) * (size / 2) - 0.5).double().numpy()
    jitter = draws.normal("region", 4).double().numpy()
    regions = [_jittered(roi_from_landmarks(p), j) for p, j in zip(true_px, jitter, strict=True)]
    first = _look(nets, pictures, regions)
    regions = [
        roi_from_landmarks(seen.landmarks_px) if seen.presence > MIN_PRESENCE else region
        for seen, region in zip(first, regions, strict=True)
    ]
    second = _look(nets, pictures, regions)
    presence = torch.tensor([seen.presence for seen in second])
    found = (presence > MIN_PRESENCE) & torch.tensor([s.presence > MIN_PRESENCE for s in first])
    points_px = torch.from_numpy(np.stack([seen.landmarks_px for seen in second]))
    landmarks = (((points_px + 0.5) * (2 / size) - 1) * margin).float()
    found &= ~(_distance(landmarks, other.cpu()) < _distance(landmarks, exact.cpu()))
    inside = ((points_px > -0.5) & (points_px < size - 0.5)).all(-1)
    confidence = presence[:, None] * torch.where(inside, 1.0, _OUTSIDE_CONFIDENCE)
    return Detections(landmarks, presence, confidence, found)


def _distance(a: Tensor, b: Tensor) -> Tensor:
    """Mean distance ``(P,)`` of keypoints ``(P, 21, 2)``."""
    return (a - b).norm(dim=-1).mean(-1)


def _jittered(roi: Roi, normal: FloatArray) -> Roi:
    """A region that is off as the palm net's is: 5 % aside, 8 % in size, 8 degrees."""
    return Roi(
        roi.x_px + 0.05 * roi.size_px * float(normal[0]),
        roi.y_px + 0.05 * roi.size_px * float(normal[1]),
        roi.size_px * float(np.exp(0.08 * normal[2])),
        roi.angle_rad + float(np.radians(8.0) * normal[3]),
    )


def _look(nets: HandNets, pictures: np.ndarray, regions: list[Roi]) -> list[Landmarks]:
    seen: list[Landmarks] = []
    for start in range(0, len(regions), _NET_AT_ONCE):
        part = slice(start, start + _NET_AT_ONCE)
        seen += find(nets, list(zip(pictures[part], regions[part], strict=True)))
    return seen
