"""MediaPipe's hand landmarks in tables, with a row to a hand, to both hands, or to a landmark."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import RecordingError
from bridge.protocol.joints import N_KEYPOINTS
from sdk_python.importers._files import number, time_of

__all__ = ["read_csv"]

Floats = NDArray[np.floating[Any]]
Frame = tuple[tuple[float, float | None], list[tuple[int, Floats]]]

_SIDES = {"left": 0, "right": 1}
_FINGERS = {"thumb": 1, "index": 5, "middle": 9, "ring": 13, "pinky": 17, "little": 17}
_JOINTS = {"cmc": 0, "mcp": 1, "ip": 2, "tip": 3}
_FINGER_JOINTS = {"mcp": 0, "pip": 1, "dip": 2, "tip": 3}
_SIDE_COLUMNS = ("handedness", "hand", "side", "label", "hand_handness", "category_name")
_LANDMARK_COLUMNS = ("landmark", "landmark_id", "landmark_index", "joint", "point", "id")
_MOST_COLUMNS = 1024


def read_csv(text: str, path: str | Path, rate_hz: float | None) -> Iterator[Frame]:
    """Time, and side and landmarks of hands, row by row.

    Raises:
        RecordingError: It is no such table.
    """
    rows = csv.reader(text.splitlines())
    try:
        header = [name.strip().lower() for name in next(rows)]
        if len(header) > _MOST_COLUMNS:
            raise RecordingError(f"{path} has {len(header)} columns, more than {_MOST_COLUMNS}")
        by_side = next((header.index(n) for n in _SIDE_COLUMNS if n in header), None)
        landmark = next((header.index(n) for n in _LANDMARK_COLUMNS if n in header), None)
        if landmark is not None and {"x", "y", "z"} <= set(header):
            yield from _landmark_rows(rows, header, by_side, landmark, path, rate_hz)
        else:
            yield from _hand_rows(rows, header, by_side, path, rate_hz)
    except csv.Error as error:
        raise RecordingError(f"{path} is no table: {error}") from None


def _time(
    header: list[str], row: list[str], k: int, path: str | Path, rate_hz: float | None
) -> tuple[float, float | None]:
    cells = dict(zip(header, row, strict=False))
    if rate_hz is not None:
        frame = number(next((cells[n] for n in ("frame", "frame_number") if n in cells), k))
        return frame / rate_hz, 1.0
    time = time_of(cells)
    if time is None:
        raise RecordingError(f"{path}, row {k + 2}, has no time: give rate_hz")
    return time


def _hand_rows(
    rows: Iterator[list[str]],
    header: list[str],
    by_side: int | None,
    path: str | Path,
    rate_hz: float | None,
) -> Iterator[Frame]:
    columns = _coordinate_columns(header)
    sides = sorted({side for side, _, _ in columns if side is not None})
    wanted: list[int | None] = [*sides] if sides else [None]
    for side in wanted:
        if sum(of == side for of, _, _ in columns) != 3 * N_KEYPOINTS:
            raise RecordingError(
                f"{path} has no columns for x, y and z of 21 landmarks, so it is not MediaPipe's"
            )
    if not sides and by_side is None:
        raise RecordingError(f"{path} has no column that says which hand it is (handedness)")
    for k, row in enumerate(rows):
        if not any(row):
            continue
        hands = []
        for side in wanted:
            named = _side_of(row, by_side) if side is None else side
            if named is not None:
                hand = np.full((N_KEYPOINTS, 3), np.nan)
                for (of, joint, axis), column in columns.items():
                    if of == side and column < len(row):
                        hand[joint, axis] = number(row[column])
                hands.append((named, hand))
        yield _time(header, row, k, path, rate_hz), hands


def _landmark_rows(
    rows: Iterator[list[str]],
    header: list[str],
    by_side: int | None,
    landmark: int,
    path: str | Path,
    rate_hz: float | None,
) -> Iterator[Frame]:
    if by_side is None:
        raise RecordingError(f"{path} has no column that says which hand it is (handedness)")
    axes = [header.index(axis) for axis in "xyz"]
    hands: dict[tuple[tuple[float, float | None], int], Floats] = {}
    for k, row in enumerate(rows):
        side = _side_of(row, by_side)
        if not any(row) or side is None or len(row) < len(header):
            continue
        joint = _joint(re.findall(r"[a-z]+|\d+", row[landmark].lower()))
        if joint is not None:
            key = _time(header, row, k, path, rate_hz), side
            hand = hands.setdefault(key, np.full((N_KEYPOINTS, 3), np.nan))
            hand[joint] = [number(row[axis]) for axis in axes]
    for (time, side), hand in hands.items():
        yield time, [(side, hand)]


def _side_of(row: list[str], column: int | None) -> int | None:
    if column is None or column >= len(row):
        return None
    return _SIDES.get(row[column].strip().lower())


def _coordinate_columns(header: list[str]) -> dict[tuple[int | None, int, int], int]:
    """Column of each side, landmark and axis; world coordinates before those of the picture."""
    found: dict[tuple[int | None, int, int], int] = {}
    of_world: set[tuple[int | None, int, int]] = set()
    for column, name in enumerate(header):
        words = re.findall(r"[a-z]+|\d+", name)
        side = next((_SIDES[word] for word in words if word in _SIDES), None)
        axis = next((word[-1] for word in words if word in ("x", "y", "z", "wx", "wy", "wz")), "")
        joint = _joint(words)
        if not axis or joint is None:
            continue
        key = side, joint, "xyz".index(axis)
        world = "world" in words or any(word in ("wx", "wy", "wz") for word in words)
        if key not in found or (world and key not in of_world):
            found[key] = column
        if world:
            of_world.add(key)
    return found


def _joint(words: list[str]) -> int | None:
    """The landmark that the words of a name mean: its number, or its name as MediaPipe has it."""
    digits = [int(word) for word in words if word.isdigit() and len(word) <= 2]
    if "wrist" in words:
        return 0
    for finger, first in _FINGERS.items():
        if finger in words:
            joints = _JOINTS if finger == "thumb" else _FINGER_JOINTS
            level = next((joints[word] for word in words if word in joints), None)
            if level is None and digits and 1 <= digits[-1] <= 4:
                level = digits[-1] - 1
            return None if level is None else first + level
    return digits[0] if digits and digits[0] < N_KEYPOINTS else None
