"""Hands of FreeMoCap (freemocap.org): arrays of 21 landmarks, triangulated from several cameras."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError, RecordingError
from bridge.protocol.joints import N_KEYPOINTS, Side
from sdk_python.importers._files import MAX_FRAMES, made
from sdk_python.recording import Recording

__all__ = ["from_freemocap"]

_NAMES = ("mediapipe_{}_hand_3d_xyz.npy", "mediapipe_{}_hand_{}_hand.npy")

Floats = NDArray[np.floating[Any]]


def from_freemocap(
    path: str | Path, *, rate_hz: float, unit_m: float = 0.001, recorded_by: str = ""
) -> Recording:
    """The hands of a FreeMoCap recording.

    Read are ``mediapipe_left_hand_3d_xyz.npy`` and ``mediapipe_right_hand_3d_xyz.npy``, arrays
    ``(frames, 21, 3)`` of millimetres with z up, as FreeMoCap writes them into ``output_data``.
    They become metres with y up; a landmark that is NaN is missing.

    Args:
        path: The recording's folder, its ``output_data``, or the file of one hand.
        rate_hz: Frames a second of its cameras: the arrays do not say.
        unit_m: Metres of one unit.
        recorded_by: Who played.

    Raises:
        InputError: A rate or unit that is not above 0.
        RecordingError: There are no such files, or they are damaged or of another shape.
    """
    if not (0 < rate_hz <= 10_000 and 0 < unit_m < 1e3):
        raise InputError(f"rate_hz and unit_m must be above 0, not {rate_hz} and {unit_m}")
    found = {side: _load(file) for side, file in _files(Path(path)).items()}
    counts = {len(joints) for joints in found.values()}
    if len(counts) > 1:
        raise RecordingError(f"{path} has {counts} frames of its hands: they must be as many")
    count = counts.pop()
    joints = np.full((count, 2, N_KEYPOINTS, 3), np.nan)
    for side, hand in found.items():
        x, y, z = np.moveaxis(np.asarray(hand, np.float64), -1, 0)
        joints[:, side] = np.stack([x, z, -y], axis=-1) * unit_m
    if not np.isfinite(joints).any():
        raise RecordingError(f"{path} holds no hands: all landmarks are NaN")
    return made(
        path, np.arange(count) / rate_hz, joints, source="freemocap", recorded_by=recorded_by
    )


def _files(path: Path) -> dict[Side, Path]:
    """The files of the hands there are."""
    if path.is_file():
        name = path.name.lower()
        sides = [side for side in Side if side.name.lower() in name]
        if len(sides) != 1:
            raise RecordingError(f"{path} must have left or right in its name")
        return {sides[0]: path}
    found = {}
    for side in Side:
        word = side.name.lower()
        names = [name.format(word, word) for name in _NAMES]
        files = [folder / n for folder in (path / "output_data", path) for n in names]
        file = next((file for file in files if file.is_file()), None)
        if file is not None:
            found[side] = file
    if not found:
        raise RecordingError(f"{path} has no {_NAMES[0].format('right')} in it or in output_data")
    return found


def _load(path: Path) -> Floats:
    """An array of a file, which is mapped and not read: its header cannot ask for memory."""
    try:
        array = np.lib.format.open_memmap(path, mode="r")
    except Exception as error:  # of a damaged header NumPy raises nearly anything
        raise RecordingError(f"{path} is not an array of NumPy: {str(error)[:100]}") from None
    if array.dtype.kind != "f":
        raise RecordingError(f"{path} holds {array.dtype}, not real numbers")
    if array.ndim != 3 or array.shape[1:] != (N_KEYPOINTS, 3) or not len(array):
        raise RecordingError(f"{path} must have shape (frames, 21, 3), not {array.shape}")
    if len(array) > MAX_FRAMES:
        raise RecordingError(f"{path} has {len(array)} frames, more than {MAX_FRAMES}")
    return array
