"""HO-3D v2 and v3: right hands that hold objects (Hampali et al., CVPR 2020).

Layout as in the owners' code (github.com/shreyashampali/ho3d, ``utils/vis_utils.py``). Positions
are metres in OpenGL's camera axes (y up, z backward), which are turned to OpenCV's here; keypoints
are MANO's 16 joints and then the tips of thumb, index, middle, ring and little finger. MANO's
rotation vectors are about the flat hand. The labels are pickles, read as data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError, ModelError
from bridge.model.datasets.files import (
    entry,
    inside,
    number_rows,
    numbers,
    read_bytes,
    read_lines,
    unusable,
)
from bridge.model.datasets.labels import LabelledHand, LabelledView, ManoLabel, Split
from bridge.model.datasets.text_pickle import binary_pickle
from bridge.model.hand.inert_pickle import read_pickle
from bridge.model.hand.pickled_arrays import ARRAY_NAMES, array_of
from bridge.model.pose import FloatArray
from bridge.protocol.joints import FINGERTIPS, KEYPOINT_OF_JOINT, Side

__all__ = ["Ho3d"]

_AXES = np.diag([1.0, -1.0, -1.0])
"""OpenGL's camera axes to OpenCV's."""

_ORDER = np.argsort([*KEYPOINT_OF_JOINT, *FINGERTIPS])
"""Place of each of our keypoints among HO-3D's."""

_LISTS = {"train": "train.txt", "test": "evaluation.txt"}
_FOLDERS = {"train": "train", "test": "evaluation"}
_OFFICIAL = {"train": (66034, 78297, 83325), "test": (11524, 20137)}
_LINE = re.compile(r"[\w.-]+/\w+", re.ASCII)
_SCALARS = {"numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar"}
_MOST_META_BYTES = 4 * 2**20
_N_VERTICES = 778


class Ho3d:
    """One split of HO-3D as single-view hands; frames of several cameras are not joined.

    Args:
        root: The folder with ``train.txt`` and ``evaluation.txt``.
        split: ``train``, or ``test``, which is the evaluation set; it needs
            ``evaluation_xyz.json``.
        mano: Whether MANO's truth is wanted.

    Raises:
        InputError: Files are missing or damaged.
    """

    name = "ho3d"
    most_views = 1
    has_masks = False
    fix_left_shapedirs = True

    def __init__(self, root: Path, split: Split, *, mano: bool = False) -> None:
        self._mano = mano
        self._folder = root / _FOLDERS[split]
        self.notes: list[str] = []
        path = root / _LISTS[split]
        self._frames = read_lines(path)
        for line in self._frames:
            if not _LINE.fullmatch(line):
                raise unusable(path, f"{line[:50]!r} is no SEQUENCE/FRAME")
            inside(self._folder, line)
        if len(self._frames) not in _OFFICIAL[split]:
            self.notes.append(f"{path.name} names {len(self._frames)} frames, not the official set")
        self._suffix = self._pictures()
        self._joints = self._vertices = None
        if split == "test":
            self._joints = self._labels(root / "evaluation_xyz.json", (21, 3))
            if mano:
                self._vertices = self._labels(root / "evaluation_verts.json", (_N_VERTICES, 3))
        self.counts = np.ones(len(self._frames), np.int64)

    def hand(self, index: int) -> LabelledHand:
        """One frame; see `Reader`."""
        path = self._file(index, "meta", ".pkl")
        meta = _meta(path)
        mano, shift = None, None
        if self._joints is not None:
            joints = self._joints[index].astype(np.float64)
        else:
            joints = _array(meta, "handJoints3D", (21, 3), path)
            if self._mano:
                pose = _array(meta, "handPose", (48,), path)
                betas = _array(meta, "handBeta", (10,), path)
                mano = ManoLabel(space="flat", wrist=pose[:3], pose=pose[3:], betas=betas)
                shift = _AXES @ _array(meta, "handTrans", (3,), path)
        view = LabelledView(
            image=self._file(index, "rgb", self._suffix),
            intrinsics=_array(meta, "camMat", (3, 3), path),
            joints_m=joints[_ORDER] @ _AXES,
            turn=_AXES,
            shift_m=shift,
            vertices_m=None if self._vertices is None else self._vertices[index] @ _AXES,
        )
        return LabelledHand(side=Side.RIGHT, views=(view,), mano=mano)

    def files(self) -> Iterator[Path]:
        """Pictures and labels; see `Reader`."""
        for index in range(len(self._frames)):
            yield self._file(index, "rgb", self._suffix)
            yield self._file(index, "meta", ".pkl")

    def _file(self, index: int, kind: str, suffix: str) -> Path:
        sequence, frame = self._frames[index].split("/")
        return self._folder / sequence / kind / f"{frame}{suffix}"

    def _pictures(self) -> str:
        """What pictures end in: jpg in v3, png in v2."""
        self._suffix = ".png"
        old = bool(self._frames) and self._file(0, "rgb", ".png").is_file()
        return ".png" if old else ".jpg"

    def _labels(self, path: Path, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """The evaluation set's labels, in the order of its frames."""
        if not path.is_file():
            raise InputError(
                f"{path} is missing: HO-3D's evaluation labels were given out after the challenge,"
                " beside the dataset (docs/datasets.md); without them only train can be used"
            )
        rows = number_rows(path, shape)
        if len(rows) != len(self._frames):
            raise unusable(path, f"it has {len(rows)} hands, not {len(self._frames)}")
        return rows


def _meta(path: Path) -> dict[str, Any]:
    """A frame's label."""
    content = read_bytes(path, most=_MOST_META_BYTES)
    try:
        value = read_pickle(binary_pickle(content), ARRAY_NAMES | _SCALARS)
    except ModelError as error:
        fault = str(error).replace("no hand model needs", "no label needs")
        raise unusable(path, fault.replace("than any hand model's", "than any label")) from error
    if not isinstance(value, dict):
        raise unusable(path, "it has no named arrays")
    return value


def _array(meta: dict[str, Any], key: str, shape: tuple[int, ...], path: Path) -> FloatArray:
    value = entry(meta, key, path)
    try:
        return numbers(array_of(value), shape, f"{path}: {key}")
    except ModelError as error:
        raise unusable(path, f"{key} {error}") from error
