"""Sending poses into a room, over one connection after the other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from bridge.errors import ConnectionFailedError
from sdk_python._connection import Connection, LostError
from sdk_python._reconnect import come_back

__all__ = ["keep_playing"]

_log = logging.getLogger(__name__)


async def keep_playing(
    reopen: Callable[[str | None], Awaitable[Connection]],
    send: Callable[[Connection], Coroutine[Any, Any, int]],
    reconnect_s: float,
) -> int:
    """Sends into a room as ``play_through`` does; goes on after a connection was lost.

    Args:
        reopen: Opens a player's connection, given the ``session`` of the last one, if any.
        send: Sends what is left; called once a connection.
        reconnect_s: For how long to try to come back after each loss, seconds.

    Returns:
        What ``send`` returns at last.

    Raises:
        ConnectionFailedError: There is no bridge, or it ended the room.
        LostError: The connection did not come back in time.
    """
    connection = await reopen(None)
    while True:
        try:
            return await play_through(connection, send(connection))
        except LostError as lost:
            welcome = connection.session.welcome
            secret = None if welcome is None else welcome.session
            if reconnect_s > 0:
                _log.warning("%s; trying again for %g s", lost, reconnect_s)
            connection = await come_back(lost, _again(reopen, secret), reconnect_s)
            _log.info("playing again")


def _again(
    reopen: Callable[[str | None], Awaitable[Connection]], secret: str | None
) -> Callable[[], Awaitable[Connection]]:
    return lambda: reopen(secret)


async def play_through(connection: Connection, sending: Coroutine[Any, Any, int]) -> int:
    """Sends into a room until all is sent, answering the bridge meanwhile; then leaves it.

    Args:
        connection: A player's.
        sending: Sends the poses; returns how many.

    Raises:
        ConnectionFailedError: The bridge ended the room, or went away.
    """
    playing = asyncio.create_task(sending)
    listening = asyncio.create_task(_listen(connection))
    tasks = (playing, listening, asyncio.create_task(connection.keep_clock()))
    try:
        await asyncio.wait((playing, listening), return_when=asyncio.FIRST_COMPLETED)
        if not playing.done():
            await listening  # says why the connection ended
        return await playing
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await connection.close("played")


async def _listen(connection: Connection) -> None:
    """Answers the bridge until it ends the connection.

    Raises:
        ConnectionFailedError: Always: a player ends its connection itself.
    """
    while await connection.receive() is not None:
        pass
    raise ConnectionFailedError(f"the bridge at {connection.address} ended the room")
