"""What a connection needs of its room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bridge.protocol import (
    Anchor,
    LearnerHands,
    PlaybackControl,
    PlaybackState,
    PosePacket,
    ShapePacket,
)

if TYPE_CHECKING:
    from bridge.connection import Connection

__all__ = ["ConnectionHost"]


class ConnectionHost(Protocol):
    """What a connection needs of its room."""

    @property
    def shapes(self) -> tuple[ShapePacket, ...]:
        """The shapes in force."""
        ...

    def join(self, connection: Connection) -> None:
        """A client has said hello; a refusal goes through ``connection.refuse``."""
        ...

    def leave(self, connection: Connection) -> None:
        """The connection has ended; also called for one that never joined."""
        ...

    def played(self, connection: Connection, packet: ShapePacket | PosePacket) -> None:
        """A player sent a packet."""
        ...

    @property
    def anchor(self) -> Anchor | None:
        """Where the teacher's instrument lies, if that is known."""
        ...

    def learner_moved(self, connection: Connection, hands: LearnerHands) -> None:
        """A learner sent its own hands."""
        ...

    @property
    def playback_state(self) -> PlaybackState | None:
        """What the room plays; None if it can play nothing."""
        ...

    def control_playback(self, connection: Connection, command: PlaybackControl) -> None:
        """A watcher sent a command; a refusal goes through ``connection.send_encoded``."""
        ...
