"""Writes a room's poses to an MCAP file, off the event loop and safe against crashes.

The file holds protocol messages as they go over the wire (SPEC.md, "Recording file"). A thread
writes it: ``write`` only puts a message on a bounded queue. Chunks are small, and twice a second
whatever is there is closed into a chunk and synced to the disk, so a process that is killed, or a
machine that loses power, loses less than the last second; readers recover the rest.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from mcap.writer import CompressionType, Writer

from bridge import __version__
from bridge.errors import InputError
from bridge.protocol.codec import encode
from bridge.protocol.keypoints import Keypoints, encode_keypoints
from bridge.protocol.packets import PosePacket, ShapePacket
from bridge.protocol.pose_arrays import EncodedPose
from bridge.protocol.provenance import CameraUncertainty
from bridge.protocol.recording import (
    CHUNK_BYTES,
    END_METADATA_NAME,
    KEYPOINTS_SCHEMA,
    KEYPOINTS_TOPIC,
    MESSAGE_ENCODING,
    METADATA_NAME,
    POSE_SCHEMA,
    POSE_TOPIC,
    PROFILE,
    SHAPE_SCHEMA,
    SHAPE_TOPIC,
    RecordingMetadata,
)

__all__ = ["Recorder"]

_log = logging.getLogger(__name__)

_QUEUE_SIZE = 4096  # a minute at 60 poses a second: longer than any disk that still works pauses
_SYNC_INTERVAL_S = 0.5

_Writable = ShapePacket | PosePacket | EncodedPose | Keypoints
_CHANNELS: dict[type[_Writable], tuple[str, str]] = {
    PosePacket: (POSE_TOPIC, POSE_SCHEMA),
    ShapePacket: (SHAPE_TOPIC, SHAPE_SCHEMA),
    Keypoints: (KEYPOINTS_TOPIC, KEYPOINTS_SCHEMA),
}


class Recorder:
    """One recording in the making.

    Drop policy: newest dropped. While the disk cannot keep up and the queue is full, and after an
    error, ``write`` drops the message it is given and counts it: what is on its way to the file
    stays in order. An error of the disk ends the recording and nothing else: it is logged and kept
    in ``error``, and what was synced before is readable.

    Args:
        path: The file to make, by convention ``*.mcap``.
        room: The room's name.
        views: Names of its views, the first named one first.
        origin_ns: Time zero of the recording: the first frame of the first named view, on the
            clock of the poses. Poses may lie before it.
        source: Where the poses come from: ``"live"`` or ``"files"``.
        overwrite: Replace a file that exists.
        queue_size: Most messages that wait for the disk.
        sync_interval_s: Longest time between two syncs to the disk.
        about: Other fields of the recording's metadata: ``recorded_by``, ``anchor``, ...

    Attributes:
        path: The file.
        written: Messages handed to the file so far.
        error: Why the recording ended early, or None.

    Raises:
        InputError: The file exists, or cannot be written.

    Example::

        with Recorder(path, room="lesson", views=["phone"], origin_ns=first.time_ns) as recorder:
            recorder.write(shape)
            recorder.write(pose)
    """

    def __init__(
        self,
        path: str | Path,
        *,
        room: str,
        views: tuple[str, ...] | list[str],
        origin_ns: int,
        source: str = "live",
        overwrite: bool = False,
        queue_size: int = _QUEUE_SIZE,
        sync_interval_s: float = _SYNC_INTERVAL_S,
        **about: Any,
    ) -> None:
        self.path = Path(path)
        self.written = 0
        self.error: Exception | None = None
        self._refused = 0  # counted by the caller's thread
        self._lost = 0  # counted by the writing thread
        self._metadata = RecordingMetadata(
            room=room,
            views=tuple(views),
            origin_ns=origin_ns,
            source=source,
            **({"created": _now(), "software": f"ghosthands {__version__}"} | about),
        )
        self._calibration: tuple[CameraUncertainty, ...] = ()
        self._sync_interval_s = sync_interval_s
        self._queue: queue.Queue[_Writable | None] = queue.Queue(queue_size)
        self._closed = False
        self._file = _open(self.path, overwrite=overwrite)
        try:
            self._start_file()
        except OSError as error:
            _close_quietly(self._file)
            if not overwrite:  # Nobody has a use for a file without a beginning.
                self.path.unlink(missing_ok=True)
            raise InputError(f"cannot write {self.path}: {error.strerror}") from error
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def recording(self) -> bool:
        """Messages are still taken: not closed, and no error so far."""
        return not self._closed and self.error is None

    @property
    def dropped(self) -> int:
        """Messages dropped so far."""
        return self._refused + self._lost

    def know_cameras(self, calibration: tuple[CameraUncertainty, ...]) -> None:
        """How well the cameras are known by now: the last word goes to the end of the file."""
        self._calibration = calibration

    def write(self, message: _Writable, *, wait: bool = False) -> bool:
        """Takes a message for the file; False if it was dropped.

        Args:
            message: What to write; keypoints after the pose they belong to.
            wait: Wait for room in the queue instead of dropping: for files, whose frames wait
                too, and never on an event loop.
        """
        if self.recording:
            with contextlib.suppress(queue.Full):
                self._queue.put(message, block=wait)
                return True
        self._refused += 1
        return False

    def close(self) -> None:
        """Writes what waits and the file's index; returns when all is on the disk.

        It blocks for the disk: from an event loop call it in a thread. Closing twice is fine.
        """
        self._closed = True
        if self._thread.is_alive():
            # The thread always takes from the queue, also after an error, so this cannot hang.
            self._queue.put(None)
            self._thread.join()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start_file(self) -> None:
        self._writer = Writer(self._file, chunk_size=CHUNK_BYTES, compression=CompressionType.ZSTD)
        self._writer.start(profile=PROFILE, library=self._metadata.software)
        self._writer.add_metadata(METADATA_NAME, self._metadata.to_record())
        self._channels: dict[type[_Writable], int] = {
            PosePacket: self._channel(PosePacket),
            ShapePacket: self._channel(ShapePacket),
        }
        self._channels[EncodedPose] = self._channels[PosePacket]
        self._last_time_ns = max(self._metadata.origin_ns, 0)
        self._file.flush()

    def _channel(self, kind: type[_Writable]) -> int:
        topic, schema = _CHANNELS[kind]
        channel: int = self._writer.register_channel(
            topic, MESSAGE_ENCODING, self._writer.register_schema(schema, "", b"")
        )
        return channel

    def _run(self) -> None:
        """The writing thread: until ``close``, or until the disk fails."""
        try:
            self._write_until_closed()
        except Exception as error:
            self._fail(error)
            # Whoever closes puts None; until then nobody shall wait for room in the queue.
            while self._queue.get() is not None:
                self._lost += 1
            return
        try:
            if self._calibration:
                known = replace(self._metadata, calibration=self._calibration).to_record()
                end = {"calibration": known["calibration"]}
                self._writer.add_metadata(END_METADATA_NAME, end)
            self._writer.finish()
            self._sync()
            self._file.close()
        except Exception as error:
            self._fail(error)

    def _write_until_closed(self) -> None:
        next_sync = time.monotonic() + self._sync_interval_s
        while True:
            with contextlib.suppress(queue.Empty):
                message = self._queue.get(timeout=max(0.0, next_sync - time.monotonic()))
                if message is None:
                    return
                self._add(message)
            if time.monotonic() >= next_sync:
                self._writer.flush()
                self._sync()
                next_sync = time.monotonic() + self._sync_interval_s

    def _add(self, message: _Writable) -> None:
        if type(message) not in self._channels:  # only recordings of other sources have keypoints
            self._channels[type(message)] = self._channel(type(message))
        sequence = 0
        if isinstance(message, (PosePacket, EncodedPose)):
            self._last_time_ns = message.time_ns
            sequence = message.seq & 0xFFFFFFFF  # MCAP's own field has 32 bits
        # A shape has no time of its own: it holds from the pose before it on.
        self._writer.add_message(
            self._channels[type(message)],
            log_time=self._last_time_ns,
            publish_time=self._last_time_ns,
            sequence=sequence,
            data=_bytes(message),
        )
        self.written += 1

    def _sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())

    def _fail(self, error: Exception) -> None:
        self.error = error
        _log.error("recording %s ended early: %s", self.path, error)
        _close_quietly(self._file)


def _bytes(message: _Writable) -> bytes:
    if isinstance(message, EncodedPose):
        return message.data
    if isinstance(message, Keypoints):
        return encode_keypoints(message)
    return encode(message, precision="full")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _open(path: Path, *, overwrite: bool) -> IO[bytes]:
    try:
        return path.open("wb" if overwrite else "xb")
    except FileExistsError:
        raise InputError(f"{path} exists already; choose another name or overwrite it") from None
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from error


def _close_quietly(file: IO[bytes]) -> None:
    """Closes a file whose last bytes may not fit on the disk any more."""
    with contextlib.suppress(OSError):
        file.close()
