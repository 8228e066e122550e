"""Recordings for these tests, whose poses say which they are, and files that are wrong."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from mcap.reader import make_reader
from mcap.writer import CompressionType, Writer

from bridge.protocol import HandPacket, PosePacket, ShapePacket, Side, encode
from bridge.protocol.recording import (
    CHUNK_BYTES,
    METADATA_NAME,
    POSE_TOPIC,
    SHAPE_TOPIC,
    RecordingMetadata,
)

ORIGIN_NS = 7_000_000_000
STEP_NS = 20_000_000
OURS = RecordingMetadata(
    "lesson", ("phone",), ORIGIN_NS, "2026-01-01T00:00:00+00:00", "x"
).to_record()

_QUATERNIONS = np.tile(np.array([0, 0, 0, 1], np.float32), (16, 1))


def shape(side: Side, first_beta: float = 0.0) -> ShapePacket:
    """A shape that its first beta tells from others."""
    betas = np.zeros(10)
    betas[0] = first_beta
    return ShapePacket(side, betas, np.zeros((21, 3)))


def pose(k: int, *sides: Side, time_ns: int | None = None) -> PosePacket:
    """Pose ``k``, at 50 a second; its wrists' x is ``k`` centimetres."""
    hands = tuple(
        HandPacket(side, [k / 100, 0, 0], _QUATERNIONS, np.full(5, 0.5)) for side in sides
    )
    return PosePacket(k, ORIGIN_NS + k * STEP_NS if time_ns is None else time_ns, hands)


def number(packet: PosePacket) -> int:
    """Which pose of its recording this is, wherever and whenever it was sent."""
    return round(float(packet.hands[0].wrist_m[0]) * 100)


def write(
    path: Path,
    packets: Iterable[ShapePacket | PosePacket],
    *,
    finish: bool = True,
    chunk_bytes: int = CHUNK_BYTES,
    compression: CompressionType = CompressionType.ZSTD,
    metadata: dict[str, str] | None = OURS,
) -> Path:
    """Writes what a ``Recorder`` would, at once and as told."""
    with path.open("wb") as file:
        writer = Writer(file, chunk_size=chunk_bytes, compression=compression)
        writer.start(profile="ghosthands", library="tests")
        if metadata is not None:
            writer.add_metadata(METADATA_NAME, metadata)
        poses = writer.register_channel(POSE_TOPIC, "msgpack", 0)
        shapes = writer.register_channel(SHAPE_TOPIC, "msgpack", 0)
        log_ns = ORIGIN_NS
        for packet in packets:
            if isinstance(packet, PosePacket):
                log_ns = packet.time_ns
            writer.add_message(
                poses if isinstance(packet, PosePacket) else shapes,
                log_time=log_ns,
                publish_time=log_ns,
                data=encode(packet, precision="full"),
            )
        if finish:
            writer.finish()
    return path


def both(count: int) -> list[ShapePacket | PosePacket]:
    """Both hands for that many poses, 22 to a chunk."""
    hands = (Side.LEFT, Side.RIGHT)
    return [*(shape(side) for side in hands), *(pose(k, *hands) for k in range(count))]


def numbers(moments) -> list[int]:
    return [number(moment.pose) for moment in moments]


def chunks_of(path: Path) -> int:
    with path.open("rb") as file:
        return len(make_reader(file).get_summary().chunk_indexes)


def open_files() -> set[str]:
    links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return {link.readlink().name for link in links}
