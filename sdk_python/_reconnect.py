"""Coming back after a lost connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from bridge.errors import ConnectionFailedError, InputError
from sdk_python._connection import Connection, LostError

__all__ = ["check_reconnect", "come_back"]

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 2.0


async def come_back(
    lost: LostError,
    open_again: Callable[[], Awaitable[Connection]],
    within_s: float,
    *,
    clock_s: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Connection:
    """Opens a connection again, with waits that double from 0.1 s to 2 s.

    Args:
        lost: Why it is to be opened again.
        open_again: Opens it.
        within_s: How long to try, seconds.
        clock_s: A monotonic clock.
        sleep: Waits for that many seconds.

    Raises:
        LostError: ``lost``, if it could not be opened in time; the last attempt's error is its
            cause, if there was one.
    """
    end_s, wait_s = clock_s() + within_s, _FIRST_WAIT_S
    cause: ConnectionFailedError | None = None
    while clock_s() + wait_s <= end_s:
        await sleep(wait_s)
        try:
            return await open_again()
        except ConnectionFailedError as error:
            cause = error
        wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
    raise lost from cause


def check_reconnect(seconds: float) -> None:
    """Checks for how long to try to come back.

    Raises:
        InputError: It is no time.
    """
    if not seconds >= 0:
        raise InputError(f"reconnect_s must be 0 or more seconds, not {seconds}")
