"""Fan-out over NATS: to the connections here, and to the bridges where others are in the room."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bridge.fanout import FanOut
from bridge.protocol import Message, encode

if TYPE_CHECKING:
    from bridge.connection import Connection

__all__ = ["ClusterFanOut"]


class ClusterFanOut(FanOut):
    """Sends to the connections here first: they never wait for NATS.

    Args:
        publish: Takes a message for the other bridges, encoded; never waits.
        feeds: Whether this bridge feeds the room, so that it speaks for it.
        heard: Whether somebody is in the room on another bridge.
    """

    def __init__(
        self, publish: Callable[[bytes], None], feeds: Callable[[], bool], heard: Callable[[], bool]
    ) -> None:
        super().__init__()
        self._publish = publish
        self._feeds = feeds
        self._heard = heard

    def send(self, message: Message) -> None:
        """See ``FanOut``; other bridges get it in full precision and encode it for their own."""
        super().send(message)
        self.send_away(message)

    def send_beside(self, message: Message, *, sender: Connection | None = None) -> None:
        """See ``FanOut``; any bridge may say it, whoever feeds the room."""
        super().send_beside(message, sender=sender)
        if self._heard():
            self._publish(encode(message, precision="full"))

    def send_away(self, message: Message) -> None:
        """Sends to other bridges only."""
        if self._feeds() and self._heard():
            self._publish(encode(message, precision="full"))

    def deliver_beside(self, message: Message) -> None:
        """Sends what another bridge said with ``send_beside`` to everyone here."""
        super().send_beside(message)
