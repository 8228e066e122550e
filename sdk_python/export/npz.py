"""NumPy's own format: the arrays of a recording under their names."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from bridge.protocol.joints import JOINT_NAMES, KEYPOINT_NAMES
from sdk_python._whole_file import whole_file
from sdk_python.export._blocks import Block, Progress, Source, whole

__all__ = ["to_npz"]

_ARRAYS = (*Block._fields, "betas", "rest_joints_m")


def to_npz(
    recording: Source,
    path: str | Path,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> None:
    """Writes the arrays of `Recording` under their names, for ``np.load`` without pickle.

    Beside ``time_s``, ``time_ns``, ``joints_m``, ``wrist_m``, ``pose_quat``,
    ``finger_confidence``, ``confidence``, ``betas`` and ``rest_joints_m``: ``joint_names``
    ``(16,)``, ``keypoint_names`` ``(21,)``, and ``metadata``, the text of a JSON object of
    texts, as in a recording file. Not
    compressed: measured poses hardly shrink.

    Args:
        recording: What to write; a `RecordingFile` is read part by part.
        path: The file to make.
        overwrite: Replace one that exists.
        progress: Called with the poses done and their number.

    Raises:
        InputError: The recording has no poses, or the file exists or cannot be written.
    """
    with whole_file(path, overwrite=overwrite) as file:
        found = whole(recording, progress)
        np.savez(
            file,
            allow_pickle=False,
            joint_names=np.array(JOINT_NAMES),
            keypoint_names=np.array(KEYPOINT_NAMES),
            metadata=np.array(json.dumps(found.metadata.to_record())),
            **{name: getattr(found, name) for name in _ARRAYS},
        )
    if progress is not None:
        progress(len(found), len(found))
