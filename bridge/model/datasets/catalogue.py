"""The datasets there are readers for: layouts, where each is had, how a folder is recognised."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from bridge.errors import InputError
from bridge.model.datasets.labels import Reader, Split

__all__ = ["FORMATS", "DatasetFormat", "open_reader", "reader_options", "recognise"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetFormat:
    """One dataset.

    Attributes:
        name: As in ``data.source``.
        title: As its owners write it.
        site: Where it is had.
        licence: In a few words; the owners' terms hold.
        splits: Those that the reader has.
        views: What a sample's views are.
        layout: The folder that `open_dataset` takes, as the downloads unpack.
        signs: Any of these in a folder tells that it is this dataset.
    """

    name: str
    title: str
    site: str
    licence: str
    splits: tuple[Split, ...]
    views: str
    layout: str
    signs: tuple[str, ...]


FORMATS = {
    made.name: made
    for made in (
        DatasetFormat(
            name="dexycb",
            title="DexYCB",
            site="https://dex-ycb.github.io",
            licence="CC BY-NC 4.0, non-commercial",
            splits=("train", "val", "test"),
            views="8 cameras of one frame",
            layout="""\
calibration/intrinsics/SERIAL_640x480.yml
calibration/mano_NAME/mano.yml
20200709-weiy/20200709_141754/meta.yml
20200709-weiy/20200709_141754/pose.npz
20200709-weiy/20200709_141754/SERIAL/color_000000.jpg
20200709-weiy/20200709_141754/SERIAL/labels_000000.npz""",
            signs=("calibration/intrinsics", "20200709-weiy", "20200820-amousavian"),
        ),
        DatasetFormat(
            name="hanco",
            title="HanCo",
            site="https://lmb.informatik.uni-freiburg.de/resources/datasets/HanCo.en.html",
            licence="research only, non-commercial",
            splits=("train", "test"),
            views="8 cameras of one frame",
            layout="""\
meta.json
rgb/0000/cam0/00000000.jpg      (rgb_merged and others: variant)
xyz/0000/00000000.json
calib/0000/00000000.json
shape/0000/00000000.json        (with mano_path)
mask_hand/0000/cam0/00000000.jpg (with masks)""",
            signs=("meta.json",),
        ),
        DatasetFormat(
            name="freihand",
            title="FreiHAND",
            site="https://lmb.informatik.uni-freiburg.de/projects/freihand",
            licence="research only, non-commercial",
            splits=("train", "test"),
            views="one",
            layout="""\
training_K.json, training_xyz.json, training_mano.json
training/rgb/00000000.jpg
training/mask/00000000.jpg      (with masks)
evaluation_K.json, evaluation_xyz.json
evaluation_verts.json           (with mano_path)
evaluation/rgb/00000000.jpg""",
            signs=("training_K.json", "evaluation_K.json"),
        ),
        DatasetFormat(
            name="ho3d",
            title="HO-3D v2 and v3",
            site="https://github.com/shreyashampali/ho3d",
            licence="academic research only, non-commercial",
            splits=("train", "test"),
            views="one",
            layout="""\
train.txt, evaluation.txt
train/ABF10/rgb/0000.jpg        (png in v2)
train/ABF10/meta/0000.pkl
evaluation/SM1/rgb/0000.jpg
evaluation/SM1/meta/0000.pkl
evaluation_xyz.json             (for test; given out after the challenge)
evaluation_verts.json           (with mano_path)""",
            signs=("train.txt", "evaluation.txt"),
        ),
        DatasetFormat(
            name="interhand26m",
            title="InterHand2.6M v1.0",
            site="https://mks0601.github.io/InterHand2.6M",
            licence="CC BY-NC 4.0, non-commercial",
            splits=("train", "val", "test"),
            views="all cameras of one frame that see the hand",
            layout="""\
annotations/train/InterHand2.6M_train_data.json
annotations/train/InterHand2.6M_train_camera.json
annotations/train/InterHand2.6M_train_joint_3d.json
annotations/train/InterHand2.6M_train_MANO_NeuralAnnot.json (with mano_path)
images/train/Capture0/SEQUENCE/cam400002/image0000.jpg""",
            signs=("annotations",),
        ),
    )
}
"""By name."""


def recognise(path: Path) -> str:
    """Which dataset a folder holds.

    Raises:
        InputError: There is no such folder, or it is none of them.
    """
    _folder(path)
    for made in FORMATS.values():
        if any((path / sign).exists() for sign in made.signs):
            return made.name
    raise InputError(
        f"{path} is none of {', '.join(FORMATS)}: give the folder that has its top level, see"
        " ghosthands data formats"
    )


def open_reader(name: str, path: Path, split: str, **options: object) -> Reader:
    """A dataset's reader; ``auto`` recognises which.

    Raises:
        InputError: There is no such dataset, folder, split or option, or files are missing.
    """
    if name == "auto":
        name = recognise(path)
    _known(name)
    _folder(path)
    known = FORMATS[name].splits
    if split not in known:
        kind = "not a split" if split not in get_args(Split) else f"none that {name} has"
        raise InputError(f"split {split!r} is {kind}: take one of {', '.join(known)}")
    opened: Reader = _reader(name)(path, split, **options)
    return opened


def reader_options(name: str) -> set[str]:
    """The options that a dataset's reader has of its own.

    Raises:
        InputError: There is no such dataset.
    """
    _known(name)
    parameters = inspect.signature(_reader(name)).parameters
    return set(parameters) - {"root", "split", "mano"}


def _known(name: str) -> None:
    if name not in FORMATS:
        raise InputError(f"there is no dataset {name!r}: take one of {', '.join(FORMATS)}, or auto")


def _reader(name: str) -> Callable[..., Reader]:
    """Imported when needed; each has the options of its own as keywords.

    All take ``mano``: whether MANO's truth is wanted, so that its files are needed.
    """
    if name == "dexycb":
        from bridge.model.datasets.dexycb import DexYcb

        return DexYcb
    if name == "hanco":
        from bridge.model.datasets.hanco import HanCo

        return HanCo
    if name == "freihand":
        from bridge.model.datasets.freihand import FreiHand

        return FreiHand
    if name == "ho3d":
        from bridge.model.datasets.ho3d import Ho3d

        return Ho3d
    from bridge.model.datasets.interhand26m import InterHand

    return InterHand


def _folder(path: Path) -> None:
    if not path.is_dir():
        raise InputError(f"{path} is not a folder: give the dataset's folder (docs/datasets.md)")
