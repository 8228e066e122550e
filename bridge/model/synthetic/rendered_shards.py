"""The files of a rendered set: a description, and shards of pictures with their truth.

A shard is one safetensors file: arrays of numbers, and all JPEG pictures and PNG masks of its hands
one after the other. It is written whole under another name and renamed, so that writing that was
cut off loses the shard under way and nothing else. Nothing in it is run, and each says by a digest
whether it is what was written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from bridge.errors import InputError
from bridge.model.hand.layer import HandLayer
from bridge.protocol.joints import N_BETAS, N_KEYPOINTS

__all__ = [
    "Description",
    "Shard",
    "hand_digest",
    "is_rendered_set",
    "read_description",
    "shard_path",
    "write_description",
    "write_shard",
]

_INDEX = "rendered_set.json"
_VERSION = 1
_SHARD_HANDS = 128
_JPEG_QUALITY = 95
_LARGEST_PX = 2048
_KEY = "digest"
_STREAMS = ("pictures", "masks")

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a rendered set is; the same description gives the same set.

    Attributes:
        samples: Hands.
        views: Cameras around each.
        size: Width and height of the pictures, pixels.
        seed: Of hands, cameras and scenes.
        steady: Crops are cut as a tracker cuts them; else with training's jitter.
        hand: The hand that was rendered: ``open`` or ``mano``.
        hand_digest: Of that hand's arrays.
        shard: Hands in a file.
        version: Of the layout.
    """

    samples: int
    views: int
    size: int
    seed: int
    steady: bool
    hand: str
    hand_digest: str
    shard: int = _SHARD_HANDS
    version: int = _VERSION

    @property
    def shards(self) -> int:
        """How many files there are."""
        return -(-self.samples // self.shard)

    def numbers(self, shard: int) -> list[int]:
        """The hands of a file."""
        return list(range(shard * self.shard, min((shard + 1) * self.shard, self.samples)))

    def shapes(self, hands: int) -> dict[str, tuple[tuple[int, ...], np.dtype[Any]]]:
        """Shape and type of each array of a file with so many hands."""
        n, number, count = self.views, np.dtype(np.float32), np.dtype(np.int64)
        return {
            "betas": ((hands, N_BETAS), number),
            "pose": ((hands, 15, 3, 3), number),
            "wrist_rotation": ((hands, n, 3, 3), number),
            "joints_m": ((hands, n, N_KEYPOINTS, 3), number),
            "focal": ((hands, n), number),
            "visible": ((hands, n, N_KEYPOINTS), np.dtype(np.bool_)),
            "pictures_end": ((hands * n,), count),
            "masks_end": ((hands * n,), count),
        }


def shard_path(folder: Path, shard: int) -> Path:
    """The file of a shard."""
    return folder / f"shard_{shard:05d}.safetensors"


def is_rendered_set(folder: Path) -> bool:
    """Whether a folder says that it holds a rendered set."""
    return (folder / _INDEX).is_file()


def write_description(folder: Path, description: Description) -> None:
    """Writes what a folder is about to hold.

    Raises:
        InputError: It holds another set already or one of more hands, or cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} cannot be written: it is a file, name a folder")
    path = folder / _INDEX
    if path.exists():
        known = read_description(folder)
        found = asdict(known) | {"samples": description.samples}
        wanted = asdict(description)
        differs = [name for name, value in wanted.items() if found[name] != value]
        if differs:
            raise InputError(
                f"{folder} holds a rendered set with another {', '.join(differs)}: give another"
                " folder, or the same options to go on with it"
            )
        if known.samples > description.samples:
            raise InputError(
                f"{folder} is a set of {known.samples} hands, more than {description.samples}: ask "
                "for at least as many, or give another folder"
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{_INDEX}.part")
        part.write_text(json.dumps(asdict(description), indent=2) + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise InputError(f"{folder} cannot be written ({error.strerror or error})") from error


def read_description(folder: Path) -> Description:
    """Reads what a folder holds.

    Raises:
        InputError: It is no rendered set.
    """
    path = folder / _INDEX
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        given = {f.name: values[f.name] for f in fields(Description)}
        for f in fields(Description):
            kind = {"int": int, "bool": bool, "str": str}[str(f.type)]
            if type(given[f.name]) is not kind:
                raise ValueError(f"{f.name} is {given[f.name]!r}")
        found = Description(**given)
        if found.version != _VERSION:
            raise ValueError(f"it has version {found.version}, not {_VERSION}")
        limits = {"samples": 2**31, "views": 64, "size": _LARGEST_PX, "shard": 2**16}
        for name, most in limits.items():
            if not 1 <= getattr(found, name) <= most:
                raise ValueError(f"{name} is {getattr(found, name)}")
    except FileNotFoundError as error:
        raise InputError(
            f"{folder} holds no rendered set: make one with ghosthands data render -o {folder}"
        ) from error
    except (OSError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{path} is damaged ({error}): render the set again") from error
    return found


def write_shard(
    path: Path,
    truth: Mapping[str, NDArray[Any]],
    pictures: NDArray[np.uint8],
    masks: NDArray[np.uint8],
) -> None:
    """Writes one file.

    Args:
        path: Where; replaced whole, or not at all.
        truth: By the names of `Description.shapes`.
        pictures: ``(P, S, S, 3)`` RGB, all views of all hands.
        masks: ``(P, S, S)`` 0 or 255.
    """
    arrays = {name: np.ascontiguousarray(value) for name, value in truth.items()}
    quality = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    coded = {
        "pictures": [cv2.imencode(".jpg", p[..., ::-1], quality)[1].ravel() for p in pictures],
        "masks": [cv2.imencode(".png", mask)[1].ravel() for mask in masks],
    }
    for name, parts in coded.items():
        arrays[name] = np.concatenate(parts)
        arrays[f"{name}_end"] = np.cumsum([len(part) for part in parts], dtype=np.int64)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(save(arrays, metadata={_KEY: _digest(arrays)}))
    part.replace(path)


class Shard:
    """One file, opened; pictures are read where they lie when they are asked for.

    Args:
        folder: Of the set.
        shard: Which.
        description: Of the set.

    Attributes:
        truth: Arrays by the names of `Description.shapes`.

    Raises:
        InputError: The file is missing, cut off, damaged or of another set.
    """

    def __init__(self, folder: Path, shard: int, description: Description) -> None:
        self._path, self._size = shard_path(folder, shard), description.size
        hands = len(description.numbers(shard))
        try:
            self._file = safe_open(self._path, framework="np")
            arrays = {name: self._file.get_tensor(name) for name in self._file.keys()}  # noqa: SIM118
            written = (self._file.metadata() or {})[_KEY]
            for name, (shape, kind) in description.shapes(hands).items():
                if arrays[name].shape != shape or arrays[name].dtype != kind:
                    raise ValueError(f"{name} is {arrays[name].dtype} {arrays[name].shape}")
            for name in _STREAMS:
                ends = arrays[f"{name}_end"]
                if (np.diff(ends, prepend=0) <= 0).any() or arrays[name].shape != (ends[-1],):
                    raise ValueError(f"its {name} do not add up")
            if written != _digest(arrays):
                raise ValueError("its content is not what was written")
        except FileNotFoundError as error:
            raise InputError(f"{self._path} is missing: {_again(folder)}") from error
        except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{self._path} is cut off or damaged ({error}): delete it, then {_again(folder)}"
            ) from error
        self.truth = {name: arrays[name] for name in description.shapes(hands)}

    def picture(self, place: int) -> Bytes:
        """``(S, S, 3)`` RGB of a view, counted through all hands."""
        return self._decoded("pictures", place, cv2.IMREAD_COLOR_RGB, (self._size, self._size, 3))

    def mask(self, place: int) -> Bytes:
        """``(S, S)`` 0 or 255."""
        return self._decoded("masks", place, cv2.IMREAD_GRAYSCALE, (self._size, self._size))

    def _decoded(self, name: str, place: int, flag: int, shape: tuple[int, ...]) -> Bytes:
        ends = self.truth[f"{name}_end"]
        first = int(ends[place - 1]) if place else 0
        coded = self._file.get_slice(name)[first : int(ends[place])]
        try:
            image = cv2.imdecode(coded, flag | cv2.IMREAD_IGNORE_ORIENTATION)
        except cv2.error:
            image = None
        if image is None or image.shape != shape:
            raise InputError(
                f"{self._path} is damaged (a picture cannot be decoded): delete it, then "
                f"{_again(self._path.parent)}"
            )
        return np.asarray(image, dtype=np.uint8)


def _again(folder: Path) -> str:
    return f"run the ghosthands data render -o {folder} that made the set again; it goes on"


def _digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    found = hashlib.sha256()
    for name in sorted(arrays):
        found.update(name.encode())
        found.update(np.ascontiguousarray(arrays[name]).tobytes())
    return found.hexdigest()


def hand_digest(hand: HandLayer) -> str:
    """Of all that a hand's mesh depends on."""
    found = hashlib.sha256()
    for name, value in sorted(hand.named_buffers()):
        found.update(name.encode())
        found.update(value.cpu().contiguous().numpy().tobytes())
    return found.hexdigest()
