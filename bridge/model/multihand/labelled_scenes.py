"""Whole pictures of real hands as scenes, to score a network on: 2D labels, no truth in 3D."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from bridge.errors import InputError
from bridge.model.ensemble.finder import fitted
from bridge.model.multihand.labelled import LabelledPictures
from bridge.model.multihand.scenes import LEAST_VISIBLE, MOST_HANDS, HandScenes

__all__ = ["LabelledScenes"]


class LabelledScenes:
    """A `SampleSource` of `HandScenes`: pictures as the network is given them in use.

    Args:
        pictures: Any number of them.
        size: Width and height that they are fitted into, pixels.
        count: How many, evenly over all; all of them where None.
    """

    def __init__(self, pictures: LabelledPictures, *, size: int, count: int | None = None) -> None:
        self._pictures, self._size = pictures, size
        most = len(pictures)
        chosen = min(count or most, most)
        self._numbers = [int(n) for n in np.arange(chosen) * most // chosen]

    def __len__(self) -> int:
        return len(self._numbers)

    def batch(self, numbers: Sequence[int], *, views: int, augment: bool) -> HandScenes:
        """Makes one batch; see `SampleSource`.

        Raises:
            InputError: More than one view or augmentation is asked for, or a file is damaged.
        """
        if views != 1 or augment:
            raise InputError("whole labelled pictures are for scoring, and seen by one camera")
        shape = (len(numbers), MOST_HANDS)
        images = torch.empty(shape[0], 3, self._size, self._size)
        keypoints = torch.zeros(*shape, 21, 2)
        visible = torch.zeros(*shape, 21, dtype=torch.bool)
        left = torch.zeros(shape, dtype=torch.bool)
        for row, number in enumerate(numbers):
            picture, labels = self._pictures.picture(self._numbers[number % len(self)])
            square, scale, corner = fitted(picture, self._size)
            images[row] = torch.from_numpy(square).permute(2, 0, 1).float() / 255
            height, width = picture.shape[:2]
            limits = torch.tensor([width, height]) - 0.5
            for k, hand in enumerate(labels.hands):
                points = torch.tensor(hand.keypoints_px)
                keypoints[row, k] = (points + 0.5) * scale - 0.5 + torch.tensor(corner)
                visible[row, k] = ((points >= -0.5) & (points <= limits)).all(-1)
                left[row, k] = hand.left
        return HandScenes(
            images=images,
            valid=visible.sum(-1) >= LEAST_VISIBLE,
            left=left,
            keypoints_px=keypoints,
            visible=visible,
            box_px=torch.cat([keypoints.amin(2), keypoints.amax(2)], -1),
            skin=torch.zeros(shape[0], self._size, self._size),
            focal_px=float(self._size),
        )
