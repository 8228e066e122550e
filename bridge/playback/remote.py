"""Playing a lesson into a room of a running bridge, from outside it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from bridge.playback.player import Player
from bridge.protocol.packets import PosePacket, ShapePacket
from sdk_python._connection import Connection, open_connection, play_through

__all__ = ["play_into"]

_SHOW_INTERVAL_NS = 100_000_000


async def play_into(
    player: Player,
    url: str,
    room: str,
    *,
    wake: asyncio.Event,
    end_ns: int | None = None,
    show: Callable[[], None] = lambda: None,
    insecure: bool = False,
    token: str | None = None,
) -> int:
    """Feeds a room with what a player sends, until it is over.

    The player's playhead may be told what to do meanwhile; its clock is this machine's monotonic
    one. A connection that does not keep up gets fewer poses, never late ones.

    Args:
        player: What to play; its playhead plays from where it is, once there is a connection.
        url: The bridge: ``https://HOST:PORT``, or ``http://`` without TLS.
        room: The room's name.
        wake: Set by whoever told the playhead something.
        end_ns: The position at which it is over; None for never.
        show: Called ten times a second, and after each wake.
        insecure: Trust any certificate: for a network you trust.
        token: A token to publish, where the bridge asks for it.

    Returns:
        How many poses were sent.

    Raises:
        InputError: The address, the room's name or the token cannot be used.
        RecordingError: The recording cannot be read any more.
        ConnectionFailedError: There is no bridge, it is not trusted, it refuses, or it went away.
    """
    connection = await open_connection(
        url, room=room, role="play", ssl=None, insecure=insecure, token=token
    )
    player.playhead.play()
    return await play_through(connection, _feed(player, connection, wake, end_ns, show))


async def _feed(
    player: Player,
    connection: Connection,
    wake: asyncio.Event,
    end_ns: int | None,
    show: Callable[[], None],
) -> int:
    session, playhead = connection.session, player.playhead
    sent = 0

    def send(packet: ShapePacket | PosePacket) -> None:
        nonlocal sent
        if isinstance(packet, PosePacket):
            sent += 1
            time_ns = session.clock.to_remote_ns(packet.time_ns)
            packet = PosePacket(packet.seq, time_ns, packet.hands)
        session.send(packet)

    shown_ns = 0
    while True:
        wake.clear()
        await player.step(send)
        await connection.flush()
        now_ns = time.monotonic_ns()
        if now_ns - shown_ns >= _SHOW_INTERVAL_NS:
            shown_ns = now_ns
            show()
        if end_ns is not None and playhead.loop_ns is None and playhead.position_ns >= end_ns:
            show()
            return sent
        due_ns = [player.wake_ns(), shown_ns + _SHOW_INTERVAL_NS]
        if end_ns is not None and (over_ns := playhead.due_ns(end_ns)) is not None:
            due_ns.append(over_ns)
        try:
            async with asyncio.timeout(max(0, min(due_ns) - time.monotonic_ns()) * 1e-9):
                await wake.wait()
                shown_ns = 0
        except TimeoutError:
            pass
