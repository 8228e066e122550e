"""A room that another bridge feeds: what comes from there goes to everyone here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from bridge.errors import ProtocolError
from bridge.protocol import (
    Anchor,
    Message,
    PlaybackControl,
    PlaybackState,
    PosePacket,
    Score,
    ShapePacket,
    Status,
    encode,
)
from bridge.protocol.session import PoseOrder

if TYPE_CHECKING:
    from bridge.cluster.peers import Peer
    from bridge.room import Room

__all__ = ["Following"]


class Following:
    """The room's ``Elsewhere``: takes the feeding bridge's messages, in their order.

    They are fed into the room as a player's are: checked, numbered anew, so that the numbers of its
    watchers go on rising when another bridge feeds it next. Times become this bridge's. What the
    other bridge merely repeats stops here.

    Args:
        room: The room.
        peer: The bridge that feeds it.
        pass_on: Sends a watcher's command there; its arguments are those of ``control``.
    """

    def __init__(
        self, room: Room, peer: Peer, pass_on: Callable[[str, str | None, PlaybackControl], None]
    ) -> None:
        self.bridge = peer.beat.id
        self.status: Status | None = None
        self.anchor: Anchor | None = None
        self.playback: PlaybackState | None = None
        self._room = room
        self._peer = peer
        self._pass_on = pass_on
        self._order = PoseOrder()
        self._said: dict[str, bytes] = {}

    @property
    def url(self) -> str:
        """See ``Elsewhere``."""
        return self._peer.beat.url

    def control(self, client: str, scope: str | None, command: PlaybackControl) -> None:
        """See ``Elsewhere``."""
        self._pass_on(client, scope, command)

    def forget(self) -> None:
        """Nobody here is in the room any more: what was said grows old from now on."""
        self.status = self.anchor = self.playback = None
        self._order = PoseOrder()
        self._said.clear()

    def take(self, message: Message) -> None:
        """Takes a message that the bridge said in the room.

        Raises:
            ProtocolError: It is out of order, or no bridge says that (``unexpected``), or its time
                cannot be told yet (``no_clock``).
        """
        match message:
            case PosePacket():
                self._order.check(message)
                here_ns = self._peer.here_ns(message.time_ns)
                self._room.send_played(replace(message, time_ns=here_ns))
            case ShapePacket():
                self._order.check(message)
                if self._is_news(f"shape {message.side}", message):
                    self._room.send_played(message)
            case Anchor():
                self.anchor = message
                if self._is_news("anchor", message):
                    self._room.announce(message)
            case PlaybackState():
                self.playback = replace(message, time_ns=self._peer.here_ns(message.time_ns))
                self._room.announce(self.playback)
            case Score():
                self._room.announce(replace(message, time_ns=self._peer.here_ns(message.time_ns)))
            case Status():
                first, self.status = self.status is None, message
                if first:
                    self._room.tell_status()
            case _:
                raise ProtocolError(f"{message.TYPE} of another bridge", code="unexpected")

    def _is_news(self, what: str, message: Message) -> bool:
        data = encode(message)
        news = self._said.get(what) != data
        self._said[what] = data
        return news
