"""Hands of BVH files: motion capture, gloves, animation programs.

Format: M. Meredith and S. Maddock, "Motion Capture File Formats Explained", 2001, section 3.
"""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError, RecordingError
from bridge.protocol.joints import N_KEYPOINTS
from sdk_python.importers._bvh_names import keypoints_of
from sdk_python.importers._files import MAX_FRAMES, made, read_text
from sdk_python.recording import Recording

__all__ = ["from_bvh"]

Floats = NDArray[np.floating[Any]]

_WHAT = "a BVH file"
_MAX_JOINTS = 2048
_MAX_DEPTH = 256
_UNITS_M = (1.0, 0.01, 0.001, 0.0254, 0.1)
_PALM_M = 0.095  # wrist to middle knuckle of an adult
_BLOCK = 4096
_AXES = "XYZ"


@dataclass(slots=True)
class Joint:
    """A joint of the skeleton.

    Attributes:
        name: As in the file; end sites have none.
        parent: Its parent's index, -1 for a root.
        offset: ``(3,)`` from its parent, in units of the file.
        channels: Names of its channels, in the order of the file.
        first: Its first channel among all.
    """

    name: str
    parent: int
    offset: Floats = field(default_factory=lambda: np.zeros(3))
    channels: list[str] = field(default_factory=list)
    first: int = 0


def from_bvh(path: str | Path, *, unit_m: float | None = None, recorded_by: str = "") -> Recording:
    """The hands of a BVH skeleton.

    Joints are found by their names: a side (``Left``, ``l_``, ``.R``, ...), a finger (thumb, index,
    middle, ring, pinky or little), and the order along the finger; metacarpals are passed over. A
    fingertip is the joint after the last phalanx, or its end site. The wrist is the joint from
    which the fingers come. Y is up, as in the stage; positions stay as the file has them.

    Args:
        path: The file.
        unit_m: Metres of one unit; None: metres, decimetres, centimetres, millimetres or inches,
            whichever makes the hand nearest to an adult's.
        recorded_by: Who played.

    Raises:
        InputError: A unit that is not above 0.
        RecordingError: The file is missing, empty, too large, no BVH, or has no hand in it.
    """
    if unit_m is not None and not 0 < unit_m < 1e3:
        raise InputError(f"unit_m must be above 0, not {unit_m}")
    text = read_text(path, _WHAT)
    head, found, motion = text.partition("MOTION")
    if not head.lstrip().startswith("HIERARCHY") or not found:
        raise RecordingError(f"{path} has no HIERARCHY and MOTION, so it is not {_WHAT}")
    joints = _hierarchy(head, path)
    hands = keypoints_of([(joint.name, joint.parent) for joint in joints])
    if not hands:
        names = ", ".join(joint.name for joint in joints if joint.name)[:200]
        raise RecordingError(f"{path} has no joints with names of fingers, only {names}")
    interval_s, values = _motion(motion, sum(len(joint.channels) for joint in joints), path)
    keypoints = np.full((len(values), 2, N_KEYPOINTS, 3), np.nan)
    for start in range(0, len(values), _BLOCK):
        with np.errstate(over="ignore", invalid="ignore"):  # numbers of a damaged file
            positions = _positions(joints, values[start : start + _BLOCK])
        for side, indices in hands.items():
            keypoints[start : start + _BLOCK, side] = positions[:, indices]
    if unit_m is None:
        unit_m = _unit(keypoints)
    times = np.arange(len(values)) * interval_s
    return made(path, times, keypoints * unit_m, source="bvh", recorded_by=recorded_by)


def _hierarchy(text: str, path: str | Path) -> list[Joint]:
    words = iter(text.replace("{", " { ").replace("}", " } ").split()[1:])
    joints: list[Joint] = []
    open_joints: list[int] = []
    channels = 0
    waiting = False  # a joint has its name, and its brace is to come
    try:
        for word in words:
            if word in ("ROOT", "JOINT", "End"):
                if waiting or (word == "ROOT") != (not open_joints):
                    raise ValueError(f"{word} in a place where there is none")
                parent = open_joints[-1] if open_joints else -1
                name = next(words)
                joints.append(Joint("" if word == "End" else name, parent))
                waiting = True
                if len(joints) > _MAX_JOINTS or len(open_joints) > _MAX_DEPTH:
                    raise ValueError("too many joints")
            elif word == "{":
                if not waiting:
                    raise ValueError("{ without a joint")
                open_joints.append(len(joints) - 1)
                waiting = False
            elif word == "}":
                open_joints.pop()
            elif word == "OFFSET":
                joints[open_joints[-1]].offset = np.array([float(next(words)) for _ in "xyz"])
            elif word == "CHANNELS":
                joint = joints[open_joints[-1]]
                count = int(next(words))
                if joint.channels or not 0 <= count <= 6:
                    raise ValueError(f"{count} channels of one joint")
                joint.channels = [next(words) for _ in range(count)]
                joint.first, channels = channels, channels + count
                if not all(re.fullmatch("[XYZ](position|rotation)", c) for c in joint.channels):
                    raise ValueError(f"channels {' '.join(joint.channels)[:100]}")
            else:
                raise ValueError(f"{word[:40]!r}")
    except (ValueError, StopIteration, IndexError) as error:
        raise RecordingError(f"{path} has a damaged HIERARCHY: {error or 'cut off'}") from None
    if open_joints or waiting or not joints:
        raise RecordingError(f"{path} has a damaged HIERARCHY: cut off")
    return joints


def _motion(text: str, channels: int, path: str | Path) -> tuple[float, Floats]:
    """Seconds between frames, and ``(T, channels)`` values."""
    found = re.match(r"\s*Frames:\s*(\d{1,12})\s+Frame Time:\s*(\S{1,40})", text)
    if found is None:
        raise RecordingError(f"{path} does not say its Frames and Frame Time")
    try:
        count, interval_s = int(found[1]), float(found[2])
    except ValueError:
        count, interval_s = 0, math.nan
    if not 0 < count <= MAX_FRAMES or not 1e-5 < interval_s < 1e4:
        raise RecordingError(f"{path} has {found[1]} frames of {found[2]} s: not to be used")
    rest = text[found.end() :]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)  # NumPy before 2.3 only warns
            values = np.fromstring(rest, np.float64, sep=" ") if rest.strip() else np.empty(0)
    except (ValueError, DeprecationWarning):
        raise RecordingError(f"{path} has a MOTION that is no numbers: it is damaged") from None
    if len(values) != count * channels or not np.isfinite(values).all():
        raise RecordingError(
            f"{path} must have {count} frames of {channels} finite numbers, not {len(values)} "
            "numbers: it is cut off or damaged"
        )
    return interval_s, values.reshape(count, channels)


def _positions(joints: list[Joint], values: Floats) -> Floats:
    """``(T, J, 3)`` where the joints are, in units of the file."""
    places = np.zeros((len(values), len(joints), 3))
    frames = np.empty((len(joints), len(values), 3, 3))
    for k, joint in enumerate(joints):
        local = np.broadcast_to(joint.offset, (len(values), 3)).copy()
        turned = np.broadcast_to(np.eye(3), (len(values), 3, 3))
        moved = False
        for n, channel in enumerate(joint.channels, joint.first):
            axis = _AXES.index(channel[0])
            if channel.endswith("position"):
                if not moved:  # positions stand in place of the offset
                    local, moved = np.zeros_like(local), True
                local[:, axis] = values[:, n]
            else:
                turned = turned @ _about(axis, np.radians(values[:, n]))
        if joint.parent < 0:
            places[:, k], frames[k] = local, turned
        else:
            before = frames[joint.parent]
            places[:, k] = places[:, joint.parent] + (before @ local[..., None])[..., 0]
            frames[k] = before @ turned
    return places


def _about(axis: int, angle_rad: Floats) -> Floats:
    i, j = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.zeros((len(angle_rad), 3, 3))
    matrix[:, axis, axis] = 1
    matrix[:, i, i] = matrix[:, j, j] = np.cos(angle_rad)
    matrix[:, j, i] = np.sin(angle_rad)
    matrix[:, i, j] = -matrix[:, j, i]
    return matrix


def _unit(keypoints: Floats) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        palms = np.linalg.norm(keypoints[:, :, 9] - keypoints[:, :, 0], axis=-1)
    palms = palms[np.isfinite(palms) & (palms > 0)]
    if not len(palms):
        return 1.0
    palm = float(np.median(palms))
    return min(_UNITS_M, key=lambda unit: abs(math.log(palm * unit / _PALM_M)))
