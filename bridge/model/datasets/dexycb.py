"""DexYCB: hands that grasp objects, 8 RGB-D cameras (Chao et al., CVPR 2021).

Layout and splits as in the owners' toolkit (github.com/NVlabs/dex-ycb-toolkit, ``dex_ycb.py``).
Keypoints are in our order already, metres, in each camera's OpenCV axes; a camera that does not
see the hand has -1 everywhere. MANO parameters are 45 coefficients about the mean pose; left hands
are labelled with the left-hand file before its fault was mended.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from bridge.errors import InputError
from bridge.model.datasets.files import (
    entry,
    inside,
    numbers,
    read_arrays,
    read_yaml,
    unusable,
)
from bridge.model.datasets.labels import LabelledHand, LabelledView, ManoLabel, Split
from bridge.model.pose import FloatArray
from bridge.protocol.joints import Side

__all__ = ["SUBJECTS", "DexYcb"]

SUBJECTS = (
    "20200709-weiy",
    "20200813-ceppner",
    "20200820-amousavian",
    "20200903-ynarang",
    "20200908-yux",
    "20200918-ftozetoramos",
    "20200928-ahanda",
    "20201002-dieterf",
    "20201015-ychao",
    "20201022-lmanuelli",
)
"""The subjects' folders, in the order that the splits count in."""

_CAMERAS = 8
_SEQUENCES = 100
_HAND = 255
"""Value of the hand in the segmentation."""


@dataclass(frozen=True, slots=True)
class _Sequence:
    folder: Path
    serials: tuple[str, ...]
    side: Side
    betas: FloatArray
    intrinsics: tuple[FloatArray, ...]
    frames: NDArray[np.int64]


class DexYcb:
    """One split of DexYCB's default protocol S0, as multi-view hands: a frame's 8 pictures.

    Each subject's sequences are counted in the order of their names; of every five the fifth is
    for ``val`` (subjects 1 and 2) or ``test`` (the others), the rest for ``train``. Frames that
    have no hand pose are left out.

    Args:
        root: The folder with ``calibration`` and the subjects.
        split: Which.
        hands: ``both``, or ``right`` for the sequences of right hands only (as POEM's DexYCB-Mv).
        mano: Without effect: every label has MANO's parameters.

    Raises:
        InputError: Files are missing or damaged, or ``hands`` is neither.
    """

    name = "dexycb"
    most_views = _CAMERAS
    has_masks = True
    fix_left_shapedirs = False

    def __init__(
        self,
        root: Path,
        split: Split,
        *,
        hands: str = "both",
        mano: bool = False,  # noqa: ARG002
    ) -> None:
        if hands not in ("both", "right"):
            raise InputError(f"dexycb option hands must be both or right, not {hands!r}")
        self._root = root
        self.notes: list[str] = []
        self._intrinsics: dict[str, FloatArray] = {}
        self._betas: dict[str, FloatArray] = {}
        folders = self._folders(split)
        if not (root / "calibration").is_dir():
            raise InputError(
                f"{root} has no folder calibration: download DexYCB's calibration beside the"
                " subjects (docs/datasets.md)"
            )
        read = [self._sequence(folder) for folder in folders]
        self._sequences = [s for s in read if hands == "both" or s.side is Side.RIGHT]
        self._starts = np.concatenate([[0], np.cumsum([len(s.frames) for s in self._sequences])])
        per = [np.full(len(s.frames), len(s.serials)) for s in self._sequences]
        self.counts = np.concatenate(per) if per else np.zeros(0, np.int64)

    def hand(self, index: int) -> LabelledHand:
        """One frame; see `Reader`."""
        place = int(np.searchsorted(self._starts, index, side="right")) - 1
        sequence = self._sequences[place]
        frame = int(sequence.frames[index - int(self._starts[place])])
        views, mano = [], None
        for serial, intrinsics in zip(sequence.serials, sequence.intrinsics, strict=True):
            folder = sequence.folder / serial
            label = folder / f"labels_{frame:06d}.npz"
            joints, pose = read_arrays(label, "joint_3d", "pose_m")
            joints = numbers(joints.reshape(-1, 3), (21, 3), f"{label}: joint_3d")
            pose = numbers(pose.reshape(-1), (51,), f"{label}: pose_m")
            seen = not (joints == -1).all()
            turn = None
            if seen:
                label_here = _label(pose, sequence.betas)
                # Local rotations are the same for all cameras; the wrist's is each camera's own.
                mano = mano or label_here
                turn = _turn(label_here.wrist, mano.wrist)
            views.append(
                LabelledView(
                    image=folder / f"color_{frame:06d}.jpg",
                    intrinsics=intrinsics,
                    joints_m=joints if seen else None,
                    turn=turn,
                    mask=partial(_mask, label),
                )
            )
        return LabelledHand(side=sequence.side, views=tuple(views), mano=mano)

    def files(self) -> Iterator[Path]:
        """Pictures and labels; see `Reader`."""
        for sequence in self._sequences:
            for frame in sequence.frames:
                for serial in sequence.serials:
                    yield sequence.folder / serial / f"color_{frame:06d}.jpg"
                    yield sequence.folder / serial / f"labels_{frame:06d}.npz"

    def _folders(self, split: Split) -> list[Path]:
        """The split's sequences."""
        subjects = {"train": SUBJECTS, "val": SUBJECTS[:2], "test": SUBJECTS[2:]}[split]
        chosen: list[Path] = []
        missing, short = [], []
        for subject in subjects:
            folder = self._root / subject
            if not folder.is_dir():
                missing.append(subject)
                continue
            sequences = sorted(path for path in folder.iterdir() if path.is_dir())
            if len(sequences) != _SEQUENCES:
                short.append(f"{subject} {len(sequences)}")
            fifth = split != "train"
            chosen += [s for place, s in enumerate(sequences) if (place % 5 == 4) == fifth]
        if not chosen:
            raise InputError(
                f"{self._root} has no sequences of DexYCB's {split} split: it should have folders"
                f" such as {subjects[0]} (docs/datasets.md)"
            )
        if missing:
            self.notes.append(f"subjects are missing: {', '.join(missing)}")
        if short:
            self.notes.append(
                f"of each subject's {_SEQUENCES} sequences there are: {', '.join(short)}; so which"
                " are for training and which for testing differs from the official split"
            )
        return chosen

    def _sequence(self, folder: Path) -> _Sequence:
        path = folder / "meta.yml"
        meta = read_yaml(path)
        serials = tuple(_text(s, path) for s in _list(meta, "serials", path))
        if not 1 <= len(serials) <= _CAMERAS:
            raise unusable(path, f"it names {len(serials)} cameras, not {_CAMERAS}")
        for serial in serials:
            inside(folder, serial)
        side = _list(meta, "mano_sides", path)[0]
        if side not in ("left", "right"):
            raise unusable(path, f"mano_sides has {str(side)[:20]!r}")
        calibration = _text(_list(meta, "mano_calib", path)[0], path)
        frames = entry(meta, "num_frames", path)
        if not isinstance(frames, int) or not 0 <= frames <= 100_000:
            raise unusable(path, "num_frames is no number of frames")
        return _Sequence(
            folder,
            serials,
            Side[side.upper()],
            self._betas_of(calibration),
            tuple(self._intrinsics_of(serial) for serial in serials),
            _posed(folder / "pose.npz", frames),
        )

    def _intrinsics_of(self, serial: str) -> FloatArray:
        if serial not in self._intrinsics:
            path = inside(self._root / "calibration" / "intrinsics", f"{serial}_640x480.yml")
            colour = entry(read_yaml(path), "color", path)
            values = [entry(colour, key, path) for key in ("fx", "fy", "ppx", "ppy")]
            fx, fy, x, y = numbers(values, (4,), path)
            self._intrinsics[serial] = np.array([[fx, 0, x], [0, fy, y], [0, 0, 1]])
        return self._intrinsics[serial]

    def _betas_of(self, calibration: str) -> FloatArray:
        if calibration not in self._betas:
            path = inside(self._root / "calibration", f"mano_{calibration}") / "mano.yml"
            self._betas[calibration] = numbers(entry(read_yaml(path), "betas", path), (10,), path)
        return self._betas[calibration]


def _list(meta: object, key: str, path: Path) -> list[Any]:
    value = entry(meta, key, path)
    if not isinstance(value, list) or not value:
        raise unusable(path, f"{key} is no list")
    return value


def _text(value: object, path: Path) -> str:
    """A name; YAML reads one without quotes as a number."""
    if not isinstance(value, (str, int)):
        raise unusable(path, "a name in it is no text")
    return str(value)


def _posed(path: Path, frames: int) -> NDArray[np.int64]:
    """The frames with a hand; all where the sequence's poses were not downloaded."""
    if not path.is_file():
        return np.arange(frames)
    (poses,) = read_arrays(path, "pose_m")
    if poses.ndim < 2 or len(poses) != frames:
        raise unusable(path, f"pose_m has {len(poses)} frames, meta.yml {frames}")
    return np.flatnonzero(poses.reshape(frames, -1).any(axis=1))


def _label(pose: FloatArray, betas: FloatArray) -> ManoLabel:
    return ManoLabel(space="pca", wrist=pose[:3], pose=pose[3:48], betas=betas)


def _turn(here: FloatArray, there: FloatArray) -> FloatArray:
    """From the axes of one camera's label to another's, by the wrist's rotation vectors."""
    matrix: FloatArray = (
        Rotation.from_rotvec(here) * Rotation.from_rotvec(there).inv()
    ).as_matrix()
    return matrix


def _mask(label: Path) -> NDArray[np.uint8]:
    (segmentation,) = read_arrays(label, "seg")
    if segmentation.ndim != 2:
        raise unusable(label, "its seg is no picture")
    return np.where(segmentation == _HAND, 255, 0).astype(np.uint8)
