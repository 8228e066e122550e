"""Opens a recording file, all of it at once."""

from __future__ import annotations

import logging
from pathlib import Path

from bridge.errors import ProtocolError, RecordingError
from sdk_python._assemble import Stored, assemble, decode_shapes
from sdk_python._mcap import read_contents
from sdk_python.lost import Lost
from sdk_python.recording import Recording

__all__ = ["open_recording"]

_log = logging.getLogger(__name__)


def open_recording(path: Path) -> Recording:
    """See `Recording.open`."""
    contents = read_contents(path)
    lost = None
    if not contents.complete:
        lost = Lost(contents.damaged_chunks, contents.unread_bytes, cut_off=not contents.finished)
    try:
        stored = Stored(
            contents.poses, decode_shapes(contents.shapes), contents.keypoints, contents.holes
        )
        recording = assemble(contents.metadata, stored, lost)
    except ProtocolError as error:
        raise RecordingError(f"{path} holds a damaged message: {error}") from None
    if recording.lost is not None:
        _log.warning(
            "%s was cut off or damaged: %d poses recovered, %s",
            path,
            len(recording),
            recording.lost,
        )
    return recording
