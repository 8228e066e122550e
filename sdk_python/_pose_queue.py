"""Poses of a room that wait to be taken, and when the bridge is told that they were."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from bridge.protocol.client_session import ClientSession
from bridge.protocol.packets import PosePacket
from sdk_python.mailbox import Mailbox
from sdk_python.pose import Shapes

__all__ = ["PoseQueue", "Waiting"]

UNATTENDED_S = 5.0
"""A bridge takes a watcher that acknowledges nothing for dead, after 15 s by default."""


class Waiting(NamedTuple):
    """A pose, and what was in force when it came."""

    session: ClientSession
    packet: PosePacket
    shapes: Shapes


class PoseQueue:
    """Poses that were not taken yet, at most as many as the bridge's acknowledgement window.

    A pose is acknowledged when it is taken, so for a program that stalls the bridge keeps only the
    newest. Where nobody has asked for a pose for 5 s, as in a program that only plays recordings or
    reads scores, only the newest is kept, and those before it are acknowledged: the bridge would
    take the program for dead otherwise.

    Args:
        window: The bridge's acknowledgement window.
        clock_s: A monotonic clock.

    Attributes:
        missed: Poses that were made and not handed out.
    """

    def __init__(self, window: int, *, clock_s: Callable[[], float] = time.monotonic) -> None:
        self.missed = 0
        # Only a bridge that ignores its own window sends more than it.
        self._box: Mailbox[Waiting] = Mailbox(window, self._let_go)
        self._clock_s = clock_s
        self._asked_s = clock_s()
        self._last_seq: int | None = None

    def put(self, waiting: Waiting) -> None:
        """A pose has come."""
        seq = waiting.packet.seq
        if self._last_seq is not None:
            self.missed += seq - self._last_seq - 1
        self._last_seq = seq
        self._box.put(waiting)
        self.tidy()

    def tidy(self) -> None:
        """Lets go what nobody asks for; call it once a second."""
        if self._clock_s() - self._asked_s >= UNATTENDED_S:
            while self._box.waiting > 1:
                self._let_go(self._box.take())

    def begin_again(self) -> None:
        """What comes is from another bridge: its numbers are its own."""
        self._last_seq = None

    async def ready(self) -> None:
        """Waits until a pose waits, or none will come; takes nothing."""
        self._asked_s = self._clock_s()
        await self._box.ready()
        self._asked_s = self._clock_s()

    async def take(self) -> Waiting:
        """The oldest, once there is one, acknowledged.

        Raises:
            StopAsyncIteration: None will come.
        """
        await self.ready()
        waiting = await anext(self._box)
        waiting.session.acknowledge(waiting.packet)  # which tells nobody if its connection is lost
        return waiting

    def end(self, error: BaseException | None) -> None:
        """None will come, because of an error if there is one."""
        self._box.end(error)

    def _let_go(self, waiting: Waiting) -> None:
        waiting.session.acknowledge(waiting.packet)
        self.missed += 1
