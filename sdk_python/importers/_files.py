"""What importers share: files read within bounds, times of any unit, one kind of error."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError, RecordingError
from bridge.protocol.joints import N_KEYPOINTS
from sdk_python.recording import Recording

__all__ = [
    "MAX_FRAMES",
    "FrameArrays",
    "made",
    "number",
    "parsed_frames",
    "read_text",
    "seconds",
    "time_of",
]

_MAX_BYTES = 512 << 20
_MAX_DOCUMENT = 128 << 20
MAX_FRAMES = 2_000_000
"""Nine hours at 60 a second."""

Floats = NDArray[np.floating[Any]]

_UNITS = {"s": 1.0, "sec": 1.0, "seconds": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_TIMES = ("time", "timestamp", "t")
_MAX_HAND_M = 1.0


def read_text(path: str | Path, what: str) -> str:
    """The text of a file of at most 512 MiB.

    Raises:
        RecordingError: It is missing, empty, too large, or no UTF-8.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        if size > _MAX_BYTES:
            raise RecordingError(f"{path} has {size} bytes, more than {_MAX_BYTES}: split it")
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise RecordingError(f"{path} does not exist") from None
    except OSError as error:
        raise RecordingError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise RecordingError(f"{path} is not text, so not {what}") from None
    if not text.strip():
        raise RecordingError(f"{path} is empty")
    return text


def parsed_frames(text: str, path: str | Path, what: str) -> Iterator[Any]:
    """The frames of a JSON file: one to a line, a list, or a list in an object.

    Raises:
        RecordingError: It is neither, or as one document too large.
    """
    first, _, rest = text.lstrip().partition("\n")
    if rest.strip() and isinstance(_parsed(first), dict):
        for k, line in enumerate(text.splitlines(), 1):
            if line.strip():
                frame = _parsed(line)
                if frame is None:
                    raise RecordingError(f"{path}, line {k}, is not JSON, so it is not {what}")
                yield frame
        return
    if len(text) > _MAX_DOCUMENT:
        raise RecordingError(
            f"{path} is one JSON document of more than {_MAX_DOCUMENT} characters: write one frame "
            "to a line"
        )
    document = _parsed(text)
    if isinstance(document, dict):
        lists = (document.get(name) for name in ("frames", "results", "data", "recording"))
        document = next((found for found in lists if isinstance(found, list)), [document])
    if not isinstance(document, list):
        raise RecordingError(f"{path} holds no list of frames, so it is not {what}")
    yield from document


def _parsed(text: str) -> Any:
    """What JSON text says; None if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def time_of(frame: Mapping[str, Any]) -> tuple[float, float | None] | None:
    """A frame's time and its unit in seconds; None for the unit where the name has none."""
    for key, value in frame.items():
        name, _, unit = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(key)).lower().rpartition("_")
        if not name:
            name, unit = unit, ""
        if name in (*_TIMES, "capture_time", "timestamp_in") and (unit in _UNITS or not unit):
            found = number(value)
            if math.isfinite(found):
                return found, _UNITS.get(unit)
    return None


def number(value: Any) -> float:
    """A number of a file; NaN for everything else."""
    if isinstance(value, bool):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def seconds(times: Iterable[float], unit_s: float | None) -> Floats:
    """Times as seconds; without a unit they are what makes 1 to 10,000 frames a second of them."""
    found = np.array(list(times), np.float64)
    if unit_s is None:
        steps = np.diff(np.unique(found[np.isfinite(found)]))
        step = float(np.median(steps)) if len(steps) else 0.0
        unit_s = next((u for u in (1.0, 1e-3, 1e-6) if step * u < 1), 1e-9)
    return found * unit_s


class FrameArrays:
    """Hands of frames that come one by one, as arrays.

    Args:
        path: The file, for errors.
        what: What it is, for errors.
    """

    def __init__(self, path: str | Path, what: str) -> None:
        self._path = path
        self._what = what
        self._times: list[float] = []
        self._unit_s: float | None = None
        self._rows: dict[float, int] = {}
        self._hands: list[tuple[int, int, Floats]] = []

    def frame(self, time: tuple[float, float | None]) -> int:
        """The row of a time; hands of the same time share one."""
        value, unit_s = time
        if value not in self._rows:
            self._rows[value] = len(self._times)
            self._times.append(value)
            if len(self._times) > MAX_FRAMES:
                raise RecordingError(f"{self._path} has more than {MAX_FRAMES} frames")
        if unit_s is not None:
            self._unit_s = unit_s
        return self._rows[value]

    def put(self, row: int, side: int, joints_m: Floats) -> None:
        """A hand of a row; the first one of a side counts. All zeros stand for none."""
        if np.nan_to_num(joints_m).any():
            self._hands.append((row, side, joints_m))

    def arrays(self) -> tuple[Floats, Floats]:
        """``(T,)`` seconds and ``(T, 2, 21, 3)`` keypoints, NaN where absent.

        Raises:
            RecordingError: There is no hand at all.
        """
        if not self._hands:
            raise RecordingError(f"{self._path} holds no hands, so it is not {self._what}")
        joints = np.full((len(self._times), 2, N_KEYPOINTS, 3), np.nan)
        for row, side, hand in reversed(self._hands):
            joints[row, side] = hand
        return seconds(self._times, self._unit_s), joints


def made(
    path: str | Path, time_s: Floats, joints_m: Floats, *, source: str, recorded_by: str
) -> Recording:
    """A recording of arrays that come from a file.

    Raises:
        RecordingError: They are none of hands in metres, or the times do not rise.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # numbers of a damaged file
        size = np.linalg.norm(joints_m[..., 9, :] - joints_m[..., 0, :], axis=-1)
    size = size[np.isfinite(size)]
    if len(size) and not 0.01 < np.median(size) < _MAX_HAND_M:
        raise RecordingError(
            f"{path} has hands of {np.median(size):.3g} m from the wrist to the middle knuckle: "
            "its positions are not in the unit that was expected"
        )
    try:
        found = Recording.from_arrays(time_s, joints_m, source=source, recorded_by=recorded_by)
    except InputError as error:
        raise RecordingError(f"{path} cannot be used: {error}") from None
    if np.isnan(found.confidence).all():
        raise RecordingError(f"{path} holds no hand of which the palm is seen")
    return found
