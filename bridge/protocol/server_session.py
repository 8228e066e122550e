"""The bridge's end of one WebSocket connection, without the socket."""

from __future__ import annotations

from collections.abc import Callable

from bridge.errors import ProtocolError
from bridge.protocol.lesson import LearnerHands, PlaybackControl
from bridge.protocol.messages import (
    DEFAULT_ACK_WINDOW,
    Ack,
    Hello,
    Message,
    Subscribe,
    Welcome,
)
from bridge.protocol.packets import PosePacket, ShapePacket
from bridge.protocol.session import SUPPORTED_VERSIONS, PoseOrder, Session, State
from bridge.protocol.window import AckWindow

__all__ = ["ServerSession"]


class ServerSession(Session):
    """The bridge's end of one connection.

    ``receive`` returns Hello (once open), Subscribe and PlaybackControl of a watcher, LearnerHands
    of a learner, ShapePacket and PosePacket of a player, Bye and ErrorMessage.

    Args:
        room: The room's name.
        server: Name and version of the bridge.
        clock_ns: The bridge's clock.
        ack_window: Poses that may be unacknowledged at once.

    Attributes:
        hello: The client's first message, once it came.
        subscribed: The client is a watcher and has asked for poses.
        precision: How it wants them, as ``encode`` takes it.
        window: Which poses go to this watcher.
    """

    def __init__(
        self,
        *,
        room: str,
        server: str,
        clock_ns: Callable[[], int],
        ack_window: int = DEFAULT_ACK_WINDOW,
    ) -> None:
        super().__init__(State.EXPECT_HELLO, clock_ns=clock_ns)
        self.hello: Hello | None = None
        self.subscribed = False
        self.precision = "compact"
        self.window: AckWindow[bytes] = AckWindow(ack_window, clock_ns=clock_ns)
        self._room = room
        self._server = server
        self._order = PoseOrder()
        self._last_own = -1

    @property
    def role(self) -> str | None:
        """One of ``ROLES``; None before hello."""
        return self.hello.role if self.hello is not None else None

    def offer(self, seq: int, data: bytes) -> bool:
        """Offers a pose, encoded, to a subscribed watcher: sent, kept waiting, or dropped.

        Returns:
            Whether there is something to send.
        """
        if not self.subscribed or self.state is not State.OPEN:
            return False
        item = self.window.offer(seq, data)
        if item is None:
            return False
        self._outgoing.append(item)
        return True

    def poll(self) -> None:
        """Sends the waiting pose if its time has come (``window.wait_ns``)."""
        if self.state is State.OPEN:
            self._queue(self.window.poll())

    def _handle_own(self, message: Message) -> tuple[Message, ...]:
        if self.state is State.EXPECT_HELLO:
            if not isinstance(message, Hello):
                raise self._unexpected(message)
            return self._welcome(message)
        match self.role, message:
            case "watch" | "learn", Subscribe():
                self.window.limit_rate(message.max_rate_hz)
                self.precision = message.precision
                self.subscribed = True
                return (message,)
            case "watch" | "learn", Ack():
                self._queue(self.window.acknowledge(message.seq))
                return ()
            case "watch" | "learn", PlaybackControl():
                return (message,)
            case "learn", LearnerHands():
                self._check_own(message)
                return (message,)
            case "play", ShapePacket() | PosePacket():
                self._order.check(message)
                return (message,)
            case _:
                raise self._unexpected(message)

    def _check_own(self, hands: LearnerHands) -> None:
        if hands.seq <= self._last_own:
            raise ProtocolError(
                f"learner hands {hands.seq} after {self._last_own}: seq must rise",
                code="unexpected",
            )
        self._last_own = hands.seq

    def _welcome(self, hello: Hello) -> tuple[Message, ...]:
        common = set(hello.versions) & set(SUPPORTED_VERSIONS)
        if not common:
            raise ProtocolError(
                f"this bridge speaks versions {_listed(SUPPORTED_VERSIONS)}, the client "
                f"{_listed(hello.versions)}",
                code="unsupported_version",
            )
        self.hello = hello
        self._move(State.OPEN)
        self.send(
            Welcome(max(common), self._room, self._server, self._clock_ns(), self.window.size)
        )
        return (hello,)

    def _queue(self, data: bytes | None) -> None:
        if data is not None:
            self.send_encoded(data)

    def _place(self) -> str:
        return super()._place() if self.hello is None else f"role {self.role}"


def _listed(versions: tuple[int, ...]) -> str:
    return ", ".join(map(str, versions))
