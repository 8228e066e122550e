"""Whether a peer is still there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

__all__ = ["Heartbeat"]


class Heartbeat:
    """Pings a peer that has been silent for a while; one that stays silent has gone.

    Args:
        interval_s: How long a peer may be silent before it is pinged, seconds; half as long again
            and it has gone.
        ping: Sends a ping.
        gone: Called once, when the peer has gone.

    Attributes:
        gone: The peer has gone.
    """

    def __init__(
        self, interval_s: float, *, ping: Callable[[], None], gone: Callable[[], None]
    ) -> None:
        self.gone = False
        self._interval_s = interval_s
        self._ping = ping
        self._on_gone = gone
        self._heard_s = 0.0
        self._pinged = False
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begins to watch, on the running event loop."""
        self.heard()
        self._look_after(self._interval_s)

    def heard(self) -> None:
        """Something came from the peer."""
        self._heard_s = time.monotonic()

    def stop(self) -> None:
        """Watches no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _look_after(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        silent_s = time.monotonic() - self._heard_s
        if silent_s < self._interval_s:
            self._pinged = False
            self._look_after(self._interval_s - silent_s)
        elif not self._pinged:
            self._pinged = True
            self._look_after(self._interval_s / 2)
            self._ping()
        else:
            self.gone = True
            self._on_gone()
