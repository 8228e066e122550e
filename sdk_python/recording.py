"""A recording as arrays over time."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import ProtocolError, RecordingError
from bridge.protocol.codec import decode
from bridge.protocol.joints import FINGERS, N_BETAS, N_JOINTS, N_KEYPOINTS
from bridge.protocol.kinematics import keypoints_from_pose
from bridge.protocol.packets import PosePacket, ShapePacket
from bridge.protocol.recording import RecordingMetadata
from sdk_python._mcap import read_contents

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
        path = Path(path)
        contents = read_contents(path)
        if not contents.complete:
            _log.warning(
                "%s was cut off or damaged: %d messages recovered, %d damaged chunks skipped, "
                "%d bytes at the end not readable",
                path,
                len(contents.messages),
                contents.damaged_chunks,
                contents.unread_bytes,
            )
        frames = _Frames()
        for data in contents.messages:
            try:
                frames.add(data)
            except ProtocolError as error:
                raise RecordingError(f"{path} holds a damaged message: {error}") from None
        return frames.recording(contents.metadata, recovered=not contents.complete)

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


class _Frames:
    """Collects messages in the order of the file."""

    def __init__(self) -> None:
        self._poses: list[PosePacket] = []
        self._shapes: list[list[tuple[int, ShapePacket]]] = [[], []]

    def add(self, data: bytes) -> None:
        message = decode(data)
        if isinstance(message, PosePacket):
            self._poses.append(message)
        elif isinstance(message, ShapePacket):
            self._shapes[message.side].append((len(self._poses), message))
        else:
            raise ProtocolError(f"{message.TYPE} has no place in a recording", code="unexpected")

    def recording(self, metadata: RecordingMetadata, *, recovered: bool) -> Recording:
        count = len(self._poses)
        wrist = np.full((count, 2, 3), np.nan, np.float32)
        pose = np.full((count, 2, N_JOINTS, 4), np.nan, np.float32)
        fingers = np.full((count, 2, len(FINGERS)), np.nan, np.float32)
        for t, packet in enumerate(self._poses):
            for hand in packet.hands:
                wrist[t, hand.side] = hand.wrist_m
                pose[t, hand.side] = hand.pose_quat
                fingers[t, hand.side] = hand.finger_confidence
        time_ns = np.array([packet.time_ns for packet in self._poses], np.int64)
        joints = self._joints(pose, wrist)
        order = np.argsort(time_ns, kind="stable")
        fingers = fingers[order]
        betas, rest = self._last_shapes()
        arrays = {
            "time_ns": time_ns[order],
            "time_s": (time_ns[order] - metadata.origin_ns) * 1e-9,
            "joints_m": joints[order],
            "wrist_m": wrist[order],
            "pose_quat": pose[order],
            "finger_confidence": fingers,
            "confidence": fingers.mean(axis=-1),
            "betas": betas,
            "rest_joints_m": rest,
        }
        for array in arrays.values():
            array.flags.writeable = False
        return Recording(metadata=metadata, recovered=recovered, **arrays)

    def _joints(self, pose: Floats, wrist: Floats) -> Floats:
        """``(T, 2, 21, 3)`` keypoints, each with the shape that held at its time.

        The first shape also serves poses before it: its chunk came before them and is damaged.
        """
        joints = np.full((*wrist.shape[:2], N_KEYPOINTS, 3), np.nan, np.float32)
        for side, shapes in enumerate(self._shapes):
            starts = [0, *(start for start, _ in shapes[1:]), len(wrist)]
            for (_, shape), start, end in zip(shapes, starts, starts[1:], strict=False):
                joints[start:end, side] = keypoints_from_pose(
                    shape.rest_joints_m, pose[start:end, side], wrist[start:end, side]
                )
        return joints

    def _last_shapes(self) -> tuple[Floats, Floats]:
        betas = np.full((2, N_BETAS), np.nan, np.float32)
        rest = np.full((2, N_KEYPOINTS, 3), np.nan, np.float32)
        for side, shapes in enumerate(self._shapes):
            if shapes:
                betas[side] = shapes[-1][1].betas
                rest[side] = shapes[-1][1].rest_joints_m
        return betas, rest
