"""Reading a dataset's files as data: nothing in them is run, and no path leaves the folder."""

from __future__ import annotations

import json
import math
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError
from bridge.model.pose import FloatArray
from bridge.optional import require

__all__ = [
    "entry",
    "image_fault",
    "inside",
    "number_rows",
    "numbers",
    "read_arrays",
    "read_bytes",
    "read_image",
    "read_json",
    "read_lines",
    "read_yaml",
    "unusable",
]

_AGAIN = "Copy or download it again, then run: ghosthands data check"
_MOST_ARRAY_BYTES = 64 * 2**20
_MOST_YAML_BYTES = 2**20
_MOST_IMAGE_BYTES = 64 * 2**20
_NO_ARRAYS = (OSError, ValueError, EOFError, RuntimeError, zlib.error, zipfile.BadZipFile)
_TAIL = 64
_ENDS = {".jpg": b"\xff\xd9", ".jpeg": b"\xff\xd9", ".png": b"IEND"}


def unusable(path: Path, fault: str) -> InputError:
    """The error of a file that is there and cannot be used."""
    return InputError(f"{path} cannot be used: {fault}. {_AGAIN}")


def inside(root: Path, name: object) -> Path:
    """A file that a dataset's own text names, relative to a folder of it.

    Links on the disk are followed as anywhere; what the text says may not leave the folder.

    Raises:
        InputError: The name is no relative path, or climbs out of the folder.
    """
    parts = re.split(r"[/\\]", name) if isinstance(name, str) else []
    if not parts or "\0" in str(name) or ":" in parts[0] or {"", "..", "."} & set(parts):
        raise InputError(
            f"a file of the dataset in {root} names {str(name)[:100]!r}, which is no path inside"
            " it: do not use this copy, download the dataset again from its owners"
        )
    return root.joinpath(*parts)


def read_json(path: Path) -> Any:
    """A JSON file's value.

    Raises:
        InputError: It is missing, or no JSON.
    """
    try:
        return json.loads(read_bytes(path))
    except (ValueError, RecursionError) as error:
        raise unusable(path, f"it is no whole JSON ({error})") from error


def read_yaml(path: Path) -> Any:
    """A YAML file's value: plain numbers, texts, lists and dicts.

    Raises:
        InputError: It is missing, no YAML, or asks for anything else.
        MissingDependencyError: PyYAML is not installed.
    """
    yaml = require("yaml", extra="train")
    content = read_bytes(path, most=_MOST_YAML_BYTES)
    try:
        return yaml.safe_load(content)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        fault = " ".join(str(error).split())
        raise unusable(path, f"it is no plain YAML ({fault[:200]})") from error


def read_lines(path: Path) -> list[str]:
    """A text file's lines without blanks around them, empty ones left out.

    Raises:
        InputError: It is missing, or no text.
    """
    try:
        text = read_bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise unusable(path, "it is no text") from error
    return [line for raw in text.splitlines() if (line := raw.strip())]


def read_arrays(path: Path, *names: str) -> list[NDArray[Any]]:
    """Arrays of an ``.npz`` by name.

    Raises:
        InputError: The file or an array is missing or damaged, has Python objects, or is larger
            than any label.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            found = []
            for name in names:
                if archive.getinfo(f"{name}.npy").file_size > _MOST_ARRAY_BYTES:
                    raise unusable(path, f"its {name} is far larger than a label")
                with archive.open(f"{name}.npy") as member:
                    found.append(np.lib.format.read_array(member, allow_pickle=False))
            return found
    except FileNotFoundError as error:
        raise _missing(path) from error
    except KeyError as error:
        raise unusable(path, f"it has not all of {', '.join(names)}") from error
    except _NO_ARRAYS as error:
        raise unusable(path, f"it is no whole .npz of numbers ({error})") from error


def image_fault(path: Path) -> str | None:
    """What is wrong with a picture's file as far as its end tells; None if nothing.

    OpenCV fills what is missing of a truncated picture with grey, without an error.
    """
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL))
            tail = file.read(_TAIL)
    except FileNotFoundError:
        return "it is missing"
    except OSError as error:
        return f"it cannot be read ({error.strerror or error})"
    return _tail_fault(path, tail)


def read_image(path: Path, *, grey: bool = False) -> NDArray[np.uint8]:
    """A picture, ``(H, W, 3)`` RGB, or ``(H, W)`` if ``grey``.

    Raises:
        InputError: It is missing, truncated or no picture.
    """
    content = read_bytes(path, most=_MOST_IMAGE_BYTES)
    fault = _tail_fault(path, content[-_TAIL:])
    if fault:
        raise unusable(path, fault)
    flag = cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR_RGB
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), flag | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise unusable(path, "it is no picture") from error
    if image is None:
        raise unusable(path, "it is no picture")
    return np.asarray(image, dtype=np.uint8)


def numbers(value: object, shape: tuple[int, ...], where: object) -> FloatArray:
    """A list of lists, or an array, as an array of one shape.

    Raises:
        InputError: It has another shape, or entries that are no finite numbers; the message
            begins with ``where``.
    """
    try:
        # Checked before conversion: lists that share parts may be small here and huge unfolded.
        array = value if isinstance(value, np.ndarray) else np.array(_nested(value, shape))
        array = array.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{where} is no array of numbers of shape {shape}. {_AGAIN}") from error
    if array.shape != shape or not np.isfinite(array).all():
        raise InputError(
            f"{where} should be finite numbers of shape {shape}, not {array.shape}. {_AGAIN}"
        )
    return array


def number_rows(path: Path, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """A JSON file that is a list of arrays of one shape, ``(H, *shape)``, in single precision.

    Raises:
        InputError: It is missing, or anything else.
    """
    value = read_json(path)
    try:
        # JSON has no parts that are shared, so that nothing unfolds.
        array = np.array(value, dtype=np.float32)
        rows = array.reshape(len(array), *shape)
    except (TypeError, ValueError, OverflowError) as error:
        raise unusable(path, f"it is no list of arrays of shape {shape}") from error
    if not np.isfinite(rows).all():
        raise unusable(path, "it has numbers that are not finite")
    return rows


def entry(value: object, key: str | int, where: object) -> Any:
    """What a dict or a list has under a key.

    Raises:
        InputError: It has no such entry; the message begins with ``where``.
    """
    if isinstance(value, dict) and key in value:
        return value[key]
    if isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
        return value[key]
    raise InputError(f"{where} has no {key!r}. {_AGAIN}")


def _nested(value: object, shape: tuple[int, ...]) -> Any:
    """Lists of lists of floats, without the axes of length 1 that datasets wrap them in."""
    most = shape[0] if shape else 1
    while isinstance(value, list) and len(value) == 1 and (most != 1 or not shape):
        value = value[0]
    if not shape:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TypeError
        return float(value)
    if not isinstance(value, list):
        raise TypeError
    if len(shape) > 1 and len(value) == math.prod(shape) and not isinstance(value[0], list):
        return np.reshape([_nested(number, ()) for number in value], shape)
    if len(value) != shape[0]:
        raise ValueError
    return [_nested(part, shape[1:]) for part in value]


def read_bytes(path: Path, *, most: int | None = None) -> bytes:
    """A whole file.

    Raises:
        InputError: It is missing, cannot be read, or has more than ``most`` bytes.
    """
    try:
        with path.open("rb") as file:
            content = file.read(-1 if most is None else most + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _missing(path) from error
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error})") from error
    if most is not None and len(content) > most:
        raise unusable(path, f"it is larger than {most >> 20} MiB, which none of its kind is")
    return content


def _missing(path: Path) -> InputError:
    return InputError(f"{path} is missing. {_AGAIN}")


def _tail_fault(path: Path, tail: bytes) -> str | None:
    end = _ENDS.get(path.suffix.lower())
    if not tail:
        return "it is empty"
    if end is not None and end not in tail:
        return "it is truncated, or no picture of its kind"
    return None
