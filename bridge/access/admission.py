"""What one WebSocket client may do: nothing before its token; and so many messages a second."""

from __future__ import annotations

import time
from collections.abc import Callable

from bridge.access.attempts import Bucket
from bridge.access.errors import RateError, UnauthorisedError
from bridge.access.gate import Gate, Pass
from bridge.access.tokens import SCOPES
from bridge.counters import Counters
from bridge.errors import ProtocolError
from bridge.protocol import Hello, decode

__all__ = ["Admission"]

_BURST_S = 2.0
_BYTES_A_MESSAGE = 2048
"""Long messages take longer to decode: so many bytes count as another message."""

_SCOPES = {"watch": SCOPES, "learn": SCOPES, "play": ("publish",)}


class Admission:
    """Looks at each message before the session does, so that it never sees a stranger's hello.

    Args:
        gate: Decides.
        room: The room's name.
        token: The token of the handshake's ``Authorization`` header; else hello's counts.
        address: Where the client is, for the limit on attempts.
        max_messages_per_s: Frames a second, pings and pongs included, and one more for each 2 KiB;
            twice as many may come at once.
        counters: Gets ``limited``.
        on_hello: Called once hello is there and the client let in.
        on_flood: Called when the client sends too much.
        clock_ns: A monotonic clock.

    Attributes:
        holder: What to remember of the client, once it is in; None where everybody is let in.
    """

    def __init__(
        self,
        gate: Gate,
        *,
        room: str,
        token: str | None,
        address: str | None,
        max_messages_per_s: float,
        counters: Counters,
        on_hello: Callable[[], None] = lambda: None,
        on_flood: Callable[[], None] = lambda: None,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.holder: Pass | None = None
        self._gate = gate
        self._room = room
        self._token = token
        self._address = address
        self._counters = counters
        self._on_hello = on_hello
        self._on_flood = on_flood
        self._max_per_s = max_messages_per_s
        self._bucket = Bucket(max_messages_per_s, _BURST_S * max_messages_per_s, clock_ns=clock_ns)
        self._is_in = False

    def check_rate(self, frames: int, size: int) -> None:
        """Counts what came from the socket, before anything is made of it.

        Args:
            frames: WebSocket frames of any kind that began.
            size: Bytes.

        Raises:
            RateError: It is too much.
        """
        if not self._bucket.take(frames + size / _BYTES_A_MESSAGE):
            self._counters.add("limited", limit="max_messages_per_s")
            self._on_flood()
            raise RateError(f"more than {self._max_per_s:g} messages a second", retry_after_s=1)

    def check(self, data: bytes | str) -> None:
        """Looks at a message.

        Raises:
            AccessError: The client is to be refused.
        """
        if not self._is_in and isinstance(data, bytes):
            self._enter(data)

    def _enter(self, data: bytes) -> None:
        try:
            hello = decode(data)
        except ProtocolError:
            return  # The session says what is wrong with it.
        if not isinstance(hello, Hello):
            return
        token = self._token if self._token is not None else hello.token
        try:
            self.holder = self._gate.enter(self._room, token, _SCOPES[hello.role])
        except UnauthorisedError:
            if token is not None:
                self._gate.failed(self._room, self._address)
            raise
        self._is_in = True
        self._on_hello()
