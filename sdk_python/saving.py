"""Writes a recording into a file, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bridge.errors import InputError, ProtocolError
from bridge.protocol.joints import Side
from bridge.protocol.keypoints import Keypoints
from bridge.protocol.packets import ShapePacket
from bridge.protocol.pose_arrays import EncodedPose, PoseArrays, encode_poses
from sdk_python._whole_file import whole_path
from sdk_python.editing import keypoints_follow

if TYPE_CHECKING:
    from sdk_python.recording import Recording

__all__ = ["messages_of", "save"]


def save(recording: Recording, path: str | Path, *, overwrite: bool) -> Path:
    """See `Recording.save`."""
    from bridge.recorder import Recorder  # 40 ms of import that only files need

    path = Path(path)
    if not path.parent.is_dir():
        raise InputError(f"cannot write {path}: there is no folder {path.parent}")
    about = {
        field.name: getattr(recording.metadata, field.name) for field in fields(recording.metadata)
    }
    try:
        with whole_path(path, overwrite=overwrite) as draft:
            with Recorder(draft, **about) as recorder:
                for message in messages_of(recording):
                    recorder.write(message, wait=True)
            if recorder.error is not None:
                raise InputError(f"cannot write {path}: {recorder.error}") from recorder.error
    except ProtocolError as error:
        raise InputError(f"{path} is not written: {error}") from error
    _sync_folder(path.parent)
    return path


def messages_of(recording: Recording) -> Iterator[ShapePacket | EncodedPose | Keypoints]:
    """A recording's messages in the order of its file."""
    for side in Side:
        rest = recording.rest_joints_m[side]
        if np.isfinite(rest).all():
            yield ShapePacket(side, recording.betas[side], rest)
    measured = not keypoints_follow(recording)
    arrays = PoseArrays(
        recording.time_ns, recording.wrist_m, recording.pose_quat, recording.finger_confidence
    )
    for pose, joints in zip(encode_poses(arrays), recording.joints_m, strict=True):
        yield pose
        if measured:
            yield Keypoints(pose.time_ns, joints)


def _sync_folder(folder: Path) -> None:
    """Makes a new name survive a loss of power, where the system knows how."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
