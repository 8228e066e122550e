"""FreiHAND: single pictures of right hands (Zimmermann et al., ICCV 2019).

Layout as in the owners' code (github.com/lmb-freiburg/freihand, ``utils/fh_utils.py``). Keypoints
are in our order already, metres, in the camera's axes. MANO's rotation vectors are about the mean
pose. Each of the training hands comes with four backgrounds; the evaluation set's labels, given
out after the challenge, have keypoints and meshes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError
from bridge.model.datasets.files import number_rows, read_image, unusable
from bridge.model.datasets.labels import LabelledHand, LabelledView, ManoLabel, Split
from bridge.protocol.joints import Side

__all__ = ["FreiHand"]

_HANDS = {"train": 32560, "test": 3960}
_FOLDERS = {"train": "training", "test": "evaluation"}
_VARIANTS = ("gs", "hom", "sample", "auto")
"""Green screen, homogenised, coloured with and without samples: in the order of the files."""
_N_VERTICES = 778


class FreiHand:
    """One split of FreiHAND as single-view hands.

    Args:
        root: The folder with ``training_K.json`` or ``evaluation_K.json``.
        split: ``train``, or ``test``, which is the evaluation set.
        variant: Which background of the training pictures: gs, hom, sample, auto, or all.
        mano: Whether MANO's truth is wanted.

    Raises:
        InputError: Files are missing or damaged, or the variant is not FreiHAND's.
    """

    name = "freihand"
    most_views = 1
    fix_left_shapedirs = True

    def __init__(
        self, root: Path, split: Split, *, variant: str = "all", mano: bool = False
    ) -> None:
        if variant not in (*_VARIANTS, "all"):
            raise InputError(
                f"freihand option variant must be all or one of {', '.join(_VARIANTS)}"
            )
        self._root, self._folder = root, _FOLDERS[split]
        self.notes: list[str] = []
        self.has_masks = split == "train"
        self._intrinsics = self._labels("K", (3, 3))
        self._joints = self._labels("xyz", (21, 3))
        self._mano = self._labels("mano", (61,)) if mano and split == "train" else None
        self._vertices = (
            self._labels("verts", (_N_VERTICES, 3)) if mano and split == "test" else None
        )
        lengths = {len(self._intrinsics), len(self._joints)}
        lengths |= {len(part) for part in (self._mano, self._vertices) if part is not None}
        if len(lengths) != 1:
            raise unusable(
                root / f"{self._folder}_xyz.json",
                "K, xyz and the other labels have different lengths",
            )
        self._hands = len(self._joints)
        if self._hands != _HANDS[split]:
            self.notes.append(f"{self._hands} of {_HANDS[split]} hands are labelled")
        every = split == "train" and variant == "all"
        chosen = range(len(_VARIANTS)) if every else [max(0, _variant(variant, split))]
        self._variants = tuple(chosen)
        self.counts = np.ones(self._hands * len(self._variants), np.int64)

    def hand(self, index: int) -> LabelledHand:
        """One picture; see `Reader`."""
        kind, number = divmod(index, self._hands)
        mano = None
        if self._mano is not None:
            pose, betas = self._mano[number, :48].astype(np.float64), self._mano[number, 48:58]
            mano = ManoLabel(
                space="mean", wrist=pose[:3], pose=pose[3:], betas=betas.astype(np.float64)
            )
        view = LabelledView(
            image=self._picture(kind, number),
            intrinsics=self._intrinsics[number].astype(np.float64),
            joints_m=self._joints[number].astype(np.float64),
            vertices_m=None
            if self._vertices is None
            else self._vertices[number].astype(np.float64),
            mask=partial(self._mask, number),
        )
        return LabelledHand(side=Side.RIGHT, views=(view,), mano=mano)

    def files(self) -> Iterator[Path]:
        """Pictures; see `Reader`."""
        for kind in range(len(self._variants)):
            for number in range(self._hands):
                yield self._picture(kind, number)

    def _labels(self, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """All hands' labels of a kind."""
        return number_rows(self._root / f"{self._folder}_{name}.json", shape)

    def _picture(self, kind: int, number: int) -> Path:
        place = number + self._hands * self._variants[kind]
        return self._root / self._folder / "rgb" / f"{place:08d}.jpg"

    def _mask(self, number: int) -> NDArray[np.uint8]:
        return read_image(self._root / self._folder / "mask" / f"{number:08d}.jpg", grey=True)


def _variant(name: str, split: Split) -> int:
    """A variant's place in the files; the evaluation set has one."""
    return _VARIANTS.index(name) if split == "train" and name in _VARIANTS else 0
