"""A recording as arrays over time."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import ProtocolError, RecordingError
from bridge.protocol.codec import decode
from bridge.protocol.joints import N_BETAS, N_KEYPOINTS
from bridge.protocol.kinematics import keypoints_from_pose
from bridge.protocol.packets import ShapePacket
from bridge.protocol.pose_arrays import PoseArrays, decode_poses
from bridge.protocol.recording import RecordingMetadata

if TYPE_CHECKING:
    from sdk_python._mcap import Contents

__all__ = ["Recording"]

_log = logging.getLogger(__name__)

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Both hands over time. Arrays are read-only; hands are left 0, right 1, as on the person.

    A hand that is absent is NaN in every array over time. T poses are in the order of time.

    Attributes:
        metadata: Room, views, time zero, and what wrote it when.
        time_s: ``(T,)`` seconds since the first frame of the first named view; may begin below 0.
        time_ns: ``(T,)`` the same instants on the bridge's clock, int64 nanoseconds.
        joints_m: ``(T, 2, 21, 3)`` keypoints in the stage, metres.
        wrist_m: ``(T, 2, 3)`` wrist positions in the stage, metres.
        pose_quat: ``(T, 2, 16, 4)`` xyzw, w >= 0, MANO joint order: 0 turns the hand's rest frame
            into the stage, 1 to 15 are local joint rotations.
        finger_confidence: ``(T, 2, 5)`` thumb to little, 0 to 1.
        confidence: ``(T, 2)`` the mean over the fingers.
        betas: ``(2, 10)`` shape of each hand at the end of the recording; NaN for one never seen.
        rest_joints_m: ``(2, 21, 3)`` rest keypoints of that shape, metres.
        recovered: The file was cut off or damaged, and this is what could be read of it.
    """

    metadata: RecordingMetadata
    time_s: NDArray[np.float64]
    time_ns: NDArray[np.int64]
    joints_m: Floats
    wrist_m: Floats
    pose_quat: Floats
    finger_confidence: Floats
    confidence: Floats
    betas: Floats
    rest_joints_m: Floats
    recovered: bool

    @classmethod
    def open(cls, path: str | Path) -> Recording:
        """Reads a recording file.

        A file whose writer was killed is read up to where it is cut off; ``recovered`` is then
        True and a warning is logged.

        Raises:
            RecordingError: It is missing, empty, not MCAP, no recording of hands, or holds
                messages that no bridge writes.
        """
        from sdk_python._mcap import read_contents  # 40 ms of import that only files need

        path = Path(path)
        contents = read_contents(path)
        if not contents.complete:
            _log.warning(
                "%s was cut off or damaged: %d poses recovered, %d damaged chunks skipped, "
                "%d bytes at the end not readable",
                path,
                len(contents.poses),
                contents.damaged_chunks,
                contents.unread_bytes,
            )
        try:
            return _recording(contents)
        except ProtocolError as error:
            raise RecordingError(f"{path} holds a damaged message: {error}") from None

    def __len__(self) -> int:
        return len(self.time_s)

    @property
    def duration_s(self) -> float:
        """From the first pose to the last, seconds; 0 with fewer than two."""
        return float(self.time_s[-1] - self.time_s[0]) if len(self) else 0.0

    def __repr__(self) -> str:
        return (
            f"<Recording of {self.metadata.room!r}: {len(self)} poses in {self.duration_s:.2f} s"
            f"{', recovered' if self.recovered else ''}>"
        )


def _recording(contents: Contents) -> Recording:
    poses = decode_poses(contents.poses)
    shapes = _shapes_by_side(contents.shapes)
    order = np.argsort(poses.time_ns, kind="stable")
    time_ns = poses.time_ns[order]
    betas = np.full((2, N_BETAS), np.nan, np.float32)
    rest = np.full((2, N_KEYPOINTS, 3), np.nan, np.float32)
    for side, held in enumerate(shapes):
        if held:
            betas[side], rest[side] = held[-1][1].betas, held[-1][1].rest_joints_m
    arrays = {
        "time_ns": time_ns,
        "time_s": (time_ns - contents.metadata.origin_ns) * 1e-9,
        "joints_m": _joints(shapes, poses)[order],
        "wrist_m": poses.wrist_m[order],
        "pose_quat": poses.pose_quat[order],
        "finger_confidence": poses.finger_confidence[order],
        "confidence": poses.finger_confidence[order].mean(axis=-1),
        "betas": betas,
        "rest_joints_m": rest,
    }
    for array in arrays.values():
        array.flags.writeable = False
    return Recording(metadata=contents.metadata, recovered=not contents.complete, **arrays)


_Held = list[tuple[int, ShapePacket]]


def _shapes_by_side(shapes: list[tuple[int, bytes]]) -> tuple[_Held, _Held]:
    """Each hand's shapes, with the index of the first pose that has it."""
    held: tuple[_Held, _Held] = ([], [])
    for index, data in shapes:
        message = decode(data)
        if not isinstance(message, ShapePacket):
            raise ProtocolError(f"expected a shape, not {message.TYPE}", code="unexpected")
        held[message.side].append((index, message))
    return held


def _joints(shapes: tuple[_Held, _Held], poses: PoseArrays) -> Floats:
    """``(T, 2, 21, 3)`` keypoints, each with the shape that held at its time.

    The first shape also serves poses before it: its chunk came before them and is damaged.
    """
    count = len(poses.time_ns)
    joints = np.full((count, 2, N_KEYPOINTS, 3), np.nan, np.float32)
    for side, held in enumerate(shapes):
        starts = [0, *(index for index, _ in held[1:]), count]
        for (_, shape), start, end in zip(held, starts, starts[1:], strict=False):
            now = slice(start, end), side
            joints[now] = keypoints_from_pose(
                shape.rest_joints_m, poses.pose_quat[now], poses.wrist_m[now]
            )
    return joints
