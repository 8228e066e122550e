"""A dataset's hands as samples: `SampleSource` over any reader."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from bridge.errors import InputError
from bridge.model.datasets.labels import LabelledHand, LabelledView, Reader
from bridge.model.datasets.mano_truth import HandTruth, ManoTruth
from bridge.model.datasets.settings import SampleSettings
from bridge.model.datasets.views import SampleViews, ViewDraw
from bridge.model.synthetic.draws import Draws
from bridge.model.training.sample import HandViews

__all__ = ["DatasetSource"]

_NEAREST_M = 0.02


class DatasetSource:
    """A `SampleSource` over a reader.

    Sample ``k`` is one hand with one of its cameras as the primary view, the cameras of a hand
    following each other; or, without ``every_view``, the hand with camera ``k % cameras``. The
    other views are drawn, those first that see the hand. Is the primary camera one that does not,
    then in training the next that does takes its place, and otherwise no keypoint of the sample
    is valid: it counts in no score, as in the datasets' own evaluations.

    Args:
        reader: The dataset's split.
        settings: Options.

    Raises:
        InputError: The split is empty, or has not what the settings ask for.
    """

    def __init__(self, reader: Reader, settings: SampleSettings) -> None:
        self.reader, self.settings = reader, settings
        counts = reader.counts
        if not len(counts):
            raise InputError(
                f"no hands in this split of {reader.name}: see ghosthands data check for what is"
                " missing"
            )
        if settings.masks and not reader.has_masks:
            raise InputError(f"this split of {reader.name} has no masks: take masks = false")
        if settings.masks and not settings.images:
            raise InputError("masks need pictures: take images = true")
        self._starts = np.concatenate([[0], np.cumsum(counts)]) if settings.every_view else None
        self._mano = (
            None
            if settings.mano_path is None
            else ManoTruth(settings.mano_path, fix_left=reader.fix_left_shapedirs)
        )

    def __len__(self) -> int:
        return int(len(self.reader.counts) if self._starts is None else self._starts[-1])

    def batch(self, numbers: list[int], *, views: int, augment: bool) -> HandViews:
        """Makes one batch; see `SampleSource`.

        Raises:
            InputError: There are fewer cameras than views, or a file is missing or damaged.
        """
        most = self.reader.most_views
        if views < 1:
            raise InputError(f"a sample needs at least one view, not {views}")
        if views > most:
            kind = "is a single-view dataset" if most == 1 else f"has at most {most} views"
            raise InputError(f"{self.reader.name} {kind}: take data.views={most}, not {views}")
        settings = self.settings
        draws = Draws(settings.seed, list(numbers))
        order = draws.uniform("order", most).numpy()
        drawn = _view_draws(draws, settings, views, augment=augment)
        samples = [
            self._sample(number, order[row], drawn[row], augment=augment)
            for row, number in enumerate(numbers)
        ]
        return _stack(samples)

    def _sample(
        self, number: int, order: NDArray[np.float32], drawn: list[ViewDraw], *, augment: bool
    ) -> SampleViews:
        index, primary = self._locate(number % len(self))
        hand = self.reader.hand(index)
        chosen = _choose(hand, primary, order, len(drawn), any_primary=augment)
        truth = self._truth(hand)
        palm = None if self._mano is None else self._mano.palm()
        made = SampleViews(self.settings, hand.side, truth, palm)
        for view, draw in zip(chosen, drawn, strict=True):
            made.add(view, draw)
        return made

    def _locate(self, sample: int) -> tuple[int, int]:
        """A sample's hand, and which of its cameras is the primary one."""
        if self._starts is None:
            return sample, sample % int(self.reader.counts[sample])
        index = int(np.searchsorted(self._starts, sample, side="right")) - 1
        return index, sample - int(self._starts[index])

    def _truth(self, hand: LabelledHand) -> HandTruth | None:
        if self._mano is None or hand.mano is None:
            return None
        return self._mano.truth(hand.mano, hand.side)


def _choose(
    hand: LabelledHand,
    primary: int,
    order: NDArray[np.float32],
    count: int,
    *,
    any_primary: bool,
) -> list[LabelledView | None]:
    """The primary view and others in the drawn order; None where there is none to see."""
    cameras = range(len(hand.views))
    seen = [_sees(view) for view in hand.views]
    if not seen[primary]:
        later = [(primary + step) % len(seen) for step in cameras]
        found = next((camera for camera in later if seen[camera]), None) if any_primary else None
        if found is None:
            return [None] * count
        primary = found
    others = sorted((c for c in cameras if c != primary and seen[c]), key=lambda c: order[c])
    views: list[LabelledView | None] = []
    views += [hand.views[camera] for camera in (primary, *others)][:count]
    return views + [None] * (count - len(views))


def _sees(view: LabelledView) -> bool:
    """Whether a view's hand is labelled and lies before the camera."""
    if view.joints_m is None:
        return False
    known = view.joints_m if view.joint_valid is None else view.joints_m[view.joint_valid]
    return len(known) > 0 and bool((known[:, 2] > _NEAREST_M).all())


def _view_draws(
    draws: Draws, settings: SampleSettings, views: int, *, augment: bool
) -> list[list[ViewDraw]]:
    """What is random in each view of each sample, ``[B][N]``."""
    share = 1.0 if augment else 0.0
    noise = draws.normal("noise", views, 21, 2).numpy() * settings.noise_px
    shift = draws.uniform("shift", views, 2, low=-1, high=1).numpy() * settings.shift * share
    roll = draws.uniform("roll", views, low=-1, high=1).numpy()
    zoom = draws.uniform("zoom", views, low=-1, high=1).numpy() * settings.zoom * share
    colour = draws.uniform("colour", views, 4, low=-1, high=1).numpy() * settings.colour * share
    roll_rad = roll * math.radians(settings.rotation_deg) * share
    return [
        [
            ViewDraw(
                shift=shift[b, n].astype(np.float64),
                roll_rad=float(roll_rad[b, n]),
                zoom=1 + float(zoom[b, n]),
                colour=colour[b, n],
                noise_px=noise[b, n],
            )
            for n in range(views)
        ]
        for b in range(len(draws))
    ]


def _stack(samples: list[SampleViews]) -> HandViews:
    """Samples, whose views are lists of arrays, as one batch; what one lacks, all lack."""
    parts = [sample.arrays() for sample in samples]
    names = set.intersection(*(set(part) for part in parts))
    tensors = {
        name: torch.from_numpy(np.stack([part[name] for part in parts])) for name in sorted(names)
    }
    return HandViews(**tensors)
