"""Names inside a recording file (SPEC.md, "Recording file"): MCAP with protocol messages in it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.errors import RecordingError
from bridge.protocol.fields import MAX_TIME_NS
from bridge.protocol.lesson import Anchor
from bridge.protocol.provenance import (
    CameraUncertainty,
    Device,
    anchor_from_json,
    anchor_to_json,
    cameras_from_json,
    devices_from_json,
    items_to_json,
    versions_from_json,
)

__all__ = [
    "CHUNK_BYTES",
    "END_METADATA_NAME",
    "FORMAT",
    "KEYPOINTS_SCHEMA",
    "KEYPOINTS_TOPIC",
    "MESSAGE_ENCODING",
    "METADATA_NAME",
    "POSE_SCHEMA",
    "POSE_TOPIC",
    "PROFILE",
    "SHAPE_SCHEMA",
    "SHAPE_TOPIC",
    "RecordingMetadata",
]

FORMAT = "1"
PROFILE = "ghosthands"
MESSAGE_ENCODING = "msgpack"
POSE_TOPIC = "/hands/pose"
SHAPE_TOPIC = "/hands/shape"
POSE_SCHEMA = "ghosthands.v1.pose"
SHAPE_SCHEMA = "ghosthands.v1.shape"
KEYPOINTS_TOPIC = "/hands/keypoints"
KEYPOINTS_SCHEMA = "ghosthands.v1.keypoints"
METADATA_NAME = "ghosthands.recording"
END_METADATA_NAME = "ghosthands.recording.end"
"""What is known once a recording ends: before its index."""

_LOG = logging.getLogger(__name__)

CHUNK_BYTES = 16 * 1024
"""A chunk is written once it holds this much: what a killed bridge loses is less than that."""


_MAX_TEXT = 65_536
"""Longest value of the metadata that is read; each is a name, a time or a few numbers."""


@dataclass(frozen=True, slots=True)
class RecordingMetadata:
    """What a recording says about itself.

    Attributes:
        room: The room it was made in.
        views: Names of the views, the first named one first.
        origin_ns: Time zero: the first frame of the first named view, on the bridge's clock.
        created: When the recording began, ISO 8601 in UTC.
        software: Name and version of the program that wrote it.
        source: Where the poses come from: ``"live"``, ``"files"``, or another program's word.
        recorded_by: Who played, in their own words; may be empty.
        anchor: Where the instrument lies in the stage, if that is known.
        devices: What is known of the views' cameras.
        versions: Names and versions of what made the poses: nets, fuser, ...
        calibration: How well each camera was known in the end.
    """

    room: str
    views: tuple[str, ...]
    origin_ns: int
    created: str
    software: str
    source: str = "live"
    recorded_by: str = ""
    anchor: Anchor | None = field(default=None, hash=False)
    devices: tuple[Device, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict, hash=False)
    calibration: tuple[CameraUncertainty, ...] = ()

    def to_record(self) -> dict[str, str]:
        """The key-value pairs of the MCAP metadata record; what is not known is left out."""
        record = {
            "format": FORMAT,
            "room": self.room,
            "views": json.dumps(list(self.views)),
            "origin_ns": str(self.origin_ns),
            "created": self.created,
            "software": self.software,
            "source": self.source,
        }
        if self.recorded_by:
            record["recorded_by"] = self.recorded_by
        if self.anchor is not None:
            record["anchor"] = anchor_to_json(self.anchor)
        if self.devices:
            record["devices"] = items_to_json(self.devices)
        if self.versions:
            record["versions"] = json.dumps(dict(self.versions))
        if self.calibration:
            record["calibration"] = items_to_json(self.calibration)
        return record

    @classmethod
    def from_record(cls, record: Mapping[str, str]) -> RecordingMetadata:
        """Reads the key-value pairs of the MCAP metadata record; unknown keys are skipped.

        What is optional and damaged is left out with a warning in the log: the hands are still
        there.

        Raises:
            RecordingError: Another format version, or a key is missing or not what it should be.
        """
        if record.get("format") != FORMAT:
            found = str(record.get("format"))[:40]
            raise RecordingError(
                f"the recording has format {found!r}; this version reads {FORMAT!r}"
            )
        try:
            texts: dict[str, Any] = {key: record[key] for key in (*_TEXTS, "views", "origin_ns")}
            if max(map(len, texts.values())) > _MAX_TEXT:
                raise ValueError(f"a value of more than {_MAX_TEXT} characters")
            views = json.loads(texts.pop("views"))
            origin_ns = int(texts.pop("origin_ns"))
        except (KeyError, ValueError, RecursionError) as error:
            raise RecordingError(f"the recording's metadata is damaged: {error}") from None
        if not isinstance(views, list) or not all(isinstance(view, str) for view in views):
            raise RecordingError("the recording's metadata is damaged: views must be a list")
        if not 0 <= origin_ns <= MAX_TIME_NS:
            raise RecordingError("the recording's metadata is damaged: origin_ns is out of range")
        metadata = cls(views=tuple(views), origin_ns=origin_ns, **texts)
        return metadata.with_record(record)

    def with_record(self, record: Mapping[str, str]) -> RecordingMetadata:
        """The same with what is optional in a record, as the one at a file's end has it."""
        known: dict[str, Any] = {}
        for name, read in _OPTIONAL.items():
            if name in record:
                try:
                    known[name] = read(record[name])
                except (ValueError, RecursionError) as error:
                    _LOG.warning("the recording's %s is left out: %s", name, error)
        return replace(self, **known)


_TEXTS = ("room", "created", "software", "source")


def _words(text: str) -> str:
    if len(text) > _MAX_TEXT:
        raise ValueError(f"more than {_MAX_TEXT} characters")
    return text


_OPTIONAL: dict[str, Callable[[str], Any]] = {
    "recorded_by": _words,
    "anchor": anchor_from_json,
    "devices": devices_from_json,
    "versions": versions_from_json,
    "calibration": cameras_from_json,
}
