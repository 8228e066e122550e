"""Publishing again after the network, or the bridge, went away without a word."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable

from bridge.errors import ConnectionFailedError

__all__ = ["LostError", "RefusedError", "keep_publishing"]

_log = logging.getLogger(__name__)

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.25, 4.0


class LostError(ConnectionFailedError):
    """The network or the bridge went away without a word; publishing again may help."""


class RefusedError(ConnectionFailedError):
    """The bridge answered, and refused the view.

    Attributes:
        final: Asking again will not help: the refusal is about what was asked (4xx), and not about
            too many attempts.
    """

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.final = 400 <= status < 500 and status != 429


async def keep_publishing(
    session: Callable[[Callable[[], None]], Awaitable[None]],
    within_s: float,
    *,
    stop: asyncio.Event,
    clock_s: Callable[[], float] = time.monotonic,
) -> int:
    """Publishes, and again whenever a session that had come about is lost.

    Between attempts it waits, first 0.25 s, then twice as long each time, up to 4 s. A goodbye of
    the bridge and a refusal are no loss: another device may have taken the view's name.

    Args:
        session: Publishes until its end; calls what it is given once it is connected.
        within_s: For how long to try after each loss, seconds.
        stop: Ends the waiting when set.
        clock_s: A monotonic clock.

    Returns:
        How often it was lost and came back.

    Raises:
        ConnectionFailedError: It never came about, was refused, or the bridge ended it.
        LostError: It did not come back in time; its cause is the last attempt's error.
    """
    connections = 0
    lost: LostError | None = None
    end_s = wait_s = 0.0

    def connected() -> None:
        nonlocal connections, lost
        connections, lost = connections + 1, None
        if connections > 1:
            _log.info("publishing again")

    while True:
        try:
            await session(connected)
            break
        except ConnectionFailedError as error:
            if lost is None:
                if not connections or not isinstance(error, LostError):
                    raise
                lost, end_s, wait_s = error, clock_s() + within_s, _FIRST_WAIT_S
            elif isinstance(error, RefusedError) and error.final:
                raise
            else:
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
            if clock_s() + wait_s > end_s:
                raise lost from (None if error is lost else error)
            if error is lost:
                _log.warning("%s; trying again for %g s", error, within_s)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await stop.wait()
                break
    return max(0, connections - 1)
