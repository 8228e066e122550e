"""A user's own recording as samples: crops of hands that two views see at once, and pseudo labels.

Nobody annotated anything: the shipped landmark net's keypoints, with its trust in them, are the
labels. How the cameras are turned may be known, by self-calibration; lenses have the prior's focal
length, as where the network is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from bridge.errors import InputError
from bridge.model.datasets.crops import Crop
from bridge.model.fusion.crop_camera import MIRROR, CropCamera
from bridge.model.fusion.seen import usable_hands
from bridge.model.lens import FOCAL_PRIOR
from bridge.model.pose import FloatArray, ViewHand, ViewHands
from bridge.model.synthetic.draws import Draws
from bridge.model.training.jitter import Jitter, JitterRanges, rolled, upright_angle
from bridge.model.training.sample import HandViews
from bridge.protocol.joints import N_KEYPOINTS, Side

__all__ = ["Recorded", "RecordedHands", "cut_hands"]

_SPARE = 1.5
"""Crops are kept so much finer than the network takes them: augmentation enlarges them."""

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Recorded:
    """One hand at one instant.

    Attributes:
        time_s: On the first video's time line.
        side: Which hand; a left one's views are mirrored.
        views: By the number of the video, its crop ``(S, S, 3)`` RGB (None where no pictures are
            wanted) and crop camera.
        confidence: Likewise, ``(21,)``.
    """

    time_s: float
    side: Side
    views: Mapping[int, tuple[Picture | None, CropCamera]]
    confidence: Mapping[int, NDArray[np.float64]]


def cut_hands(
    time_s: float,
    images: Sequence[Picture | None] | None,
    seen: Sequence[ViewHands | None],
    crop_px: int | None,
) -> list[Recorded]:
    """The hands of an instant that two views see at least.

    Args:
        time_s: The instant.
        images: ``(H, W, 3)`` RGB of each video, None where it has none then; None for a network
            that takes none.
        seen: What the tracker sees in each.
        crop_px: Width of the pictures that the network takes; None for one that takes none.
    """
    found = []
    for side in Side:
        hands: dict[int, ViewHand] = {
            k: hand
            for k, view in enumerate(seen)
            if view is not None
            for hand in usable_hands(view)
            if hand.side is side
        }
        if len(hands) < 2:
            continue
        views = {
            k: _cut(None if images is None else images[k], hand, view.size_px, crop_px)
            for k, hand in hands.items()
            if (view := seen[k]) is not None
        }
        confidence = {k: np.asarray(hands[k].confidence, np.float64) for k in views}
        found.append(Recorded(time_s, side, views, confidence))
    return found


def _cut(
    image: Picture | None, hand: ViewHand, size_px: tuple[int, int], crop_px: int | None
) -> tuple[Picture | None, CropCamera]:
    width, height = size_px
    camera = CropCamera.around(hand, size_px)
    if crop_px is None or image is None:
        return None, camera
    focal = FOCAL_PRIOR * max(width, height)
    lens = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
    crop, fine_px = Crop(camera.rotation, camera.focal), round(crop_px * _SPARE)
    return crop.take(image, lens, fine_px, mirrored=hand.side is Side.LEFT), camera


class RecordedHands:
    """A `SampleSource` of a recording; samples have pictures and pseudo labels, no truth.

    With ``augment``, views come in another order each time, turned, scaled and coloured. The first
    view of a sample always sees the hand.

    Args:
        hands: What was cut out.
        videos: How many there are.
        size: Width of the pictures; None for none.
        upright: Turn each view until its labels point up, as the network was trained.
        rotation: ``(V, 3, 3)`` from axes that all videos share to each one's camera; None where
            that is not known.
        seed: Of augmentation.

    Raises:
        InputError: There is no hand.
    """

    def __init__(
        self,
        hands: Sequence[Recorded],
        *,
        videos: int,
        size: int | None,
        upright: bool = True,
        rotation: FloatArray | None = None,
        seed: int = 0,
    ) -> None:
        if not hands:
            raise InputError("a recording without hands has nothing to learn from")
        self.rotation = rotation
        self.hands, self._videos, self._size = hands, videos, size
        self._upright, self._seed = upright, seed
        self._ranges = JitterRanges(rotation_deg=30.0, zoom=0.15, colour=0.2)

    def __len__(self) -> int:
        return len(self.hands)

    def batch(self, numbers: list[int], *, views: int, augment: bool) -> HandViews:
        """Makes one batch; see `SampleSource`.

        Raises:
            InputError: More views are asked for than there are videos.
        """
        if not 1 <= views <= self._videos:
            raise InputError(f"this recording has {self._videos} views, not {views}")
        draws = Draws(self._seed, list(numbers))
        own = [self.hands[number % len(self)] for number in numbers]
        rank = draws.uniform("order", self._videos).numpy()
        order = [
            sorted(hand.views, key=lambda k, row=row: rank[row, k] if augment else k)[:views]  # type: ignore[misc]
            for row, hand in enumerate(own)
        ]
        shape = (len(own), views)
        fields = {
            "present": torch.zeros(shape, dtype=torch.bool),
            "focal": torch.ones(shape),
            "landmarks": torch.zeros(*shape, N_KEYPOINTS, 2),
            "confidence": torch.zeros(*shape, N_KEYPOINTS),
        }
        if self.rotation is not None:
            fields["camera_rotation"] = torch.eye(3).repeat(*shape, 1, 1)
        for b, (hand, chosen) in enumerate(zip(own, order, strict=True)):
            for n, k in enumerate(chosen):
                camera = hand.views[k][1]
                if self.rotation is not None:
                    turn = camera.rotation @ _as_shown(self.rotation[k], hand.side)
                    fields["camera_rotation"][b, n] = torch.from_numpy(turn)
                fields["present"][b, n] = True
                fields["focal"][b, n] = camera.focal
                fields["landmarks"][b, n] = torch.from_numpy(np.asarray(camera.landmarks))
                fields["confidence"][b, n] = torch.from_numpy(hand.confidence[k])
        jitter = Jitter.draw(draws, views, self._ranges, augment=augment)
        if self._upright:
            jitter = jitter.turned(upright_angle(fields["landmarks"]))
        views_now = HandViews(**rolled(fields, jitter))
        if self._size is None:
            return views_now
        images = np.zeros((*shape, 3, self._size, self._size), np.float32)
        for b, (hand, chosen) in enumerate(zip(own, order, strict=True)):
            for n, k in enumerate(chosen):
                picture = hand.views[k][0]
                if picture is not None:
                    images[b, n] = jitter.picture(picture, (b, n), self._size)
        return replace(views_now, images=torch.from_numpy(images))


def _as_shown(rotation: FloatArray, side: Side) -> FloatArray:
    """A camera's rotation as its picture has it: a left hand's is a mirrored world's."""
    return rotation * MIRROR[:, None] * MIRROR if side is Side.LEFT else rotation
