"""Joining a live room."""

from __future__ import annotations

import asyncio
import contextlib
import ssl as tls
from collections.abc import AsyncIterator

from bridge.errors import InputError, ProtocolError
from bridge.protocol.messages import Subscribe
from sdk_python._connection import Connection, open_connection
from sdk_python._reconnect import check_reconnect
from sdk_python.live import PoseStream

__all__ = ["connect"]

_ROLES = ("watch", "learn")


@contextlib.asynccontextmanager
async def connect(
    url: str,
    room: str = "lesson",
    *,
    role: str = "watch",
    max_rate_hz: float | None = None,
    precision: str = "compact",
    reconnect_s: float = 0.0,
    ssl: tls.SSLContext | None = None,
    insecure: bool = False,
    token: str | None = None,
) -> AsyncIterator[PoseStream]:
    """Watches a room, or learns there.

    Example::

        async with sdk.connect("https://bridge.local:8443", room="lesson") as poses:
            async for pose in poses:
                print(pose.age_s, pose.joints_m[1, 8])

    Args:
        url: The bridge: ``https://HOST:PORT``, or ``http://`` without TLS.
        room: The room's name.
        role: ``"watch"``, or ``"learn"`` to send one's own hands as well.
        max_rate_hz: At most this many poses a second; None for all.
        precision: ``"compact"``: fingertips within 0.3 mm, at a quarter of the bytes; or
            ``"full"``: float32 as it was recorded.
        reconnect_s: For how long to try to come back when the connection is lost, seconds.
        ssl: What to trust, when the bridge's certificate is not known to this machine.
        insecure: Trust any certificate: for a network you trust.
        token: What lets in, where the bridge asks for it: a token to watch.

    Raises:
        InputError: An argument cannot be used.
        ConnectionFailedError: There is no bridge, it is not trusted, or it refuses.
    """
    if role not in _ROLES:
        raise InputError(
            f"role must be one of {', '.join(_ROLES)}, not {role!r}; to play, sdk.play"
        )
    try:
        subscription = Subscribe(max_rate_hz, precision)
    except ProtocolError as error:
        raise InputError(str(error)) from None
    check_reconnect(reconnect_s)

    async def open_it(resume: str | None = None) -> Connection:
        return await open_connection(
            url,
            room=room,
            role=role,
            ssl=ssl,
            insecure=insecure,
            token=token,
            resume=resume,
        )

    connection = await open_it()
    connection.session.send(subscription)
    await connection.flush()
    stream = PoseStream(connection, subscription, open_it, reconnect_s)
    running = asyncio.create_task(stream.run())
    try:
        yield stream
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await stream.close()
