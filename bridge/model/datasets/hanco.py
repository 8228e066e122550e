"""HanCo: hands before a green screen, 8 calibrated cameras (Zimmermann et al., GCPR 2021).

Layout as in the owners' code (github.com/lmb-freiburg/contra-hand, ``show_dataset.py``). Keypoints
are in our order already, metres, in world axes; ``calib`` has each camera's intrinsics ``K`` and
``M`` from world to camera. All hands are right hands. MANO's rotation vectors are about the mean
pose, in world axes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError
from bridge.model.datasets.files import entry, numbers, read_image, read_json, unusable
from bridge.model.datasets.labels import LabelledHand, LabelledView, ManoLabel, Split
from bridge.protocol.joints import Side

__all__ = ["HanCo"]

_CAMERAS = 8
_TRAINING = 1200
"""Sequences for training, the first ones; HaMuCo's split, which A3-Net takes."""
_SEQUENCES = 1518

_VARIANTS = ("rgb", "rgb_merged", "rgb_homo", "rgb_color_auto", "rgb_color_sample")


class HanCo:
    """One split of HanCo as multi-view hands: a frame's 8 pictures.

    Args:
        root: The folder with ``meta.json``.
        split: ``train`` is the first 1200 sequences, ``test`` the others.
        variant: Folder of the pictures of green-screen frames; the others have only ``rgb``.
        validated: Only frames whose MANO fit the owners looked at; otherwise all with a fit.
        mano: Whether MANO parameters are wanted.

    Raises:
        InputError: Files are missing or damaged, or the variant is not HanCo's.
    """

    name = "hanco"
    most_views = _CAMERAS
    fix_left_shapedirs = True

    def __init__(
        self,
        root: Path,
        split: Split,
        *,
        variant: str = "rgb",
        validated: bool = False,
        mano: bool = False,
    ) -> None:
        if variant not in _VARIANTS:
            raise InputError(f"hanco option variant must be one of {', '.join(_VARIANTS)}")
        self._root, self._variant, self._mano = root, variant, mano
        self.notes: list[str] = []
        self._frames, self._screened = self._index(split, validated)
        self.has_masks = (root / "mask_hand").is_dir() and split == "train"
        self.counts = np.full(len(self._frames), _CAMERAS)

    def hand(self, index: int) -> LabelledHand:
        """One frame; see `Reader`."""
        sequence, frame = (int(number) for number in self._frames[index])
        place = f"{sequence:04d}/{frame:08d}.json"
        xyz, calib = self._root / "xyz" / place, self._root / "calib" / place
        world = numbers(read_json(xyz), (21, 3), xyz)
        cameras = read_json(calib)
        intrinsics = numbers(entry(cameras, "K", calib), (_CAMERAS, 3, 3), f"{calib}: K")
        moves = numbers(entry(cameras, "M", calib), (_CAMERAS, 4, 4), f"{calib}: M")
        mano, origin = None, None
        if self._mano:
            shape = self._root / "shape" / place
            value = read_json(shape)
            pose = numbers(entry(value, "poses", shape), (48,), f"{shape}: poses")
            betas = numbers(entry(value, "shapes", shape), (10,), f"{shape}: shapes")
            origin = numbers(entry(value, "global_t", shape), (3,), f"{shape}: global_t")
            mano = ManoLabel(space="mean", wrist=pose[:3], pose=pose[3:], betas=betas)
        views = []
        for camera in range(_CAMERAS):
            turn, shift = moves[camera, :3, :3], moves[camera, :3, 3]
            views.append(
                LabelledView(
                    image=self._picture(index, camera),
                    intrinsics=intrinsics[camera],
                    joints_m=world @ turn.T + shift,
                    turn=turn,
                    shift_m=None if origin is None else turn @ origin + shift,
                    mask=partial(self._mask, sequence, frame, camera),
                )
            )
        return LabelledHand(side=Side.RIGHT, views=tuple(views), mano=mano)

    def files(self) -> Iterator[Path]:
        """Pictures and labels; see `Reader`."""
        for index, (sequence, frame) in enumerate(self._frames):
            place = f"{sequence:04d}/{frame:08d}.json"
            for folder in ("xyz", "calib", *(("shape",) if self._mano else ())):
                yield self._root / folder / place
            for camera in range(_CAMERAS):
                yield self._picture(index, camera)

    def _index(self, split: Split, validated: bool) -> tuple[NDArray[Any], NDArray[Any]]:
        """Sequences and frames ``(H, 2)``, and which are before the green screen."""
        path = self._root / "meta.json"
        meta = read_json(path)
        fitted = _flags(meta, "is_valid" if validated else "has_fit", path)
        screened = _flags(meta, "is_train", path)
        if len(fitted) != len(screened):
            raise unusable(path, "its lists have different numbers of sequences")
        wanted = (
            range(len(fitted))[:_TRAINING] if split == "train" else range(len(fitted))[_TRAINING:]
        )
        frames, before = [np.zeros((0, 2), np.int64)], [np.zeros(0, bool)]
        absent = []
        for sequence in wanted:
            if not (self._root / "xyz" / f"{sequence:04d}").is_dir():
                absent.append(sequence)
                continue
            chosen = np.flatnonzero(fitted[sequence])
            if len(screened[sequence]) != len(fitted[sequence]):
                raise unusable(path, f"its lists of sequence {sequence} differ in length")
            frames.append(np.stack([np.full(len(chosen), sequence), chosen], axis=1))
            before.append(screened[sequence][chosen])
        if absent:
            self.notes.append(
                f"{len(absent)} of {len(wanted)} sequences are missing, first {absent[0]:04d}"
            )
        elif len(fitted) < _SEQUENCES - 1:
            self.notes.append(f"meta.json has {len(fitted)} of {_SEQUENCES} sequences")
        return np.concatenate(frames), np.concatenate(before)

    def _picture(self, index: int, camera: int) -> Path:
        sequence, frame = self._frames[index]
        folder = self._variant if self._screened[index] else "rgb"
        return self._root / folder / f"{sequence:04d}" / f"cam{camera}" / f"{frame:08d}.jpg"

    def _mask(self, sequence: int, frame: int, camera: int) -> NDArray[np.uint8]:
        place = f"mask_hand/{sequence:04d}/cam{camera}/{frame:08d}.jpg"
        return read_image(self._root / place, grey=True)


def _flags(meta: object, key: str, path: Path) -> list[NDArray[np.bool_]]:
    """A flag of every frame of every sequence."""
    value = entry(meta, key, path)
    if not isinstance(value, list) or not all(isinstance(frames, list) for frames in value):
        raise unusable(path, f"{key} is no list of lists")
    return [np.array([flag is True or flag == 1 for flag in frames], bool) for frames in value]
