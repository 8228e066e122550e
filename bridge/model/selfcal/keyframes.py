"""Which instants to adjust: a few dozen that differ tell as much as a thousand that are alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bridge.model.pose import FloatArray
from bridge.model.selfcal.tracks import HandTrack

__all__ = ["choose_keyframes", "features_of"]

_IMAGE_UNIT, _SHAPE_UNIT_M = 0.15, 0.04
_CANDIDATES = 600
_CORNERS = [0, 5, 17, 4, 8, 12, 20]
"""Wrist, palm and fingertips: enough to tell poses apart."""


def features_of(track: HandTrack) -> FloatArray:
    """What makes instants differ ``(T, F)``: where the hand is in each picture, and its pose.

    What a view does not see is zero, as for a hand in the middle of the picture.
    """
    weight = np.maximum(track.trust.sum(-1), 1e-9)[..., None]
    middle = (track.trust[..., None] * track.image).sum(2) / weight
    where = middle / _IMAGE_UNIT
    size = np.log(track.extent)[..., None] / np.log(1.5) * track.seen[..., None]
    pose = track.local_m[:, :, _CORNERS].reshape(*track.extent.shape, -1) / _SHAPE_UNIT_M
    parts = np.concatenate([where, size, pose / np.sqrt(len(_CORNERS))], axis=-1)
    features: FloatArray = parts.reshape(len(track), -1)
    return features


def choose_keyframes(tracks: Sequence[HandTrack], most: int) -> list[NDArray[np.intp]]:
    """Rows of each track to keep: seen by as many views as any, and far from each other.

    Farthest-point sampling, each hand on its own; sorted by time.

    Args:
        tracks: What is seen.
        most: Rows of each track.
    """
    chosen = []
    for track in tracks:
        views = track.seen.sum(1)
        rows = np.flatnonzero(views >= min(2, views.max()))
        if len(rows) > _CANDIDATES:
            rows = rows[np.linspace(0, len(rows) - 1, _CANDIDATES).astype(int)]
        features = features_of(track.take(rows))
        # The first is the most trusted one; each next is the farthest from those so far.
        picked = [int(track.trust[rows].sum((1, 2)).argmax())]
        distance = np.full(len(rows), np.inf)
        while len(picked) < min(most, len(rows)):
            distance = np.minimum(distance, ((features - features[picked[-1]]) ** 2).sum(1))
            picked.append(int(distance.argmax()))
        chosen.append(np.sort(rows[np.unique(picked)]))
    return chosen
