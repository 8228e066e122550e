"""Pictures with many hands, made of pictures with one each (section III-D).

Hands are cut out by their masks, scaled, half of them mirrored into left hands, and pasted over a
background. Labels go through the same affine transformation. Because a pasted hand is seen as its
own camera saw it, its 3D truth in the common camera (see `Camera`) is exact in its turn, pose and
shape; its depth is the one at which the common camera shows it as large.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from bridge.errors import InputError
from bridge.model.multihand.arms import Arm
from bridge.model.multihand.cutouts import Cut, Place, pasted
from bridge.model.multihand.labelled import LabelledPictures
from bridge.model.multihand.layout import Square, greedy_layout
from bridge.model.multihand.scenes import MOST_HANDS, HandScenes
from bridge.model.multihand.windows import Window, WindowRanges, draw_windows
from bridge.model.synthetic.appearance import to_display
from bridge.model.synthetic.backgrounds import random_backgrounds
from bridge.model.synthetic.draws import Draws
from bridge.model.synthetic.rendered_set import RenderedSet
from bridge.model.training.sample import HandViews, SampleSource

__all__ = ["MOST_HANDS", "PastedHands", "open_pasted"]

_BENT = 0.5
"""Radians that a forearm bends from its palm: the standard deviation."""

_SHOWN = 0.5, 1.3
"""Least and greatest length of a real hand's box, in the least and the greatest pasted square:
as different as devices stand far away."""


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
        arms: Share of pasted hands that are given a forearm.
        labelled: Real pictures with labels in 2D, to learn from beside the pasted ones.
        real: Share of pictures that are windows of those; hands are pasted over half of them.
        turn_deg: Most that those are turned.
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
        arms: float = 0.0,
        labelled: LabelledPictures | None = None,
        real: float = 0.0,
        turn_deg: float = 30.0,
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
            ("arms", not 0 <= arms <= 1, "a share"),
            ("real", not 0 <= real <= 1, "a share"),
            ("turn_deg", not 0 <= turn_deg <= 180, "0 to 180"),
        ):
            if wrong:
                raise InputError(f"{name} of pasted pictures must be {want}")
        if (real > 0) != (labelled is not None):
            raise InputError(
                "real pictures need both data.options.real, their share, and data.options.labelled,"
                " a folder that ghosthands data label makes of your videos"
            )
        self._hands, self._seed, self._epoch, self._size = hands, seed, epoch, size
        self._sides, self._counts, self._overlap = (low, high), (least, most), overlap
        self._whole, self._flip, self._crop_epochs = whole, flip, crop_epochs
        self._focal_px = float(size if focal is None else focal)
        self._crop_px = -(-high // 32) * 32
        self._arms, self._labelled, self._real = arms, labelled, real
        boxes = (_SHOWN[0] * low, _SHOWN[1] * high)
        self._ranges = WindowRanges(boxes, turn_deg=turn_deg, flip=flip)
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
        windows = self._windows(draws, share=0.0 if centred else self._real)
        layouts = self._layouts(draws, windows, centred=centred)
        cut = self._cut([place for row in layouts for place in row], augment=augment)
        behind = to_display(random_backgrounds(draws, size))
        paper = behind.permute(0, 2, 3, 1).contiguous().numpy()
        for row, window in enumerate(windows):
            if window is not None:
                paper[row] = window.picture
        return pasted(
            paper, layouts, cut, windows, self._focal_px, centred=centred, truth=self._truth
        )

    def _windows(self, draws: Draws, *, share: float) -> list[Window | None]:
        """The windows of real pictures, for those of the batch that are such."""
        windows: list[Window | None] = [None] * len(draws)
        chosen = draws.below("real", share).nonzero()[:, 0]
        if self._labelled is not None and len(chosen):
            found = draw_windows(self._labelled, draws.pick(chosen), self._size, self._ranges)
            for row, window in zip(chosen.tolist(), found, strict=True):
                windows[row] = window
        return windows

    def _layouts(
        self, draws: Draws, windows: list[Window | None], *, centred: bool
    ) -> list[list[Place]]:
        """Where the hands of each picture are, the lowest first."""
        squares: list[list[Square]]
        below = [True] * len(draws)
        if centred:
            most_px = self._crop_px
            sides = draws.uniform("side", low=self._sides[0], high=most_px + 1).long()
            # Single precision rounds the last numbers up to the end.
            sides = sides.clamp(max=most_px)
            squares = [[Square(*((most_px - side) // 2,) * 2, side)] for side in sides.tolist()]
        else:
            below = draws.below("whole", self._whole).tolist()
            fewest, most = self._counts
            counts = (fewest + draws.integers("count", most - fewest + 1)).tolist()
            chances = draws.uniform("layout", MOST_HANDS + 2).tolist()
            bare = draws.below("bare", 0.5).tolist()
            squares = []
            for row, (count, drawn) in enumerate(zip(counts, chances, strict=True)):
                over = greedy_layout(self._size, self._sides, count, iter(drawn), self._overlap)
                if (window := windows[row]) is not None:
                    below[row] = False
                    over = [] if bare[row] else over[: MOST_HANDS - len(window.left)]
                elif below[row]:
                    over = [Square(0, 0, self._size), *over][:MOST_HANDS]
                squares.append(over)
        flips = draws.below("left", self._flip, MOST_HANDS).tolist()
        # Numbers beyond a set's length are other drawings of view, turn, scale and colour.
        which = draws.integers("which", 1 << 24, MOST_HANDS).tolist()
        arms = self._drawn_arms(draws) if self._arms and not centred else None
        return [
            [
                Place(
                    square,
                    masked=(masked := k > 0 or not below[row]),
                    left=flips[row][k],
                    number=which[row][k],
                    arm=arms[row][k] if arms is not None and masked else None,
                )
                for k, square in enumerate(squares[row])
            ]
            for row in range(len(draws))
        ]

    def _drawn_arms(self, draws: Draws) -> list[list[Arm | None]]:
        """An arm for every hand that is to have one."""
        draws = draws.fork("arms")
        there = draws.below("there", self._arms, MOST_HANDS).tolist()
        bend = (draws.normal("bend", MOST_HANDS) * _BENT).tolist()
        reach = draws.uniform("reach", MOST_HANDS, low=0.3, high=1.2).tolist()
        # Half of them have no sleeve that is seen.
        sleeve = (draws.uniform("sleeve", MOST_HANDS) * 2).tolist()
        cloth = draws.uniform("cloth", MOST_HANDS, 3).numpy()
        return [
            [
                Arm(bend[row][k], reach[row][k], sleeve[row][k], cloth[row, k])
                if there[row][k]
                else None
                for k in range(MOST_HANDS)
            ]
            for row in range(len(draws))
        ]

    def _cut(self, places: list[Place], *, augment: bool) -> Cut:
        """The hands that are pasted, with their labels in crop coordinates."""
        # A batch of real pictures alone has none: a set gives one hand at least.
        numbers = [place.number for place in places] or [0]
        views = self._hands.batch(numbers, views=1, augment=augment)
        needed = ("images", "masks", "joints_m", "wrist_rotation", "pose", "betas")
        missing = [name for name in needed if getattr(views, name) is None]
        if missing:
            raise InputError(f"hands to paste lack {', '.join(missing)}")
        known: Any = views
        pictures = torch.cat([known.images[:, 0], known.masks[:, :1]], 1)
        n = len(places)
        return Cut(
            pictures[:n].permute(0, 2, 3, 1).contiguous().numpy(),
            known.joints_m[:n, 0],
            known.focal[:n, 0],
            known.wrist_rotation[:n, 0],
            known.pose[:n],
            known.betas[:n],
        )


def open_pasted(
    path: Path | str,
    *,
    seed: int = 0,
    augmented: bool = True,
    upright: bool = False,
    rotation_deg: float = 180.0,
    labelled: Path | str | None = None,
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
        labelled: Folder of real pictures, see `LabelledPictures`; the option ``real`` says how many
            there are.
        options: Of `PastedHands`.

    Raises:
        InputError: The folder holds no rendered set, or an option is out of range.
    """
    changes: dict[str, Any] = {"rotation_deg": rotation_deg}
    if not augmented:
        changes = {"rotation_deg": 0.0, "zoom": 0.0, "colour": 0.0}
    hands = RenderedSet(path, mesh=False, landmarks=upright, upright=upright, seed=seed, **changes)
    pictures = None if labelled is None else LabelledPictures(Path(labelled))
    return PastedHands(hands, seed=seed, labelled=pictures, **options)
