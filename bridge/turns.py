"""A player's poses, one at each turn of the event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from bridge.protocol import PosePacket, ShapePacket

__all__ = ["PoseTurns"]

_MOST = 6
"""Poses that may wait, a tenth of a second at 60 Hz: that much of a burst is not lost."""


class PoseTurns:
    """Hands on poses in order, one at each turn of the event loop.

    Between them comes what else is ready: above all the acknowledgements without which nobody can
    be sent a pose. Drop policy: of more than six that wait, the oldest goes, so that a bridge that
    cannot keep up with its player stays near the present. A shape does not wait, and is never
    dropped: the poses before it go with it.

    Args:
        take: Gets each pose and shape.
        on_dropped: Called for each that is dropped.
    """

    def __init__(
        self, take: Callable[[ShapePacket | PosePacket], None], on_dropped: Callable[[], None]
    ) -> None:
        self._take = take
        self._on_dropped = on_dropped
        self._waiting: deque[PosePacket] = deque()
        self._scheduled = False

    def put(self, packet: ShapePacket | PosePacket) -> None:
        """A pose came, or a shape."""
        if isinstance(packet, ShapePacket):
            while self._waiting:
                self._take(self._waiting.popleft())
            self._take(packet)
            return
        if len(self._waiting) == _MOST:
            self._waiting.popleft()
            self._on_dropped()
        self._waiting.append(packet)
        self._schedule()

    def _schedule(self) -> None:
        if self._waiting and not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        self._scheduled = False
        if self._waiting:
            pose = self._waiting.popleft()
            self._schedule()
            self._take(pose)
