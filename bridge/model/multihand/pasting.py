"""Pictures with many hands, made of pictures with one each (section III-D).

Hands are cut out by their masks, scaled, half of them mirrored into left hands, and pasted over a
background. Labels go through the same affine transformation. Because a pasted hand is seen as its
own camera saw it, its 3D truth in the common camera (see `Camera`) is exact in its turn, pose and
shape; its depth is the one at which the common camera shows it as large.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bridge.errors import InputError
from bridge.model.multihand.camera import Camera
from bridge.model.multihand.layout import Square, greedy_layout
from bridge.model.multihand.scenes import HandScenes
from bridge.model.synthetic.appearance import to_display
from bridge.model.synthetic.backgrounds import random_backgrounds
from bridge.model.synthetic.draws import Draws
from bridge.model.synthetic.rendered_set import RenderedSet
from bridge.model.training.sample import ROOT, HandViews, SampleSource

__all__ = ["MOST_HANDS", "PastedHands", "open_pasted"]

MOST_HANDS = 10
_LEAST_VISIBLE = 11
"""Keypoints of a hand that must be visible for it to be one: just over half."""

Pixels = NDArray[np.float32]


class PastedHands:
    """A `SampleSource` of `HandScenes`.

    Args:
        hands: Pictures of single right hands with masks and truth; see `HandViews`.
        seed: Of everything that is drawn here.
        epoch: Pictures in an epoch.
        size: Width and height of pictures, pixels.
        focal: The one focal length, pixels; the pictures' width where None (section III-C). Smaller
            pictures with the focal length of whole ones are windows of these, and as good to learn
            from.
        sides: Smallest and largest pasted square, pixels (the paper's 96 and 320 of 512, scaled).
        most: Most hands pasted into one picture.
        least: Fewest that are asked for; a picture that is full may have less.
        overlap: Share of a square that its neighbours may cover.
        whole: Share of pictures that lie over a whole picture of a hand, which counts too while
            enough of it shows; the others lie over a drawn background.
        flip: Share of hands that are mirrored.
        crop_epochs: So many first epochs are of single centred hands, whole crops of the largest
            square's size: the first stage of training (section IV-A).
        truth: Whether batches have 3D truth.

    Raises:
        InputError: A number is out of range.
    """

    def __init__(
        self,
        hands: SampleSource[HandViews],
        *,
        seed: int = 0,
        epoch: int = 10_000,
        size: int = 512,
        focal: int | None = None,
        sides: tuple[int, int] | None = None,
        most: int = MOST_HANDS,
        least: int = 1,
        overlap: float = 0.15,
        whole: float = 0.2,
        flip: float = 0.5,
        crop_epochs: int = 0,
        truth: bool = True,
    ) -> None:
        low, high = sides or (size * 96 // 512, size * 320 // 512)
        for name, wrong, want in (
            ("size", size < 32 or size % 32, "a multiple of 32"),
            ("focal", focal is not None and focal < 1, "at least 1"),
            ("epoch", epoch < 1, "at least 1"),
            ("sides", not 8 <= low <= high <= size, f"two numbers from 8 to {size}, in order"),
            ("most", not 1 <= least <= most <= MOST_HANDS, f"1 to {MOST_HANDS}, not below least"),
            ("overlap", not 0 <= overlap < 0.9, "from 0 to 0.9"),
            ("whole", not 0 <= whole <= 1, "a share"),
            ("flip", not 0 <= flip <= 1, "a share"),
            ("crop_epochs", crop_epochs < 0, "0 or more"),
        ):
            if wrong:
                raise InputError(f"{name} of pasted pictures must be {want}")
        self._hands, self._seed, self._epoch, self._size = hands, seed, epoch, size
        self._sides, self._counts, self._overlap = (low, high), (least, most), overlap
        self._whole, self._flip, self._crop_epochs = whole, flip, crop_epochs
        self._focal_px = float(size if focal is None else focal)
        self._crop_px = -(-high // 32) * 32
        self._truth = truth

    def __len__(self) -> int:
        return self._epoch

    def batch(self, numbers: Sequence[int], *, views: int, augment: bool) -> HandScenes:
        """Makes one batch; see `SampleSource`.

        Raises:
            InputError: More than one view is asked for, or the samples are of both stages.
        """
        if views != 1:
            raise InputError("pasted pictures are seen by one camera: data.views must be 1")
        stages = {number // self._epoch < self._crop_epochs for number in numbers}
        if len(stages) > 1:
            raise InputError("a batch is of single centred hands or of pasted ones, not of both")
        draws = Draws(self._seed, list(numbers)).fork("pasted")
        centred = stages == {True}
        size = self._crop_px if centred else self._size
        layouts = self._layouts(draws, centred=centred)
        cut = self._cut([place for row in layouts for place in row], augment=augment)
        behind = to_display(random_backgrounds(draws, size))
        paper = behind.permute(0, 2, 3, 1).contiguous().numpy()
        return _labelled(paper, layouts, cut, self._focal_px, centred=centred, truth=self._truth)

    def _layouts(self, draws: Draws, *, centred: bool) -> list[list[_Place]]:
        """Where the hands of each picture are, the lowest first."""
        squares: list[list[Square]]
        below = [True] * len(draws)
        if centred:
            sides = (
                draws.uniform("side", low=self._sides[0], high=self._crop_px + 1).long().tolist()
            )
            squares = [[Square(*((self._crop_px - side) // 2,) * 2, side)] for side in sides]
        else:
            below = draws.below("whole", self._whole).tolist()
            fewest, most = self._counts
            counts = (fewest + draws.integers("count", most - fewest + 1)).tolist()
            chances = draws.uniform("layout", MOST_HANDS + 2).tolist()
            squares = [
                greedy_layout(self._size, self._sides, count, iter(row), self._overlap)
                for count, row in zip(counts, chances, strict=True)
            ]
            whole = Square(0, 0, self._size)
            squares = [
                [whole, *row][:MOST_HANDS] if under else row
                for row, under in zip(squares, below, strict=True)
            ]
        flips = draws.below("left", self._flip, MOST_HANDS).tolist()
        # Numbers beyond a set's length are other drawings of view, turn, scale and colour.
        which = draws.integers("which", 1 << 24, MOST_HANDS).tolist()
        return [
            [
                _Place(
                    square, masked=k > 0 or not below[row], left=flips[row][k], number=which[row][k]
                )
                for k, square in enumerate(squares[row])
            ]
            for row in range(len(draws))
        ]

    def _cut(self, places: list[_Place], *, augment: bool) -> _Cut:
        """The hands that are pasted, with their labels in crop coordinates."""
        views = self._hands.batch([place.number for place in places], views=1, augment=augment)
        needed = ("images", "masks", "joints_m", "wrist_rotation", "pose", "betas")
        missing = [name for name in needed if getattr(views, name) is None]
        if missing:
            raise InputError(f"hands to paste lack {', '.join(missing)}")
        known: Any = views
        pictures = torch.cat([known.images[:, 0], known.masks[:, :1]], 1)
        return _Cut(
            pictures.permute(0, 2, 3, 1).contiguous().numpy(),
            known.joints_m[:, 0],
            known.focal[:, 0],
            known.wrist_rotation[:, 0],
            known.pose,
            known.betas,
        )


def open_pasted(
    path: Path | str,
    *,
    seed: int = 0,
    augmented: bool = True,
    upright: bool = False,
    rotation_deg: float = 180.0,
    **options: Any,
) -> PastedHands:
    """Pictures pasted of the hands of a rendered set.

    Args:
        path: The set's folder.
        seed: Of what is drawn, and of the hands' augmentation.
        augmented: Turn, scale and colour the hands before they are pasted (Table IV's L_aug).
        upright: Turn hands first until they point up, as those of a player who is filmed from
            behind do.
        rotation_deg: Most that they are turned then.
        options: Of `PastedHands`.

    Raises:
        InputError: The folder holds no rendered set, or an option is out of range.
    """
    changes: dict[str, Any] = {"rotation_deg": rotation_deg}
    if not augmented:
        changes = {"rotation_deg": 0.0, "zoom": 0.0, "colour": 0.0}
    hands = RenderedSet(path, mesh=False, landmarks=upright, upright=upright, seed=seed, **changes)
    return PastedHands(hands, seed=seed, **options)


@dataclass(frozen=True, slots=True)
class _Place:
    """One hand of a picture."""

    square: Square
    masked: bool
    left: bool
    number: int


@dataclass(frozen=True, slots=True)
class _Cut:
    """N hands: ``(N, S, S, 4)`` colours and mask, and their truth in their crop cameras."""

    pictures: Pixels
    joints_m: Tensor
    focal: Tensor
    wrist: Tensor
    pose: Tensor
    betas: Tensor


def _labelled(
    paper: Pixels,
    layouts: list[list[_Place]],
    cut: _Cut,
    focal_px: float,
    *,
    centred: bool,
    truth: bool,
) -> HandScenes:
    """Pastes, and carries the labels along."""
    pictures = len(paper)
    owner = np.full(paper.shape[:3], -1)
    keypoints, turn, depth = _moved(layouts, cut, focal_px)
    shape = (pictures, MOST_HANDS)
    row = [p for p, places in enumerate(layouts) for _ in places]
    column = [k for places in layouts for k in range(len(places))]
    at = (torch.tensor(row), torch.tensor(column))

    def spread(values: Tensor) -> Tensor:
        full = values.new_zeros(*shape, *values.shape[1:])
        full[at] = values
        return full

    placed = [place for places in layouts for place in places]
    for n, place in enumerate(placed):
        _paste(paper[row[n]], owner[row[n]], cut.pictures[n], place, column[n])
    visible = _visible(keypoints, torch.from_numpy(owner)[row], torch.tensor(column))
    valid = visible.sum(-1) >= _LEAST_VISIBLE
    marks = torch.from_numpy(owner)
    counted = spread(valid)
    # A hand that hardly shows is no label, and its skin no place to compare colours at.
    skin = (marks >= 0) & counted.gather(1, marks.clamp(min=0).flatten(1)).view_as(marks)
    box = torch.cat([keypoints.amin(1), keypoints.amax(1)], -1)
    own: dict[str, Any] = {}
    if truth:
        own = {"turn": turn, "pose": cut.pose, "betas": cut.betas, "depth_m": depth}
    return HandScenes(
        images=torch.from_numpy(paper).permute(0, 3, 1, 2).contiguous(),
        valid=counted,
        left=spread(torch.tensor([place.left for place in placed])),
        keypoints_px=spread(keypoints),
        visible=spread(visible & valid[:, None]),
        box_px=spread(box),
        skin=skin.float(),
        focal_px=focal_px,
        centred=centred,
        **{name: spread(value) for name, value in own.items()},
    )


def _moved(
    layouts: list[list[_Place]], cut: _Cut, focal_px: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Keypoints in pixels, turns and depths of the pasted hands."""
    placed = [place for places in layouts for place in places]
    corner = torch.tensor([[p.square.left, p.square.top] for p in placed], dtype=torch.float32)
    half = torch.tensor([p.square.side / 2 for p in placed])
    left = torch.tensor([p.left for p in placed])
    seen = cut.focal[:, None, None] * cut.joints_m[..., :2] / cut.joints_m[..., 2:]
    seen = torch.stack([torch.where(left[:, None], -seen[..., 0], seen[..., 0]), seen[..., 1]], -1)
    keypoints = (seen + 1) * half[:, None, None] + corner[:, None] - 0.5
    # The root's ray in the crop's own camera; a unit focal length and no picture.
    root = cut.joints_m[:, ROOT]
    ray = root[:, :2] / root[:, 2:]
    turn = Camera(1.0, 1, 1).turn_to(ray).transpose(-1, -2) @ cut.wrist
    depth = root[:, 2] * focal_px / (cut.focal * half)
    return keypoints, turn, depth


def _paste(
    paper: Pixels, owner: NDArray[np.int64], picture: Pixels, place: _Place, hand: int
) -> None:
    """Draws one hand over what is there, and enters it as the owner of its pixels."""
    x, y, side = place.square
    if place.left:
        picture = picture[:, ::-1]
    way = cv2.INTER_AREA if side < len(picture) else cv2.INTER_LINEAR
    scaled = cv2.resize(np.ascontiguousarray(picture), (side, side), interpolation=way)
    share = scaled[..., 3:].copy()
    skin = share[..., 0] > 0.5
    if not place.masked:
        share[:] = 1
    region = paper[y : y + side, x : x + side]
    region += share * (scaled[..., :3] - region)
    marks = owner[y : y + side, x : x + side]
    if not place.masked:
        marks[:] = -1
    marks[skin] = hand


def _visible(keypoints: Tensor, owner: Tensor, hand: Tensor) -> Tensor:
    """Keypoints ``(N, 21)`` that lie in the picture and under no later hand.

    A joint may lie a little outside of its own mask, over the background.
    """
    size = owner.shape[-1]
    at = keypoints.round().long()
    inside = ((at >= 0) & (at < size)).all(-1)
    at = at.clamp(0, size - 1)
    there = owner.flatten(1).gather(1, at[..., 1] * size + at[..., 0])
    return inside & (there <= hand[:, None])
