"""Rendered hands kept on disk: pictures are drawn once, training reads them as often as it likes.

A view takes tens of milliseconds to render and one to read. The truth beside the pictures is exact;
the mesh is posed again by the hand that was rendered, which the set names.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bridge.errors import InputError
from bridge.model.synthetic.draws import Draws
from bridge.model.synthetic.noise import landmark_noise
from bridge.model.synthetic.rendered_shards import (
    Shard,
    hand_digest,
    read_description,
    shard_path,
)
from bridge.model.training.hands import hand_layer
from bridge.model.training.jitter import Jitter, JitterRanges, rolled, upright_angle
from bridge.model.training.sample import HandViews

__all__ = ["RenderedSet"]

_LEAST_PX = 16


class RenderedSet:
    """A `SampleSource` of pictures that `bridge.model.synthetic.rendered_writer` made.

    Without ``augment`` a sample has the first of its views, as they were rendered (where it has
    labels, from the first one on that they find). With it, views are drawn and shuffled, and each
    is turned in its plane, scaled and coloured: turning rolls the crop camera, scaling changes its
    focal length, and the truth follows.

    Args:
        path: The set's folder.
        size: Pixels to shrink pictures to (by area); their own where None.
        images: Whether samples have pictures, and masks; without, none is read.
        landmarks: Add 2D labels with the shipped landmark net's errors, by its noise model: the
            same ones of a view whenever it is read, so that they are no better on average over
            epochs. A view that the net would lose has confidence 0, and without pictures it is
            absent; the first one of a sample is always found.
        upright: Turn each view, before it is augmented, until its labels point up from wrist to
            middle knuckle, as a tracker cuts its regions; needs ``landmarks``.
        truth_of: How many hands have truth, the first; all where None. Half of the samples are
            these, the others are the set's odd hands as unlabelled recordings have them: their
            views alone.
        mesh: Whether samples have ``vertices_m``.
        masks: Whether samples have silhouettes.
        rotation_deg, zoom, colour: How much augmentation changes, see `JitterRanges`.
        seed: Of augmentation.

    Raises:
        InputError: The folder holds no whole set, its hand is not the one that is here, or an
            option is out of range.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        size: int | None = None,
        images: bool = True,
        landmarks: bool = False,
        upright: bool = False,
        truth_of: int | None = None,
        mesh: bool = True,
        masks: bool = True,
        rotation_deg: float = 180.0,
        zoom: float = 0.15,
        colour: float = 0.2,
        seed: int = 0,
    ) -> None:
        self._folder = Path(path)
        self.description = read_description(self._folder)
        largest = self.description.size
        self._size = largest if size is None else size
        if not _LEAST_PX <= self._size <= largest:
            raise InputError(f"size must be {_LEAST_PX} to {largest} for {path}, not {self._size}")
        self._ranges = JitterRanges(rotation_deg=rotation_deg, zoom=zoom, colour=colour)
        if upright and not landmarks:
            raise InputError("upright views are turned by their labels: take landmarks = true")
        self._landmarks, self._upright = landmarks, upright
        most = self.description.samples
        if truth_of is not None and not (type(truth_of) is int and 1 <= truth_of <= most):
            raise InputError(f"truth_of must be 1 to the set's {most} hands, not {truth_of!r}")
        self._truth_of = truth_of
        self._mesh, self._images, self._masks = mesh, images, masks
        self._seed = seed
        self._hand = hand_layer(self.description.hand)
        if hand_digest(self._hand) != self.description.hand_digest:
            raise InputError(
                f"{path} was rendered with another {self.description.hand} hand than is here:"
                " render it again"
            )
        missing = sum(
            not shard_path(self._folder, shard).is_file()
            for shard in range(self.description.shards)
        )
        if missing:
            raise InputError(
                f"{path} lacks {missing} of its {self.description.shards} files: run the"
                f" ghosthands data render -o {path} that made it again; it goes on"
            )
        self._shards: dict[int, Shard] = {}

    def __len__(self) -> int:
        return self.description.samples

    def batch(self, numbers: Sequence[int], *, views: int, augment: bool) -> HandViews:
        """Makes one batch; see `SampleSource`.

        Raises:
            InputError: There are fewer cameras than views, or a file is damaged.
        """
        most = self.description.views
        if not 1 <= views <= most:
            raise InputError(f"{self._folder} has 1 to {most} views a hand, not {views}")
        draws = Draws(self._seed, list(numbers))
        own, known = self._hands(numbers)
        order = torch.arange(most).expand(len(own), most)
        if augment:
            order = draws.uniform("order", most).argsort(1)
        truth = self._truth(own)
        if self._landmarks:
            labels, found = self._labels(own, truth)
            truth |= labels
            order = _found_first(order, found)
            if not self._images:
                truth["present"] = found
        order = order[:, :views]
        row = torch.arange(len(own))[:, None]
        chosen = {
            name: value if name in ("pose", "betas") else value[row, order]
            for name, value in truth.items()
        }
        jitter = Jitter.draw(draws, views, self._ranges, augment=augment)
        if self._upright:
            jitter = jitter.turned(upright_angle(chosen["landmarks"]))
        if self._images:
            chosen |= self._pictures(own, order, jitter)
        fields = rolled(chosen, jitter)
        for name in ("joints_m", "wrist_rotation", "pose", "betas"):
            fields[name][~known] = torch.nan
        fields["joint_valid"] &= known[:, None, None]
        return self._posed(fields)

    def _hands(self, numbers: Sequence[int]) -> tuple[list[int], Tensor]:
        """The hands of samples, and which of these have truth, ``(B,)`` bool."""
        own = [number % len(self) for number in numbers]
        if self._truth_of is None:
            return own, torch.ones(len(own), dtype=torch.bool)
        known = torch.tensor(numbers) % 2 == 0
        pairs = zip(numbers, own, strict=True)
        return [hand if n % 2 else n // 2 % self._truth_of for n, hand in pairs], known

    def visible(self, numbers: Sequence[int]) -> Tensor:
        """Which keypoints nothing hides, ``(B, N, 21)`` bool, of all views without ``augment``."""
        own, _ = self._hands(numbers)
        seen = torch.from_numpy(np.stack([self._row(number, "visible") for number in own]))
        if not self._landmarks:
            return seen
        _, found = self._labels(own, self._truth(own))
        order = _found_first(torch.arange(seen.shape[1]).expand(seen.shape[:2]), found)
        return seen[torch.arange(len(own))[:, None], order]

    def _labels(self, own: list[int], truth: dict[str, Tensor]) -> tuple[dict[str, Tensor], Tensor]:
        """Labels with the net's errors, and which views it finds, ``(B, N)``; at least one."""
        seen = landmark_noise(Draws(self.description.seed, own), HandViews(**truth))
        found = seen.found.clone()
        found[:, 0] |= ~found.any(1)
        confidence = seen.confidence * found[..., None]
        return {"landmarks": seen.landmarks, "confidence": confidence}, found

    def _shard(self, shard: int) -> Shard:
        if shard not in self._shards:
            self._shards[shard] = Shard(self._folder, shard, self.description)
        return self._shards[shard]

    def _row(self, number: int, name: str) -> NDArray[Any]:
        shard, row = divmod(number, self.description.shard)
        value: NDArray[Any] = self._shard(shard).truth[name][row]
        return value

    def _truth(self, numbers: list[int]) -> dict[str, Tensor]:
        names = ("betas", "pose", "wrist_rotation", "joints_m", "focal")
        truth = {
            name: torch.from_numpy(np.stack([self._row(k, name) for k in numbers]))
            for name in names
        }
        shape = truth["focal"].shape
        truth["present"] = torch.ones(shape, dtype=torch.bool)
        truth["joint_valid"] = torch.ones((*shape, 21), dtype=torch.bool)
        return truth

    def _pictures(self, numbers: list[int], order: Tensor, jitter: Jitter) -> dict[str, Tensor]:
        """Pictures and masks of the chosen views, turned, scaled and coloured."""
        shape, size = tuple(order.shape), self._size
        images = np.empty((*shape, 3, size, size), np.float32)
        masks = np.empty((*shape, size, size), np.float32)
        for b, n in np.ndindex(*shape):
            number, row = divmod(numbers[b], self.description.shard)
            shard, place = self._shard(number), row * self.description.views + int(order[b, n])
            images[b, n] = jitter.picture(shard.picture(place), (b, n), size)
            if self._masks:
                masks[b, n] = jitter.mask(shard.mask(place), (b, n), size)
        made = {"images": torch.from_numpy(images)}
        return made | ({"masks": torch.from_numpy(masks)} if self._masks else {})

    def _posed(self, fields: dict[str, Tensor]) -> HandViews:
        """A batch of these fields, with the mesh where it is wanted."""
        if self._mesh:
            rest = torch.eye(3).expand(len(fields["pose"]), 1, 3, 3)
            with torch.no_grad():
                mesh = self._hand(fields["betas"], torch.cat([rest, fields["pose"]], 1))
            turned = mesh.vertices[:, None] @ fields["wrist_rotation"].transpose(-1, -2)
            fields["vertices_m"] = turned + fields["joints_m"][:, :, :1]
        return HandViews(**fields)


def _found_first(order: Tensor, found: Tensor) -> Tensor:
    """The same order ``(B, N)``, rolled on until a view that was found comes first."""
    rows = torch.arange(len(order))[:, None]
    first = found[rows, order].int().argmax(1, keepdim=True)
    return order[rows, (torch.arange(order.shape[1]) + first) % order.shape[1]]
