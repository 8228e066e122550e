"""A client's end of one WebSocket connection, without the socket."""

from __future__ import annotations

from collections.abc import Callable

from bridge.errors import ProtocolError
from bridge.protocol.lesson import Anchor, LearnerHands, PlaybackState, Score
from bridge.protocol.messages import (
    DEFAULT_ACK_WINDOW,
    Ack,
    Hello,
    Message,
    Status,
    Welcome,
)
from bridge.protocol.packets import PosePacket, ShapePacket
from bridge.protocol.session import SUPPORTED_VERSIONS, PoseOrder, Session, State

__all__ = ["ClientSession"]


class ClientSession(Session):
    """A client's end of one connection. Its hello waits in ``outgoing`` from the start.

    ``receive`` returns Welcome, ShapePacket, PosePacket, Status, the messages of a lesson, Bye and
    ErrorMessage. A watcher acknowledges each pose with ``acknowledge`` once it has taken it: not
    before, or the window would let more in than it can use.

    Args:
        role: ``"watch"``, ``"learn"`` or ``"play"``.
        client: Name and version of the program.
        token: What lets it into the room, if the bridge asks for it.
        resume: The ``session`` of the last connection's welcome, to go on as the same client.
        clock_ns: This side's clock.

    Attributes:
        welcome: The bridge's answer, once it came.
    """

    def __init__(
        self,
        *,
        role: str,
        client: str,
        clock_ns: Callable[[], int],
        token: str | None = None,
        resume: str | None = None,
    ) -> None:
        super().__init__(State.EXPECT_WELCOME, clock_ns=clock_ns)
        self.welcome: Welcome | None = None
        self.role = role
        self._order = PoseOrder()
        self._taken = 0
        self.send(Hello(SUPPORTED_VERSIONS, role, client, token, resume))

    def acknowledge(self, pose: PosePacket) -> None:
        """This pose was taken; the bridge is told at the latest when half the window was."""
        self._taken += 1
        window = DEFAULT_ACK_WINDOW if self.welcome is None else self.welcome.ack_window
        if 2 * self._taken >= window:
            self._taken = 0
            self.send(Ack(pose.seq))

    def _handle_own(self, message: Message) -> tuple[Message, ...]:
        if self.state is State.EXPECT_WELCOME:
            if not isinstance(message, Welcome):
                raise self._unexpected(message)
            if message.version not in SUPPORTED_VERSIONS:
                raise ProtocolError(
                    f"the bridge chose version {message.version}, which was not offered",
                    code="unsupported_version",
                )
            self.welcome = message
            self._move(State.OPEN)
            return (message,)
        match self.role, message:
            case "watch" | "learn", ShapePacket() | PosePacket():
                self._order.check(message)
                return (message,)
            case "watch" | "learn", (
                Status() | Anchor() | LearnerHands() | Score() | PlaybackState()
            ):
                return (message,)
            case _:
                raise self._unexpected(message)

    def _place(self) -> str:
        return super()._place() if self.welcome is None else f"role {self.role}"
