"""Going on as the same client after a lost connection.

Each welcome carries a secret. A client whose socket was lost says it in its next hello
(``resume``); within the grace time it then is who it was: what it had subscribed to comes without
asking again, and a player has its place in the room. A client that ended its connection, or was
refused, is forgotten at once.

Sans-I/O: the clock and the secrets come from outside.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections import OrderedDict
from collections.abc import Callable

from bridge.protocol import Close, Hello, Message, ServerSession, Subscribe, Welcome

__all__ = ["Resumable", "ResumeStore", "ResumingSession"]

_SECRET_BYTES = 24  # 32 characters, of the 64 bytes that hello has for it


@dataclasses.dataclass(slots=True)
class Resumable:
    """What outlives a client's connection.

    Attributes:
        secret: Who knows it is this client.
        room: The room that it joined.
        role: Its role there.
        subscription: What it subscribed to, if it did.
        dropped: Poses dropped on its earlier connections.
        connections: How many connections it has had, this one included.
    """

    secret: str
    room: str
    role: str
    subscription: Subscribe | None = None
    dropped: int = 0
    connections: int = 1
    holder: ResumingSession | None = dataclasses.field(default=None, repr=False)


class ResumeStore:
    """The clients of all rooms that may still come back.

    Drop policy: once ``most`` clients are lost, the one lost first cannot resume any more. Whoever
    connects and vanishes in a loop costs so much memory and no more.

    Args:
        clock_ns: A monotonic clock, nanoseconds.
        grace_s: How long a lost client may come back, seconds; 0 for never.
        most: Most lost clients to remember.
        make_secret: Makes an unguessable text of at most 64 bytes.
    """

    def __init__(
        self,
        *,
        clock_ns: Callable[[], int],
        grace_s: float = 30.0,
        most: int = 1000,
        make_secret: Callable[[], str] = lambda: secrets.token_urlsafe(_SECRET_BYTES),
    ) -> None:
        self._clock_ns = clock_ns
        self._grace_ns = round(grace_s * 1e9)
        self._most = most
        self._make_secret = make_secret
        self._held: dict[str, Resumable] = {}
        self._lost: OrderedDict[str, tuple[int, Resumable]] = OrderedDict()

    def __len__(self) -> int:
        """Clients that are connected or may come back."""
        self._forget_old()
        return len(self._held) + len(self._lost)

    def open(self, room: str, role: str, holder: ResumingSession) -> Resumable:
        """A new client."""
        self._forget_old()
        client = Resumable(self._make_secret(), room, role, holder=holder)
        self._held[client.secret] = client
        return client

    def resume(
        self, secret: str, room: str, role: str, holder: ResumingSession
    ) -> Resumable | None:
        """The client with this secret, now on another connection; None if there is none.

        Its old connection may seem open still, when the bridge has not noticed its end: it ends
        now. A secret is of no use in another room or role.
        """
        self._forget_old()
        lost = self._lost.get(secret)
        client = self._held.get(secret) if lost is None else lost[1]
        if client is None or (client.room, client.role) != (room, role):
            return None
        if client.holder is not None:
            client.holder.replaced()
        self._lost.pop(secret, None)
        self._held[secret] = client
        client.holder = holder
        client.connections += 1
        return client

    def lose(self, client: Resumable, holder: ResumingSession) -> None:
        """The client's connection is lost: its grace time begins, unless it has another one."""
        if client.holder is not holder:
            return
        client.holder = None
        del self._held[client.secret]
        if self._grace_ns > 0:
            self._lost[client.secret] = (self._clock_ns(), client)
        while len(self._lost) > self._most:
            self._lost.popitem(last=False)
        self._forget_old()

    def end(self, client: Resumable, holder: ResumingSession) -> None:
        """The client has ended its connection, or was refused: it will not come back."""
        if client.holder is holder:
            client.holder = None
            del self._held[client.secret]

    def _forget_old(self) -> None:
        too_old = self._clock_ns() - self._grace_ns
        while self._lost:
            secret, (lost_ns, _) = next(iter(self._lost.items()))
            if lost_ns > too_old:
                return
            del self._lost[secret]


class ResumingSession(ServerSession):
    """A ``ServerSession`` whose client may come back.

    For one that has, ``receive`` returns its Hello and then the Subscribe of its last connection,
    as if it had come with it: the shell does for it what it does for every subscriber.

    Args:
        store: The clients that may come back.
        room: The room's name.
        server: Name and version of the bridge.
        clock_ns: The bridge's clock.
        ack_window: Poses that may be unacknowledged at once.
        on_replaced: Called when the client has come back on another connection: this one is over,
            its ``close`` is set.

    Attributes:
        client_state: What outlives this connection; None before hello.
        resumed: The client has come back on this connection.
    """

    def __init__(
        self,
        store: ResumeStore,
        *,
        room: str,
        server: str,
        clock_ns: Callable[[], int],
        ack_window: int,
        on_replaced: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(room=room, server=server, clock_ns=clock_ns, ack_window=ack_window)
        self.client_state: Resumable | None = None
        self.resumed = False
        self._store = store
        self._on_replaced = on_replaced

    def send(self, message: Message, *, precision: str = "compact") -> None:
        """Queues a message; a welcome gets what the client needs to come back."""
        if isinstance(message, Welcome) and self.hello is not None:
            client = self._open(self.hello)
            message = dataclasses.replace(message, session=client.secret, resumed=self.resumed)
        super().send(message, precision=precision)

    def lost(self) -> None:
        """The socket has closed. Unless the session had ended before, the client may come back."""
        had_ended = self.close is not None
        super().lost()
        if self.client_state is not None and not had_ended:
            self.client_state.dropped += self.window.dropped
            self._store.lose(self.client_state, self)

    def replaced(self) -> None:
        """The client has come back on another connection."""
        if self.client_state is not None:
            self.client_state.dropped += self.window.dropped
        self.bye("the client has resumed on another connection")
        self._on_replaced()

    def _open(self, hello: Hello) -> Resumable:
        client = None
        if hello.resume is not None:
            client = self._store.resume(hello.resume, self._room, hello.role, self)
        # A watcher that was lost before it had subscribed still has to subscribe.
        self.resumed = client is not None and (
            client.role == "play" or client.subscription is not None
        )
        self.client_state = client or self._store.open(self._room, hello.role, self)
        return self.client_state

    def _handle_own(self, message: Message) -> tuple[Message, ...]:
        done = super()._handle_own(message)
        client = self.client_state
        if client is None:
            return done
        if isinstance(message, Subscribe):
            client.subscription = message
        elif isinstance(message, Hello) and client.subscription is not None:
            done += super()._handle_own(client.subscription)
        return done

    def _end(self, close: Close) -> None:
        super()._end(close)
        if self.client_state is not None:
            self._store.end(self.client_state, self)
