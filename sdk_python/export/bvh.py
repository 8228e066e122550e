"""Biovision hierarchy: skeletons for Blender, MotionBuilder, Maya and most tools of animation.

Format: M. Meredith and S. Maddock, "Motion Capture File Formats Explained", 2001, section 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError
from bridge.protocol.joints import N_JOINTS
from bridge.protocol.kinematics import matrix_from_quat
from sdk_python._whole_file import whole_file
from sdk_python.export._blocks import Floats, Progress, Source, blocks, nothing_to_draw, whole
from sdk_python.export._skeleton import CHILDREN, JOINT_OF_KEYPOINT, node_name
from sdk_python.export._steady import SteadyHand
from sdk_python.recording import Recording

__all__ = ["to_bvh"]

_FRAMES = 4096
_MAX_RATE_HZ = 1000.0
_MAX_FRAMES = 5_000_000  # a day at 60 a second; a pause of weeks would be frames too
_DEFAULT_RATE_HZ = 60.0  # of a single pose, which has none
_ROTATION = "Zrotation Xrotation Yrotation"
_POSITION = "Xposition Yposition Zposition"


def to_bvh(
    recording: Source,
    path: str | Path,
    *,
    rate_hz: float | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> None:
    """Writes one skeleton with both hands.

    Metres, degrees, y up, as in the stage (Blender: import with scale 1 and "Y up"). The root
    ``hands`` stands still at the stage's origin; its children ``left_wrist`` and ``right_wrist``
    move, and in them 15 joints each, named ``left_thumb1`` to ``left_little3``, turn in the order
    Z, X, Y. Fingertips are end sites. Where the recording's bones change their length, all joints
    have positions too, and fingertips are joints.

    The format has one pace: poses are taken at steady times, in between two poses interpolated.
    It has no way to hide anything: a hand that is absent keeps its last pose, at the beginning its
    first; one that is never there is left out.

    Args:
        recording: What to write; a `RecordingFile` is read part by part.
        path: The file to make.
        rate_hz: Frames a second; None: the recording's own, by the median of its intervals.
        overwrite: Replace one that exists.
        progress: Called with the frames done and their number.

    Raises:
        InputError: The recording has no hand at any time, or the file exists or cannot be written,
            the rate is none, or it would be more than five million frames.
    """
    if rate_hz is not None and not 0 < rate_hz <= _MAX_RATE_HZ:
        raise InputError(f"rate_hz must be above 0 and at most {_MAX_RATE_HZ:g}, not {rate_hz}")
    recording = whole(recording)
    present = np.concatenate([block.present for block in blocks(recording)])
    present &= np.isfinite(recording.rest_joints_m).all(axis=(-1, -2))
    if not present.any():
        raise nothing_to_draw()
    rate_hz = rate_hz or _own_rate(recording)
    count = int(recording.duration_s * rate_hz + 1e-3) + 1
    if count > _MAX_FRAMES:
        raise InputError(
            f"{recording.duration_s:.0f} s at {rate_hz:g} frames a second are more than "
            f"{_MAX_FRAMES} frames: export a part, or give a lower rate"
        )
    hands = [
        SteadyHand(recording, side, present[:, side]) for side in range(2) if present[:, side].any()
    ]
    with whole_file(path, overwrite=overwrite) as file:
        file.write(_hierarchy(hands).encode())
        file.write(f"MOTION\nFrames: {count}\nFrame Time: {1 / rate_hz:.9f}\n".encode())
        writers = [_HandFrames(hand) for hand in hands]
        for start in range(0, count, _FRAMES):
            at_s = recording.time_s[0] + np.arange(start, min(start + _FRAMES, count)) / rate_hz
            columns = np.concatenate([writer.columns(at_s) for writer in writers], axis=1)
            row = "0 0 0 0 0 0 " + " ".join(spec for writer in writers for spec in writer.formats)
            lines = [row % tuple(values) for values in columns.tolist()]
            file.write(("\n".join(lines) + "\n").encode())
            if progress is not None:
                progress(min(start + _FRAMES, count), count)


def _own_rate(recording: Recording) -> float:
    steps = np.diff(recording.time_s)
    steps = steps[steps > 0]
    if not len(steps):
        return _DEFAULT_RATE_HZ
    return float(min(1 / np.median(steps), _MAX_RATE_HZ))


def _hierarchy(hands: list[SteadyHand]) -> str:
    lines = [
        "HIERARCHY",
        "ROOT hands",
        "{",
        "  OFFSET 0 0 0",
        f"  CHANNELS 6 {_POSITION} {_ROTATION}",
    ]
    for hand in hands:
        lines += [f"  {line}" for line in _node(hand, 0)]
    return "\n".join([*lines, "}", ""])


def _node(hand: SteadyHand, keypoint: int) -> Iterator[str]:
    """The lines of a joint and all that hangs on it."""
    is_tip = keypoint not in JOINT_OF_KEYPOINT
    x, y, z = (0.0, 0.0, 0.0) if keypoint == 0 else hand.rest_offsets_m[keypoint - 1]
    offset = f"OFFSET {x:.6f} {y:.6f} {z:.6f}"
    if is_tip and not hand.stretched:
        yield from ("End Site", "{", f"  {offset}", "}")
        return
    yield from (f"JOINT {node_name(hand.side, keypoint)}", "{", f"  {offset}")
    if is_tip:
        yield from (f"  CHANNELS 3 {_POSITION}", "  End Site", "  {", "    OFFSET 0 0 0", "  }")
    elif keypoint == 0 or hand.stretched:
        yield f"  CHANNELS 6 {_POSITION} {_ROTATION}"
    else:
        yield f"  CHANNELS 3 {_ROTATION}"
    for child in CHILDREN[keypoint]:
        for line in _node(hand, child):
            yield f"  {line}"
    yield "}"


class _HandFrames:
    """The numbers of one hand's frames, in the order of its channels."""

    def __init__(self, hand: SteadyHand) -> None:
        self._hand = hand
        self._last_deg: Floats | None = None
        self.formats: list[str] = []
        self._order: list[int] = []
        for keypoint in _depth_first(0):
            joint = JOINT_OF_KEYPOINT.get(keypoint)
            if keypoint == 0 or hand.stretched:
                self._order += [3 * keypoint + axis for axis in range(3)]
                self.formats += ["%.6f"] * 3
            if joint is not None:
                self._order += [63 + 3 * joint + axis for axis in range(3)]
                self.formats += ["%.4f"] * 3

    def columns(self, at_s: NDArray[np.float64]) -> Floats:
        """``(N, C)`` at these times: positions in metres, angles in degrees."""
        wrist, offsets, quat = self._hand.at(at_s)
        degrees = np.degrees(_euler_zxy(matrix_from_quat(quat)))
        if self._last_deg is not None:
            degrees = np.concatenate([self._last_deg, degrees])
        degrees = np.unwrap(degrees, period=360.0, axis=0)[-len(at_s) :]
        self._last_deg = degrees[-1:]
        found = np.concatenate(
            [wrist, offsets.reshape(len(at_s), -1), degrees.reshape(len(at_s), 3 * N_JOINTS)],
            axis=1,
        )
        return found[:, self._order]


def _depth_first(keypoint: int) -> Iterator[int]:
    yield keypoint
    for child in CHILDREN[keypoint]:
        yield from _depth_first(child)


def _euler_zxy(rotation: Floats) -> Floats:
    """Angles ``(..., 3)`` about Z, X, Y with ``R = Rz Rx Ry``, radians, of ``(..., 3, 3)``.

    Z is found first and taken off, so that X and Y fit it also where X is a right angle and many
    Z would do.
    """
    r = rotation
    z = np.arctan2(-r[..., 0, 1], r[..., 1, 1])
    sine, cosine = np.sin(z)[..., None], np.cos(z)[..., None]
    first = cosine * r[..., 0, :] + sine * r[..., 1, :]  # the first row of Rz' R: of Ry
    second = cosine * r[..., 1, :] - sine * r[..., 0, :]
    x = np.arctan2(r[..., 2, 1], second[..., 1])
    y = np.arctan2(first[..., 2], first[..., 0])
    return np.stack([z, x, y], axis=-1)
