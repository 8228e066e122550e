"""Hands of headsets: logs of the 25 joints of WebXR, or the 26 of OpenXR."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.errors import InputError, RecordingError
from bridge.protocol.joints import FINGERS, OPENXR_OF_KEYPOINT, Side
from sdk_python.importers._files import FrameArrays, made, number, parsed_frames, read_text, time_of
from sdk_python.recording import Recording

__all__ = ["from_xr_joints"]

Floats = NDArray[np.floating[Any]]

_WHAT = "a log of WebXR or OpenXR joints"
_BONES = ("metacarpal", "phalanx-proximal", "phalanx-intermediate", "phalanx-distal", "tip")
_NAMES = (
    "wrist",
    *(f"thumb-{bone}" for bone in _BONES if bone != "phalanx-intermediate"),
    *(
        f"{'pinky' if finger == 'little' else finger}-finger-{bone}"
        for finger in FINGERS[1:]
        for bone in _BONES
    ),
)
"""Joints of WebXR Hand Input, section 4.2 ("Skeleton joints"), in its order."""

_WITHOUT_PALM = np.array(OPENXR_OF_KEYPOINT) - 1


def from_xr_joints(
    source: str | Path | ArrayLike,
    time_s: ArrayLike | None = None,
    *,
    recorded_by: str = "",
) -> Recording:
    """Hands that a headset tracked.

    Positions are metres in a frame with y up and -z forward, as both standards have it; it becomes
    the stage. Orientations are not needed: rotations follow from the positions.

    A file has JSON, one frame to a line or a list of them. A frame has a time (``time_s``,
    ``time_ns``, ``timestamp``, ...; without a unit it is taken for what gives 1 to 10,000 frames a
    second) and its hands, as ``{"left": HAND, "right": HAND}`` or
    ``{"hands": [{"handedness": "left", "joints": HAND}, ...]}``. ``HAND`` is a list in the order of
    the standard (25 joints of WebXR Hand Input, or 26 with the palm first as in
    XR_EXT_hand_tracking), or an object by WebXR's names; a joint is ``[x, y, z, ...]``,
    ``{"x", "y", "z"}``, or has those as ``position``.

    Args:
        source: A file, or joints ``(T, 2, 25, 3)`` or ``(T, 2, 26, 3)``, left hand first, NaN where
            absent.
        time_s: ``(T,)`` seconds; with arrays only.
        recorded_by: Who played.

    Raises:
        InputError: Arrays without times, or times with a file.
        RecordingError: The file is missing, empty, too large, or holds no hands in this form.
    """
    if not isinstance(source, (str, Path)):
        if time_s is None:
            raise InputError("joints as an array need time_s")
        array = np.asarray(source)
        if array.ndim != 4 or array.shape[1] != 2 or array.shape[2] not in (25, 26):
            raise InputError(f"joints need shape (T, 2, 25 or 26, 3), not {array.shape}")
        return Recording.from_arrays(
            time_s, _keypoints(array), source="xr", recorded_by=recorded_by
        )
    if time_s is not None:
        raise InputError("a file has its own times: give time_s with arrays only")
    found = FrameArrays(source, _WHAT)
    for k, frame in enumerate(parsed_frames(read_text(source, _WHAT), source, _WHAT), 1):
        time = time_of(frame) if isinstance(frame, dict) else None
        if time is None:
            raise RecordingError(f"{source}, frame {k}, has no time, so it is not {_WHAT}")
        row = found.frame(time)
        for side, joints in _hands(frame):
            hand = _joints(joints)
            if hand is not None:
                found.put(row, side, _keypoints(hand))
    return made(source, *found.arrays(), source="xr", recorded_by=recorded_by)


def _hands(frame: Mapping[str, Any]) -> list[tuple[int, Any]]:
    """Side and joints of a frame's hands."""
    hands = frame.get("hands")
    found: list[tuple[int, Any]] = []
    items: list[tuple[Any, Any]] = []
    if isinstance(hands, list):
        for hand in hands[:2]:
            if isinstance(hand, dict):
                named = (hand.get(name) for name in ("handedness", "hand", "side"))
                items.append((next(filter(None, named), None), hand))
    else:
        items = list((hands if isinstance(hands, dict) else frame).items())
    for word, hand in items:
        side = {"left": Side.LEFT, "right": Side.RIGHT}.get(str(word).lower())
        if side is not None and hand:
            inner = hand.get("joints") if isinstance(hand, dict) else None
            found.append((side, hand if inner is None else inner))
    return found


def _joints(hand: Any) -> Floats | None:
    """``(25 or 26, 3)`` joints; None if this is no hand."""
    if isinstance(hand, dict):
        named = {str(name).replace("_", "-").lower(): joint for name, joint in hand.items()}
        if "wrist" not in named:
            return None
        # OpenXR says little where WebXR says pinky.
        hand = [named.get(name, named.get(name.replace("pinky", "little"))) for name in _NAMES]
    if not isinstance(hand, list):
        return None
    if len(hand) in (75, 78) and not isinstance(hand[0], (list, dict)):
        return np.array([number(value) for value in hand]).reshape(-1, 3)
    if len(hand) not in (25, 26):
        return None
    return np.array([_position(joint) for joint in hand])


def _position(joint: Any) -> list[float]:
    if isinstance(joint, dict):
        joint = joint.get("position", joint)
    if isinstance(joint, dict):
        joint = [joint.get(axis) for axis in "xyz"]
    if not isinstance(joint, list) or len(joint) < 3:
        return [np.nan] * 3
    return [number(value) for value in joint[:3]]


def _keypoints(joints: NDArray[Any]) -> Floats:
    """``(..., 21, 3)`` keypoints of 25 or 26 joints."""
    of_keypoint = _WITHOUT_PALM if joints.shape[-2] == 25 else np.array(OPENXR_OF_KEYPOINT)
    return joints[..., of_keypoint, :]
