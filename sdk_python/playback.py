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
from sdk_python._connection import Connection, open_connection, play_through
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
    ssl: tls.SSLContext | None = None,
    insecure: bool = False,
    token: str | None = None,
) -> int:
    """Plays a recording into a room; everyone who watches it sees the hands live.

    Poses are paced by the recording's times; one whose successor is due already is skipped. With
    ``loop`` it plays until cancelled.

    Args:
        recording: What to play.
        url: The bridge: ``https://HOST:PORT``, or ``http://`` without TLS.
        room: The room's name.
        rate: Speed: 0.5 plays at half of it.
        loop: Begin again at the end.
        progress: Called after each pose with its position and the duration, in seconds.
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
    connection = await open_connection(
        url, room=room, role="play", ssl=ssl, insecure=insecure, token=token
    )
    return await play_through(connection, _send(connection, recording, rate, loop, progress))


async def pace(
    times_s: NDArray[np.float64],
    *,
    rate: float,
    loop: bool,
    clock_ns: Callable[[], int] = time.monotonic_ns,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[tuple[int, int]]:
    """Yields ``(index, due_ns)`` of each pose when it is due; skips one that is overtaken.

    The first and the last pose are never skipped.

    Args:
        times_s: ``(T,)`` ascending times, seconds.
        rate: Speed.
        loop: Begin again at the end; the break is as long as a pose lasts on average.
        clock_ns: The clock of ``due_ns``.
        sleep: Waits for that many seconds.
    """
    offsets_ns = np.rint((times_s - times_s[0]) * (1e9 / rate)).astype(np.int64)
    # Poses of a single instant last a second, so that a loop of them does not spin.
    length_ns = int(offsets_ns[-1]) * len(times_s) // max(1, len(times_s) - 1) or 1_000_000_000
    start_ns = clock_ns()
    for cycle in itertools.count() if loop else range(1):
        for index, offset_ns in enumerate(offsets_ns.tolist()):
            due_ns = start_ns + cycle * length_ns + offset_ns
            inner = 0 < index < len(offsets_ns) - 1
            if inner and due_ns + int(offsets_ns[index + 1]) - offset_ns <= clock_ns():
                continue
            await sleep(max(0.0, (due_ns - clock_ns()) * 1e-9))
            yield index, due_ns


async def _send(
    connection: Connection,
    recording: Recording,
    rate: float,
    loop: bool,
    progress: Progress | None,
) -> int:
    session = connection.session
    for shape in _shapes(recording):
        session.send(shape)
    sent = 0
    async for index, due_ns in pace(recording.time_s, rate=rate, loop=loop):
        time_ns = session.clock.to_remote_ns(due_ns)
        session.send(PosePacket(sent, time_ns, _hands(recording, index)), precision="full")
        await connection.flush()
        sent += 1
        if progress is not None:
            progress(float(recording.time_s[index] - recording.time_s[0]), recording.duration_s)
    return sent


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
