"""A recording a few thousand poses at a time: what keeps an export's memory small."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError
from sdk_python.recording import Recording, made_of
from sdk_python.recording_file import RecordingFile

__all__ = [
    "Block",
    "Floats",
    "Progress",
    "Source",
    "blocks",
    "first_s",
    "last_shape",
    "nothing_to_draw",
    "whole",
]

Floats = NDArray[np.floating[Any]]
Source = Recording | RecordingFile
"""What is exported: a recording, or a file that is read part by part."""
Progress = Callable[[int, int], None]
"""Called with the poses done and their number."""

_POSES = 4096
_PART_S = 60.0
_EXPECTED = 1 << 20  # five hours at 60 a second


class Block(NamedTuple):
    """Some poses of a recording, one or more; the arrays are its own."""

    time_s: NDArray[np.float64]
    time_ns: NDArray[np.int64]
    joints_m: Floats
    wrist_m: Floats
    pose_quat: Floats
    finger_confidence: Floats
    confidence: Floats

    @property
    def present(self) -> NDArray[np.bool_]:
        """``(T, 2)`` where a hand can be drawn: position, rotations and keypoints are there."""
        found = np.ones(self.wrist_m.shape[:2], bool)
        for array in (self.wrist_m, self.joints_m, self.pose_quat):
            found &= np.isfinite(array).reshape(*found.shape, -1).all(axis=-1)
        return found


def blocks(source: Source, progress: Progress | None = None) -> Iterator[Block]:
    """The poses in the order of time, a block at a time; poses at the time of the one before go.

    Args:
        source: What to take apart.
        progress: Told after each block.

    Raises:
        InputError: There are no poses.
    """
    total = len(source)  # of a file it is what its index says, right or wrong
    parts: Iterable[Recording] = (
        [source] if isinstance(source, Recording) else source.parts(_PART_S)
    )
    done, last_ns = 0, -1
    for part in parts:
        for start in range(0, len(part), _POSES):
            now: Any = slice(start, start + _POSES)
            time_ns = part.time_ns[now]
            later = np.diff(time_ns, prepend=last_ns) > 0
            last_ns = int(time_ns[-1])
            done += len(time_ns)
            if not later.all():
                now = start + np.flatnonzero(later)
            if later.any():
                yield Block(*(getattr(part, name)[now] for name in Block._fields))
            if progress is not None:
                progress(min(done, total), total)
    if not done:
        raise _nothing_there()


def first_s(source: Source) -> float:
    """Time of the first pose, seconds.

    Raises:
        InputError: There are no poses.
    """
    if not isinstance(source, Recording):
        return source.start_s
    if not len(source):
        raise _nothing_there()
    return float(source.time_s[0])


def last_shape(source: Source) -> tuple[Floats, Floats]:
    """Betas ``(2, 10)`` and rest keypoints ``(2, 21, 3)`` at the end, NaN of a hand never seen."""
    if not isinstance(source, Recording):
        source = source.read(source.end_s - 1e-3)
    return source.betas, source.rest_joints_m


def whole(source: Source, progress: Progress | None = None) -> Recording:
    """All poses at once, none at the time of another.

    Raises:
        InputError: There are no poses.
    """
    if isinstance(source, Recording) and (np.diff(source.time_ns) > 0).all() and len(source):
        return source
    kept = [name for name in Block._fields if name not in ("time_s", "confidence")]
    arrays: dict[str, Any] = {}
    count = 0
    for block in blocks(source, progress):
        end = count + len(block.time_ns)
        for name in kept:
            part = getattr(block, name)
            array = arrays.get(name)
            if array is None:  # as long as the index says, within reason: it may be damaged
                array = np.empty((min(len(source), _EXPECTED), *part.shape[1:]), part.dtype)
            if end > len(array):
                array = np.concatenate([array[:count], np.empty_like(array), part])
            array[count:end] = part
            arrays[name] = array
        count = end
    betas, rest = last_shape(source)
    arrays = {name: array[:count] for name, array in arrays.items()}
    return made_of(source.metadata, betas=betas, rest_joints_m=rest, lost=source.lost, **arrays)


def nothing_to_draw() -> InputError:
    """The error of a recording in which no hand can be drawn."""
    return InputError("the recording has no hand at any time, so there is nothing to draw")


def _nothing_there() -> InputError:
    return InputError("the recording has no poses, so there is nothing to export")
