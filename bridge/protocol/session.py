"""One connection of the WebSocket, from either end, without the socket: bytes in, bytes out.

::

    bridge: EXPECT_HELLO ──hello──> OPEN ──bye, error, refuse, lost──> CLOSED
    client: EXPECT_WELCOME ─welcome─> OPEN ──bye, error, refuse, lost──> CLOSED

A shell owns the socket. For each WebSocket message it calls ``receive`` and handles the messages
that come back; after any call it sends what ``outgoing`` hands over, and once ``close`` is set it
closes the socket with that code. A peer's fault never raises: it queues an ``error`` message, sets
``close`` and ends in CLOSED, so one bad peer is nothing that a room could notice.

    session = ServerSession(room="lesson", server="ghosthands", clock_ns=time.monotonic_ns)
    for message in session.receive(data):
        ...
    for data in session.outgoing():
        ...
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from bridge.errors import ProtocolError
from bridge.protocol.clock import ClockSync
from bridge.protocol.codec import decode, encode
from bridge.protocol.messages import (
    PROTOCOL_VERSION,
    Bye,
    ErrorMessage,
    Message,
    Ping,
    Pong,
)
from bridge.protocol.packets import PosePacket, ShapePacket

__all__ = [
    "CLOSE_CODES",
    "CLOSE_NORMAL",
    "SUPPORTED_VERSIONS",
    "Close",
    "PoseOrder",
    "Session",
    "State",
]

SUPPORTED_VERSIONS = (PROTOCOL_VERSION,)

CLOSE_NORMAL = 1000
CLOSE_CODES = {
    "malformed": 4400,
    "unknown_type": 4400,
    "unexpected": 4400,
    "unauthorised": 4401,
    "forbidden": 4403,
    "unknown_room": 4404,
    "unsupported_version": 4406,
    "too_slow": 4408,
    "rate_limited": 4429,
    "too_large": 1009,
    "internal": 1011,
}
"""WebSocket close code of each error code."""

_MAX_PINGS = 32
_MAX_CLOSE_REASON_BYTES = 123  # RFC 6455, section 5.5


class State(Enum):
    """Where a connection is."""

    EXPECT_HELLO = "expect_hello"
    EXPECT_WELCOME = "expect_welcome"
    OPEN = "open"
    CLOSED = "closed"


_TRANSITIONS = {
    State.EXPECT_HELLO: {State.OPEN, State.CLOSED},
    State.EXPECT_WELCOME: {State.OPEN, State.CLOSED},
    State.OPEN: {State.CLOSED},
    State.CLOSED: set[State](),
}


@dataclass(frozen=True, slots=True)
class Close:
    """How to close the socket: a WebSocket close code, and a reason of at most 123 bytes."""

    code: int
    reason: str


class Session:
    """What both ends share. Use ``ServerSession`` or ``ClientSession``.

    Attributes:
        state: Where the connection is.
        close: How to close the socket, once it shall be closed.
        error: The error message that was received, or sent.
        clock: The peer's clock, from the pongs to ``ping``.
    """

    def __init__(self, first: State, *, clock_ns: Callable[[], int]) -> None:
        self.state = first
        self.close: Close | None = None
        self.error: ErrorMessage | None = None
        self.clock = ClockSync()
        self._clock_ns = clock_ns
        self._outgoing: list[bytes] = []
        self._pings: dict[int, None] = {}

    def receive(self, data: bytes | str) -> tuple[Message, ...]:
        """Takes one WebSocket message; returns what concerns the application.

        Pings are answered, pongs, acknowledgements and version negotiation handled here. Once
        CLOSED, whatever still comes is ignored.
        """
        if self.state is State.CLOSED:
            return ()
        try:
            if isinstance(data, str):
                raise ProtocolError("a message must be binary, not text")
            return self._handle(decode(data))
        except ProtocolError as error:
            self.refuse(error.code, str(error))
            return ()

    def outgoing(self) -> list[bytes]:
        """Hands over the WebSocket messages to send, oldest first."""
        data, self._outgoing = self._outgoing, []
        return data

    def send(self, message: Message, *, precision: str = "compact") -> None:
        """Queues a message; ignored once CLOSED."""
        self.send_encoded(encode(message, precision=precision))

    def send_encoded(self, data: bytes) -> None:
        """Queues a message that ``encode`` made, so that one encoding serves all subscribers."""
        if self.state is not State.CLOSED:
            self._outgoing.append(data)

    def ping(self) -> None:
        """Queues a ping; its pong goes into ``clock``."""
        if self.state is not State.OPEN:
            return
        while len(self._pings) >= _MAX_PINGS:  # the oldest are not answered any more
            del self._pings[next(iter(self._pings))]
        now = self._clock_ns()
        self._pings[now] = None
        self.send(Ping(now))

    def bye(self, reason: str) -> None:
        """Ends the connection deliberately."""
        if self.state is not State.CLOSED:
            self.send(Bye(reason))
            self._end(Close(CLOSE_NORMAL, _shortened(reason, _MAX_CLOSE_REASON_BYTES)))

    def refuse(self, code: str, message: str) -> None:
        """Ends the connection with an error; ``code`` is one of ``CLOSE_CODES``."""
        if self.state is not State.CLOSED:
            self.error = ErrorMessage(code, _shortened(message, 1024))
            self.send(self.error)
            self._end(Close(CLOSE_CODES[code], code))

    def lost(self) -> None:
        """The socket has closed; nothing can be sent any more."""
        if self.state is not State.CLOSED:
            self._move(State.CLOSED)
        self._outgoing.clear()

    def _handle(self, message: Message) -> tuple[Message, ...]:
        match message:
            case ErrorMessage():
                self.error = message
                self._end(Close(CLOSE_NORMAL, ""))
                return (message,)
            case Bye():
                self._end(Close(CLOSE_NORMAL, ""))
                return (message,)
            case Ping() if self.state is State.OPEN:
                now = self._clock_ns()
                self.send(Pong(message.t0_ns, now, max(now, self._clock_ns())))
                return ()
            case Pong() if self.state is State.OPEN:
                self._take_pong(message)
                return ()
            case _:
                return self._handle_own(message)

    def _handle_own(self, message: Message) -> tuple[Message, ...]:
        """Handles what only this end receives; anything else is unexpected."""
        raise NotImplementedError

    def _take_pong(self, pong: Pong) -> None:
        if pong.t0_ns not in self._pings:
            return  # older than the pings remembered
        del self._pings[pong.t0_ns]
        try:
            self.clock.add(pong.t0_ns, pong.t1_ns, pong.t2_ns, self._clock_ns())
        except ValueError as error:
            raise ProtocolError(f"pong: {error}") from None

    def _unexpected(self, message: Message) -> ProtocolError:
        return ProtocolError(
            f"{message.TYPE} is not allowed here ({self._place()})", code="unexpected"
        )

    def _place(self) -> str:
        return f"state {self.state.value}"

    def _move(self, state: State) -> None:
        if state not in _TRANSITIONS[self.state]:
            raise RuntimeError(f"no way from {self.state} to {state}")
        self.state = state

    def _end(self, close: Close) -> None:
        self._move(State.CLOSED)
        self.close = close


class PoseOrder:
    """The order a sender of poses keeps: a hand's shape first, sequence numbers rising."""

    def __init__(self) -> None:
        self._shaped: set[int] = set()
        self._last_seq = -1

    def check(self, message: ShapePacket | PosePacket) -> None:
        """Notes a message.

        Raises:
            ProtocolError: ``unexpected``: it breaks the order.
        """
        if isinstance(message, ShapePacket):
            self._shaped.add(message.side)
            return
        if message.seq <= self._last_seq:
            raise ProtocolError(
                f"pose {message.seq} after pose {self._last_seq}: seq must rise", code="unexpected"
            )
        self._last_seq = message.seq
        for hand in message.hands:
            if hand.side not in self._shaped:
                raise ProtocolError(
                    f"pose of the {hand.side.name.lower()} hand before its shape",
                    code="unexpected",
                )


def _shortened(text: str, max_bytes: int) -> str:
    return text.encode()[:max_bytes].decode(errors="ignore")
