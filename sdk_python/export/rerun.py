"""Rerun: a recording over time in its viewer, as a file or in a window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bridge.optional import require
from bridge.protocol.joints import BONES, Side
from sdk_python._whole_file import whole_file
from sdk_python.export._blocks import Progress, Source, blocks, nothing_to_draw

__all__ = ["to_rerun", "view_in_rerun"]

_APPLICATION = "ghosthands"
_TIMELINE = "lesson"
_COLOURS = ((86, 180, 233), (230, 159, 0))  # Okabe and Ito's sky blue and orange
_RADIUS_M = 0.003


def to_rerun(
    recording: Source,
    path: str | Path,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> None:
    """Writes a Rerun file (``.rrd``): ``rerun lesson.rrd`` shows it.

    Entities ``hands/left`` and ``hands/right`` have the bones as line strips, metres, y up, on the
    timeline ``lesson`` in seconds of the recording; an absent hand has no strips, and each its
    ``confidence`` beside them. Rerun reads files of its own version best.

    Args:
        recording: What to write; a `RecordingFile` is read part by part.
        path: The file to make.
        overwrite: Replace one that exists.
        progress: Called with the poses done and their number.

    Raises:
        InputError: The recording has no hand at any time, or the file exists or cannot be written.
        MissingDependencyError: rerun-sdk is not installed.
    """
    rr = require("rerun", extra="viewer")
    with whole_file(path, overwrite=overwrite) as file:
        stream = rr.RecordingStream(_APPLICATION)
        stream.save(file.name)
        try:
            _send(rr, stream, recording, progress)
            stream.flush()
        finally:
            stream.disconnect()


def view_in_rerun(recording: Source) -> None:
    """Opens Rerun's viewer on a recording.

    Raises:
        InputError: The recording has no hand at any time.
        MissingDependencyError: rerun-sdk is not installed.
    """
    rr = require("rerun", extra="viewer")
    stream = rr.RecordingStream(_APPLICATION)
    stream.spawn()
    _send(rr, stream, recording, None)
    stream.flush()


def _send(rr: Any, stream: Any, recording: Source, progress: Progress | None) -> None:
    stream.log("/", rr.ViewCoordinates.RIGHT_HAND_Y_UP, static=True)
    for side in Side:
        looks = rr.LineStrips3D.from_fields(colors=[_COLOURS[side]], radii=[_RADIUS_M])
        stream.log(_entity(side), looks, static=True)
    bones = np.array(BONES)
    drawn = False
    for block in blocks(recording, progress):
        times = rr.TimeColumn(_TIMELINE, duration=block.time_s)
        present = block.present
        drawn = drawn or bool(present.any())
        for side in Side:
            now = present[:, side]
            strips = block.joints_m[now, side][:, bones].reshape(-1, 2, 3)
            stream.send_columns(
                _entity(side),
                [times],
                rr.LineStrips3D.columns(strips=strips).partition(np.where(now, len(bones), 0)),
            )
            stream.send_columns(
                f"{_entity(side)}/confidence",
                [rr.TimeColumn(_TIMELINE, duration=block.time_s[now])],
                rr.Scalars.columns(scalars=block.confidence[now, side]),
            )
    if not drawn:
        raise nothing_to_draw()


def _entity(side: Side) -> str:
    return f"hands/{side.name.lower()}"
