"""Playing a lesson into a room of a running bridge, from outside it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from bridge.playback.player import Player
from bridge.protocol.packets import PosePacket, ShapePacket
from sdk_python._connection import Connection, open_connection
from sdk_python._playing import keep_playing

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
    reconnect_s: float = 0.0,
    insecure: bool = False,
    token: str | None = None,
) -> int:
    """Feeds a room with what a player sends, until it is over.

    The player's playhead may be told what to do meanwhile; its clock is this machine's monotonic
    one. A connection that does not keep up gets fewer poses, never late ones. While it is lost the
    playhead stands, and goes on from there.

    Args:
        player: What to play; its playhead plays from where it is, once there is a connection.
        url: The bridge: ``https://HOST:PORT``, or ``http://`` without TLS.
        room: The room's name.
        wake: Set by whoever told the playhead something.
        end_ns: The position at which it is over; None for never.
        show: Called ten times a second, and after each wake.
        reconnect_s: For how long to try to come back when the connection is lost, seconds.
        insecure: Trust any certificate: for a network you trust.
        token: A token to publish, where the bridge asks for it.

    Returns:
        How many poses were sent.

    Raises:
        InputError: The address, the room's name or the token cannot be used.
        RecordingError: The recording cannot be read any more.
        ConnectionFailedError: There is no bridge, it is not trusted, it refuses, or it went away.
    """

    async def open_it(resume: str | None) -> Connection:
        return await open_connection(
            url, room=room, role="play", ssl=None, insecure=insecure, token=token, resume=resume
        )

    feeder = _Feeder(player, wake, end_ns, show)
    return await keep_playing(open_it, feeder.feed, reconnect_s)


class _Feeder:
    """Feeds a room over one connection after the other."""

    def __init__(
        self,
        player: Player,
        wake: asyncio.Event,
        end_ns: int | None,
        show: Callable[[], None],
    ) -> None:
        self._player = player
        self._wake = wake
        self._end_ns = end_ns
        self._show = show
        self._plays = True
        self._sent = 0

    async def feed(self, connection: Connection) -> int:
        """Feeds until it is over; returns how many poses were sent over all."""
        playhead = self._player.playhead
        self._player.begin_again()
        if self._plays:
            playhead.play()
        try:
            await self._feed(connection)
        finally:  # it stands until there is a connection again
            self._plays = playhead.playing
            playhead.pause()
        return self._sent

    async def _feed(self, connection: Connection) -> None:
        session, player, playhead = connection.session, self._player, self._player.playhead

        def send(packet: ShapePacket | PosePacket) -> None:
            if isinstance(packet, PosePacket):
                self._sent += 1
                time_ns = session.clock.to_remote_ns(packet.time_ns)
                packet = PosePacket(packet.seq, time_ns, packet.hands)
            session.send(packet)

        end_ns, shown_ns = self._end_ns, 0
        while True:
            self._wake.clear()
            await player.step(send)
            await connection.flush()
            now_ns = time.monotonic_ns()
            if now_ns - shown_ns >= _SHOW_INTERVAL_NS:
                shown_ns = now_ns
                self._show()
            if end_ns is not None and playhead.loop_ns is None and playhead.position_ns >= end_ns:
                self._show()
                return
            due_ns = [player.wake_ns(), shown_ns + _SHOW_INTERVAL_NS]
            if end_ns is not None and (over_ns := playhead.due_ns(end_ns)) is not None:
                due_ns.append(over_ns)
            try:
                async with asyncio.timeout(max(0, min(due_ns) - time.monotonic_ns()) * 1e-9):
                    await self._wake.wait()
                    shown_ns = 0
            except TimeoutError:
                pass
