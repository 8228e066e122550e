"""The messages of a recording file as the arrays of a recording."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.errors import ProtocolError
from bridge.protocol.codec import decode
from bridge.protocol.joints import N_BETAS, N_KEYPOINTS
from bridge.protocol.keypoints import decode_keypoints
from bridge.protocol.kinematics import keypoints_from_pose
from bridge.protocol.packets import ShapePacket
from bridge.protocol.pose_arrays import PoseArrays, decode_poses
from bridge.protocol.recording import RecordingMetadata
from sdk_python.lost import Lost
from sdk_python.recording import Recording, made_of

__all__ = ["Stored", "assemble", "decode_shapes"]

Floats = NDArray[np.floating[Any]]


class Stored(NamedTuple):
    """What was read of a file.

    Attributes:
        poses: Pose messages, in the order of the file.
        shapes: Shapes, each with the number of poses before it.
        keypoints: Messages with measured keypoints, if there are any.
        holes: Numbers of poses before each damaged chunk.
    """

    poses: Sequence[bytes]
    shapes: Sequence[tuple[int, ShapePacket]]
    keypoints: Sequence[bytes]
    holes: Sequence[int] = ()


def decode_shapes(shapes: Sequence[tuple[int, bytes]]) -> list[tuple[int, ShapePacket]]:
    """Decodes shape messages that stand after a number of poses.

    Raises:
        ProtocolError: One is none.
    """
    decoded = []
    for index, data in shapes:
        message = decode(data)
        if not isinstance(message, ShapePacket):
            raise ProtocolError(f"expected a shape, not {message.TYPE}", code="unexpected")
        decoded.append((index, message))
    return decoded


def assemble(metadata: RecordingMetadata, stored: Stored, lost: Lost | None) -> Recording:
    """A recording of what was read.

    Args:
        metadata: The file's.
        stored: Its messages.
        lost: What could not be read; its ``seconds`` are found here.

    Raises:
        ProtocolError: A message is none that a bridge writes.
    """
    poses = decode_poses(stored.poses)
    if lost is not None and stored.holes:
        lost = Lost(
            lost.damaged_chunks,
            lost.unread_bytes,
            _missing_s(poses.time_ns, stored.holes),
            lost.cut_off,
        )
    shapes = _by_side(stored.shapes)
    betas = np.full((2, N_BETAS), np.nan, np.float32)
    rest = np.full((2, N_KEYPOINTS, 3), np.nan, np.float32)
    for side, held in enumerate(shapes):
        if held:
            betas[side], rest[side] = held[-1][1].betas, held[-1][1].rest_joints_m
    joints = _joints(shapes, poses)
    if stored.keypoints:
        _put_measured(joints, poses.time_ns, stored.keypoints)
    order = np.argsort(poses.time_ns, kind="stable")
    return made_of(
        metadata,
        time_ns=poses.time_ns[order],
        joints_m=joints[order],
        wrist_m=poses.wrist_m[order],
        pose_quat=poses.pose_quat[order],
        finger_confidence=poses.finger_confidence[order],
        betas=betas,
        rest_joints_m=rest,
        lost=lost,
    )


_Held = list[tuple[int, ShapePacket]]


def _by_side(shapes: Sequence[tuple[int, ShapePacket]]) -> tuple[_Held, _Held]:
    """Each hand's shapes, with the index of the first pose that has it."""
    held: tuple[_Held, _Held] = ([], [])
    for index, shape in shapes:
        held[shape.side].append((index, shape))
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


def _put_measured(joints: Floats, time_ns: NDArray[np.int64], messages: Sequence[bytes]) -> None:
    """Puts measured keypoints in place of those that follow from the poses of their times."""
    times, measured = decode_keypoints(messages)
    order = np.argsort(times, kind="stable")
    at = np.minimum(np.searchsorted(times[order], time_ns), len(times) - 1)
    found = measured[order[at]]
    present = np.isfinite(found[..., :1, :1]) & np.isfinite(joints[..., :1, :1])
    same = (times[order[at]] == time_ns)[:, None, None, None]
    np.copyto(joints, found, where=same & present)


def _missing_s(time_ns: NDArray[np.int64], holes: Sequence[int]) -> float:
    """Seconds without poses at damaged chunks, less the usual time between two poses."""
    if len(time_ns) < 2:
        return 0.0
    steps = np.diff(time_ns)
    usual = int(np.median(steps))
    inside = {hole - 1 for hole in holes if 0 < hole < len(time_ns)}
    return sum(max(0, int(steps[k]) - usual) for k in inside) * 1e-9
