"""Hands of MediaPipe (hand landmarker, Solutions): world landmarks as JSON or CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError, RecordingError
from bridge.protocol.joints import N_KEYPOINTS
from sdk_python.importers._files import FrameArrays, made, number, parsed_frames, read_text, time_of
from sdk_python.importers._mediapipe_csv import read_csv
from sdk_python.recording import Recording

__all__ = ["from_mediapipe"]

Floats = NDArray[np.floating[Any]]

_WHAT = "MediaPipe's hand landmarks"
_WORLD = (
    *("worldLandmarks", "world_landmarks", "hand_world_landmarks", "handWorldLandmarks"),
    *("multiHandWorldLandmarks", "multi_hand_world_landmarks", "world_m", "world"),
)
_SIDES = (
    *("handedness", "handednesses", "multiHandedness", "multi_handedness"),
    *("label", "side", "hand", "categoryName", "category_name", "classification", "displayName"),
)
_IMAGE = ("landmarks", "hand_landmarks", "multi_hand_landmarks", "multiHandLandmarks")
_IMAGE_OFFSET = 0.15  # world landmarks lie around the origin, image landmarks from 0 to 1
_FINGERS = np.array([[k + 1, k + 2, k + 3] for k in (5, 9, 13, 17)])


def from_mediapipe(
    path: str | Path,
    *,
    rate_hz: float | None = None,
    mirrored: bool = False,
    recorded_by: str = "",
) -> Recording:
    """The hands of a file with MediaPipe's world landmarks.

    World landmarks are metres around each hand's own middle, x right and y down in the picture and
    z away from the camera; they are turned to y up and -z forward. **Where hands are is not in
    them**: both lie around the origin. Postures and rotations are right.

    JSON is a list of frames (or an object with one as ``frames``, ``results`` or ``data``, or one
    frame to a line). A frame is what MediaPipe returns, in Python's or JavaScript's spelling:
    ``{"timestamp_ms", "worldLandmarks": [[{x, y, z} * 21], ...], "handedness": [...]}``, or
    ``{"time_s", "hands": [{"handedness": "Left", "world_landmarks": [[x, y, z] * 21]}]}``.

    CSV has a header and a row to a hand: a time, a ``handedness`` and 63 columns (``x0, y0, z0``,
    ``world_x_0``, ``wrist_x``, ``thumb_cmc_x``, ...), with both hands in a row where columns begin
    with ``left_`` and ``right_``; or a row to a landmark: a time, ``handedness``, ``landmark``,
    ``x``, ``y``, ``z``. A time without a unit is taken for what gives 1 to 10,000 frames a second.

    MediaPipe's words for the hands depend on its version and on whether pictures were mirrored, so
    which hand is the left one is found from the landmarks: fingers bend towards the palm.

    Args:
        path: The file.
        rate_hz: Frames a second, for a file whose frames have no time.
        mirrored: Pictures were mirrored, as a selfie camera shows them, before MediaPipe saw them.
        recorded_by: Who played.

    Raises:
        InputError: A rate that is not above 0.
        RecordingError: The file is missing, empty, too large, or holds no world landmarks.
    """
    if rate_hz is not None and not 0 < rate_hz <= 10_000:
        raise InputError(f"rate_hz must be above 0, not {rate_hz}")
    text = read_text(path, _WHAT)
    found = FrameArrays(path, _WHAT)
    if text.lstrip()[:1] in "[{":
        frames = _json(text, path, rate_hz)
    else:
        frames = read_csv(text, path, rate_hz)
    for time, hands in frames:
        row = found.frame(time)
        for side, joints in hands:
            found.put(row, side, joints)
    time_s, joints_m = found.arrays()
    _check_world(path, joints_m)
    joints_m *= [-1 if mirrored else 1, -1, -1]
    if _swapped(joints_m):
        joints_m = joints_m[:, ::-1]
    return made(path, time_s, joints_m, source="mediapipe", recorded_by=recorded_by)


Frame = tuple[tuple[float, float | None], list[tuple[int, Floats]]]


def _json(text: str, path: str | Path, rate_hz: float | None) -> Iterator[Frame]:
    for k, frame in enumerate(parsed_frames(text, path, _WHAT)):
        if isinstance(frame, list):
            frame = {"hands": frame}
        if not isinstance(frame, dict):
            raise RecordingError(f"{path}, frame {k + 1}, is no object, so it is not {_WHAT}")
        time = time_of(frame) if rate_hz is None else (k / rate_hz, 1.0)
        if time is None:
            raise RecordingError(f"{path}, frame {k + 1}, has no time: give rate_hz")
        for name in ("result", "results"):
            if isinstance(frame.get(name), dict):
                frame = {**frame, **frame[name]}
        yield time, list(_hands(frame, path))


def _hands(frame: Mapping[str, Any], path: str | Path) -> Iterator[tuple[int, Floats]]:
    """Side, as the file names it, and landmarks of a frame's hands."""
    hands = frame.get("hands")
    if isinstance(hands, list):
        pairs = [
            (_first(hand, _SIDES), _first(hand, (*_WORLD, *_IMAGE)))
            for hand in hands
            if isinstance(hand, dict)
        ]
    else:
        world, sides = _first(frame, _WORLD), _first(frame, _SIDES)
        if _first(frame, _IMAGE) and not any(name in frame for name in _WORLD):
            raise RecordingError(
                f"{path} has landmarks of the picture only: export the world landmarks, in metres"
            )
        if not isinstance(world, list) or not isinstance(sides, list):
            return
        pairs = list(zip(sides, world, strict=False))
    for word, landmarks in pairs:
        side, joints = _side(word), _landmarks(landmarks)
        if side is not None and joints is not None:
            yield side, joints


def _first(row: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((row[name] for name in names if row.get(name)), None)


def _side(word: Any, depth: int = 4) -> int | None:
    """The hand that a label names, however deep MediaPipe wraps it."""
    if isinstance(word, str):
        return {"left": 0, "right": 1}.get(word.strip().lower())
    if depth and isinstance(word, list) and word:
        return _side(word[0], depth - 1)
    if depth and isinstance(word, dict):
        return _side(_first(word, _SIDES), depth - 1)
    return None


def _landmarks(found: Any) -> Floats | None:
    """``(21, 3)`` landmarks; None if these are none."""
    if isinstance(found, dict):
        found = found.get("landmark", found.get("landmarks"))
    if not isinstance(found, list):
        return None
    if len(found) == N_KEYPOINTS * 3:
        return np.array([number(value) for value in found]).reshape(N_KEYPOINTS, 3)
    if len(found) != N_KEYPOINTS:
        return None
    rows = []
    for point in found:
        if isinstance(point, dict):
            point = [point.get(axis) for axis in "xyz"]
        if not isinstance(point, list) or len(point) < 3:
            return None
        rows.append([number(value) for value in point[:3]])
    return np.array(rows)


def _check_world(path: str | Path, joints: Floats) -> None:
    whole = joints[np.isfinite(joints).all((2, 3))]
    if len(whole) and np.median(np.abs(whole.mean(axis=1))) > _IMAGE_OFFSET:
        raise RecordingError(
            f"{path} has landmarks of the picture, from 0 to 1 or pixels: export the world "
            "landmarks, in metres"
        )


def _swapped(joints: Floats) -> bool:
    """Whether what is called left bends as a right hand does, over the whole recording.

    Of a right hand, the vector from the wrist to the middle knuckle, crossed with that from the
    little to the index knuckle, comes out of the back of the hand; fingers bend away from it.
    """
    joints = np.clip(joints, -1e3, 1e3)  # numbers of a damaged file would overflow
    back = np.cross(joints[..., 9, :] - joints[..., 0, :], joints[..., 5, :] - joints[..., 17, :])
    bent = (joints[..., _FINGERS, :] - joints[..., _FINGERS[:, :1] - 1, :]).sum((-2, -3))
    votes = np.nansum(np.sign((back * bent).sum(-1)), axis=0)
    # Right hands vote -1: all is well where the left ones outvote the right ones.
    return bool(votes[0] - votes[1] < 0)
