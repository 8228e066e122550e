"""What a comparison reads of a recording."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError
from bridge.protocol.joints import Side
from sdk_python.features.angles import ANGLE_FINGERS, joint_angles
from sdk_python.features.tips import fingertips

if TYPE_CHECKING:
    from sdk_python.recording import Recording

__all__ = ["Take", "check_comparable", "digest", "take_of"]

Floats = NDArray[np.floating[Any]]

_BLOCK = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """One recording's angles. Missing or doubtful ones are NaN.

    Attributes:
        time_s: ``(T,)`` strictly rising.
        angles: ``(T, 2, 21)`` radians.
        tips_m: ``(T, 2, 5, 3)`` fingertips on the average hand.
        seen: Share of the frames in which each hand is there, ``(2,)``.
        doubted: Share of what is there that was left out for low confidence, ``(2,)``.
    """

    time_s: Floats
    angles: Floats
    tips_m: Floats
    seen: Floats
    doubted: Floats

    @property
    def features(self) -> Floats:
        """``(T, 42)`` what takes are aligned by."""
        return self.angles.reshape(len(self.angles), -1)

    @property
    def sides(self) -> tuple[Side, ...]:
        """The hands that are there at all."""
        return tuple(side for side in Side if np.isfinite(self.angles[:, side]).any())


def take_of(recording: Recording, name: str, *, min_confidence: float) -> Take:
    """Reads a recording.

    Args:
        recording: What to read.
        name: What errors call it.
        min_confidence: A finger that is trusted less is left out.

    Raises:
        InputError: It has no hands, or its clock does not run forwards.
    """
    if len(recording) < 2:
        raise InputError(f"{name} has {len(recording)} poses: nothing to compare")
    time_s = np.asarray(recording.time_s, dtype=float)
    if not (np.diff(time_s) > 0).all():
        at = int(np.argmin(np.diff(time_s)))
        raise InputError(
            f"{name} has a clock that does not run forwards: after {time_s[at]:.3f} s comes "
            f"{time_s[at + 1]:.3f} s; repair its times, or cut the recording there"
        )
    count = len(time_s)
    angles, tips = np.empty((count, 2, 21), np.float32), np.empty((count, 2, 5, 3), np.float32)
    for start in range(0, count, _BLOCK):
        part = slice(start, start + _BLOCK)
        quat = np.asarray(recording.pose_quat[part], np.float32)
        angles[part], tips[part] = joint_angles(quat), fingertips(quat)
    there: NDArray[np.bool_] = np.isfinite(angles[..., 0])
    if not there.any():
        raise InputError(f"{name} shows no hand")
    doubtful = np.asarray(recording.finger_confidence) < min_confidence
    angles[doubtful[..., list(ANGLE_FINGERS)]] = np.nan
    tips[doubtful] = np.nan
    doubted = (doubtful & there[..., None]).sum((0, 2)) / np.maximum(5 * there.sum(0), 1)
    if not np.isfinite(angles).any():
        raise InputError(
            f"all fingers of {name} have a confidence below {min_confidence}: nothing to compare"
        )
    return Take(time_s, angles, tips, there.mean(0), doubted)


def digest(recording: Recording) -> str:
    """What tells one recording from another: SHA-256 of its times and poses, 16 digits."""
    found = hashlib.sha256()
    for array in (recording.time_ns, recording.pose_quat, recording.wrist_m):
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()[:16]


def check_comparable(
    recordings: Sequence[Recording], takes: Sequence[Take], student: Recording, played: Take
) -> None:
    """Refuses what has nothing in common.

    Raises:
        InputError: No hand is in both, or they are of different instruments.
    """
    lesson = takes[0]
    if not set(lesson.sides) & set(played.sides):
        (one, *_), (other, *_) = lesson.sides, played.sides
        raise InputError(
            f"the lesson has only a {one.name.lower()} hand and the student only a "
            f"{other.name.lower()} one; to compare them anyway, mirror() one of them"
        )
    instruments = {
        anchor.instrument
        for recording in (*recordings, student)
        if (anchor := getattr(recording.metadata, "anchor", None)) is not None
    }
    if len(instruments) > 1:
        raise InputError(
            f"the recordings are of different instruments: {' and '.join(sorted(instruments))}"
        )
