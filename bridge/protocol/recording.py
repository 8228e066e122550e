"""Names inside a recording file (SPEC.md, "Recording file"): MCAP with protocol messages in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from bridge.errors import RecordingError
from bridge.protocol.fields import MAX_TIME_NS

__all__ = [
    "CHUNK_BYTES",
    "FORMAT",
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
METADATA_NAME = "ghosthands.recording"

CHUNK_BYTES = 16 * 1024
"""A chunk is written once it holds this much: what a killed bridge loses is less than that."""


@dataclass(frozen=True, slots=True)
class RecordingMetadata:
    """What a recording says about itself, in its first record.

    Attributes:
        room: The room it was made in.
        views: Names of the views, the first named one first.
        origin_ns: Time zero: the first frame of the first named view, on the bridge's clock.
        created: When the recording began, ISO 8601 in UTC.
        software: Name and version of the program that wrote it.
        source: Where the poses come from: ``"live"``, ``"files"``, or another program's word.
    """

    room: str
    views: tuple[str, ...]
    origin_ns: int
    created: str
    software: str
    source: str = "live"

    def to_record(self) -> dict[str, str]:
        """The key-value pairs of the MCAP metadata record."""
        return {
            "format": FORMAT,
            "room": self.room,
            "views": json.dumps(list(self.views)),
            "origin_ns": str(self.origin_ns),
            "created": self.created,
            "software": self.software,
            "source": self.source,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, str]) -> RecordingMetadata:
        """Reads the key-value pairs of the MCAP metadata record; unknown keys are skipped.

        Raises:
            RecordingError: Another format version, or a key is missing or not what it should be.
        """
        if record.get("format") != FORMAT:
            raise RecordingError(
                f"the recording has format {record.get('format')!r}; this version reads {FORMAT!r}"
            )
        try:
            views = json.loads(record["views"])
            origin_ns = int(record["origin_ns"])
            texts = {key: record[key] for key in ("room", "created", "software", "source")}
        except (KeyError, ValueError, RecursionError) as error:
            raise RecordingError(f"the recording's metadata is damaged: {error}") from None
        if not isinstance(views, list) or not all(isinstance(view, str) for view in views):
            raise RecordingError("the recording's metadata is damaged: views must be a list")
        if not 0 <= origin_ns <= MAX_TIME_NS:
            raise RecordingError("the recording's metadata is damaged: origin_ns is out of range")
        return cls(views=tuple(views), origin_ns=origin_ns, **texts)
