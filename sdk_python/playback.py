"""Playing a recording into a room, at its own pace."""

from __future__ import annotations

import asyncio
import itertools
import ssl as tls
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError
from bridge.protocol.joints import Side
from bridge.protocol.packets import HandPacket, PosePacket, ShapePacket
from sdk_python._connection import Connection, open_connection
from sdk_python._playing import keep_playing
from sdk_python._reconnect import check_reconnect
from sdk_python.recording import Recording

__all__ = ["play"]

_SLOWEST, _FASTEST = 0.001, 1000
Progress = Callable[[float, float], None]


async def play(
    recording: Recording,
    url: str,
    room: str = "lesson",
    *,
    rate: float = 1.0,
    loop: bool = False,
    progress: Progress | None = None,
    reconnect_s: float = 0.0,
    ssl: tls.SSLContext | None = None,
    insecure: bool = False,
    token: str | None = None,
) -> int:
    """Plays a recording into a room; everyone who watches it sees the hands live.

    Poses are paced by the recording's times; one whose successor is due already is skipped. With
    ``loop`` it plays until cancelled. After a lost connection it goes on with the pose that was
    sent last.

    Args:
        recording: What to play.
        url: The bridge: ``https://HOST:PORT``, or ``http://`` without TLS.
        room: The room's name.
        rate: Speed: 0.5 plays at half of it.
        loop: Begin again at the end.
        progress: Called after each pose with its position and the duration, in seconds.
        reconnect_s: For how long to try to come back when the connection is lost, seconds.
        ssl: What to trust, when the bridge's certificate is not known to this machine.
        insecure: Trust any certificate: for a network you trust.
        token: What lets in, where the bridge asks for it: a token to publish.

    Returns:
        How many poses were sent.

    Raises:
        InputError: The recording has no poses, or an argument cannot be used.
        ConnectionFailedError: There is no bridge, it is not trusted, it refuses, or it went away.
    """
    if not len(recording):
        raise InputError("the recording has no poses to play")
    if not _SLOWEST <= rate <= _FASTEST:
        raise InputError(f"rate must be from {_SLOWEST} to {_FASTEST}, not {rate}")
    check_reconnect(reconnect_s)

    async def open_it(resume: str | None) -> Connection:
        return await open_connection(
            url,
            room=room,
            role="play",
            ssl=ssl,
            insecure=insecure,
            token=token,
            resume=resume,
        )

    return await keep_playing(open_it, _Sender(recording, rate, loop, progress).send, reconnect_s)


async def pace(
    times_s: NDArray[np.float64],
    *,
    rate: float,
    loop: bool,
    first: int = 0,
    clock_ns: Callable[[], int] = time.monotonic_ns,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[tuple[int, int]]:
    """Yields ``(index, due_ns)`` of each pose when it is due; skips one that is overtaken.

    The first pose, and the first and the last of the recording are never skipped.

    Args:
        times_s: ``(T,)`` ascending times, seconds.
        rate: Speed.
        loop: Begin again at the end; the break is as long as a pose lasts on average.
        first: The pose to begin with, which is due at once.
        clock_ns: The clock of ``due_ns``.
        sleep: Waits for that many seconds.
    """
    offsets_ns = np.rint((times_s - times_s[0]) * (1e9 / rate)).astype(np.int64)
    # Poses of a single instant last a second, so that a loop of them does not spin.
    length_ns = int(offsets_ns[-1]) * len(times_s) // max(1, len(times_s) - 1) or 1_000_000_000
    start_ns = clock_ns() - int(offsets_ns[first])
    for cycle in itertools.count() if loop else range(1):
        for index, offset_ns in enumerate(offsets_ns.tolist()):
            if cycle == 0 and index < first:
                continue
            due_ns = start_ns + cycle * length_ns + offset_ns
            inner = 0 < index < len(offsets_ns) - 1 and (cycle, index) != (0, first)
            if inner and due_ns + int(offsets_ns[index + 1]) - offset_ns <= clock_ns():
                continue
            await sleep(max(0.0, (due_ns - clock_ns()) * 1e-9))
            yield index, due_ns


class _Sender:
    """Sends a recording, over one connection after the other."""

    def __init__(
        self, recording: Recording, rate: float, loop: bool, progress: Progress | None
    ) -> None:
        self._recording = recording
        self._rate = rate
        self._loop = loop
        self._progress = progress
        self._index = 0
        self._sent = 0

    async def send(self, connection: Connection) -> int:
        """Sends from where the last connection ended; returns how many were sent over all."""
        recording, session = self._recording, connection.session
        for shape in _shapes(recording):
            session.send(shape)
        begin_s, length_s = recording.time_s[0], recording.duration_s
        steps = pace(recording.time_s, rate=self._rate, loop=self._loop, first=self._index)
        async for self._index, due_ns in steps:
            time_ns = session.clock.to_remote_ns(due_ns)
            packet = PosePacket(self._sent, time_ns, _hands(recording, self._index))
            session.send(packet, precision="full")
            await connection.flush()
            self._sent += 1
            if self._progress is not None:
                self._progress(float(recording.time_s[self._index] - begin_s), length_s)
        return self._sent


def _shapes(recording: Recording) -> Iterator[ShapePacket]:
    for side in Side:
        if np.isfinite(recording.betas[side]).all():
            yield ShapePacket(side, recording.betas[side], recording.rest_joints_m[side])


def _hands(recording: Recording, index: int) -> tuple[HandPacket, ...]:
    return tuple(
        HandPacket(
            side,
            recording.wrist_m[index, side],
            recording.pose_quat[index, side],
            recording.finger_confidence[index, side],
        )
        for side in Side
        if np.isfinite(recording.joints_m[index, side, 0, 0])
    )
