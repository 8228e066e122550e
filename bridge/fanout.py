"""Fan-out: what a room says goes to all who are in it.

``FanOut`` is the interface and its default backend: everyone is connected to this process.
``bridge.cluster`` has the other one, for rooms whose watchers sit on several bridges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.protocol import Message, PosePacket, encode

if TYPE_CHECKING:
    from bridge.connection import Connection

__all__ = ["FanOut"]


class FanOut:
    """Sends a room's messages to the connections in this process.

    Nothing here waits: of poses the latest wins for each watcher, as its acknowledgement window
    decides; other messages are queued in order.

    Attributes:
        connections: All who are in the room, on this bridge.
    """

    def __init__(self) -> None:
        self.connections: set[Connection] = set()

    def send(self, message: Message) -> None:
        """Sends a message to everyone in the room."""
        if isinstance(message, PosePacket):
            offers: dict[str, bytes] = {}  # each precision is encoded once, if anyone wants it
            for connection in self.connections:
                wanted = connection.session.precision
                if wanted not in offers:
                    offers[wanted] = encode(message, precision=wanted)
                connection.offer(message.seq, offers[wanted])
        else:
            data = encode(message)
            for connection in self.connections:
                connection.send_encoded(data)

    def send_beside(self, message: Message, *, sender: Connection | None = None) -> None:
        """Sends a message of which some may be lost to everyone but its sender."""
        data = encode(message)
        for connection in self.connections:
            if connection is not sender:
                connection.offer_beside(data)
